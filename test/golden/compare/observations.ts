// Compares `observe`: metadata, replicaOffsets, controllerState exactly; records of the metadata log and znodes by their own rules.
import type { GoldenWorld } from "../golden-world.ts";
import { controllerState, metadataRecords } from "../observe/metadata-log.ts";
import { replicaOffsets } from "../observe/replica-offsets.ts";
import { topicMetadata } from "../observe/topic-metadata.ts";
import { loadCounts } from "../actions/load.ts";
import { childrenAt, metaProperties, znodesAt } from "../observe/migration.ts";
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
  if (isObject(recorded["znodes"])) seen["znodes"] = znodesAt(world, recorded["znodes"]);
  if (isObject(recorded["brokerZnodes"])) seen["brokerZnodes"] = znodesAt(world, recorded["brokerZnodes"]);
  if (isObject(recorded["znodeChildren"])) seen["znodeChildren"] = childrenAt(world, recorded["znodeChildren"]);
  if (isObject(recorded["metaProperties"])) seen["metaProperties"] = metaProperties(world, recorded["metaProperties"]);
  if (isObject(recorded["load"])) seen["load"] = loadCounts(world);
  if (Array.isArray(recorded["metadataRecords"])) seen["metadataRecords"] = metadataRecords(world, world.memory.metadataNext).records;
  return seen;
}

function pick(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter(name => name in object).map(name => [name, object[name] as Json]));
}

const OBSERVE_RULES: readonly Rule[] = [
  { fields: "observe.zookeeper.*.*.znode", how: "normalised", as: looseControllerEpoch, why: "which broker was controller when it died is random" },
  { fields: "observe.zookeeper.*.assignmentZnode.data", how: "normalised", as: withoutTopicId, why: "the topic id stands in it, drawn at random" },
  { fields: "observe.znodes.*.data", how: "normalised", as: withoutChance, why: "moments, which controller is active, and offsets of the metadata log stand in it" },
  { fields: "observe.znodes.*.version", how: "normalised", as: value => typeof value === "number" && value > 0, why: "how often it was written depends on how often the migration looked" },
  { fields: "observe.brokerZnodes.*.data", how: "normalised", as: withoutChance, why: "moments and ports stand in it" },
  { fields: "observe.znodeChildren.*", how: "normalised", as: withoutGroups, why: "__consumer_offsets is made by the first group" },
  { fields: "observe.metaProperties.*", how: "normalised", as: withoutIds, why: "cluster and directory ids are drawn at random" },
  { fields: "observe.load.sent", how: "normalised", as: isSome, why: "load counts depend on how long a step took" },
  { fields: "observe.load.acked", how: "normalised", as: isSome, why: "load counts depend on how long a step took" },
  { fields: "observe.load.slowestAckMs", how: "ignored", why: "a time" },
  { fields: "observe.load.longestPauseOfTheConsumerMs", how: "ignored", why: "a time" },
];

/** Records come all the time. */
function topicUnderLoad(topic: string): Rule {
  return { fields: `observe.replicaOffsets.${topic}`, how: "ignored", why: "a producer goes on writing to it" };
}

/** `{"controller_epoch":3,` is the one number in a state znode that differs between two runs of the real one. */
function looseControllerEpoch(value: Json): Json {
  return typeof value === "string" ? value.replace(/^\{"controller_epoch":\d+,/, '{"controller_epoch":N,') : value;
}

export function compareObservation(world: GoldenWorld, recorded: JsonObject, seen: JsonObject, out: Difference[]): void {
  const { pairs } = world.memory;
  const rules = [...world.loadTopics.map(topicUnderLoad), ...OBSERVE_RULES];
  for (const [key, real] of Object.entries(recorded)) {
    const simulated = seen[key];
    if (key === "metadataRecords" && Array.isArray(real) && Array.isArray(simulated)) {
      compareMetadataRecords("observe.metadataRecords", real as readonly Json[], simulated as readonly Json[], world.recordedNames(), pairs, out);
    } else compareJson(["observe", key], real, simulated, rules, pairs, out);
  }
}

function isSome(value: Json): Json {
  return typeof value === "number" ? value > 0 : value;
}

function withoutChance(value: Json): Json {
  if (typeof value !== "string") return value;
  return value.replace(/"timestamp":"\d+"/, '"timestamp":"N"').replace(/"(brokerid|kraft_controller_id)":10\d/g, '"$1":"a controller"')
    .replace(/"kraft_metadata_offset":\d+/, '"kraft_metadata_offset":N').replace(/"(kraftControllerEpoch|kraft_metadata_epoch|kraft_controller_epoch)":\d+/g, '"$1":N')
    .replace(/"port":\d+,"host":"[^"]*"/, '"port":N,"host":"H"').replace(/(PLAINTEXT|CONTROLLER):\/\/[^"]*/g, "$1://H:N");
}

function withoutGroups(value: Json): Json {
  return Array.isArray(value) ? value.filter(name => name !== "__consumer_offsets") : value;
}

function withoutIds(value: Json): Json {
  return Array.isArray(value) ? value.map(line => typeof line === "string" ? line.replace(/^(cluster|directory)\.id=.*/, "$1.id=ID") : line as Json).sort() : value;
}

/** The text stays exact but for the id itself. */
function withoutTopicId(value: Json): Json {
  return typeof value === "string" ? value.replace(/"topic_id":"[^"]*"/, '"topic_id":"ID"') : value;
}
