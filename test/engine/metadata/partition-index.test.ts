import { expect, test } from "vitest";
import { createImage } from "#engine/metadata/apply-record.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";
import { applyIndexed, createPartitionIndex, indexImage, type PartitionIndex, partitionsOf, type PartitionSet } from "#engine/metadata/partition-index.ts";
import type { MetadataRecord } from "#engine/metadata/records.ts";

/** Sets without their order, and without brokers or topics that have nothing left. */
function plain(index: PartitionIndex): unknown {
  const set = (partitions: PartitionSet): unknown => [...partitions].filter(([, numbers]) => numbers.size > 0).map(([id, numbers]) => [id, [...numbers].sort()]).sort();
  const byBroker = (sets: ReadonlyMap<number, PartitionSet>): unknown =>
    [...sets].map(([broker, partitions]) => [broker, set(partitions)] as const).filter(([, partitions]) => (partitions as unknown[]).length > 0).sort();
  return {
    isr: byBroker(index.isr), elr: byBroker(index.elr), leaderships: [...index.leaderships].filter(([, count]) => count > 0).sort(),
    leaderless: set(index.leaderless), imbalanced: set(index.imbalanced), reassigning: set(index.reassigning),
  };
}

function newPartition(topicId: string, partitionId: number, replicas: readonly number[]): MetadataRecord {
  return {
    type: "PartitionRecord", partitionId, topicId, replicas, isr: replicas, removingReplicas: [], addingReplicas: [], leader: replicas[0] ?? -1,
    leaderRecoveryState: "RECOVERED", leaderEpoch: 0, partitionEpoch: 0, directories: [],
  };
}

const CHANGES: readonly MetadataRecord[] = [
  { type: "TopicRecord", name: "a", topicId: "A" }, newPartition("A", 0, [1, 2, 3]), newPartition("A", 1, [2, 3, 1]), newPartition("A", 2, [3, 1, 2]),
  { type: "TopicRecord", name: "b", topicId: "B" }, newPartition("B", 0, [1, 2]),
  { type: "PartitionChangeRecord", partitionId: 0, topicId: "A", isr: [2, 3], leader: 2 },
  { type: "PartitionChangeRecord", partitionId: 1, topicId: "A", isr: [2, 3] },
  { type: "PartitionChangeRecord", partitionId: 0, topicId: "B", isr: [], leader: -1, eligibleLeaderReplicas: [1, 2], lastKnownElr: [1] },
  { type: "PartitionChangeRecord", partitionId: 2, topicId: "A", replicas: [4, 3, 1, 2], addingReplicas: [4], removingReplicas: [1, 2] },
  { type: "PartitionChangeRecord", partitionId: 0, topicId: "A", isr: [2, 3, 1] },
  { type: "PartitionChangeRecord", partitionId: 0, topicId: "A", leader: 1 },
  { type: "ClearElrRecord", topicName: "b" },
  { type: "PartitionChangeRecord", partitionId: 2, topicId: "A", isr: [4, 3], leader: 4, replicas: [4, 3], addingReplicas: [], removingReplicas: [] },
  { type: "RemoveTopicRecord", topicId: "B" },
];

test("the index that grows with each record is the index of the image", () => {
  const image = createImage();
  const index = createPartitionIndex();
  for (const record of CHANGES) {
    applyIndexed(image, index, record);
    expect(plain(index)).toEqual(plain(indexImage(image)));
  }
  expect(plain(index)).toMatchObject({ leaderless: [], reassigning: [], elr: [] });
});

/** "topic-partition" in the order of the walk. */
function walked(image: MetadataImage, set: PartitionSet | undefined): string[] {
  return [...partitionsOf(image, set)].map(({ topic, partition }) => `${topic.name}-${partition.partition}`);
}

test("who leaves an ISR and comes back stands behind those that stayed, as in Kafka's arrays", () => {
  const image = createImage();
  const index = createPartitionIndex();
  for (const record of CHANGES.slice(0, 4)) applyIndexed(image, index, record);
  expect(walked(image, index.isr.get(1))).toEqual(["a-0", "a-1", "a-2"]);
  applyIndexed(image, index, { type: "PartitionChangeRecord", partitionId: 0, topicId: "A", isr: [2, 3], leader: 2 });
  applyIndexed(image, index, { type: "PartitionChangeRecord", partitionId: 0, topicId: "A", isr: [2, 3, 1] });
  expect(walked(image, index.isr.get(1))).toEqual(["a-1", "a-2", "a-0"]);
  expect(walked(image, index.isr.get(2))).toEqual(["a-0", "a-1", "a-2"]);
});
