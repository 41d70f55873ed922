// Actions of the format that belong to parts of Kafka that the engine does not have: their steps fail, with a reason.
import { CannotPlay } from "../golden-world.ts";
import type { ActionPlayer } from "../played-step.ts";

export function cannot(why: string, part = ""): ActionPlayer {
  return () => { throw new CannotPlay(why, part); };
}

export const needsGroups = cannot("a group of consumers needs a group coordinator", "groups");
export const needsTransactions = cannot("a transactional producer needs a transaction coordinator", "transactions");
