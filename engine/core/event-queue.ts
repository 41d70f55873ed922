// The scheduler: a binary heap of events in total order (time, sequence). Events are data, immutable once scheduled.
import { SharedValue } from "./shared-value.ts";

/** What an event does when its time comes. Process events go to a handler of the process; the others to the world itself. */
export type EventKind = "start" | "timer" | "message" | "connected" | "accepted" | "closed" | "refused" | "writeback" | "input" | "mailbox" | "released";

/** @property at virtual microseconds. @property cause the trace entry that led to it; -1 for none. */
export class Event extends SharedValue {
  readonly at: number;
  readonly sequence: number;
  readonly kind: EventKind;
  readonly process: number;
  readonly incarnation: number;
  readonly name: string;
  readonly connection: number;
  readonly payload: unknown;
  readonly cause: number;

  constructor(
    at: number, sequence: number, kind: EventKind, process: number, incarnation: number,
    name: string, connection: number, payload: unknown, cause: number,
  ) {
    super();
    this.at = at;
    this.sequence = sequence;
    this.kind = kind;
    this.process = process;
    this.incarnation = incarnation;
    this.name = name;
    this.connection = connection;
    this.payload = payload;
    this.cause = cause;
  }

  digestParts(): readonly (number | string)[] {
    return [this.at, this.sequence, this.kind, this.process, this.incarnation, this.name, this.connection];
  }
}

export function pushEvent(heap: Event[], event: Event): void {
  let index = heap.length;
  heap.push(event);
  while (index > 0) {
    const parentIndex = index - 1 >> 1;
    const parent = heap[parentIndex] as Event;
    if (parent.at < event.at || parent.at === event.at && parent.sequence < event.sequence) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = event;
}

export function popEvent(heap: Event[]): Event | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || top === last) return top;
  const size = heap.length;
  const half = size >> 1;
  let index = 0;
  while (index < half) {
    let childIndex = 2 * index + 1;
    let child = heap[childIndex] as Event;
    if (childIndex + 1 < size) {
      const right = heap[childIndex + 1] as Event;
      if (right.at < child.at || right.at === child.at && right.sequence < child.sequence) {
        child = right;
        childIndex += 1;
      }
    }
    if (last.at < child.at || last.at === child.at && last.sequence < child.sequence) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
  return top;
}
