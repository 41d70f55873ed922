// The watch over the kernel's worker: what speaks out of turn is ended. The worker is written here; what it says is what a kernel
// that has been taken over could say.
import { afterEach, expect, test, vi } from 'vitest';
import { CellBridge } from '#src/notebook/cell-bridge.ts';
import { runCell } from '#src/notebook/cell-run.ts';
import { startKernel } from '#src/notebook/kernel-process.ts';
import type { KernelProcess } from '#src/notebook/kernel-process.ts';
import { createTestEngine } from './engine-in-test.ts';

const READY = { type: 'ready', lockdown: { origin: 'null', evalIsBlocked: true, open: [] } };
const done = (run: number) => ({ type: 'done', run, events: [] });

class WrittenWorker extends EventTarget {
  static last: WrittenWorker | null = null;
  readonly heard: { readonly type: string; readonly nonce?: number; readonly run?: number }[] = [];
  isTerminated = false;

  constructor() {
    super();
    WrittenWorker.last = this;
  }

  postMessage(message: { readonly type: string }): void {
    this.heard.push(message);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  say(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

async function started(): Promise<{ readonly kernel: KernelProcess; readonly worker: WrittenWorker }> {
  vi.stubGlobal('Worker', WrittenWorker);
  const starting = startKernel('', true);
  const worker = WrittenWorker.last;
  if (worker === null) throw new Error('no worker was made');
  worker.say(READY);
  return { kernel: await starting, worker };
}

afterEach(() => { vi.unstubAllGlobals(); });

test('a worker with the page\'s own origin, with eval or with fetch is not used', async () => {
  for (const lockdown of [{ ...READY.lockdown, origin: 'http://site' }, { ...READY.lockdown, evalIsBlocked: false }, { ...READY.lockdown, open: ['fetch'] }]) {
    vi.stubGlobal('Worker', WrittenWorker);
    const starting = startKernel('', true);
    WrittenWorker.last?.say({ ...READY, lockdown });
    await expect(starting).rejects.toThrow('not closed off');
    expect(WrittenWorker.last?.isTerminated).toBe(true);
  }
});

test('an answer to the beat is taken once', async () => {
  const { kernel, worker } = await started();
  const unwatch = kernel.watch();
  const nonce = worker.heard.find(({ type }) => type === 'ping')?.nonce;
  worker.say({ type: 'pong', nonce });
  expect(kernel.isEnded).toBe(false);
  worker.say({ type: 'pong', nonce });
  expect(worker.isTerminated).toBe(true);
  unwatch();
});

test('a beat that is on its way when a watch ends is answered in the next one', async () => {
  const { kernel, worker } = await started();
  kernel.watch()();
  const unwatch = kernel.watch();
  const pings = worker.heard.filter(({ type }) => type === 'ping');
  expect(pings.length).toBe(1);
  worker.say({ type: 'pong', nonce: pings[0]?.nonce });
  expect(kernel.isEnded).toBe(false);
  unwatch();
});

test.each([
  ['answers a beat that there was not', [{ type: 'pong', nonce: 5 }]],
  ['says again that it is ready', [READY]],
  ['sends turn after turn without an answer', [done(1), done(1), done(1)]],
  ['speaks of what there is not', [{ type: 'evaluate', code: '1' }]],
  ['sends what is no data', [{ ...done(1), events: new Map() }]],
] as const)('a kernel that %s is ended', async (_, messages) => {
  const { kernel, worker } = await started();
  for (const message of messages) worker.say(message);
  expect(kernel.isEnded).toBe(true);
  expect(worker.isTerminated).toBe(true);
});

test('what an earlier run left behind is not taken for this one\'s', async () => {
  const { kernel, worker } = await started();
  const running = runCell(kernel, new CellBridge(createTestEngine(), null), { session: 1, now: 0, seed: 1, cells: [{ id: 'a', code: '1' }], target: 'a', onEvents: () => undefined });
  await vi.waitFor(() => { expect(worker.heard.some(({ type }) => type === 'run')).toBe(true); });
  const run = worker.heard.find(({ type }) => type === 'run')?.run ?? 0;
  worker.say(done(run + 1));
  await expect(running).rejects.toThrow('number of the run that is under way');
});

test('Stop ends a long wait between two slices of it, at whatever the cluster has come to', async () => {
  const engine = createTestEngine();
  const bridge = new CellBridge(engine, null);
  await bridge.begin(1, 0, false);
  const seen: number[] = [];
  await bridge.move({ world: 0, until: 3_000_000_000, awaitsOutcome: false }, (now) => seen.push(now) < 3);
  expect(seen.length).toBe(3);
  expect(bridge.now).toBe(seen.at(-1));
  await bridge.move({ world: 0, until: 3_000_000_000, awaitsOutcome: false });
  expect(bridge.now).toBe(3_000_000_000);
});
