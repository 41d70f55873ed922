// One world as the kernel knows it: its clock, its last view, and the calls that wait for an answer.
import type { Answer, Operation, Request, WorldId, WorldState } from '../cell-protocol.ts';
import { CELL_LIMITS } from '../cell-protocol.ts';
import type { ClusterView } from '#engine/cluster/view.ts';
import { errorOfCall } from './kafkajs-errors.ts';
import { checkOperation } from './plain-data.ts';
import { VirtualClock } from './virtual-clock.ts';

interface Waiting {
  readonly cell: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly awaitsOutcome: boolean;
}

export class CellWorld {
  readonly id: WorldId;
  readonly clock: VirtualClock;
  /** What the clock showed when the run began. */
  startedAt: number;
  view: ClusterView | null = null;
  /** Given but not carried out yet: the view does not show them. */
  unsent = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly queue: QueuedRequests;

  constructor(id: WorldId, state: WorldState, queue: QueuedRequests) {
    this.id = id;
    this.clock = new VirtualClock(state.now);
    this.startedAt = state.now;
    this.view = state.view;
    this.queue = queue;
  }

  /** Asks the page; the answer comes in a later turn. */
  request(cell: string, operation: Operation): Promise<unknown> {
    this.queue.mayAsk(cell);
    checkOperation(operation);
    const request = this.queue.push({ world: this.id, cell, operation });
    this.unsent += 1;
    return new Promise<unknown>((resolve, reject) => {
      this.waiting.set(request, { cell, resolve, reject, awaitsOutcome: operation.op === 'call' });
    });
  }

  /** Waits until the world's clock has moved on by `us`. */
  pass(cell: string, us: number): Promise<void> {
    this.queue.mayAsk(cell);
    return new Promise((resolve) => { this.clock.set(cell, us, resolve); });
  }

  answer(answer: Answer): void {
    const waiting = this.waiting.get(answer.request);
    if (waiting === undefined) return;
    this.waiting.delete(answer.request);
    if (answer.ok) waiting.resolve(answer.value);
    else waiting.reject(errorOfCall(answer.error));
  }

  awaitsOutcome(): boolean {
    return [...this.waiting.values()].some((waiting) => waiting.awaitsOutcome);
  }

  /** Forgets what a cell still waits for; its promises stay open for ever. */
  abandon(cell: string): void {
    for (const [request, waiting] of this.waiting) if (waiting.cell === cell) this.waiting.delete(request);
    this.clock.clearWhere((timer) => timer.cell === cell);
  }
}

/** The requests of this turn, in the order in which the cell made them. */
export class QueuedRequests {
  private nextRequest = 1;
  private queued: Request[] = [];
  /** Throws when this cell's run has been stopped. */
  readonly mayAsk: (cell: string) => void;

  constructor(mayAsk: (cell: string) => void) {
    this.mayAsk = mayAsk;
  }

  push(request: Omit<Request, 'request'>): number {
    const number = this.nextRequest;
    this.nextRequest += 1;
    this.queued.push({ request: number, ...request });
    return number;
  }

  /** Of more than a run may make, so many that the page refuses them. */
  take(): readonly Request[] {
    const taken = this.queued;
    this.queued = [];
    return taken.slice(0, CELL_LIMITS.requestsMax + 1);
  }

  get isEmpty(): boolean {
    return this.queued.length === 0;
  }
}
