// Where requests wait for something to become true, or for their time to be over: produce requests for their replicas, fetches for bytes.
// One lazy timer a purgatory, at the earliest deadline; an operation that completes earlier leaves it as it is.
// Source: DelayedOperationPurgatory.java.
import type { ProcessContext } from "#engine/core/process.ts";

/** @property cause trace entry of the request: what an answer after the full wait is due to. */
export interface Delayed { readonly deadlineUs: number; readonly cause: number }

export interface Purgatory<T extends Delayed> {
  readonly name: string;
  nextId: number;
  /** By id, in the order of arrival. */
  readonly waiting: Map<number, T>;
  timer: number;
  timerAtUs: number;
}

export function createPurgatory<T extends Delayed>(name: string): Purgatory<T> {
  return { name, nextId: 1, waiting: new Map(), timer: 0, timerAtUs: 0 };
}

export function purgatoryTimerName(purgatory: Purgatory<Delayed>): string {
  return `purgatory ${purgatory.name}`;
}

/** Keeps the operation; returns its id. */
export function watch<T extends Delayed>(process: ProcessContext, purgatory: Purgatory<T>, operation: T): number {
  const id = purgatory.nextId;
  purgatory.nextId += 1;
  purgatory.waiting.set(id, operation);
  armAt(process, purgatory, operation.deadlineUs);
  return id;
}

/** Ids of operations whose time is over, oldest first. The caller completes them, which removes them. */
export function expiredOperations<T extends Delayed>(process: ProcessContext, purgatory: Purgatory<T>, sequence: number): number[] {
  if (purgatory.timer !== sequence) return [];
  purgatory.timer = 0;
  const expired: number[] = [];
  let next = Number.MAX_SAFE_INTEGER;
  for (const [id, operation] of purgatory.waiting) {
    if (operation.deadlineUs <= process.now) expired.push(id);
    else if (operation.deadlineUs < next) next = operation.deadlineUs;
  }
  if (next !== Number.MAX_SAFE_INTEGER) armAt(process, purgatory, next);
  return expired;
}

function armAt<T extends Delayed>(process: ProcessContext, purgatory: Purgatory<T>, atUs: number): void {
  if (purgatory.timer !== 0) {
    if (purgatory.timerAtUs <= atUs) return;
    process.cancel(purgatory.timer);
  }
  purgatory.timerAtUs = atUs;
  purgatory.timer = process.schedule(Math.max(0, atUs - process.now), purgatoryTimerName(purgatory));
}
