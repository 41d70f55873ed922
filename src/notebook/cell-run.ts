// One run of cells, from the page's side: sends the texts, answers turn after turn, passes on what cells show, until it is done.
import type { CellBridge } from './cell-bridge.ts';
import { CellLimitError } from './cell-bridge.ts';
import type { OnSlice } from './cell-bridge.ts';
import { KernelMessageError } from './check-message.ts';
import type { CellProblem } from './cell-problem.ts';
import type { CellEvent, CellSource, FromKernel, ToKernel } from './cell-protocol.ts';

/** The way to a kernel. Messages that come have been checked. */
export interface KernelLink {
  send(message: ToKernel): void;
  /** The next turn or the end of the run; rejects when the kernel is gone. */
  next(): Promise<Extract<FromKernel, { readonly type: 'turn' | 'done' }>>;
}

export interface CellRun {
  readonly session: number;
  readonly now: number;
  readonly seed: number;
  /** All cells, in the order of the page. */
  readonly cells: readonly CellSource[];
  readonly target: string;
  /** What cells show and how they end, as it happens. */
  readonly onEvents: (events: readonly CellEvent[]) => void;
  /** The clock of the page's own cluster, as it moves. */
  readonly onClock?: (now: number) => void;
  /** Asked at each turn: the learner wants the run to end. */
  readonly isStopped?: () => boolean;
}

let runs = 0;

/** @returns the moment at which the run has ended, virtual microseconds. */
export async function runCell(link: KernelLink, bridge: CellBridge, { session, now, seed, cells, target, onEvents, onClock, isStopped }: CellRun): Promise<number> {
  runs += 1;
  const run = runs;
  const looks = cells.some(({ code }) => /\bobserve\b|\belectPreferredLeaders\b/.test(code));
  link.send({ type: 'run', run, cells, target, seed, worlds: await bridge.begin(session, now, looks) });
  const onSlice: OnSlice = (now) => {
    onClock?.(now);
    return isStopped?.() !== true;
  };
  for (;;) {
    const message = await link.next();
    // Code of an earlier run that has outlived it, or that speaks in the kernel's name: the kernel is not to be trusted any more.
    if (message.run !== run) throw new KernelMessageError('run', `number of the run that is under way (${run}, not ${message.run})`);
    await bridge.retire(message.events);
    onEvents(message.events);
    if (message.type === 'done') return bridge.now;
    if (isStopped?.() === true) {
      link.send({ type: 'stop', run, problem: STOPPED });
      continue;
    }
    try {
      const { answers, worlds } = message.requests.length > 0 || message.move === null ? await bridge.carryOut(message.requests) : await bridge.move(message.move, onSlice);
      link.send({ type: 'reply', run, answers, worlds });
    } catch (error) {
      if (!(error instanceof CellLimitError)) throw error;
      link.send({ type: 'stop', run, problem: error.problem });
    }
    onClock?.(bridge.now);
  }
}

const STOPPED: Omit<CellProblem, 'cell'> = {
  code: 'cell-stopped', line: null, column: null, what: 'the cell was stopped', expected: 'a cell that ends by itself', found: 'Stop was pressed',
  cure: 'Run it again.', edit: null,
};
