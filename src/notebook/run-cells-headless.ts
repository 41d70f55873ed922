// Runs a lesson's cells without a page: the same kernel, bridge and messages, in this process (Node only). Cells of lessons are
// ours, so nothing is locked down here. Tests and the build use it: claims are evaluated on what cells give, and the numbers in a
// lesson's text come from such a run.
import { runInThisContext } from 'node:vm';
import { checkSession } from '#src/drills/named-check.ts';
import { CellBridge } from './cell-bridge.ts';
import type { NamedCheck } from './cell-bridge.ts';
import type { CellEngine } from './cell-host.ts';
import type { CellProblem } from './cell-problem.ts';
import type { CellEvent, CellSource, FromKernel } from './cell-protocol.ts';
import { runCell } from './cell-run.ts';
import type { KernelLink } from './cell-run.ts';
import { readKernelMessage } from './check-message.ts';
import type { InspectedValue } from './inspected-value.ts';
import { createKernel } from './kernel/kernel-core.ts';
import type { Kernel } from './kernel/kernel-core.ts';
import { MessageQueue } from './message-queue.ts';

export interface HeadlessCell {
  readonly id: string;
  /** The value of the last expression, as it is in the cell; undefined when there is none or the cell has failed. */
  readonly result: unknown;
  /** The names that the cell defines, with their values. */
  readonly gives: Readonly<Record<string, unknown>>;
  readonly shown: readonly { readonly from: 'display' | 'result' | 'console'; readonly values: readonly InspectedValue[] }[];
  readonly problem: CellProblem | null;
  /** Virtual microseconds of the session's clock. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface HeadlessOptions {
  /** Where the first cell begins; default: the session's head. */
  readonly now?: number;
  readonly seed?: number;
  /** Default: the checks that the page has. */
  readonly check?: NamedCheck;
}

/**
 * Runs every cell once, in order, each from where the one before has ended.
 * @returns one entry for each cell that ran, in the order of `cells`, with what it showed and gave last.
 */
export async function runCellsHeadless(
  cells: readonly CellSource[], engine: CellEngine, session: number, { now, seed = 0, check }: HeadlessOptions = {},
): Promise<readonly HeadlessCell[]> {
  const notebook = createHeadlessNotebook(engine, session, { seed, ...(check === undefined ? {} : { check }) });
  let at = now ?? (await engine.advance(session, 0));
  for (const { id } of cells) at = await notebook.run(cells, id, at);
  await notebook.end();
  return cells.flatMap(({ id }) => notebook.cell(id) ?? []);
}

export interface HeadlessNotebook {
  /** Presses Run on a cell; `cells` are the texts as they are now. @returns where the run has ended. */
  run(cells: readonly CellSource[], target: string, now: number): Promise<number>;
  cell(id: string): HeadlessCell | null;
  /** Ids in the order in which cells began, over all runs. */
  readonly started: readonly string[];
  /** Closes what cells have forked. */
  end(): Promise<void>;
}

export function createHeadlessNotebook(engine: CellEngine, session: number, { seed = 0, check = checkSession }: HeadlessOptions = {}): HeadlessNotebook {
  const { kernel, link } = inProcessKernel();
  const bridge = new CellBridge(engine, check);
  const records = new Map<string, HeadlessCell>();
  const started: string[] = [];
  const onEvents = (events: readonly CellEvent[]): void => {
    for (const event of events) {
      if (event.event === 'started') started.push(event.cell);
      records.set(event.cell, recorded(records.get(event.cell), event));
    }
  };
  return {
    started,
    end: () => bridge.end(),
    run: (cells, target, now) => runCell(link, bridge, { session, now, seed, cells, target, onEvents }),
    cell: (id) => {
      const record = records.get(id);
      return record === undefined ? null : { ...record, result: kernel.valuesOf(id)?.result, gives: kernel.valuesOf(id)?.gives ?? {} };
    },
  };
}

function recorded(before: HeadlessCell | undefined, event: CellEvent): HeadlessCell {
  const fresh: HeadlessCell = { id: event.cell, result: undefined, gives: {}, shown: [], problem: null, startedAt: 0, endedAt: 0 };
  const cell = before ?? fresh;
  switch (event.event) {
    case 'started':
      return { ...fresh, startedAt: event.at, endedAt: event.at };
    case 'shown':
      return { ...cell, shown: [...cell.shown, { from: event.from, values: event.values }] };
    case 'finished':
      return { ...cell, endedAt: event.at };
    case 'failed':
      return { ...cell, endedAt: event.at, problem: event.problem };
  }
}

function inProcessKernel(): { readonly kernel: Kernel; readonly link: KernelLink } {
  const queue = new MessageQueue<Extract<FromKernel, { readonly type: 'turn' | 'done' }>>();
  let loads = 0;
  const kernel = createKernel({
    turn: () => new Promise((resolve) => { setImmediate(resolve); }),
    load: (expression, cell) => {
      loads += 1;
      const frame = `cell-${cell}-${loads}.js`;
      return Promise.resolve({ value: runInThisContext(`(${expression})`, { filename: frame }) as unknown, frame });
    },
    post: (message) => {
      // As between page and worker: only what survives the clone and the check goes on.
      const checked = readKernelMessage(structuredClone(message));
      if (checked.type === 'turn' || checked.type === 'done') queue.push(checked);
    },
  });
  return { kernel, link: { send: (message) => kernel.receive(structuredClone(message)), next: () => queue.next() } };
}
