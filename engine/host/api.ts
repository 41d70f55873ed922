// What a page, a test or a grader can ask of an engine. Coarse calls, plain data in and out: the same interface in process and behind
// Comlink in a worker (there every method returns a promise). Times are virtual microseconds.
import type { Command, Input, Outcome } from "#engine/cluster/commands.ts";
import type { RunFile } from "#engine/cluster/run-file.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { ClusterView, ViewFact } from "#engine/cluster/view.ts";
import type { Drill } from "#engine/grading/define-drill.ts";
import type { Verdict } from "#engine/grading/grade.ts";

export type { RunFile } from "#engine/cluster/run-file.ts";

/**
 * Facts from an id on. `reset`: the past has changed since the reader's `history` (a rewind dropped facts); keep only those with id < `firstId`.
 * `history` counts the changes of the past; a reader that keeps facts gives it back with its next question.
 */
export interface FactsDelta { readonly head: number; readonly history: number; readonly firstId: number; readonly reset: boolean; readonly facts: readonly ViewFact[] }

/** A future that was left for another one. */
export interface Lane { readonly id: number; readonly parent: number; readonly forkedAt: number; readonly label: string; readonly until: number }

/** `refused`: the command did not fit the moment; nothing was done. */
export interface SessionInfo {
  readonly session: number; readonly head: number; readonly lane: number; readonly lanes: readonly Lane[]; readonly seed: number;
  readonly refused?: { readonly code: string; readonly message: string };
}

export interface EngineApi {
  readonly engineVersion: string;
  /** Opens a run and simulates up to `run.until`. Throws AuthorError for a run that is not one. */
  open(run: RunFile): SessionInfo;
  /** A second, independent session with the same past up to `at`, with other settings from the start if given. */
  fork(session: number, at: number, changes: SpecChanges): SessionInfo;
  /** Simulates up to `until`; never back. */
  advance(session: number, until: number): number;
  /** Simulates until an outcome arrives, at most up to `until`. */
  advanceToOutcome(session: number, until: number): { readonly now: number; readonly outcomes: readonly Outcome[] };
  /**
   * Gives a command at the moment `at`. Inside the simulated past the engine rewinds to `at`: what had been simulated beyond is
   * thrown away, and inputs that lay beyond become a lane of their own.
   */
  command(session: number, command: Command, at: number): SessionInfo;
  /** The next free call number of this session. */
  nextCall(session: number): number;
  /** Facts with id >= `sinceId`, without the quiet ones unless asked for. */
  facts(session: number, sinceId: number, quiet?: boolean, history?: number): FactsDelta;
  /** The chain of causes, nearest first. */
  why(session: number, factId: number): readonly ViewFact[];
  observe(session: number, at: number): ClusterView;
  /** Changes the current lane; the other future is kept. */
  openLane(session: number, lane: number): SessionInfo;
  run(session: number): RunFile;
  digest(session: number): string;
  close(session: number): void;
  /** Plays a run of a drill again and judges its goals; `final` as handed in, else as it stands. Needs no session. */
  grade(drill: Drill, run: GradedRun, final: boolean): Verdict;
}

/** What of a run a grade needs: the drill has the cluster. */
export interface GradedRun { readonly seed: number; readonly inputs: readonly Input[]; readonly until: number }

/** Settings that a fork changes from the beginning of the run, by Kafka's names; producers by id. */
export interface SpecChanges {
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly producers?: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;
  readonly seed?: number;
  /** The same brokers as another version of Kafka, or in the other mode: each broker is then a controller too, or has a ZooKeeper server beside it. */
  readonly profile?: { readonly kafka: ClusterSpec["kafka"]; readonly mode: ClusterSpec["mode"] };
}
