// What the controller looks up by broker, so that nobody has to walk over all partitions: who is in which ISR or ELR, what nobody leads, what
// is not led by its first replica, what is being reassigned. Derived from the image, kept in step with it.
// Partitions of one topic stand in the order in which they came in, as in Kafka's arrays; topics in the order of their first partition, where
// Kafka walks over a hash map of topic ids. Source: BrokersToIsrs.java, BrokersToElrs.java, ReplicationControlManager.java (3.9).
// FIDELITY: META-ITERATION-ORDER.
import { applyRecord, changePartition } from "./apply-record.ts";
import { type MetadataImage, type PartitionRegistration, topicById, type TopicImage } from "./image.ts";
import type { MetadataRecord, PartitionChange } from "./records.ts";

/** Partition numbers by topic id. */
export type PartitionSet = Map<string, Set<number>>;

export interface PartitionIndex {
  /** By broker: partitions with it in the ISR. */
  readonly isr: Map<number, PartitionSet>;
  /** By broker: partitions with it in the ELR. */
  readonly elr: Map<number, PartitionSet>;
  /** How many partitions a broker leads. */
  readonly leaderships: Map<number, number>;
  readonly leaderless: PartitionSet;
  /** Not led by the first replica. */
  readonly imbalanced: PartitionSet;
  readonly reassigning: PartitionSet;
}

export function createPartitionIndex(): PartitionIndex {
  return { isr: new Map(), elr: new Map(), leaderships: new Map(), leaderless: new Map(), imbalanced: new Map(), reassigning: new Map() };
}

/** The index of an image that was not built record by record. */
export function indexImage(image: MetadataImage): PartitionIndex {
  const index = createPartitionIndex();
  for (const topic of image.topics.values()) for (const partition of topic.partitions) addToIndex(index, topic.topicId, partition);
  return index;
}

export interface TopicPartitionRef { readonly topic: TopicImage; readonly partition: PartitionRegistration }

/** The partitions of a set, looked up. The set may change only after the walk. */
export function* partitionsOf(image: MetadataImage, set: PartitionSet | undefined): Generator<TopicPartitionRef, void> {
  if (set === undefined) return;
  for (const [topicId, numbers] of set) {
    const topic = topicById(image, topicId);
    if (topic === undefined) continue;
    for (const number of numbers) {
      const partition = topic.partitions[number];
      if (partition !== undefined) yield { topic, partition };
    }
  }
}

function add(set: PartitionSet, topicId: string, partition: number): void {
  const numbers = set.get(topicId);
  if (numbers === undefined) set.set(topicId, new Set([partition]));
  else numbers.add(partition);
}

function remove(set: PartitionSet | undefined, topicId: string, partition: number): void {
  const numbers = set?.get(topicId);
  if (set === undefined || numbers?.delete(partition) !== true || numbers.size > 0) return;
  set.delete(topicId);
}

function addAt(byBroker: Map<number, PartitionSet>, broker: number, topicId: string, partition: number): void {
  let set = byBroker.get(broker);
  if (set === undefined) byBroker.set(broker, set = new Map());
  add(set, topicId, partition);
}

function countLeadership(index: PartitionIndex, leader: number, by: 1 | -1): void {
  if (leader !== -1) index.leaderships.set(leader, (index.leaderships.get(leader) ?? 0) + by);
}

function isReassigning(partition: PartitionRegistration): boolean {
  return partition.addingReplicas.length > 0 || partition.removingReplicas.length > 0;
}

export function addToIndex(index: PartitionIndex, topicId: string, partition: PartitionRegistration): void {
  const number = partition.partition;
  for (const broker of partition.isr) addAt(index.isr, broker, topicId, number);
  for (const broker of partition.elr) addAt(index.elr, broker, topicId, number);
  countLeadership(index, partition.leader, 1);
  if (partition.leader === -1) add(index.leaderless, topicId, number);
  if (partition.leader !== partition.replicas[0]) add(index.imbalanced, topicId, number);
  if (isReassigning(partition)) add(index.reassigning, topicId, number);
}

function removeTopic(index: PartitionIndex, topic: TopicImage): void {
  const { topicId } = topic;
  for (const partition of topic.partitions) {
    for (const broker of partition.isr) index.isr.get(broker)?.delete(topicId);
    for (const broker of partition.elr) index.elr.get(broker)?.delete(topicId);
    countLeadership(index, partition.leader, -1);
  }
  index.leaderless.delete(topicId);
  index.imbalanced.delete(topicId);
  index.reassigning.delete(topicId);
}

/** Members that stay keep their place: only who goes is taken out and who comes is put at the end. */
function moveMembers(byBroker: Map<number, PartitionSet>, before: readonly number[], after: readonly number[], topicId: string, partition: number): void {
  if (before === after) return;
  for (const broker of before) if (!after.includes(broker)) remove(byBroker.get(broker), topicId, partition);
  for (const broker of after) if (!before.includes(broker)) addAt(byBroker, broker, topicId, partition);
}

function keep(set: PartitionSet, isMember: boolean, topicId: string, partition: number): void {
  if (isMember) add(set, topicId, partition);
  else remove(set, topicId, partition);
}

/** Applies a change of a partition to the image's registration and to the index. */
function change(index: PartitionIndex, topicId: string, partition: PartitionRegistration, record: PartitionChange): void {
  const { isr, elr, leader } = partition;
  const number = partition.partition;
  changePartition(partition, record);
  moveMembers(index.isr, isr, partition.isr, topicId, number);
  moveMembers(index.elr, elr, partition.elr, topicId, number);
  if (leader !== partition.leader) {
    countLeadership(index, leader, -1);
    countLeadership(index, partition.leader, 1);
    keep(index.leaderless, partition.leader === -1, topicId, number);
  }
  keep(index.imbalanced, partition.leader !== partition.replicas[0], topicId, number);
  keep(index.reassigning, isReassigning(partition), topicId, number);
}

/** `applyRecord` for a controller: image and index change together. */
export function applyIndexed(image: MetadataImage, index: PartitionIndex, record: MetadataRecord): void {
  switch (record.type) {
    case "PartitionChangeRecord": {
      const partition = topicById(image, record.topicId)?.partitions[record.partitionId];
      if (partition === undefined) applyRecord(image, record);
      else change(index, record.topicId, partition, record);
      return;
    }
    case "PartitionRecord": {
      applyRecord(image, record);
      const partition = topicById(image, record.topicId)?.partitions[record.partitionId];
      if (partition !== undefined) addToIndex(index, record.topicId, partition);
      return;
    }
    case "RemoveTopicRecord": {
      const topic = topicById(image, record.topicId);
      if (topic !== undefined) removeTopic(index, topic);
      applyRecord(image, record);
      return;
    }
    case "ClearElrRecord":
      applyRecord(image, record);
      for (const topic of record.topicName === "" ? image.topics.values() : [image.topics.get(record.topicName)]) {
        if (topic !== undefined) for (const set of index.elr.values()) set.delete(topic.topicId);
      }
      return;
    default: applyRecord(image, record);
  }
}
