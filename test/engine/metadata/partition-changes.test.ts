import { expect, test } from "vitest";
import { applyRecord, createImage } from "#engine/metadata/apply-record.ts";
import { applyAndTell } from "#engine/metadata/controller-facts.ts";
import { buildPartitionChange, type ChangeWish } from "#engine/metadata/partition-change-builder.ts";
import type { MetadataImage, PartitionRegistration } from "#engine/metadata/image.ts";
import { createPartitionIndex } from "#engine/metadata/partition-index.ts";
import { TestCluster } from "./kraft-test-node.ts";

const TOPIC = "topic-id";

/** An image with the one partition orders-0. */
function imageWith(start: Partial<PartitionRegistration>): { readonly image: MetadataImage; readonly partition: PartitionRegistration } {
  const image = createImage();
  applyRecord(image, { type: "TopicRecord", name: "orders", topicId: TOPIC });
  const replicas = start.replicas ?? [1, 2, 3];
  applyRecord(image, {
    type: "PartitionRecord", topicId: TOPIC, partitionId: 0, replicas, isr: start.isr ?? [1, 2, 3], leader: start.leader ?? 1, removingReplicas: [],
    addingReplicas: [], leaderEpoch: 5, partitionEpoch: 9, leaderRecoveryState: "RECOVERED", directories: replicas.map(broker => `directory ${broker}`),
  });
  const partition = image.topics.get("orders")?.partitions[0];
  if (partition === undefined) throw new Error("no partition");
  return { image, partition };
}

/** Leader, leader epoch, partition epoch and in-sync replicas after a wish has come true; null when nothing changes. */
function after(start: Partial<PartitionRegistration>, wish: Partial<ChangeWish>): readonly unknown[] | null {
  const { image, partition } = imageWith(start);
  const record = buildPartitionChange(partition, {
    topicId: TOPIC, targetIsr: wish.targetIsr ?? partition.isr, election: wish.election ?? "online", isAcceptable: wish.isAcceptable ?? (() => true),
  });
  if (record === null) return null;
  applyRecord(image, record);
  return [partition.leader, partition.leaderEpoch, partition.partitionEpoch, partition.isr];
}

test("the epoch table: what each change does to the numbers", () => {
  // Leader changes: both epochs.
  expect(after({}, { targetIsr: [2, 3] })).toEqual([2, 6, 10, [2, 3]]);
  // The list shrinks, the leader stays: partition epoch only (metadata.version 3.6 and later).
  expect(after({}, { targetIsr: [1, 2] })).toEqual([1, 5, 10, [1, 2]]);
  // The list grows: partition epoch only, in the order the leader proposed.
  expect(after({ isr: [2], leader: 2 }, { targetIsr: [2, 1] })).toEqual([2, 5, 10, [2, 1]]);
  // Nobody can lead: leader -1 counts as a change of leader, and the last member stays in the list.
  expect(after({ isr: [1] }, { targetIsr: [] })).toEqual([-1, 6, 10, [1]]);
  // Nothing changes, nothing is written.
  expect(after({}, {})).toBeNull();
});

test("an election takes the first in-sync replica in the order of the assignment", () => {
  expect(after({ replicas: [3, 1, 2], isr: [1, 2, 3], leader: 3 }, { targetIsr: [2, 1] })).toEqual([1, 6, 10, [2, 1]]);
  expect(after({}, { targetIsr: [2, 3], isAcceptable: broker => broker === 3 })).toEqual([3, 6, 10, [2, 3]]);
});

test("a preferred election moves to the first replica only when it is in sync", () => {
  expect(after({ leader: 2, isr: [2, 1] }, { election: "preferred" })).toEqual([1, 6, 10, [2, 1]]);
  expect(after({ leader: 2, isr: [2, 3] }, { election: "preferred" })).toBeNull();
});

test("an unclean election takes a replica outside the list, which becomes the list, and marks the partition as recovering", () => {
  expect(after({ leader: -1, isr: [1] }, { election: "online", isAcceptable: broker => broker === 3 })).toBeNull();
  expect(after({ leader: -1, isr: [1] }, { election: "unclean", isAcceptable: broker => broker === 3 })).toEqual([3, 6, 10, [3]]);
});

function cluster(): TestCluster {
  const made = new TestCluster(1);
  made.boot();
  made.createTopic("orders", [[1, 2, 3]]);
  return made;
}

test("AlterPartition is checked in Kafka's order", () => {
  const made = cluster();
  const error = (isr: readonly number[], change: Parameters<TestCluster["alterIsr"]>[2]): string | undefined => {
    const answer = made.alterIsr("orders", isr, change);
    return answer.error === "NONE" ? answer.topics[0]?.partitions[0]?.error : `whole request: ${answer.error}`;
  };
  expect(error([1], { brokerEpoch: 77 })).toBe("whole request: STALE_BROKER_EPOCH");
  expect(error([1], { leaderEpoch: 1, partitionEpoch: -5 })).toBe("NOT_CONTROLLER");
  expect(error([1], { partitionEpoch: 1 })).toBe("NOT_CONTROLLER");
  expect(error([2], { leaderEpoch: -1, brokerId: 2 })).toBe("FENCED_LEADER_EPOCH");
  expect(error([2], { brokerId: 2, partitionEpoch: -1 })).toBe("INVALID_REQUEST");
  expect(error([9], { partitionEpoch: -1 })).toBe("INVALID_UPDATE_VERSION");
  expect(error([1, 9], {})).toBe("INVALID_REQUEST");
  expect(error([1, 2, 2], {})).toBe("INVALID_REQUEST");
  expect(error([2, 3], {})).toBe("INVALID_REQUEST");
  expect(error([1, 2], { recovery: 1 })).toBe("INVALID_REQUEST");
  expect(error([1, 2], {})).toBe("NONE");
  expect(made.partition("orders")).toEqual([1, 0, 1, [1, 2]]);
  expect(made.facts("partition-changed").at(-1)).toMatchObject({ reason: "isr-shrunk", isr: [1, 2], partitionEpoch: 1 });
});

test("a fenced broker and a broker of an old epoch are not eligible for the list", () => {
  const made = cluster();
  const victim = [3, 2].find(id => id !== made.active()) ?? 3;
  const rest = [1, 2, 3].filter(id => id !== victim);
  made.simulation.crash(`broker-${victim}`);
  made.runUntil(() => made.image().brokers.get(victim)?.fenced === true, 10_000);
  expect(made.alterIsr("orders", [...rest, victim]).topics[0]?.partitions[0]?.error).toBe("INELIGIBLE_REPLICA");
  expect(made.partition("orders")[3]).toEqual(rest);
});

test("an unknown partition is refused by itself, the others of the request go on", () => {
  const made = cluster();
  const brokerEpoch = made.image().brokers.get(1)?.brokerEpoch ?? -1;
  const wish = (partition: number) => ({ partition, leaderEpoch: 0, newIsr: [{ brokerId: 1, brokerEpoch: -1 }], leaderRecoveryState: 0, partitionEpoch: 0 });
  const answer = made.ask(2, "AlterPartition", { brokerId: 1, brokerEpoch, topics: [{ topic: "orders", partitions: [wish(0), wish(4)] }, { topic: "nope", partitions: [wish(0)] }] });
  expect(answer.topics.flatMap(topic => topic.partitions.map(partition => [topic.topic, partition.partition, partition.error]))).toEqual(
    [["orders", 0, "NONE"], ["orders", 4, "UNKNOWN_TOPIC_OR_PARTITION"], ["nope", 0, "UNKNOWN_TOPIC_OR_PARTITION"]]);
});

test("ElectLeaders answers with Kafka's errors", () => {
  const made = cluster();
  const ask = (electionType: 0 | 1, topic: string, partition: number) =>
    made.ask(1, "ElectLeaders", { electionType, topicPartitions: [{ topic, partitions: [partition] }], timeoutMs: 0 }).results[0]?.partitions[0];
  expect(ask(0, "orders", 0)).toMatchObject({ error: "ELECTION_NOT_NEEDED" });
  expect(ask(1, "orders", 0)).toMatchObject({ error: "ELECTION_NOT_NEEDED" });
  expect(ask(0, "nope", 0)).toMatchObject({ error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: "No such topic as nope" });
  expect(ask(0, "orders", 9)).toMatchObject({ error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: "No such partition as orders-9" });
  expect(made.ask(1, "ElectLeaders", { electionType: 0, topicPartitions: null, timeoutMs: 0 }).results).toEqual([]);
});

test("a preferred leader that is out of sync is not available, and an unclean election by request revives a partition without a leader", () => {
  const made = cluster();
  const [victim = 2, keeper = 3] = [1, 2, 3].filter(id => id !== made.active());
  made.createTopic("pair", [[victim, keeper]]);
  made.alterIsr("pair", [victim]);
  made.simulation.crash(`broker-${victim}`);
  made.runUntil(() => made.partition("pair")[0] === -1, 10_000);
  expect(made.partition("pair")).toEqual([-1, 1, 2, [victim]]);
  const elect = (electionType: 0 | 1) =>
    made.ask(keeper, "ElectLeaders", { electionType, topicPartitions: [{ topic: "pair", partitions: [0] }], timeoutMs: 0 }).results[0]?.partitions[0]?.error;
  expect(elect(0)).toBe("PREFERRED_LEADER_NOT_AVAILABLE");
  expect(elect(1)).toBe("NONE");
  expect(made.partition("pair")).toEqual([keeper, 2, 3, [keeper]]);
  expect(made.image().topics.get("pair")?.partitions[0]?.leaderRecoveryState).toBe("RECOVERING");
  expect(made.facts("partition-changed").at(-1)?.reason).toBe("unclean-election");
  // The new leader reports that it has recovered.
  made.alterIsr("pair", [keeper], { recovery: 0 });
  expect(made.image().topics.get("pair")?.partitions[0]?.leaderRecoveryState).toBe("RECOVERED");
});

test("with unclean.leader.election.enable the election follows the death of the last in-sync replica at once", () => {
  const made = cluster();
  const [victim = 2, keeper = 3] = [1, 2, 3].filter(id => id !== made.active());
  made.createTopic("risky", [[victim, keeper]], { "unclean.leader.election.enable": "true" });
  made.alterIsr("risky", [victim]);
  made.simulation.crash(`broker-${victim}`);
  made.runUntil(() => made.image().brokers.get(victim)?.fenced === true, 10_000);
  expect(made.partition("risky")).toEqual([keeper, 1, 2, [keeper]]);
});

test("an election of a replica that was not in sync is told as one, whatever made it necessary", () => {
  const { image, partition } = imageWith({ replicas: [1, 2], isr: [1] });
  // unclean.leader.election.enable=true, and broker 1 is fenced.
  const record = buildPartitionChange(partition, { topicId: TOPIC, targetIsr: [], election: "unclean", isAcceptable: broker => broker === 2 });
  if (record === null) throw new Error("no change");
  expect(applyAndTell(image, createPartitionIndex(), [record], { partitions: "broker-fenced", silentForUs: 9_000_001 })).toMatchObject([
    { kind: "partition-changed", leader: 2, isr: [2], reason: "unclean-election" }]);
});
