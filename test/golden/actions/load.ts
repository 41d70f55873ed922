// A producer that sends a record every so often while other things happen. The recordings have a consumer of a group beside it, which cannot be played:
// the records flow all the same.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { isObject, type Json, type JsonObject } from "../read-recording.ts";
import { numberOf, objectOf, textOf } from "./topics.ts";
import type { ActionPlayer } from "../played-step.ts";
import { observe } from "#engine/cluster/observe.ts";

const LOAD = "load";

export const startLoad: ActionPlayer = (world, step) => {
  const does = objectOf(step);
  const { "bootstrap.servers": _bootstrap, ...settings } = isObject(does["producer"]) ? does["producer"] as Record<string, string> : {};
  const id = `${LOAD}-${world.memory.nextClient}`;
  world.memory.nextClient += 1;
  world.memory.notes.set(LOAD, id);
  world.memory.notes.set(`${LOAD} seen`, 0);
  world.apply({ do: "open-producer", producer: { id, settings, workload: { topic: textOf(does["topic"], "topic"), everyMs: numberOf(does["gapMs"], "gapMs"), keys: [] } } });
  throw new CannotPlay("the records are sent; the consumer beside needs a group coordinator", "groups");
};

export const stopLoad: ActionPlayer = world => {
  const id = world.memory.notes.get(LOAD);
  if (typeof id === "string") world.call(call => ({ do: "close-client", client: id, call }), 30_000);
  throw new CannotPlay("the producer is closed; the consumer beside needs a group coordinator", "groups");
};

/** What the producer has done since the last look. */
export function loadCounts(world: GoldenWorld): JsonObject {
  const id = world.memory.notes.get(LOAD);
  const producer = observe(world.cluster).producers.find(candidate => candidate.id === id);
  const before = Number(world.memory.notes.get(`${LOAD} seen`) ?? 0);
  const acked = producer?.acknowledged ?? 0;
  world.memory.notes.set(`${LOAD} seen`, acked as Json);
  return { sent: acked - before, acked: acked - before, failed: producer?.failed ?? 0, errors: {} };
}
