// The messages between the page (trusted) and the kernel that runs cells (not trusted). Plain data both ways.
//
// They go in lockstep. The kernel runs until nothing is left to do at this instant, then sends one `turn` and waits.
// The page carries out what the turn asks, or moves one world's time as far as the turn allows, and answers with one
// `reply`. So a run does not depend on how fast either side is.
import type { Command, OutgoingRecord } from '#engine/cluster/commands.ts';
import type { SpecChanges } from '#engine/host/api.ts';
import type { ClusterView } from '#engine/cluster/view.ts';
import type { CellProblem } from './cell-problem.ts';
import type { InspectedValue } from './inspected-value.ts';

/** The live session of the page is world 0; forks of cells are 1, 2, … */
export type WorldId = number;

export interface CellSource {
  readonly id: string;
  readonly code: string;
}

type WithoutCall<C> = C extends { readonly call: number } ? Omit<C, 'call'> : never;
/** A command that is answered later by an outcome; the bridge numbers it. */
export type CallCommand = WithoutCall<Extract<Command, {
  readonly do: 'send' | 'close-client' | 'read' | 'create-topic' | 'delete-topics' | 'create-partitions' | 'reassign' | 'list-reassignments' | 'alter-configs'
    | 'describe-configs' | 'alter-client-quotas' | 'delete-records' | 'elect-leaders' | 'fetch-metadata' | 'list-offsets' | 'describe-quorum' | 'add-controller' | 'remove-controller'
    | 'zookeeper' | 'four-letter-word';
}>>;
/** A command that is done when it has been given. */
export type HandCommand = Extract<
  Command,
  { readonly do: 'kill' | 'power-loss' | 'shut-down' | 'pause' | 'resume' | 'restart' | 'cut' | 'heal' | 'drop' | 'slow-disk' | 'limit-disk' | 'fail-log-directory' }
>;
export type { OutgoingRecord };

/** Everything that code in a cell can make the page do. Nothing else is reachable. */
export type Operation =
  | { readonly op: 'hand'; readonly command: HandCommand }
  | { readonly op: 'call'; readonly command: CallCommand }
  /** Answered with the name that the bridge chose: `wish`, or `wish-2` when that one is taken. */
  | { readonly op: 'open-producer'; readonly wish: string; readonly settings: Readonly<Record<string, string | number | boolean>> }
  /** Answered with the new world's id. Its past is this world's past, with `changes` from the beginning. */
  | { readonly op: 'fork'; readonly changes: SpecChanges }
  | { readonly op: 'measure'; readonly name: string; readonly topic: string; readonly partition: number }
  | { readonly op: 'check'; readonly name: string };

export interface Request {
  /** Unique in the life of the kernel. */
  readonly request: number;
  readonly world: WorldId;
  readonly cell: string;
  readonly operation: Operation;
}

/** Lets one world's time pass, to `until` at most, and only to the next outcome when calls are awaited. */
export interface Move {
  readonly world: WorldId;
  /** Virtual microseconds; null: nothing but outcomes is awaited. */
  readonly until: number | null;
  readonly awaitsOutcome: boolean;
}

export type CellEvent =
  /** The cell's code begins: what it showed before is out of date. */
  | { readonly event: 'started'; readonly cell: string; readonly at: number }
  | { readonly event: 'shown'; readonly cell: string; readonly from: 'display' | 'result' | 'console'; readonly level: 'log' | 'warn' | 'error'; readonly values: readonly InspectedValue[] }
  | { readonly event: 'finished'; readonly cell: string; readonly at: number }
  | { readonly event: 'failed'; readonly cell: string; readonly at: number; readonly problem: CellProblem };

export type FromKernel =
  | { readonly type: 'ready'; readonly lockdown: Lockdown }
  | { readonly type: 'pong'; readonly nonce: number }
  | { readonly type: 'turn'; readonly run: number; readonly events: readonly CellEvent[]; readonly requests: readonly Request[]; readonly move: Move | null }
  | { readonly type: 'done'; readonly run: number; readonly events: readonly CellEvent[] };

/** What the kernel found when it had locked its own doors. */
export interface Lockdown {
  readonly origin: string;
  readonly evalIsBlocked: boolean;
  /** Doors that could not be closed; the page does not use a kernel that has one. */
  readonly open: readonly string[];
}

export interface CallFailure {
  readonly name: string;
  readonly message: string;
  readonly retriable: boolean;
  /** Set when the bridge refused the request: what the learner should have written. */
  readonly argument?: { readonly expected: string; readonly found: string; readonly cure: string };
}

export type Answer =
  | { readonly request: number; readonly ok: true; readonly value: unknown }
  | { readonly request: number; readonly ok: false; readonly error: CallFailure };

/** Where a world stands now. `view` is null when no cell of the notebook looks (it is not free). */
export interface WorldState {
  readonly world: WorldId;
  readonly now: number;
  readonly view: ClusterView | null;
}

export type ToKernel =
  | { readonly type: 'ping'; readonly nonce: number }
  | {
    readonly type: 'run';
    readonly run: number;
    /** All cells of the notebook, in the order of the page. */
    readonly cells: readonly CellSource[];
    /** The cell to run. What it needs and has never run goes first; what depends on it and has run, runs again. */
    readonly target: string;
    readonly seed: number;
    readonly worlds: readonly WorldState[];
  }
  | { readonly type: 'reply'; readonly run: number; readonly answers: readonly Answer[]; readonly worlds: readonly WorldState[] }
  /** The run is over for a reason outside of it (the learner, a budget): the cell that runs fails with `problem`. */
  | { readonly type: 'stop'; readonly run: number; readonly problem: Omit<CellProblem, 'cell'> };

/** Limits of one run. They count turns and virtual time, never wall time, so that a run ends in the same place everywhere. */
export const CELL_LIMITS = {
  /** Virtual time that all worlds of a run may pass together: an hour is more than any of Kafka's time-outs here. */
  virtualUsMax: 3_600_000_000,
  /** Times that virtual time may be moved in one run: enough for a loop over an hour in steps of two seconds. */
  movesMax: 2_000,
  requestsMax: 2_000,
  /** Keys, values and names of all commands of one run. */
  commandBytesMax: 8_000_000,
  recordsPerSendMax: 10_000,
  forksMax: 8,
  cellsMax: 64,
  codeCharactersMax: 50_000,
  /** Output: values shown by one cell in one run, and what of a value is spelled out. */
  shownPerCellMax: 200,
  shownNodesPerCellMax: 20_000,
  shownCharactersPerCellMax: 1_000_000,
  nodesPerValueMax: 2_000,
  entriesPerNodeMax: 100,
  depthMax: 6,
  textCharactersMax: 10_000,
  /** A kernel message as a whole, counted while it is checked: several cells may show what they can in one turn. */
  messageNodesMax: 2_000_000,
  messageCharactersMax: 32_000_000,
} as const;
