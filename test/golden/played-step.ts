// What an action hands back: what it saw, in the words of the recording, to be compared field by field.
import type { GoldenWorld } from "./golden-world.ts";
import type { Json, RecordedStep, Recording } from "./read-recording.ts";
import type { Moment } from "./compare/timeline.ts";

export interface Played {
  /** The step's fields as they came out here: result, text, log, exit … */
  readonly fields?: Readonly<Record<string, Json>>;
  /** Every state of the partitions that a broker's Metadata showed. */
  readonly moments?: readonly Moment[];
  /** Chance has fallen otherwise than in the recording (a placement): worth another try, no difference by itself. */
  readonly unlucky?: boolean;
}

/** One kind of action. `step` is checked by the action itself: it throws a CannotPlay for what it cannot express. */
export type ActionPlayer = (world: GoldenWorld, step: RecordedStep, recording: Recording) => Played;
