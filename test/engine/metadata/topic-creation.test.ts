import { expect, test } from "vitest";
import type { RequestOf } from "#engine/protocol/messages.ts";
import { topicConfigProblem } from "#engine/metadata/topic-configs.ts";
import { topicNameProblem } from "#engine/metadata/topic-names.ts";
import { profileOf } from "#engine/protocol/version-profile.ts";
import { TestCluster } from "./kraft-test-node.ts";

type Wish = RequestOf<"CreateTopics">["topics"][number];

function booted(options: ConstructorParameters<typeof TestCluster>[1] = {}): TestCluster {
  const cluster = new TestCluster(1, options);
  cluster.boot();
  return cluster;
}

function create(cluster: TestCluster, ...wishes: (Partial<Wish> & { readonly validateOnly?: boolean })[]): (readonly [string, string | null])[] {
  const topics = wishes.map(wish => ({ name: wish.name ?? "orders", numPartitions: wish.numPartitions ?? 1, replicationFactor: wish.replicationFactor ?? 1, assignments: wish.assignments ?? [], configs: wish.configs ?? [] }));
  const answer = cluster.ask(1, "CreateTopics", { topics, timeoutMs: 0, validateOnly: wishes[0]?.validateOnly ?? false });
  return answer.topics.map(topic => [topic.error, topic.errorMessage]);
}

function byHand(...assignments: readonly (readonly [number, readonly number[]])[]): Partial<Wish> {
  return { numPartitions: -1, replicationFactor: -1, assignments: assignments.map(([partition, brokers]) => ({ partition, brokers })) };
}

test("names are judged as Kafka judges them", () => {
  expect(topicNameProblem("orders.v1_x-2")).toBeNull();
  expect(topicNameProblem("")).toBe("Topic name is invalid: the empty string is not allowed");
  expect(topicNameProblem(".")).toBe("Topic name is invalid: '.' is not allowed");
  expect(topicNameProblem("..")).toBe("Topic name is invalid: '..' is not allowed");
  expect(topicNameProblem("a b")).toBe("Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'");
  expect(topicNameProblem("é")).toContain("contains one or more characters");
  expect(topicNameProblem("x".repeat(249))).toBeNull();
  expect(topicNameProblem("x".repeat(250))).toContain("is longer than the max allowed length 249");
});

test("settings are judged as Kafka judges them", () => {
  const problem = (name: string, value: string | null): string | null => topicConfigProblem([{ name, value }], profileOf("3.9", "kraft"));
  expect(problem("min.insync.replicas", "2")).toBeNull();
  expect(problem("min.insync.replicas", "0")).toBe("Invalid value 0 for configuration min.insync.replicas: Value must be at least 1");
  expect(problem("retention.ms", "abc")).toBe("Invalid value abc for configuration retention.ms: Not a number of type LONG");
  expect(problem("cleanup.policy", "compact,delete")).toBeNull();
  expect(problem("cleanup.policy", "shred")).toBe("Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete");
  expect(problem("unclean.leader.election.enable", "maybe")).toBe("Invalid value maybe for configuration unclean.leader.election.enable: Expected value to be either true or false");
  expect(problem("min.cleanable.dirty.ratio", "1.5")).toContain("Value must be no more than 1");
  expect(problem("foo", "1")).toBe("Unknown topic config name: foo");
  expect(problem("retention.ms", null)).toBe("Null value not supported for topic configs: retention.ms");
});

test("a topic exists once, and a name that collides in metrics is refused", () => {
  const cluster = booted();
  expect(create(cluster, { name: "a_b" })).toEqual([["NONE", null]]);
  expect(create(cluster, { name: "a_b" })).toEqual([["TOPIC_ALREADY_EXISTS", "Topic 'a_b' already exists."]]);
  expect(create(cluster, { name: "a.b" })).toEqual([["INVALID_TOPIC_EXCEPTION", "Topic 'a.b' collides with existing topic: a_b"]]);
  expect(create(cluster, { name: "x" }, { name: "x" }, { name: "y" })).toEqual([["INVALID_REQUEST", "Duplicate topic name."], ["INVALID_REQUEST", "Duplicate topic name."], ["NONE", null]]);
});

test("counts that cannot be are refused with Kafka's words", () => {
  const cluster = booted();
  expect(create(cluster, { replicationFactor: 0 })).toEqual([["INVALID_REPLICATION_FACTOR", "Replication factor must be larger than 0, or -1 to use the default value."]]);
  expect(create(cluster, { numPartitions: 0 })).toEqual([["INVALID_PARTITIONS", "Number of partitions was set to an invalid non-positive value."]]);
  expect(create(cluster, { replicationFactor: 4 })).toEqual([["INVALID_REPLICATION_FACTOR",
    "Unable to replicate the partition 4 time(s): The target replication factor of 4 cannot be reached because only 3 broker(s) are registered."]]);
  expect(create(cluster, { configs: [{ name: "foo", value: "1" }] })).toEqual([["INVALID_CONFIG", "Unknown topic config name: foo"]]);
});

test("4.3 names cordoned log directories as a possible reason", () => {
  expect(create(booted({ kafka: "4.3" }), { replicationFactor: 4 })).toEqual([["INVALID_REPLICATION_FACTOR",
    "Unable to replicate the partition 4 time(s): The target replication factor of 4 cannot be reached because only 3 broker(s) are registered or some brokers have all their log directories cordoned."]]);
});

test("-1 takes the defaults of the brokers", () => {
  const cluster = booted({ overrides: { "num.partitions": 4, "default.replication.factor": 2 } });
  create(cluster, { name: "plain", numPartitions: -1, replicationFactor: -1 });
  expect(cluster.image().topics.get("plain")?.partitions.map(partition => partition.replicas.length)).toEqual([2, 2, 2, 2]);
});

test.each([
  ["both counts and assignment", { ...byHand([0, [1]]), numPartitions: 1 }, "INVALID_REQUEST", "A manual partition assignment was specified, but numPartitions was not set to -1."],
  ["replication factor and assignment", { ...byHand([0, [1]]), replicationFactor: 1 }, "INVALID_REQUEST", "A manual partition assignment was specified, but replication factor was not set to -1."],
  ["a partition twice", byHand([0, [1]], [0, [2]]), "INVALID_REPLICA_ASSIGNMENT", "Found multiple manual partition assignments for partition 0"],
  ["a broker twice", byHand([0, [1, 1]]), "INVALID_REPLICA_ASSIGNMENT", "The manual partition assignment includes the broker 1 more than once."],
  ["an unknown broker", byHand([0, [1, 9]]), "INVALID_REPLICA_ASSIGNMENT", "The manual partition assignment includes broker 9, but no such broker is registered."],
  ["no broker", byHand([0, []]), "INVALID_REPLICA_ASSIGNMENT", "The manual partition assignment includes an empty replica list."],
  ["unequal lists", byHand([0, [1, 2]], [1, [3]]), "INVALID_REPLICA_ASSIGNMENT",
    "The manual partition assignment includes a partition with 1 replica(s), but this is not consistent with previous partitions, which have 2 replica(s)."],
  ["a gap", byHand([0, [1]], [2, [2]]), "INVALID_REPLICA_ASSIGNMENT", "partitions should be a consecutive 0-based integer sequence"],
] as const)("an assignment by hand is refused: %s", (_name, wish, error, message) => {
  expect(create(booted(), wish)).toEqual([[error, message]]);
});

test("with a broker down a topic is still made: the dead one becomes a follower outside the in-sync replicas", () => {
  const cluster = booted();
  const victim = cluster.ids.find(id => id !== cluster.active() && id !== 1) ?? 3;
  cluster.simulation.crash(`broker-${victim}`);
  cluster.runUntil(() => cluster.image().brokers.get(victim)?.fenced === true, 10_000);
  expect(create(cluster, { name: "brave", numPartitions: 4, replicationFactor: 3 })).toEqual([["NONE", null]]);
  for (const partition of cluster.image().topics.get("brave")?.partitions ?? []) {
    expect(partition.replicas.at(-1)).toBe(victim);
    expect(partition.isr).toEqual(partition.replicas.slice(0, 2));
  }
  expect(create(cluster, { name: "dead", ...byHand([0, [victim]]) })).toEqual([["INVALID_REPLICA_ASSIGNMENT",
    "All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled shutdown."]]);
});

test("validateOnly checks and writes nothing", () => {
  const cluster = booted();
  expect(create(cluster, { name: "maybe", validateOnly: true })).toEqual([["NONE", null]]);
  expect(cluster.image().topics.has("maybe")).toBe(false);
});

test("the first partitions of a topic are a clean stripe over all brokers, and another seed begins elsewhere", () => {
  const starts = new Set<number>();
  for (let seed = 1; seed <= 12; seed += 1) {
    const cluster = new TestCluster(seed);
    cluster.boot();
    create(cluster, { name: "stripe", numPartitions: 3, replicationFactor: 3 });
    const leaders = cluster.image().topics.get("stripe")?.partitions.map(partition => partition.leader) ?? [];
    expect(leaders.toSorted()).toEqual([1, 2, 3]);
    starts.add(leaders[0] ?? 0);
  }
  expect(starts.size).toBe(3);
});

test("replicas of a topic lie in different racks", () => {
  const cluster = booted({ nodes: 6, racks: ["a", "b", "c", "a", "b", "c"] });
  create(cluster, { name: "spread", numPartitions: 6, replicationFactor: 3 });
  for (const partition of cluster.image().topics.get("spread")?.partitions ?? []) {
    expect(new Set(partition.replicas.map(id => id % 3)).size).toBe(3);
  }
});
