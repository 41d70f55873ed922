// KIP-455 on a controller: the numbers of a recorded run (kafka-reassign-partitions.sh, broker 4 is new).
import { expect, test } from "vitest";
import { TestCluster } from "./kraft-test-node.ts";

function booted(kafka: "3.9" | "4.3" = "3.9"): TestCluster {
  const cluster = new TestCluster(3, { nodes: 5, kafka });
  cluster.boot();
  cluster.createTopic("moved", [[1, 2, 3], [2, 3, 1]]);
  return cluster;
}

function reassign(cluster: TestCluster, replicas: readonly number[] | null, partitionIndex = 0, name = "moved"): readonly [string, string | null] {
  const answer = cluster.ask(1, "AlterPartitionReassignments", {
    timeoutMs: 30_000, allowReplicationFactorChange: true, topics: [{ name, partitions: [{ partitionIndex, replicas }] }],
  }).responses[0]?.partitions[0];
  return [answer?.error ?? "none", answer?.errorMessage ?? null];
}

/** leader, epochs, replicas, ISR, adding, removing. */
function moved(cluster: TestCluster): unknown[] {
  const partition = cluster.image().topics.get("moved")?.partitions[0];
  return [partition?.leader, partition?.leaderEpoch, partition?.partitionEpoch, partition?.replicas, partition?.isr, partition?.addingReplicas, partition?.removingReplicas];
}

test("a move adds and removes at first, and is complete when everybody that stays is in sync", () => {
  const cluster = booted();
  expect(reassign(cluster, [2, 3, 4])).toEqual(["NONE", null]);
  expect(moved(cluster)).toEqual([1, 0, 1, [2, 3, 4, 1], [1, 2, 3], [4], [1]]);
  expect(cluster.ask(1, "ListPartitionReassignments", { timeoutMs: 0, topics: null }).topics).toEqual(
    [{ name: "moved", partitions: [{ partitionIndex: 0, replicas: [2, 3, 4, 1], addingReplicas: [4], removingReplicas: [1] }] }]);
  // The leader's proposal completes it: the leader has to go, and learns so.
  expect(cluster.alterIsr("moved", [1, 2, 3, 4]).topics[0]?.partitions[0]?.error).toBe("NEW_LEADER_ELECTED");
  expect(moved(cluster)).toEqual([2, 1, 2, [2, 3, 4], [2, 3, 4], [], []]);
  expect(cluster.ask(1, "ListPartitionReassignments", { timeoutMs: 0, topics: null }).topics).toEqual([]);
  const told = cluster.facts("partition-changed").filter(fact => fact.topic === "moved" && fact.partition === 0).slice(-2);
  expect(told.map(fact => [fact.reason, fact.addingReplicas, fact.removingReplicas])).toEqual(
    [["reassignment-started", [4], [1]], ["reassignment-completed", undefined, undefined]]);
});

test("a cancelled move has the old set in the running order, and the leader's epoch grows", () => {
  const cluster = booted();
  reassign(cluster, [2, 3, 4]);
  expect(reassign(cluster, null)).toEqual(["NONE", null]);
  expect(moved(cluster)).toEqual([1, 1, 2, [2, 3, 1], [1, 2, 3], [], []]);
  expect(cluster.facts("partition-changed").at(-1)?.reason).toBe("reassignment-cancelled");
  expect(reassign(cluster, null)).toEqual(["NO_REASSIGNMENT_IN_PROGRESS", "No partition reassignment is in progress."]);
});

test("what needs no new replica is one change: another order, fewer replicas", () => {
  const cluster = booted();
  reassign(cluster, [3, 1, 2]);
  expect(moved(cluster)).toEqual([1, 0, 1, [3, 1, 2], [1, 2, 3], [], []]);
  reassign(cluster, [3, 2]);
  expect(moved(cluster)).toEqual([3, 1, 2, [3, 2], [2, 3], [], []]);
  reassign(cluster, [3]);
  expect(moved(cluster)).toEqual([3, 2, 3, [3], [3], [], []]);
});

test("a larger replication factor is complete when the new replica is in sync; the leader's epoch stays", () => {
  const cluster = booted();
  reassign(cluster, [1, 2, 3, 4]);
  expect(moved(cluster)).toEqual([1, 0, 1, [1, 2, 3, 4], [1, 2, 3], [4], []]);
  expect(cluster.alterIsr("moved", [1, 2, 3, 4]).topics[0]?.partitions[0]?.error).toBe("NONE");
  expect(moved(cluster)).toEqual([1, 0, 2, [1, 2, 3, 4], [1, 2, 3, 4], [], []]);
});

test("every replica that comes along is in a log directory of its broker", () => {
  const cluster = booted();
  const directoryOf = (broker: number): string | undefined => cluster.image().brokers.get(broker)?.logDirs[0];
  reassign(cluster, [2, 3, 4]);
  expect(cluster.image().topics.get("moved")?.partitions[0]?.directories).toEqual([2, 3, 4, 1].map(directoryOf));
});

test("impossible moves are refused in Kafka's words", () => {
  const cluster = booted();
  expect(reassign(cluster, [2], 0, "nope")).toEqual(["UNKNOWN_TOPIC_OR_PARTITION", "Unable to find a topic named nope."]);
  expect(reassign(cluster, [2], 9)).toEqual(["UNKNOWN_TOPIC_OR_PARTITION", "Unable to find partition moved:9."]);
  expect(reassign(cluster, [])).toEqual(["INVALID_REPLICA_ASSIGNMENT", "The manual partition assignment includes an empty replica list."]);
  expect(reassign(cluster, [1, 9])).toEqual(["INVALID_REPLICA_ASSIGNMENT", "The manual partition assignment includes broker 9, but no such broker is registered."]);
  expect(reassign(cluster, [1, 1])).toEqual(["INVALID_REPLICA_ASSIGNMENT", "The manual partition assignment includes the broker 1 more than once."]);
  const factor = cluster.ask(1, "AlterPartitionReassignments", {
    timeoutMs: 0, allowReplicationFactorChange: false, topics: [{ name: "moved", partitions: [{ partitionIndex: 0, replicas: [1] }] }],
  }).responses[0]?.partitions[0];
  expect(factor).toMatchObject({ error: "INVALID_REPLICATION_FACTOR", errorMessage: "The replication factor is changed from 3 to 1" });
});

test("a topic that grows during a move gets as many replicas as the running list has", () => {
  const cluster = booted();
  reassign(cluster, [2, 3, 4]);
  const grown = cluster.ask(1, "CreatePartitions", { topics: [{ name: "moved", count: 3, assignments: null }], timeoutMs: 0, validateOnly: false });
  expect(grown.results).toEqual([{ name: "moved", error: "NONE", errorMessage: null }]);
  expect(cluster.image().topics.get("moved")?.partitions[2]?.replicas).toHaveLength(4);
});
