// What the notebook needs of the page that it stands in. `LiveSession` of src/session fits as it is.
import type { EngineApi } from '#engine/host/api.ts';

/** The engine in process or behind a worker: the notebook awaits every answer, so both fit. */
export type CellEngine = {
  readonly [Name in Exclude<keyof EngineApi, 'engineVersion' | 'grade'>]: EngineApi[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Answer | Promise<Answer>
    : never;
};

export interface CellHost {
  /** The clock that the page shows, virtual microseconds. A cell begins at this moment, whatever has been simulated beyond. */
  readonly shownUs: number;
  /** The run's seed: cells draw their Math.random from it. */
  readonly seed: number;
  /**
   * Lends the engine and the session of the run that the page shows, with the pacer at rest: inside a cell time moves only
   * as far as the cell awaits. When the work is done the page reads the new facts and shows the end of the run.
   */
  lend<Result>(work: (engine: CellEngine, session: number) => Promise<Result>): Promise<Result>;
  /** Shows a moment. */
  seek(us: number): Promise<void>;
}
