// What an operator asks the controller for, beside creating topics and moving replicas: errors and texts as Kafka has them.
import { expect, test } from "vitest";
import { NO_TOPIC_ID } from "#engine/protocol/error-response.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import { TestCluster } from "./kraft-test-node.ts";

function booted(options: ConstructorParameters<typeof TestCluster>[1] = {}): TestCluster {
  const cluster = new TestCluster(4, options);
  cluster.boot();
  cluster.createTopic("orders", [[1, 2, 3], [2, 3, 1]], { "min.insync.replicas": "2", "retention.ms": "3600000" });
  return cluster;
}

// ---- topics

test("a deleted topic is gone with its settings, and deletion of what is not there is refused", () => {
  const cluster = booted();
  const remove = (...topics: RequestOf<"DeleteTopics">["topics"]) => cluster.ask(1, "DeleteTopics", { topics, timeoutMs: 0 }).responses;
  const topicId = cluster.image().topics.get("orders")?.topicId ?? "";
  expect(remove({ name: "nope", topicId: NO_TOPIC_ID })).toMatchObject([{ name: "nope", error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: null }]);
  expect(remove({ name: null, topicId: "0123456789abcdefghijkl" })).toMatchObject([{ error: "UNKNOWN_TOPIC_ID" }]);
  expect(remove({ name: null, topicId: NO_TOPIC_ID })).toMatchObject([{ error: "INVALID_REQUEST", errorMessage: "Neither topic name nor id were specified." }]);
  expect(remove({ name: "orders", topicId })).toMatchObject([{ error: "INVALID_REQUEST", errorMessage: "You may not specify both topic name and topic id." }]);
  const twice = { name: "orders", topicId: NO_TOPIC_ID };
  expect(remove(twice, twice)[0]).toMatchObject({ error: "INVALID_REQUEST", errorMessage: "Duplicate topic name." });
  expect(remove({ name: null, topicId })).toEqual([{ name: "orders", topicId, error: "NONE", errorMessage: null }]);
  expect(cluster.image().topics.size).toBe(0);
  expect(cluster.facts("topic-deleted")).toEqual([{ kind: "topic-deleted", topic: "orders", topicId }]);
  expect(cluster.createTopic("orders", [[1]]).error).toBe("NONE");
  expect(cluster.image().topics.get("orders")?.configs.size).toBe(0);
});

test("delete.topic.enable=false keeps every topic", () => {
  const cluster = booted({ overrides: { "delete.topic.enable": false } });
  expect(cluster.ask(1, "DeleteTopics", { topics: [{ name: "orders", topicId: NO_TOPIC_ID }], timeoutMs: 0 }).responses)
    .toMatchObject([{ name: "orders", error: "TOPIC_DELETION_DISABLED" }]);
});

test("a topic grows by hand or by the placer, and never shrinks", () => {
  const cluster = booted();
  const grow = (count: number, assignments: readonly (readonly number[])[] | null = null, name = "orders"): readonly [string, string | null] => {
    const result = cluster.ask(1, "CreatePartitions", {
      topics: [{ name, count, assignments: assignments?.map(brokerIds => ({ brokerIds })) ?? null }], timeoutMs: 0, validateOnly: false,
    }).results[0];
    return [result?.error ?? "none", result?.errorMessage ?? null];
  };
  expect(grow(5, null, "nope")).toEqual(["UNKNOWN_TOPIC_OR_PARTITION", null]);
  expect(grow(2)).toEqual(["INVALID_PARTITIONS", "Topic already has 2 partition(s)."]);
  expect(grow(1)).toEqual(["INVALID_PARTITIONS", "The topic orders currently has 2 partition(s); 1 would not be an increase."]);
  expect(grow(3, [])).toEqual(["INVALID_REPLICA_ASSIGNMENT", "Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified."]);
  expect(grow(3, [[1, 2]])).toEqual(["INVALID_REPLICA_ASSIGNMENT",
    "The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with previous partitions, which have 3 replica(s)."]);
  expect(grow(3, [[3, 1, 2]])).toEqual(["NONE", null]);
  expect(cluster.partition("orders", 2)).toEqual([3, 0, 0, [3, 1, 2]]);
  expect(cluster.facts("partition-changed").at(-1)).toMatchObject({ topic: "orders", partition: 2, reason: "partitions-added" });
  expect(grow(9)).toEqual(["NONE", null]);
  expect(cluster.image().topics.get("orders")?.partitions.map(({ replicas }) => replicas.length)).toEqual(Array.from({ length: 9 }, () => 3));
});

test("one request writes 10,000 records at most", () => {
  const cluster = booted();
  const create = (name: string, numPartitions: number) =>
    cluster.ask(1, "CreateTopics", { topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 0, validateOnly: false }).topics[0];
  expect(create("huge", 10_000)).toMatchObject({ error: "POLICY_VIOLATION", errorMessage: "Unable to perform excessively large batch operation." });
  expect(create("huger", 1_000_000)).toMatchObject({ error: "POLICY_VIOLATION" });
  expect(create("large", 9_999)).toMatchObject({ error: "NONE" });
  expect(cluster.ask(1, "CreatePartitions", { topics: [{ name: "orders", count: 20_000, assignments: null }], timeoutMs: 0, validateOnly: false }).results[0])
    .toMatchObject({ error: "POLICY_VIOLATION" });
});

// ---- settings

type Change = RequestOf<"IncrementalAlterConfigs">["resources"][number]["configs"][number];

function alter(cluster: TestCluster, resourceType: number, resourceName: string, ...configs: Change[]): readonly [string, string | null] {
  const answer = cluster.ask(1, "IncrementalAlterConfigs", { resources: [{ resourceType, resourceName, configs }], validateOnly: false }).responses[0];
  return [answer?.error ?? "none", answer?.errorMessage ?? null];
}
const set = (name: string, value: string): Change => ({ name, configOperation: 0, value });
const unset = (name: string): Change => ({ name, configOperation: 1, value: null });

test("settings of a topic are set, deleted, appended to and taken from; only a change is written", () => {
  const cluster = booted();
  const configs = (): unknown => Object.fromEntries(cluster.image().topics.get("orders")?.configs ?? []);
  expect(alter(cluster, 2, "orders", set("retention.ms", "60000"))).toEqual(["NONE", null]);
  expect(configs()).toEqual({ "min.insync.replicas": "2", "retention.ms": "60000" });
  expect(cluster.facts("topic-configured").at(-1)).toEqual({ kind: "topic-configured", topic: "orders", configs: [["min.insync.replicas", "2"], ["retention.ms", "60000"]] });
  alter(cluster, 2, "orders", unset("retention.ms"), unset("not.there"));
  alter(cluster, 2, "orders", { name: "cleanup.policy", configOperation: 2, value: "compact" });
  expect(configs()).toEqual({ "min.insync.replicas": "2", "cleanup.policy": "delete,compact" });
  alter(cluster, 2, "orders", { name: "cleanup.policy", configOperation: 3, value: "delete" });
  expect(configs()).toEqual({ "min.insync.replicas": "2", "cleanup.policy": "compact" });
  const facts = cluster.facts("topic-configured").length;
  alter(cluster, 2, "orders", set("cleanup.policy", "compact"));
  expect(cluster.facts("topic-configured")).toHaveLength(facts);
});

test("settings of topics are refused as a whole, in Kafka's words", () => {
  const cluster = booted();
  expect(alter(cluster, 2, "orders", set("retention.ms", "1"), set("foo", "1"))).toEqual(["INVALID_CONFIG", "Unknown topic config name: foo"]);
  expect(cluster.image().topics.get("orders")?.configs.get("retention.ms")).toBe("3600000");
  expect(alter(cluster, 2, "orders", set("retention.ms", "abc"))).toEqual(["INVALID_CONFIG", "Invalid value abc for configuration retention.ms: Not a number of type LONG"]);
  expect(alter(cluster, 2, "nope", set("retention.ms", "1"))).toEqual(["UNKNOWN_TOPIC_OR_PARTITION", "The topic 'nope' does not exist."]);
  expect(alter(cluster, 2, "", set("retention.ms", "1"))).toEqual(["INVALID_REQUEST", "Default topic resources are not allowed."]);
  expect(alter(cluster, 2, "orders", { name: "retention.ms", configOperation: 2, value: "1" })).toEqual(["INVALID_CONFIG", "Can't APPEND to key retention.ms because its type is not LIST."]);
  expect(alter(cluster, 2, "orders", set("leader.replication.throttled.replicas", "0-1"))[1]).toContain("must be the literal '*' or a list of replicas");
  expect(alter(cluster, 9, "x", set("a", "b"))).toEqual(["UNSUPPORTED_VERSION", "Unknown resource type 9."]);
  const twice = { resourceType: 2, resourceName: "orders", configs: [set("retention.ms", "1")] };
  expect(cluster.ask(1, "IncrementalAlterConfigs", { resources: [twice, twice], validateOnly: false }).responses[0]).toMatchObject({ errorMessage: "Duplicate resource." });
});

test("settings of brokers stand in the metadata, for one or for all", () => {
  const cluster = booted();
  expect(alter(cluster, 4, "1", set("leader.replication.throttled.rate", "1000"))).toEqual(["NONE", null]);
  expect(alter(cluster, 4, "", set("log.cleaner.threads", "2"))).toEqual(["NONE", null]);
  expect([...cluster.image().brokerConfigs].map(([name, configs]) => [name, ...configs])).toEqual(
    [["1", ["leader.replication.throttled.rate", "1000"]], ["", ["log.cleaner.threads", "2"]]]);
  alter(cluster, 4, "1", unset("leader.replication.throttled.rate"));
  expect([...cluster.image().brokerConfigs.keys()]).toEqual([""]);
  expect(alter(cluster, 4, "one", set("a", "b"))).toEqual(["INVALID_REQUEST", "Unable to parse broker name as a base 10 number."]);
  expect(alter(cluster, 4, "9", set("a", "b"))[0]).toBe("BROKER_ID_NOT_REGISTERED");
});

test("an unclean election that a setting allows afterwards comes with the next look, within five minutes", () => {
  const cluster = booted();
  const [victim = 2, keeper = 3] = [1, 2, 3].filter(id => id !== cluster.active());
  cluster.createTopic("risky", [[victim, keeper]]);
  cluster.alterIsr("risky", [victim]);
  cluster.simulation.crash(`broker-${victim}`);
  cluster.runUntil(() => cluster.partition("risky")[0] === -1, 20_000);
  const answer = cluster.ask(keeper, "IncrementalAlterConfigs", {
    resources: [{ resourceType: 2, resourceName: "risky", configs: [set("unclean.leader.election.enable", "true")] }], validateOnly: false,
  });
  expect(answer.responses[0]?.error).toBe("NONE");
  cluster.run(1_000);
  expect(cluster.partition("risky")[0]).toBe(-1);
  cluster.runUntil(() => cluster.partition("risky")[0] === keeper, 300_000);
  cluster.run(100);
  expect(cluster.facts("partition-changed").at(-1)?.reason).toBe("unclean-election");
});

test("with eligible leader replicas all brokers share one min.insync.replicas", () => {
  const cluster = booted({ kafka: "4.3" });
  expect(alter(cluster, 4, "1", set("min.insync.replicas", "2"))).toEqual(["INVALID_CONFIG", "Broker-level min.insync.replicas cannot be altered while ELR is enabled."]);
  expect(alter(cluster, 4, "", unset("min.insync.replicas"))).toEqual(["INVALID_CONFIG", "Cluster-level min.insync.replicas cannot be removed while ELR is enabled."]);
  expect(alter(cluster, 4, "", set("min.insync.replicas", "2"))).toEqual(["NONE", null]);
});

// ---- quotas

test("quotas stand in the metadata by entity, and wrong ones are refused", () => {
  const cluster = booted();
  const loader = [{ entityType: "client-id", entityName: "loader" }];
  const quota = (entity: RequestOf<"AlterClientQuotas">["entries"][number]["entity"], key: string, value: number, remove = false): readonly [string, string | null] => {
    const entry = cluster.ask(1, "AlterClientQuotas", { entries: [{ entity, ops: [{ key, value, remove }] }], validateOnly: false }).entries[0];
    return [entry?.error ?? "none", entry?.errorMessage ?? null];
  };
  expect(quota(loader, "producer_byte_rate", 20_000)).toEqual(["NONE", null]);
  expect(quota([{ entityType: "client-id", entityName: null }], "producer_byte_rate", 1_048_576)).toEqual(["NONE", null]);
  expect([...cluster.image().clientQuotas.values()].map(({ entity, values }) => [entity, ...values])).toEqual(
    [[loader, ["producer_byte_rate", 20_000]], [[{ entityType: "client-id", entityName: null }], ["producer_byte_rate", 1_048_576]]]);
  expect(quota(loader, "producer_byte_rate", 0)).toEqual(["INVALID_REQUEST", "Quota producer_byte_rate must be greater than 0"]);
  expect(quota(loader, "bytes", 1)).toEqual(["INVALID_REQUEST", "Invalid configuration key bytes"]);
  expect(quota(loader, "producer_byte_rate", 1.5)).toEqual(["INVALID_REQUEST", "producer_byte_rate cannot be a fractional value."]);
  expect(quota([], "producer_byte_rate", 1)).toEqual(["INVALID_REQUEST", "Invalid empty client quota entity"]);
  expect(quota([{ entityType: "group", entityName: "g" }], "producer_byte_rate", 1)).toEqual(["INVALID_REQUEST", "Unhandled client quota entity type: group"]);
  expect(quota(loader, "producer_byte_rate", 0, true)).toEqual(["NONE", null]);
  expect(cluster.image().clientQuotas.size).toBe(1);
});

// ---- features and brokers

test("feature levels are checked against what every node supports", () => {
  const update = (cluster: TestCluster, feature: string, maxVersionLevel: number, upgradeType = 1) =>
    cluster.ask(1, "UpdateFeatures", { timeoutMs: 0, featureUpdates: [{ feature, maxVersionLevel, upgradeType }], validateOnly: false });
  const old = booted();
  expect(update(old, "metadata.version", 22).results[0]).toMatchObject(
    { error: "INVALID_UPDATE_VERSION", errorMessage: expect.stringMatching(/^Invalid update version 22 for feature metadata.version. Local controller \d only supports versions 1-21$/) as unknown });
  expect(update(old, "metadata.version", 20).results[0]?.errorMessage).toBe("Invalid update version 20 for feature metadata.version. Can't downgrade the version of this "
    + "feature without setting the upgrade type to either safe or unsafe downgrade.");
  expect(update(old, "metadata.version", 16, 2).results[0]?.errorMessage).toBe(
    "Invalid metadata.version 16. Refusing to perform the requested downgrade because it might delete metadata information.");
  expect(update(old, "metadata.version", 17, 2).results[0]?.error).toBe("NONE");
  expect(old.image().features.get("metadata.version")).toBe(17);
  const young = booted({ kafka: "4.3" });
  expect(update(young, "transaction.version", 9)).toMatchObject({ error: "INVALID_UPDATE_VERSION", results: [] });
  expect(update(young, "transaction.version", 1, 2)).toMatchObject({ error: "NONE", results: [] });
  expect(young.image().features.get("transaction.version")).toBe(1);
});

test("an unregistered broker is out of every ISR and no longer counted by the placer", () => {
  const cluster = booted();
  const gone = [1, 2, 3].find(id => id !== cluster.active()) ?? 3;
  cluster.simulation.crash(`broker-${gone}`);
  const from = cluster.active();
  expect(cluster.ask(from, "UnregisterBroker", { brokerId: 9 })).toMatchObject({ error: "BROKER_ID_NOT_REGISTERED", errorMessage: "Broker ID 9 is not currently registered" });
  expect(cluster.ask(from, "UnregisterBroker", { brokerId: gone })).toMatchObject({ error: "NONE" });
  expect(cluster.image().brokers.has(gone)).toBe(false);
  expect(cluster.partition("orders")[3]).not.toContain(gone);
  const created = cluster.ask(from, "CreateTopics", { topics: [{ name: "three", numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] }], timeoutMs: 0, validateOnly: false });
  expect(created.topics[0]?.errorMessage).toContain("only 2 broker(s) are registered");
});

// ---- log directories

test("a failed log directory costs the broker its leaderships and its place in the ISRs that lie there", () => {
  const cluster = booted();
  const broker = cluster.image().brokers.get(1);
  const [directory = ""] = broker?.logDirs ?? [];
  expect(cluster.partition("orders", 0)[0]).toBe(1);
  const heartbeat = { brokerId: 1, brokerEpoch: broker?.brokerEpoch ?? -1, currentMetadataOffset: 1_000_000, wantFence: false, wantShutDown: false, offlineLogDirs: [directory] };
  expect(cluster.ask(1, "BrokerHeartbeat", heartbeat)).toMatchObject({ error: "NONE", isFenced: false });
  expect(cluster.partition("orders", 0)).toEqual([2, 1, 1, [2, 3]]);
  expect(cluster.image().brokers.get(1)?.logDirs).toEqual([]);
  expect(cluster.facts("partition-changed").at(-1)?.reason).toBe("log-directory-failed");
});

test("a broker tells where its replicas lie", () => {
  const cluster = booted();
  const topicId = cluster.image().topics.get("orders")?.topicId ?? "";
  const { brokerEpoch = -1, logDirs: [id = ""] = [] } = cluster.image().brokers.get(2) ?? {};
  const ask = (broker: number, epoch: number, topic: string, partitionIndex: number) => cluster.ask(1, "AssignReplicasToDirs", {
    brokerId: broker, brokerEpoch: epoch, directories: [{ id, topics: [{ topicId: topic, partitions: [{ partitionIndex }] }] }],
  });
  expect(ask(2, brokerEpoch, topicId, 0).directories[0]?.topics[0]?.partitions).toEqual([{ partitionIndex: 0, error: "NONE" }]);
  expect(ask(2, brokerEpoch, topicId, 9).directories[0]?.topics[0]?.partitions).toEqual([{ partitionIndex: 9, error: "UNKNOWN_TOPIC_OR_PARTITION" }]);
  expect(ask(2, brokerEpoch, NO_TOPIC_ID, 0).directories[0]?.topics[0]?.partitions).toEqual([{ partitionIndex: 0, error: "UNKNOWN_TOPIC_ID" }]);
  expect(ask(2, -5, topicId, 0).error).toBe("STALE_BROKER_EPOCH");
});
