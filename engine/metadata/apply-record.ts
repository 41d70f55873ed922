// What each record of the metadata log does to the image. Controller and brokers apply the same records in the same order.
// Follows the replay functions of the control managers and PartitionRegistration.merge (3.9, 4.3). FIDELITY: META-RECORDS, META-TRANSACTIONS.
import { invariant } from "#engine/core/invariant-error.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { type BrokerRegistration, type MetadataImage, type PartitionRegistration, quotaEntityKey, topicById, type TopicImage, UNASSIGNED_DIRECTORY } from "./image.ts";
import type { MetadataRecord, PartitionChange } from "./records.ts";

export function createImage(): MetadataImage {
  return {
    offset: -1, epoch: 0, brokers: new Map(), controllers: new Map(), topics: new Map(), topicNames: new Map(), brokerConfigs: new Map(),
    clientQuotas: new Map(), features: new Map(), nextProducerId: 0, zkMigrationState: 0,
  };
}

/** Applies a committed batch; control records are the quorum's own business. */
export function applyBatch(image: MetadataImage, batch: RaftBatch): void {
  if (!batch.control) for (const record of batch.records) applyRecord(image, record as MetadataRecord);
  image.offset = batch.lastOffset;
  image.epoch = batch.epoch;
}

export function applyRecord(image: MetadataImage, record: MetadataRecord): void {
  switch (record.type) {
    case "FeatureLevelRecord":
      if (record.featureLevel === 0) image.features.delete(record.name);
      else image.features.set(record.name, record.featureLevel);
      return;
    case "ZkMigrationStateRecord": image.zkMigrationState = record.zkMigrationState; return;
    case "RegisterBrokerRecord": return registerBroker(image, record);
    case "UnregisterBrokerRecord": image.brokers.delete(record.brokerId); return;
    case "BrokerRegistrationChangeRecord": return changeRegistration(registrationOf(image, record.brokerId, record.brokerEpoch), record);
    case "RegisterControllerRecord": {
      const { controllerId, incarnationId, zkMigrationReady, endPoints, features } = record;
      image.controllers.set(controllerId, { controllerId, incarnationId, zkMigrationReady, endPoints, features });
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
    case "PartitionRecord": return addPartition(topicOf(image, record.topicId), record);
    case "PartitionChangeRecord": return changePartition(partitionOf(image, record.topicId, record.partitionId), record);
    case "ClearElrRecord": return clearElr(image, record.topicName);
    case "ConfigRecord": return applyConfig(image, record);
    case "ClientQuotaRecord": return applyQuota(image, record);
    case "ProducerIdsRecord": image.nextProducerId = record.nextProducerId; return;
    case "BeginTransactionRecord": case "EndTransactionRecord": case "AbortTransactionRecord": case "NoOpRecord": return;
  }
}

function registerBroker(image: MetadataImage, record: MetadataRecord & { readonly type: "RegisterBrokerRecord" }): void {
  const { brokerId, brokerEpoch, incarnationId, endPoints, features, rack, fenced, inControlledShutdown, logDirs, isMigratingZkBroker } = record;
  const first = endPoints[0];
  image.brokers.set(brokerId, {
    brokerId, brokerEpoch, incarnationId, host: first?.host ?? "", port: first?.port ?? 0, endPoints, features, rack, fenced, inControlledShutdown, logDirs,
    cordonedLogDirs: null, isMigratingZkBroker,
  });
}

function changeRegistration(broker: BrokerRegistration, record: MetadataRecord & { readonly type: "BrokerRegistrationChangeRecord" }): void {
  if (record.fenced !== 0) broker.fenced = record.fenced === 1;
  if (record.inControlledShutdown === 1) broker.inControlledShutdown = true;
  if (record.logDirs !== undefined) broker.logDirs = record.logDirs;
  if (record.cordonedLogDirs !== undefined) broker.cordonedLogDirs = record.cordonedLogDirs;
}

function addPartition(topic: TopicImage, record: MetadataRecord & { readonly type: "PartitionRecord" }): void {
  const { partitionId, replicas, isr, removingReplicas, addingReplicas, leader, leaderEpoch, partitionEpoch, leaderRecoveryState, directories } = record;
  topic.partitions[partitionId] = {
    partition: partitionId, replicas, directories: directories.length === 0 ? replicas.map(() => UNASSIGNED_DIRECTORY) : directories, isr, removingReplicas, addingReplicas, elr: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [], leader, leaderEpoch, partitionEpoch, leaderRecoveryState,
  };
}

/** Every change counts the partition epoch up; a leader in the record, even the same one, counts the leader epoch up. */
export function changePartition(partition: PartitionRegistration, record: PartitionChange): void {
  if (record.isr !== undefined) partition.isr = record.isr;
  if (record.replicas !== undefined) partition.replicas = record.replicas;
  if (record.removingReplicas !== undefined) partition.removingReplicas = record.removingReplicas;
  if (record.addingReplicas !== undefined) partition.addingReplicas = record.addingReplicas;
  if (record.leaderRecoveryState !== undefined) partition.leaderRecoveryState = record.leaderRecoveryState;
  if (record.eligibleLeaderReplicas !== undefined) partition.elr = record.eligibleLeaderReplicas;
  if (record.lastKnownElr !== undefined) partition.lastKnownElr = record.lastKnownElr;
  if (record.directories !== undefined) partition.directories = record.directories;
  if (record.leader !== undefined) {
    partition.leader = record.leader;
    partition.leaderEpoch += 1;
  }
  partition.partitionEpoch += 1;
}

/** A change of each partition that has something to forget: TopicDelta.maybeClearElr. */
function clearElr(image: MetadataImage, topicName: string): void {
  const named = image.topics.get(topicName);
  for (const topic of topicName === "" ? image.topics.values() : named === undefined ? [] : [named]) {
    for (const partition of topic.partitions) {
      if (partition.elr.length === 0 && partition.lastKnownElr.length === 0) continue;
      partition.elr = [];
      partition.lastKnownElr = [];
      partition.partitionEpoch += 1;
    }
  }
}

function applyConfig(image: MetadataImage, record: MetadataRecord & { readonly type: "ConfigRecord" }): void {
  const { resourceType, resourceName, name, value } = record;
  let configs = resourceType === "TOPIC" ? image.topics.get(resourceName)?.configs : image.brokerConfigs.get(resourceName);
  if (configs === undefined) {
    if (resourceType === "TOPIC") return;
    image.brokerConfigs.set(resourceName, configs = new Map());
  }
  if (value === null) configs.delete(name);
  else configs.set(name, value);
  if (resourceType === "BROKER" && configs.size === 0) image.brokerConfigs.delete(resourceName);
}

function applyQuota(image: MetadataImage, record: MetadataRecord & { readonly type: "ClientQuotaRecord" }): void {
  const name = quotaEntityKey(record.entity);
  let quota = image.clientQuotas.get(name);
  if (quota === undefined) image.clientQuotas.set(name, quota = { entity: record.entity, values: new Map() });
  if (record.remove) quota.values.delete(record.key);
  else quota.values.set(record.key, record.value);
  if (quota.values.size === 0) image.clientQuotas.delete(name);
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
