// Settings that brokers take while they run, and how they describe what they have: through real requests to a broker's listener.
import { expect, test } from "vitest";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { ClusterWorld } from "./kafka-cluster-world.ts";

const TOPIC = 2;
const BROKER = 4;
type Change = RequestOf<"IncrementalAlterConfigs">["resources"][number];

function booted(overrides: ConstructorParameters<typeof ClusterWorld>[1] = {}): ClusterWorld {
  const world = new ClusterWorld([1, 2, 3], overrides).boot();
  world.createTopic("orders", [[1, 2, 3]], { "segment.bytes": "1048576" });
  world.run(1);
  return world;
}

function change(resourceType: number, resourceName: string, settings: Readonly<Record<string, string | null>>): Change {
  return { resourceType, resourceName, configs: Object.entries(settings).map(([name, value]) => ({ name, configOperation: value === null ? 1 : 0, value })) };
}

function alter(world: ClusterWorld, to: number, ...resources: Change[]): ResponseOf<"IncrementalAlterConfigs">["responses"] {
  const { responses } = world.call(to, "IncrementalAlterConfigs", { resources, validateOnly: false });
  world.run(1);
  return responses;
}

/** name=value and its synonyms, as kafka-configs.sh prints them without "sensitive". */
function described(world: ClusterWorld, to: number, resourceType: number, resourceName: string, ...names: string[]): string[] {
  const sources = ["?", "DYNAMIC_TOPIC_CONFIG", "DYNAMIC_BROKER_CONFIG", "DYNAMIC_DEFAULT_BROKER_CONFIG", "STATIC_BROKER_CONFIG", "DEFAULT_CONFIG"];
  const { results } = world.call(to, "DescribeConfigs", {
    resources: [{ resourceType, resourceName, configurationKeys: names.length === 0 ? null : names }], includeSynonyms: true, includeDocumentation: false,
  });
  return results[0]?.configs.map(({ name, value, synonyms }) =>
    `${name}=${value} synonyms={${synonyms.map(synonym => `${sources[synonym.source]}:${synonym.name}=${synonym.value}`).join(", ")}}`) ?? [];
}

test("a topic's settings are described with all values that they have, as the command prints them", () => {
  const world = booted({ "log.retention.hours": 2 });
  expect(described(world, 2, TOPIC, "orders", "segment.bytes", "retention.ms", "flush.ms", "leader.replication.throttled.replicas", "cleanup.policy")).toEqual([
    "cleanup.policy=delete synonyms={DEFAULT_CONFIG:log.cleanup.policy=delete}", "flush.ms=9223372036854775807 synonyms={}",
    "leader.replication.throttled.replicas= synonyms={}", "retention.ms=7200000 synonyms={STATIC_BROKER_CONFIG:log.retention.hours=2}",
    "segment.bytes=1048576 synonyms={DYNAMIC_TOPIC_CONFIG:segment.bytes=1048576, DEFAULT_CONFIG:log.segment.bytes=1073741824}"]);
  expect(described(world, 2, TOPIC, "orders")).toHaveLength(36);
  const unknown = world.call(2, "DescribeConfigs", { resources: [{ resourceType: TOPIC, resourceName: "nope", configurationKeys: null }], includeSynonyms: false, includeDocumentation: false });
  expect(unknown.results[0]).toMatchObject({ error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: null, configs: [] });
});

test("what one broker is given and what all are given stand side by side", () => {
  const world = booted();
  expect(alter(world, 1, change(BROKER, "", { "log.cleaner.threads": "2" }))).toMatchObject([{ error: "NONE", resourceType: BROKER, resourceName: "" }]);
  expect(alter(world, 1, change(BROKER, "1", { "log.cleaner.threads": "3" }))).toMatchObject([{ error: "NONE" }]);
  expect(described(world, 1, BROKER, "1", "log.cleaner.threads")).toEqual([
    "log.cleaner.threads=3 synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=3, DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleaner.threads=2, DEFAULT_CONFIG:log.cleaner.threads=1}"]);
  expect(described(world, 3, BROKER, "")).toEqual(["log.cleaner.threads=2 synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleaner.threads=2}"]);
  const elsewhere = world.call(2, "DescribeConfigs", { resources: [{ resourceType: BROKER, resourceName: "1", configurationKeys: null }], includeSynonyms: false, includeDocumentation: false });
  expect(elsewhere.results[0]).toMatchObject({ error: "INVALID_REQUEST", errorMessage: "Unexpected broker id, expected 2 or empty string, but received 1" });
});

test("a broker refuses what it reads from its file only; what it does not judge goes on to the controller", () => {
  const world = booted();
  expect(alter(world, 1, change(BROKER, "1", { "broker.id": "7" }), change(TOPIC, "orders", { "retention.ms": "60000" }))).toEqual([
    { error: "NONE", errorMessage: null, resourceType: TOPIC, resourceName: "orders" },
    { error: "INVALID_REQUEST", errorMessage: "Cannot update these configs dynamically: Set(broker.id)", resourceType: BROKER, resourceName: "1" }]);
  expect(alter(world, 1, change(BROKER, "2", { "log.cleaner.threads": "2" }))).toMatchObject([{ error: "INVALID_REQUEST", errorMessage: "Unexpected broker id, expected 1, but received 2" }]);
  expect(alter(world, 1, change(BROKER, "", { "num.io.threads": "99" }))).toMatchObject(
    [{ errorMessage: "Dynamic thread count update validation failed for num.io.threads=99, value should not be greater than double the current value 8" }]);
  expect(alter(world, 1, change(BROKER, "", { "message.max.bytes": "many" }))).toMatchObject([{ errorMessage: "Invalid value many for configuration message.max.bytes: Not a number of type INT" }]);
  const twice = change(TOPIC, "orders", { "retention.ms": "1" });
  expect(alter(world, 1, twice, twice)).toMatchObject([{ errorMessage: "Each resource must appear at most once." }, { errorMessage: "Each resource must appear at most once." }]);
});

test("running replicas take new settings: the topic's own, and those of all brokers where the topic says nothing", () => {
  const world = booted();
  expect(world.replica(1, "orders").config).toMatchObject({ minInsyncReplicas: 1, segmentBytes: 1_048_576, retentionMs: 604_800_000 });
  alter(world, 1, change(TOPIC, "orders", { "min.insync.replicas": "2", "retention.ms": "60000" }));
  expect(world.replica(3, "orders").config).toMatchObject({ minInsyncReplicas: 2, retentionMs: 60_000 });
  alter(world, 1, change(TOPIC, "orders", { "retention.ms": null }), change(BROKER, "", { "log.retention.ms": "5000", "log.segment.bytes": "2000000" }));
  expect(world.replica(2, "orders").config).toMatchObject({ minInsyncReplicas: 2, segmentBytes: 1_048_576, retentionMs: 5_000 });
});

test("quotas are described by any broker, by exact name, by default and by kind", () => {
  const world = booted();
  const entity = (entityType: string, entityName: string | null) => ({ entityType, entityName });
  const ops = (key: string, value: number) => [{ key, value, remove: false }];
  world.call(1, "AlterClientQuotas", { entries: [
    { entity: [entity("client-id", "loader")], ops: ops("producer_byte_rate", 20_000) }, { entity: [entity("client-id", null)], ops: ops("producer_byte_rate", 1_048_576) },
    { entity: [entity("user", "alice"), entity("client-id", "loader")], ops: ops("consumer_byte_rate", 5_000) },
  ], validateOnly: false });
  world.run(1);
  const describe = (components: RequestOf<"DescribeClientQuotas">["components"], strict: boolean): unknown =>
    world.call(3, "DescribeClientQuotas", { components, strict }).entries?.map(({ values }) => values.map(({ key, value }) => `${key}=${value}`).join());
  expect(describe([{ entityType: "client-id", matchType: 0, match: "loader" }], true)).toEqual(["producer_byte_rate=20000"]);
  expect(describe([{ entityType: "client-id", matchType: 1, match: null }], true)).toEqual(["producer_byte_rate=1048576"]);
  expect(describe([{ entityType: "client-id", matchType: 2, match: null }], false)).toHaveLength(3);
  expect(describe([{ entityType: "user", matchType: 2, match: null }, { entityType: "client-id", matchType: 2, match: null }], true)).toEqual(["consumer_byte_rate=5000"]);
  expect(world.call(3, "DescribeClientQuotas", { components: [{ entityType: "group", matchType: 2, match: null }], strict: false })).toMatchObject({ error: "UNSUPPORTED_VERSION", entries: null });
});

test("DescribeTopicPartitions goes through the topics by name, so many partitions at a time", () => {
  const world = booted();
  for (const name of ["b", "a"]) {
    world.call(1, "CreateTopics", { topics: [{ name, numPartitions: 3, replicationFactor: 2, assignments: [], configs: [] }], timeoutMs: 30_000, validateOnly: false });
  }
  world.run(1);
  const first = world.call(2, "DescribeTopicPartitions", { topics: [], responsePartitionLimit: 4, cursor: null });
  expect(first.topics.map(({ name, partitions }) => [name, partitions.map(({ partitionIndex }) => partitionIndex)])).toEqual([["a", [0, 1, 2]], ["b", [0]]]);
  expect(first.nextCursor).toEqual({ topicName: "b", partitionIndex: 1 });
  const second = world.call(2, "DescribeTopicPartitions", { topics: [], responsePartitionLimit: 4, cursor: first.nextCursor });
  expect(second.topics.map(({ name, partitions }) => [name, partitions.map(({ partitionIndex }) => partitionIndex)])).toEqual([["b", [1, 2]], ["orders", [0]]]);
  expect(second.nextCursor).toBeNull();
  const named = world.call(2, "DescribeTopicPartitions", { topics: [{ name: "nope" }, { name: "orders" }], responsePartitionLimit: 10, cursor: null });
  expect(named.topics).toMatchObject([{ name: "nope", error: "UNKNOWN_TOPIC_OR_PARTITION" },
    { name: "orders", error: "NONE", partitions: [{ leaderId: 1, isrNodes: [1, 2, 3], eligibleLeaderReplicas: [], lastKnownElr: [], offlineReplicas: [] }] }]);
});
