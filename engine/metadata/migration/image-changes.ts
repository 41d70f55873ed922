// What the metadata log has changed since ZooKeeper was last written to, by what has to be written: and the difference between two images, for a
// controller that does not know how far its predecessor has come. Source: KRaftMigrationZkWriter.java (handleDelta, handleSnapshot; 3.9).
// FIDELITY: MIG-DUAL-WRITE.
import type { MetadataImage, PartitionRegistration, TopicImage } from "#engine/metadata/image.ts";
import { quotaEntityKey } from "#engine/metadata/image.ts";
import type { MetadataRecord } from "#engine/metadata/records.ts";

/** A replica that is none any more. */
export interface RemovedReplica { readonly topic: string; readonly partition: number; readonly broker: number }

/** By names. Plain data. */
export interface ImageChanges {
  /** Topics whose list of replicas is new or has changed. */
  readonly topics: Set<string>;
  /** Partitions whose state has changed. */
  readonly partitions: Map<string, Set<number>>;
  /** Partitions that did not exist before. */
  readonly created: Map<string, Set<number>>;
  /** Topics that are gone, with their number of partitions. */
  readonly removed: Map<string, number>;
  readonly removedReplicas: RemovedReplica[];
  readonly topicConfigs: Set<string>;
  readonly brokerConfigs: Set<string>;
  /** Keys of entities. */
  readonly quotas: Set<string>;
  producerIds: boolean;
  brokers: boolean;
}

export function noChanges(): ImageChanges {
  return {
    topics: new Set(), partitions: new Map(), created: new Map(), removed: new Map(), removedReplicas: [], topicConfigs: new Set(), brokerConfigs: new Set(),
    quotas: new Set(), producerIds: false, brokers: false,
  };
}

function addTo(sets: Map<string, Set<number>>, topic: string, partition: number): void {
  const set = sets.get(topic);
  if (set === undefined) sets.set(topic, new Set([partition]));
  else set.add(partition);
}

/** Notes what a record is going to change; `image` is as it was before. */
export function noteChange(changes: ImageChanges, image: MetadataImage, record: MetadataRecord): void {
  switch (record.type) {
    case "TopicRecord": changes.topics.add(record.name); return;
    case "RemoveTopicRecord": return noteRemoval(changes, image.topics.get(image.topicNames.get(record.topicId) ?? ""));
    case "PartitionRecord": {
      const name = image.topicNames.get(record.topicId) ?? "";
      changes.topics.add(name);
      addTo(changes.partitions, name, record.partitionId);
      addTo(changes.created, name, record.partitionId);
      return;
    }
    case "PartitionChangeRecord": {
      const name = image.topicNames.get(record.topicId) ?? "";
      addTo(changes.partitions, name, record.partitionId);
      // Where a replica lies is part of what is compared, though ZooKeeper does not keep it.
      if ([record.replicas, record.addingReplicas, record.removingReplicas, record.directories].some(changed => changed !== undefined)) changes.topics.add(name);
      for (const broker of image.topics.get(name)?.partitions[record.partitionId]?.replicas ?? []) {
        if (record.replicas?.includes(broker) === false) changes.removedReplicas.push({ topic: name, partition: record.partitionId, broker });
      }
      return;
    }
    case "ConfigRecord": (record.resourceType === "TOPIC" ? changes.topicConfigs : changes.brokerConfigs).add(record.resourceName); return;
    case "ClientQuotaRecord": changes.quotas.add(quotaEntityKey(record.entity)); return;
    case "ProducerIdsRecord": changes.producerIds = true; return;
    case "RegisterBrokerRecord": case "UnregisterBrokerRecord": case "BrokerRegistrationChangeRecord": changes.brokers = true; return;
    default: return;
  }
}

function noteRemoval(changes: ImageChanges, topic: TopicImage | undefined): void {
  if (topic === undefined) return;
  const { name } = topic;
  for (const sets of [changes.topics, changes.topicConfigs]) sets.delete(name);
  changes.partitions.delete(name);
  changes.created.delete(name);
  changes.removed.set(name, topic.partitions.length);
}

/** What has to be written so that what stood in ZooKeeper (`before`) becomes what the metadata log says (`after`). */
export function differences(before: MetadataImage, after: MetadataImage): ImageChanges {
  const changes = noChanges();
  for (const topic of before.topics.values()) {
    if (after.topics.get(topic.name)?.topicId !== topic.topicId) changes.removed.set(topic.name, topic.partitions.length);
  }
  for (const topic of after.topics.values()) {
    const old = before.topics.get(topic.name);
    compareTopics(changes, old?.topicId === topic.topicId ? old : undefined, topic);
  }
  compareMaps(changes.brokerConfigs, before.brokerConfigs, after.brokerConfigs, sameConfigs);
  compareMaps(changes.quotas, before.clientQuotas, after.clientQuotas, (one, other) => sameConfigs(one.values, other.values));
  changes.producerIds = before.nextProducerId !== after.nextProducerId;
  return changes;
}

function compareTopics(changes: ImageChanges, before: TopicImage | undefined, after: TopicImage): void {
  if (before === undefined || !sameConfigs(before.configs, after.configs)) changes.topicConfigs.add(after.name);
  if (before === undefined || before.partitions.length !== after.partitions.length) changes.topics.add(after.name);
  after.partitions.forEach((partition, index) => {
    const old = before?.partitions[index];
    if (old === undefined || !sameState(old, partition)) addTo(changes.partitions, after.name, index);
    if (old !== undefined && !sameAssignment(old, partition)) changes.topics.add(after.name);
  });
}

function compareMaps<T>(into: Set<string>, before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>, same: (one: T, other: T) => boolean): void {
  for (const key of before.keys()) if (!after.has(key)) into.add(key);
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old === undefined || !same(old, value)) into.add(key);
  }
}

function sameConfigs(one: ReadonlyMap<string, string | number>, other: ReadonlyMap<string, string | number>): boolean {
  return one.size === other.size && [...one].every(([name, value]) => other.get(name) === value);
}

function sameList(one: readonly (number | string)[], other: readonly (number | string)[]): boolean {
  return one.length === other.length && one.every((value, index) => other[index] === value);
}

function sameState(one: PartitionRegistration, other: PartitionRegistration): boolean {
  return sameList(one.directories, other.directories) && one.leader === other.leader && one.leaderEpoch === other.leaderEpoch && sameList(one.isr, other.isr) && one.leaderRecoveryState === other.leaderRecoveryState;
}

function sameAssignment(one: PartitionRegistration, other: PartitionRegistration): boolean {
  return sameList(one.replicas, other.replicas) && sameList(one.directories, other.directories) && sameList(one.addingReplicas, other.addingReplicas) && sameList(one.removingReplicas, other.removingReplicas);
}
