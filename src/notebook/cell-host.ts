// What the notebook needs of the page that it stands in: one live session of the engine and its shown clock.
import type { Outcome } from '#engine/cluster/commands.ts';
import type { EngineApi } from '#engine/host/api.ts';

/** The engine in process or behind a worker: the notebook awaits every answer, so both fit. */
export type CellEngine = {
  readonly [K in Exclude<keyof EngineApi, 'engineVersion'>]: EngineApi[K] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Answer | Promise<Answer>
    : never;
};

/** What `runCells` needs: in a page it is the live session, in a test an engine in process. */
export interface CellHost {
  readonly engine: CellEngine;
  /** The session that the `cluster` object of cells drives. Another one after a run file has been opened. */
  readonly session: number;
  /** The shown clock, virtual microseconds. A cell's commands are given at this moment. */
  now(): number;
  /**
   * Stops the pacer and the learner's controls of the cluster while a cell runs: inside a run time moves only as far as
   * the cell awaits. The returned function ends that; the shown clock goes to `at`, where the cell has left it.
   */
  lock(): (at: number) => void;
  /** Commands have been given or time has moved: read the new facts. Called a few times in a long run and at its end. */
  refresh(at: number): void;
  /** Outcomes of calls that no cell has made (a letter that the learner sent by hand just before). */
  otherOutcomes?(outcomes: readonly Outcome[]): void;
}
