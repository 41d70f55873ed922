/** What a live session tells the parts of a page, and how it says that something cannot be done. */
/** Times as fast as a wall clock. */
export const SPEEDS = [0.1, 1, 10] as const;
export type Speed = (typeof SPEEDS)[number];

/** One future of the run that can be opened. */
export interface Future {
  readonly key: string;
  readonly label: string;
  /** Virtual microseconds. */
  readonly forkedAtUs: number;
  readonly untilUs: number;
  readonly isShown: boolean;
}

/** A sentence for a person, with where, what was expected, what was found, and the cure, as far as they are known. */
export interface Problem {
  readonly what: string;
  readonly where: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  readonly cure: string | null;
}

export interface SessionListener {
  /** Another run is shown: facts and story are new objects. */
  runChanged?(): void;
  /** Facts were added or taken back. */
  factsChanged?(): void;
  /** The shown instant moved; at most once a frame while playing. */
  clockMoved?(): void;
  /** Playing, speed, waiting, futures or the run itself changed. */
  stateChanged?(): void;
  failed?(problem: Problem): void;
}
