// The notebook of a page: its cells, one run at a time, a kernel that is started when it is first needed and again after it had to be
// ended. It knows no element; mount-cells.ts draws it.
import type { NamedCheck } from './cell-bridge.ts';
import { CellBridge } from './cell-bridge.ts';
import type { CellEngine, CellHost } from './cell-host.ts';
import type { CellProblem } from './cell-problem.ts';
import { CELL_LIMITS } from './cell-protocol.ts';
import type { CellEvent, CellSource } from './cell-protocol.ts';
import { SIZE_EXPECTED } from './check-message.ts';
import { runCell } from './cell-run.ts';
import { KernelEndedError, startKernel } from './kernel-process.ts';
import type { KernelProcess } from './kernel-process.ts';

export interface NotebookOptions {
  readonly host: CellHost;
  /** The bundled kernel. Asked for when a cell is first run. */
  readonly kernelSource: () => Promise<string>;
  /** See startKernel. */
  readonly needsPolicy: boolean;
  readonly check?: NamedCheck;
  /** The clock of the page's cluster while a run moves it. */
  readonly onClock: (now: number) => void;
  readonly onEvents: (events: readonly CellEvent[]) => void;
}

export class Notebook {
  private readonly options: NotebookOptions;
  private kernel: KernelProcess | null = null;
  private bridge: CellBridge | null = null;
  private queue: Promise<void> = Promise.resolve();
  private session: number | null = null;
  private isStopped = false;
  /** The texts with which cells last ran: a cell that was edited and not run goes on with its old text, unless that had failed. */
  private readonly ran = new Map<string, string>();

  constructor(options: NotebookOptions) {
    this.options = options;
  }

  /** Runs a cell with what it needs and what depends on it. Runs of one page follow each other. */
  run(cells: readonly CellSource[], target: string): Promise<void> {
    const run = this.queue.then(() => this.runNow(cells, target));
    this.queue = run.catch(() => undefined);
    return run;
  }

  /** Ends the run that is under way at its next turn; a loop that takes no turn is ended by the watch. */
  stop(): void {
    this.isStopped = true;
  }

  end(): void {
    this.kernel?.end();
  }

  private async runNow(cells: readonly CellSource[], target: string): Promise<void> {
    this.isStopped = false;
    const { host, onEvents } = this.options;
    const texts = cells.map(({ id, code }) => ({ id, code: id === target ? code : (this.ran.get(id) ?? code) }));
    const now = host.shownUs;
    let current = target;
    const watchEvents = (events: readonly CellEvent[]): void => {
      for (const event of events) {
        if (event.event === 'failed') this.ran.delete(event.cell);
        if (event.event !== 'started') continue;
        current = event.cell;
        this.ran.set(event.cell, texts.find(({ id }) => id === event.cell)?.code ?? '');
      }
      onEvents(events);
    };
    try {
      // A failure leaves the loan as a value: what the cell has done to the cluster is read and shown all the same.
      const { end, failure } = await host.lend((engine, session) => this.runIn(engine, { session, now, texts, target, onEvents: watchEvents }));
      await host.seek(end);
      if (failure !== null) throw failure;
    } catch (error) {
      onEvents([{ event: 'failed', cell: current, at: host.shownUs, problem: kernelProblem(current, error) }]);
    }
  }

  private async runIn(
    engine: CellEngine,
    { session, now, texts, target, onEvents }: { readonly session: number; readonly now: number; readonly texts: readonly CellSource[]; readonly target: string; readonly onEvents: (events: readonly CellEvent[]) => void },
  ): Promise<{ readonly end: number; readonly failure: Error | null }> {
    const { host, onClock, check } = this.options;
    // Another run was opened: what cells have made belongs to a cluster that is no longer shown.
    if (this.session !== session) await this.forget();
    this.session = session;
    const bridge = this.bridge ?? new CellBridge(engine, check ?? null);
    this.bridge = bridge;
    let unwatch = (): void => undefined;
    try {
      const kernel = await this.started();
      unwatch = kernel.watch();
      const end = await runCell(kernel, bridge, {
        session, now, seed: host.seed, cells: texts, target, onEvents, onClock, isStopped: () => this.isStopped,
      });
      return { end, failure: null };
    } catch (error) {
      const end = Math.max(bridge.now, now);
      // A kernel in the middle of a run cannot be used for another one. The next starts anew: cells run again when they are needed.
      await this.forget();
      return { end, failure: error instanceof Error ? error : new Error(String(error)) };
    } finally {
      unwatch();
    }
  }

  private async forget(): Promise<void> {
    this.kernel?.end();
    this.kernel = null;
    this.ran.clear();
    const { bridge } = this;
    this.bridge = null;
    await bridge?.end();
  }

  private async started(): Promise<KernelProcess> {
    if (this.kernel === null || this.kernel.isEnded) this.kernel = await startKernel(await this.options.kernelSource(), this.options.needsPolicy);
    return this.kernel;
  }
}

function kernelProblem(cell: string, error: unknown): CellProblem {
  const base = { cell, line: null, column: null, edit: null };
  if (error instanceof KernelEndedError && error.why === 'endless') {
    return {
      ...base, code: 'cell-endless', what: `the cell was stopped: ${error.message.replace(/^the cell /, 'it ')}`, expected: 'a cell that pauses or ends before that',
      found: 'a loop without an end or an await', cure: 'Give the loop an end, or await something of the cluster in it. The cluster lives on.',
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes(SIZE_EXPECTED)) {
    return {
      ...base, code: 'cell-budget', what: 'the cell hands over too much at once', expected: `at most ${CELL_LIMITS.messageCharactersMax} characters between two awaits`, found: 'more',
      cure: 'Send fewer or shorter messages, or await in between.',
    };
  }
  return {
    ...base, code: 'cell-kernel', what: message.split('\n')[0] ?? message, expected: 'a kernel that runs the cell', found: error instanceof Error ? error.name : 'an error',
    cure: 'Run the cell again; if this comes back, reload the page.',
  };
}
