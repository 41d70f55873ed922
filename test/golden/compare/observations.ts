// Compares `observe`: metadata, replicaOffsets, controllerState exactly; records of the metadata log and znodes by their own rules.
import type { GoldenWorld } from "../golden-world.ts";
import { controllerState, metadataRecords } from "../observe/metadata-log.ts";
import { replicaOffsets } from "../observe/replica-offsets.ts";
import { topicMetadata } from "../observe/topic-metadata.ts";
import { topicZnodes } from "../observe/znodes.ts";
import { isObject, type Json, type JsonObject } from "../read-recording.ts";
import { compareJson, type Difference, type Rule } from "./compare-json.ts";
import { compareMetadataRecords } from "./metadata-records.ts";

/** What is seen now of what the recording shows. Reading the metadata log moves on to its end. */
export function observeAs(world: GoldenWorld, recorded: JsonObject): JsonObject {
  const seen: Record<string, Json> = {};
  const metadata = isObject(recorded["metadata"]) ? topicMetadata(world, Object.keys(recorded["metadata"])) : null;
  if ("metadata" in recorded) seen["metadata"] = metadata;
  if (isObject(recorded["replicaOffsets"])) seen["replicaOffsets"] = replicaOffsets(world, pick(metadata ?? {}, Object.keys(recorded["replicaOffsets"])));
  if (isObject(recorded["zookeeper"])) seen["zookeeper"] = topicZnodes(world, Object.keys(recorded["zookeeper"]));
  if (isObject(recorded["controllerState"])) seen["controllerState"] = controllerState(world, Object.keys(recorded["controllerState"]));
  if (Array.isArray(recorded["metadataRecords"])) seen["metadataRecords"] = metadataRecords(world, world.memory.metadataNext).records;
  return seen;
}

function pick(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter(name => name in object).map(name => [name, object[name] as Json]));
}

const OBSERVE_RULES: readonly Rule[] = [
  { fields: "observe.zookeeper.*.*.znode", how: "normalised", as: looseControllerEpoch, why: "which broker was controller when it died is random" },
  { fields: "observe.zookeeper.*.assignmentZnode.data", how: "normalised", as: withoutTopicId, why: "the topic id stands in it, drawn at random" },
];

/** `{"controller_epoch":3,` is the one number in a state znode that differs between two runs of the real one. */
function looseControllerEpoch(value: Json): Json {
  return typeof value === "string" ? value.replace(/^\{"controller_epoch":\d+,/, '{"controller_epoch":N,') : value;
}

export function compareObservation(world: GoldenWorld, recorded: JsonObject, seen: JsonObject, out: Difference[]): void {
  const { pairs } = world.memory;
  for (const [key, real] of Object.entries(recorded)) {
    const simulated = seen[key];
    if (key === "metadataRecords" && Array.isArray(real) && Array.isArray(simulated)) {
      compareMetadataRecords("observe.metadataRecords", real as readonly Json[], simulated as readonly Json[], world.recordedNames(), pairs, out);
    } else compareJson(["observe", key], real, simulated, OBSERVE_RULES, pairs, out);
  }
}

/** The text stays exact but for the id itself. */
function withoutTopicId(value: Json): Json {
  return typeof value === "string" ? value.replace(/"topic_id":"[^"]*"/, '"topic_id":"ID"') : value;
}
