// Checks a cluster spec that a person wrote (or a file brought) before anything is built from it: every key, kind, range and reference.
// Throws an AuthorError with a path into the spec. The limits keep a page responsive; each is far above what a lesson needs.
import { AuthorError, shown } from "./author-error.ts";
import { CONSUMER_SETTINGS, NODE_SETTINGS, PRODUCER_SETTINGS, readSettings, TOPIC_SETTINGS } from "./known-settings.ts";
import {
  duplicate, type Fields, readBoolean, readInteger, readList, readName, readObject, readText, readTopicName, unknownReference,
} from "./read-input.ts";
import type { ClusterSpec, ConsumerSpec, ProducerSpec, TopicSpec } from "./spec.ts";
import { NODE_ID_MAX, REPLICAS_MAX, validateMachines } from "./validate-machines.ts";

/** Topics of a spec, and of one command. */
export const TOPICS_MAX = 1_000;
/** Over all topics of a spec. */
export const PARTITIONS_MAX = 10_000;
export const CLIENTS_MAX = 50;
/** A key or a value, in characters. */
export const TEXT_MAX = 1_048_576;
export const WORKLOAD_KEYS_MAX = 10_000;
/** 24 virtual hours. */
export const RUN_MS_MAX = 86_400_000;

const SPEC_KEYS = [
  "kafka", "mode", "nodes", "zookeeper", "quorum", "settings", "topics", "producers", "consumers", "link", "startMs",
];

export function validateSpec(value: unknown, where = "spec"): ClusterSpec {
  const fields = readObject(where, value, SPEC_KEYS);
  const brokers = validateMachines(where, fields);
  if (fields["settings"] !== undefined) readSettings(`${where}.settings`, fields["settings"], NODE_SETTINGS, "broker or controller");
  const topics = validateTopics(`${where}.topics`, fields["topics"], brokers);
  validateClients(where, fields, topics);
  if (fields["link"] !== undefined) validateLink(`${where}.link`, fields["link"]);
  if (fields["startMs"] !== undefined) readInteger(`${where}.startMs`, fields["startMs"], 0, RUN_MS_MAX);
  return value as ClusterSpec;
}

function validateTopics(where: string, value: unknown, brokers: readonly number[]): readonly string[] {
  if (value === undefined) return [];
  const names: string[] = [];
  let partitions = 0;
  for (const [index, item] of readList(where, value, 0, TOPICS_MAX).entries()) {
    const at = `${where}[${index}]`;
    const topic = validateTopic(at, item, brokers);
    if (names.includes(topic.name)) throw duplicate(`${at}.name`, `topic "${topic.name}"`);
    names.push(topic.name);
    partitions += topic.assignment?.length ?? topic.partitions ?? 1;
    if (partitions > PARTITIONS_MAX) {
      throw new AuthorError({
        code: "too-large", where: at, what: `more than ${PARTITIONS_MAX} partitions in all`, expected: `at most ${PARTITIONS_MAX} over all topics`,
        found: String(partitions), cure: "Use fewer partitions.",
      });
    }
  }
  return names;
}

function validateTopic(where: string, value: unknown, brokers: readonly number[]): TopicSpec {
  const fields = readObject(where, value, ["name", "assignment", "partitions", "replicationFactor", "configs"]);
  readTopicName(`${where}.name`, fields["name"]);
  if (fields["assignment"] === undefined) {
    if (fields["partitions"] !== undefined) readInteger(`${where}.partitions`, fields["partitions"], 1, PARTITIONS_MAX);
    if (fields["replicationFactor"] !== undefined) {
      checkReplicationFactor(`${where}.replicationFactor`, fields["replicationFactor"], brokers.length);
    }
  } else {
    for (const key of ["partitions", "replicationFactor"]) {
      if (fields[key] === undefined) continue;
      throw new AuthorError({
        code: "duplicate", where: `${where}.${key}`, what: `"assignment" already says this`, expected: `either "assignment" or "${key}"`,
        found: "both", cure: `Remove "${key}".`,
      });
    }
    validateAssignment(`${where}.assignment`, fields["assignment"], brokers);
  }
  if (fields["configs"] !== undefined) readSettings(`${where}.configs`, fields["configs"], TOPIC_SETTINGS, "topic");
  return value as TopicSpec;
}

/** The text is Kafka's own (StripedReplicaPlacer, AdminUtils); the cure is ours. */
function checkReplicationFactor(where: string, value: unknown, brokers: number): void {
  const replicationFactor = readInteger(where, value, 1, 32_767);
  if (replicationFactor <= brokers) return;
  throw new AuthorError({
    code: "out-of-range", where, what: `replication factor ${replicationFactor} is larger than the number of brokers`,
    expected: `a whole number from 1 to ${brokers}: so many brokers start with the cluster`, found: String(replicationFactor),
    cure: `Give a number from 1 to ${brokers}, or add brokers to "nodes".`,
  });
}

/** Partition -> replicas. With `nodeIds` null any node id may stand there. */
export function validateAssignment(where: string, value: unknown, nodeIds: readonly number[] | null): void {
  for (const [partition, replicas] of readList(where, value, 1, PARTITIONS_MAX).entries()) {
    const at = `${where}[${partition}]`;
    const seen: number[] = [];
    for (const [index, replica] of readList(at, replicas, 1, REPLICAS_MAX).entries()) {
      const id = readInteger(`${at}[${index}]`, replica, 1, NODE_ID_MAX);
      if (nodeIds !== null && !nodeIds.includes(id)) throw unknownReference(`${at}[${index}]`, `broker ${id}`, nodeIds.map(String));
      if (seen.includes(id)) throw duplicate(`${at}[${index}]`, `replica ${id}`);
      seen.push(id);
    }
  }
}

function validateClients(where: string, fields: Fields, topics: readonly string[]): void {
  const names: string[] = [];
  const check = (at: string, id: string): void => {
    if (names.includes(id)) throw duplicate(`${at}.id`, `client "${id}"`);
    names.push(id);
  };
  for (const [index, item] of readList(`${where}.producers`, fields["producers"] ?? [], 0, CLIENTS_MAX).entries()) {
    const at = `${where}.producers[${index}]`;
    const producer = validateProducer(at, item);
    check(at, producer.id);
    const topic = producer.workload?.topic;
    if (topic !== undefined && !topics.includes(topic)) throw unknownReference(`${at}.workload.topic`, `topic "${topic}"`, topics.map(shown));
  }
  for (const [index, item] of readList(`${where}.consumers`, fields["consumers"] ?? [], 0, CLIENTS_MAX).entries()) {
    const at = `${where}.consumers[${index}]`;
    const consumer = validateConsumer(at, item);
    check(at, consumer.id);
    if (!topics.includes(consumer.topic)) throw unknownReference(`${at}.topic`, `topic "${consumer.topic}"`, topics.map(shown));
  }
}

/** Names that the cluster uses for its own processes. */
function readClientId(where: string, value: unknown): string {
  const id = readName(where, value);
  if (id !== "admin" && !/^(broker|controller|zookeeper)-\d+$/.test(id)) return id;
  throw new AuthorError({
    code: "duplicate", where, what: `"${id}" is the name of a process of the cluster`, expected: "another name", found: shown(id),
    cure: "Choose another name, such as \"orders-producer\".",
  });
}

export function validateProducer(where: string, value: unknown): ProducerSpec {
  const fields = readObject(where, value, ["id", "host", "settings", "workload"]);
  readClientId(`${where}.id`, fields["id"]);
  if (fields["host"] !== undefined) readName(`${where}.host`, fields["host"]);
  if (fields["settings"] !== undefined) {
    readSettings(`${where}.settings`, fields["settings"], PRODUCER_SETTINGS, "producer");
    checkIdempotence(`${where}.settings`, fields["settings"] as Fields);
  }
  if (fields["workload"] !== undefined) validateWorkload(`${where}.workload`, fields["workload"]);
  return value as ProducerSpec;
}

/** What ProducerConfig.java refuses: idempotence asked for by name together with weaker settings. */
function checkIdempotence(where: string, settings: Fields): void {
  if (String(settings["enable.idempotence"]) !== "true") return;
  const acks = settings["acks"];
  const inFlight = settings["max.in.flight.requests.per.connection"];
  const problem = acks !== undefined && !["-1", "all"].includes(String(acks)) ? ["acks", "\"all\""] as const
    : inFlight !== undefined && Number(inFlight) > 5 ? ["max.in.flight.requests.per.connection", "at most 5"] as const
    : String(settings["retries"]) === "0" ? ["retries", "more than 0"] as const : null;
  if (problem === null) return;
  const [name, expected] = problem;
  throw new AuthorError({
    code: "out-of-range", where: `${where}["${name}"]`, what: `an idempotent producer needs "${name}" to be ${expected}`, expected,
    found: shown(settings[name]), cure: `Set "${name}" to ${expected}, or "enable.idempotence" to false.`,
  });
}

function validateWorkload(where: string, value: unknown): void {
  const fields = readObject(where, value, ["topic", "everyMs", "keys", "value", "fromMs", "records"]);
  readTopicName(`${where}.topic`, fields["topic"]);
  readInteger(`${where}.everyMs`, fields["everyMs"], 1, RUN_MS_MAX);
  for (const [index, key] of readList(`${where}.keys`, fields["keys"], 1, WORKLOAD_KEYS_MAX).entries()) {
    if (key !== null) readText(`${where}.keys[${index}]`, key, TEXT_MAX, 0);
  }
  if (fields["value"] !== undefined) readText(`${where}.value`, fields["value"], TEXT_MAX, 0);
  if (fields["fromMs"] !== undefined) readInteger(`${where}.fromMs`, fields["fromMs"], 0, RUN_MS_MAX);
  if (fields["records"] !== undefined) readInteger(`${where}.records`, fields["records"], 0, 1_000_000);
}

export function validateConsumer(where: string, value: unknown): ConsumerSpec {
  const fields = readObject(where, value, ["id", "host", "settings", "topic", "partitions", "from", "checksum"]);
  readClientId(`${where}.id`, fields["id"]);
  if (fields["host"] !== undefined) readName(`${where}.host`, fields["host"]);
  if (fields["settings"] !== undefined) readSettings(`${where}.settings`, fields["settings"], CONSUMER_SETTINGS, "consumer");
  readTopicName(`${where}.topic`, fields["topic"]);
  if (fields["partitions"] !== undefined) {
    const seen: number[] = [];
    for (const [index, item] of readList(`${where}.partitions`, fields["partitions"], 1, PARTITIONS_MAX).entries()) {
      const partition = readInteger(`${where}.partitions[${index}]`, item, 0, PARTITIONS_MAX - 1);
      if (seen.includes(partition)) throw duplicate(`${where}.partitions[${index}]`, `partition ${partition}`);
      seen.push(partition);
    }
  }
  if (fields["checksum"] !== undefined) readBoolean(`${where}.checksum`, fields["checksum"]);
  const from = fields["from"];
  if (from !== undefined && from !== "beginning" && from !== "end") readInteger(`${where}.from`, from, 0, Number.MAX_SAFE_INTEGER);
  return value as ConsumerSpec;
}

function validateLink(where: string, value: unknown): void {
  const fields = readObject(where, value, ["latencyUs", "jitterUs", "bytesPerSecond"]);
  if (fields["latencyUs"] !== undefined) readInteger(`${where}.latencyUs`, fields["latencyUs"], 1, 10_000_000);
  if (fields["jitterUs"] !== undefined) readInteger(`${where}.jitterUs`, fields["jitterUs"], 0, 10_000_000);
  if (fields["bytesPerSecond"] !== undefined) readInteger(`${where}.bytesPerSecond`, fields["bytesPerSecond"], 1_000, 100_000_000_000);
}
