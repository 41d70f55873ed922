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

export function startEngineWorker(): EngineClient {
  // Vite finds the worker by this exact form: a URL of a literal path, inside `new Worker`.
  const worker = new Worker(new URL('../../engine/host/worker.ts', import.meta.url), { type: 'module', name: 'engine' });
  // Comlink's Remote is this type, spelled with its own proxies.
  return { engine: wrap<EngineApi>(worker) as unknown as AsyncEngine, end: () => worker.terminate() };
}
