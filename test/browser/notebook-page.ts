// A page for the notebook's browser tests: the real kernel worker, bridge and watch under the site's own policy (as a meta element),
// and the test engine instead of a cluster. Calls from the test come in by `window.notebook`.
import { Notebook } from '#src/notebook/notebook.ts';
import type { CellHost } from '#src/notebook/cell-host.ts';
import type { CellEvent } from '#src/notebook/cell-protocol.ts';
import { startKernel } from '#src/notebook/kernel-process.ts';
import { problemText } from '#src/notebook/cell-problem.ts';
import { shortText } from '#src/notebook/inspected-value.ts';
import source from 'virtual:kernel-source';
import { createTestEngine } from '../src/notebook/engine-in-test.ts';

export interface CellReport {
  readonly shown: readonly string[];
  readonly problem: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface NotebookUnderTest {
  run(codes: readonly string[], target: number): Promise<Readonly<Record<string, CellReport>>>;
  /** As `run`, and Stop is pressed at once. */
  runAndStop(codes: readonly string[], target: number): Promise<Readonly<Record<string, CellReport>>>;
  log(): readonly string[];
  shownUs(): number;
  /** What the kernel says of its walls. */
  walls(): Promise<{ readonly origin: string; readonly evalIsBlocked: boolean; readonly open: readonly string[] }>;
}

const engine = createTestEngine();
let shownUs = 0;
const host: CellHost = {
  seed: 7,
  get shownUs() { return shownUs; },
  lend: (work) => work(engine, 1),
  seek: (us) => {
    shownUs = us;
    return Promise.resolve();
  },
};
const all: CellEvent[] = [];
const notebook = new Notebook({ host, kernelSource: () => Promise.resolve(source), needsPolicy: true, onClock: () => undefined, onEvents: (events) => { all.push(...events); } });

const underTest: NotebookUnderTest = {
  run: (codes, target) => run(codes, target, () => undefined),
  runAndStop: (codes, target) => run(codes, target, () => notebook.stop()),
  log: () => engine.log(1),
  shownUs: () => shownUs,
  async walls() {
    const kernel = await startKernel(source, true);
    const { lockdown } = kernel;
    kernel.end();
    return lockdown;
  },
};

async function run(codes: readonly string[], target: number, meanwhile: () => void): Promise<Readonly<Record<string, CellReport>>> {
  const from = all.length;
  const cells = codes.map((code, index) => ({ id: `c${index + 1}`, code }));
  const running = notebook.run(cells, `c${target}`);
  await new Promise((resolve) => { setTimeout(resolve); });
  meanwhile();
  await running;
  return report(all.slice(from));
}

function report(events: readonly CellEvent[]): Readonly<Record<string, CellReport>> {
  const cells: Record<string, CellReport> = {};
  for (const event of events) {
    const cell = cells[event.cell] ?? { shown: [], problem: null, startedAt: 0, endedAt: 0 };
    cells[event.cell] = event.event === 'started' ? { shown: [], problem: null, startedAt: event.at, endedAt: event.at }
      : event.event === 'shown' ? { ...cell, shown: [...cell.shown, ...event.values.map(shortText)] }
      : event.event === 'failed' ? { ...cell, problem: problemText(event.problem), endedAt: event.at } : { ...cell, endedAt: event.at };
  }
  return cells;
}

(window as unknown as { notebook: NotebookUnderTest }).notebook = underTest;
