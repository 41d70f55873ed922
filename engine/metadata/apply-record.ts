// What each record of the metadata log does to the image. Controller and brokers apply the same records in the same order.
// Follows the replay functions of the control managers and PartitionRegistration.merge (3.9). FIDELITY: META-RECORDS.
import { invariant } from "#engine/core/invariant-error.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import type { BrokerRegistration, MetadataImage, PartitionRegistration, TopicImage } from "./image.ts";
import type { MetadataRecord } from "./records.ts";

export function createImage(): MetadataImage {
  return { offset: -1, epoch: 0, brokers: new Map(), topics: new Map(), topicNames: new Map(), features: new Map(), brokerConfigs: new Map(), nextProducerId: 0 };
}

/** Applies a committed batch; control records are the quorum's own business. */
export function applyBatch(image: MetadataImage, batch: RaftBatch): void {
  if (!batch.control) for (const record of batch.records) applyRecord(image, record as MetadataRecord);
  image.offset = batch.lastOffset;
  image.epoch = batch.epoch;
}

export function topicById(image: MetadataImage, topicId: string): TopicImage | undefined {
  const name = image.topicNames.get(topicId);
  return name === undefined ? undefined : image.topics.get(name);
}

export function applyRecord(image: MetadataImage, record: MetadataRecord): void {
  switch (record.type) {
    case "FeatureLevelRecord": image.features.set(record.name, record.featureLevel); return;
    case "RegisterBrokerRecord": {
      const { brokerId, brokerEpoch, incarnationId, host, port, rack, fenced, inControlledShutdown } = record;
      image.brokers.set(brokerId, { brokerId, brokerEpoch, incarnationId, host, port, rack, fenced, inControlledShutdown });
      return;
    }
    case "UnregisterBrokerRecord": image.brokers.delete(record.brokerId); return;
    case "BrokerRegistrationChangeRecord": {
      const broker = registrationOf(image, record.brokerId, record.brokerEpoch);
      if (record.fenced !== 0) broker.fenced = record.fenced === 1;
      if (record.inControlledShutdown === 1) broker.inControlledShutdown = true;
      return;
    }
    case "TopicRecord":
      image.topics.set(record.name, { name: record.name, topicId: record.topicId, partitions: [], configs: new Map() });
      image.topicNames.set(record.topicId, record.name);
      return;
    case "RemoveTopicRecord": {
      const name = image.topicNames.get(record.topicId);
      if (name !== undefined) image.topics.delete(name);
      image.topicNames.delete(record.topicId);
      return;
    }
    case "PartitionRecord": {
      const { partitionId, replicas, isr, leader, leaderEpoch, partitionEpoch, leaderRecoveryState } = record;
      topicOf(image, record.topicId).partitions[partitionId] =
        { partition: partitionId, replicas, isr, leader, leaderEpoch, partitionEpoch, leaderRecoveryState };
      return;
    }
    case "PartitionChangeRecord": return changePartition(partitionOf(image, record.topicId, record.partitionId), record);
    case "ConfigRecord": return applyConfig(image, record);
    case "ProducerIdsRecord": image.nextProducerId = record.nextProducerId; return;
    case "BeginTransactionRecord": case "EndTransactionRecord": case "ZkMigrationStateRecord": case "RegisterControllerRecord": case "NoOpRecord":
      return;
  }
}

/** Every change counts the partition epoch up; a leader in the record, even the same one, counts the leader epoch up. */
function changePartition(partition: PartitionRegistration, record: MetadataRecord & { readonly type: "PartitionChangeRecord" }): void {
  if (record.isr !== undefined) partition.isr = record.isr;
  if (record.replicas !== undefined) partition.replicas = record.replicas;
  if (record.leaderRecoveryState !== undefined) partition.leaderRecoveryState = record.leaderRecoveryState;
  if (record.leader !== undefined) {
    partition.leader = record.leader;
    partition.leaderEpoch += 1;
  }
  partition.partitionEpoch += 1;
}

function applyConfig(image: MetadataImage, record: MetadataRecord & { readonly type: "ConfigRecord" }): void {
  if (record.resourceType !== "TOPIC") return;
  const configs = image.topics.get(record.resourceName)?.configs;
  if (record.value === null) configs?.delete(record.name);
  else configs?.set(record.name, record.value);
}

function registrationOf(image: MetadataImage, brokerId: number, brokerEpoch: number): BrokerRegistration {
  const broker = image.brokers.get(brokerId);
  invariant(broker !== undefined && broker.brokerEpoch === brokerEpoch, `no broker ${brokerId} with epoch ${brokerEpoch}`);
  return broker;
}

function topicOf(image: MetadataImage, topicId: string): TopicImage {
  const topic = topicById(image, topicId);
  invariant(topic !== undefined, `no topic with id ${topicId}`);
  return topic;
}

function partitionOf(image: MetadataImage, topicId: string, partitionId: number): PartitionRegistration {
  const partition = topicOf(image, topicId).partitions[partitionId];
  invariant(partition !== undefined, `no partition ${partitionId} of topic ${topicId}`);
  return partition;
}
