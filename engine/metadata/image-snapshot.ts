// The metadata image as the records of a snapshot, and back; what a node that has missed a part of the log does with one.
// Follows ImageWriter and the write functions of the images, MetadataDelta.finishSnapshot (KIP-630). FIDELITY: RAFT-SNAPSHOT.
import type { ProcessContext } from "#engine/core/process.ts";
import { batchAt, metadataLog } from "#engine/raft/metadata-log.ts";
import { RaftBatch } from "#engine/raft/raft-batch.ts";
import { readSnapshot, type Snapshot } from "#engine/raft/raft-snapshot.ts";
import type { RaftState } from "#engine/raft/raft-state.ts";
import { applyBatch, createImage } from "./apply-record.ts";
import type { BrokerRegistration, MetadataImage, PartitionRegistration, TopicImage } from "./image.ts";
import type { MetadataRecord } from "./records.ts";

/** Records that add up to the image, in the order in which Kafka writes them. */
export function snapshotRecords(image: MetadataImage): MetadataRecord[] {
  const records: MetadataRecord[] = [];
  for (const [name, featureLevel] of image.features) records.push({ type: "FeatureLevelRecord", name, featureLevel });
  for (const broker of image.brokers.values()) pushBroker(records, broker);
  for (const { controllerId, incarnationId, zkMigrationReady, endPoints, features } of image.controllers.values()) {
    records.push({ type: "RegisterControllerRecord", controllerId, incarnationId, zkMigrationReady, endPoints, features });
  }
  for (const topic of image.topics.values()) pushTopic(records, topic);
  for (const [resourceName, configs] of image.brokerConfigs) pushConfigs(records, "BROKER", resourceName, configs);
  for (const { entity, values } of image.clientQuotas.values()) {
    for (const [key, value] of values) records.push({ type: "ClientQuotaRecord", entity, key, value, remove: false });
  }
  if (image.nextProducerId > 0) records.push({ type: "ProducerIdsRecord", brokerId: -1, brokerEpoch: -1, nextProducerId: image.nextProducerId });
  if (image.zkMigrationState !== 0) records.push({ type: "ZkMigrationStateRecord", zkMigrationState: image.zkMigrationState });
  return records;
}

function pushBroker(records: MetadataRecord[], broker: BrokerRegistration): void {
  const { brokerId, isMigratingZkBroker, incarnationId, brokerEpoch, endPoints, features, rack, fenced, inControlledShutdown, logDirs } = broker;
  records.push({
    type: "RegisterBrokerRecord", brokerId, isMigratingZkBroker, incarnationId, brokerEpoch, endPoints, features, rack, fenced, inControlledShutdown, logDirs,
  });
  if (broker.cordonedLogDirs === null) return;
  records.push({ type: "BrokerRegistrationChangeRecord", brokerId, brokerEpoch, fenced: 0, inControlledShutdown: 0, cordonedLogDirs: broker.cordonedLogDirs });
}

function pushTopic(records: MetadataRecord[], topic: TopicImage): void {
  const { name, topicId } = topic;
  records.push({ type: "TopicRecord", name, topicId });
  for (const partition of topic.partitions) records.push(partitionRecord(topicId, partition));
  pushConfigs(records, "TOPIC", name, topic.configs);
}

function partitionRecord(topicId: string, partition: PartitionRegistration): MetadataRecord {
  const { replicas, isr, removingReplicas, addingReplicas, leader, leaderRecoveryState, leaderEpoch, partitionEpoch, directories, elr, lastKnownElr } = partition;
  return {
    type: "PartitionRecord", partitionId: partition.partition, topicId, replicas, isr, removingReplicas, addingReplicas, leader, leaderRecoveryState,
    leaderEpoch, partitionEpoch, directories,
    ...elr.length === 0 ? {} : { eligibleLeaderReplicas: elr }, ...lastKnownElr.length === 0 ? {} : { lastKnownElr },
  };
}

function pushConfigs(records: MetadataRecord[], resourceType: "TOPIC" | "BROKER", resourceName: string, configs: ReadonlyMap<string, string>): void {
  for (const [name, value] of configs) records.push({ type: "ConfigRecord", resourceType, resourceName, name, value });
}

export function imageOfSnapshot(snapshot: Snapshot): MetadataImage {
  const image = createImage();
  for (const batch of snapshot.batches) applyBatch(image, batch);
  image.offset = snapshot.id.endOffset - 1;
  image.epoch = snapshot.id.epoch;
  return image;
}

/** What everything that this node knows as committed adds up to. */
export function committedImage(process: ProcessContext, raft: RaftState): MetadataImage {
  const newest = raft.snapshots[raft.snapshots.length - 1];
  const snapshot = newest === undefined ? null : readSnapshot(process.disk, newest);
  const image = snapshot === null ? createImage() : imageOfSnapshot(snapshot);
  const log = metadataLog(process);
  for (let index = 0; index < raft.committedBatches; index += 1) {
    const batch = batchAt(log, index);
    if (batch.lastOffset > image.offset) applyBatch(image, batch);
  }
  return image;
}

/** A snapshot for somebody whose image is older: first what is not there any more, then all that is. The last batch ends where the snapshot does. */
export function catchUpBatches(image: MetadataImage, snapshot: Snapshot): RaftBatch[] {
  const next = imageOfSnapshot(snapshot);
  const records: MetadataRecord[] = [];
  for (const topic of image.topics.values()) {
    if (next.topics.get(topic.name)?.topicId !== topic.topicId) records.push({ type: "RemoveTopicRecord", topicId: topic.topicId });
  }
  for (const { brokerId, brokerEpoch } of image.brokers.values()) {
    if (!next.brokers.has(brokerId)) records.push({ type: "UnregisterBrokerRecord", brokerId, brokerEpoch });
  }
  for (const name of image.features.keys()) if (!next.features.has(name)) records.push({ type: "FeatureLevelRecord", name, featureLevel: 0 });
  forgetConfigs(records, image, next);
  for (const { entity, values } of image.clientQuotas.values()) {
    for (const key of values.keys()) records.push({ type: "ClientQuotaRecord", entity, key, value: 0, remove: true });
  }
  records.push(...snapshotRecords(next));
  const { endOffset, epoch } = snapshot.id;
  return [new RaftBatch(endOffset - records.length, epoch, false, records, 0)];
}

function forgetConfigs(records: MetadataRecord[], image: MetadataImage, next: MetadataImage): void {
  for (const [resourceName, configs] of image.brokerConfigs) {
    for (const name of configs.keys()) {
      if (next.brokerConfigs.get(resourceName)?.has(name) !== true) records.push({ type: "ConfigRecord", resourceType: "BROKER", resourceName, name, value: null });
    }
  }
  for (const topic of image.topics.values()) {
    const kept = next.topics.get(topic.name);
    if (kept?.topicId !== topic.topicId) continue;
    for (const name of topic.configs.keys()) {
      if (!kept.configs.has(name)) records.push({ type: "ConfigRecord", resourceType: "TOPIC", resourceName: topic.name, name, value: null });
    }
  }
}
