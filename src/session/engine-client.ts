/** The engine as a page meets it: the same coarse calls, each answered later, from a worker of its own. */
import { wrap } from 'comlink';
import type { EngineApi } from '#engine/host/api.ts';

/** `EngineApi` with every answer a promise. A test gives one that runs in process. */
export type AsyncEngine = {
  readonly [Name in keyof EngineApi]: EngineApi[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Answer>
    : Promise<EngineApi[Name]>;
};

export interface EngineClient {
  readonly engine: AsyncEngine;
  /** Ends the worker and everything it simulates. */
  readonly end: () => void;
}

/** `broke`: told once when the worker is gone by itself; what was asked of it is never answered then. */
export function startEngineWorker(broke: (reason: Error) => void = () => undefined): EngineClient {
  // Vite finds the worker by this exact form: a URL of a literal path, inside `new Worker`.
  const worker = new Worker(new URL('../../engine/host/worker.ts', import.meta.url), { type: 'module', name: 'engine' });
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    broke(new Error(`the engine of this page has stopped: ${event.message}\n  expected  a cluster that fits into this browser's memory\n  found     a worker that is gone\n  cure      Reload the page, with less traffic or a shorter run.`));
  }, { once: true });
  // Comlink's Remote is this type, spelled with its own proxies.
  return { engine: wrap<EngineApi>(worker) as unknown as AsyncEngine, end: () => worker.terminate() };
}
