// How the broker follows the metadata log: it applies committed batches to its own image and lets its replicas become leaders and followers
// accordingly, each of the partitions that a batch has touched. Begins with the whole image once its own registration has been seen.
// Source: BrokerMetadataPublisher.scala, ReplicaManager.applyDelta, Partition.makeLeader, Partition.makeFollower (3.9).
// FIDELITY: BROKER-STARTUP, BROKER-REASSIGNMENT.
import { readRecordFile, syncFile, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { removeExpiredProducers } from "#engine/log/producer-state.ts";
import { assignEpoch, deleteLogFiles, logDirectory, openLog } from "#engine/log/unified-log.ts";
import { applyBatch } from "#engine/metadata/apply-record.ts";
import type { PartitionRegistration, TopicImage } from "#engine/metadata/image.ts";
import type { MetadataRecord } from "#engine/metadata/records.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { shrinkIsrs } from "./alter-partition-manager.ts";
import { type BrokerState, partitionAt, replicaRules, topicLogConfig } from "./broker-state.ts";
import { checkDelayedFetches } from "./delayed-fetch.ts";
import { checkDelayedProduces } from "./delayed-produce.ts";
import { createPartition, createReplicaState, maybeIncrementHighWatermark, type Partition, remoteReplica, resetReplicaState } from "./partition.ts";
import { addToFetcher, removeFromFetchers, startFetchers } from "./replica-fetcher.ts";

export const CHECKPOINT_TIMER = "highwatermark-checkpoint";
export const PRODUCER_EXPIRATION_TIMER = "PeriodicProducerExpirationCheck";
/** producer.id.expiration.check.interval.ms */
const PRODUCER_EXPIRATION_CHECK_MS = 600_000;
const CHECKPOINT_PATH = "replication-offset-checkpoint";
type Checkpoint = ReadonlyMap<string, number>;

/** What a publication has touched: partition numbers by topic id, topics with other settings, names of removed topics. */
interface Delta { readonly partitions: Map<string, Set<number>>; readonly configs: Set<string>; readonly removed: string[] }

export function publishMetadata(process: ProcessContext, broker: BrokerState, batches: readonly RaftBatch[]): void {
  const delta: Delta = { partitions: new Map(), configs: new Set(), removed: [] };
  for (const batch of batches) {
    if (!batch.control) for (const record of batch.records) note(broker, delta, record as MetadataRecord);
    applyBatch(broker.image, batch);
  }
  if (broker.isReady) applyDelta(process, broker, delta);
  else becomeReady(process, broker);
}

function note(broker: BrokerState, delta: Delta, record: MetadataRecord): void {
  switch (record.type) {
    case "PartitionRecord": case "PartitionChangeRecord": {
      const touched = delta.partitions.get(record.topicId);
      if (touched === undefined) delta.partitions.set(record.topicId, new Set([record.partitionId]));
      else touched.add(record.partitionId);
      return;
    }
    case "ConfigRecord":
      if (record.resourceType === "TOPIC") delta.configs.add(record.resourceName);
      return;
    case "RemoveTopicRecord": {
      const name = broker.image.topicNames.get(record.topicId);
      if (name !== undefined) delta.removed.push(name);
      return;
    }
    default: return;
  }
}

/** Called whenever the image or the broker epoch has changed: the registration of this life opens the broker. */
export function becomeReady(process: ProcessContext, broker: BrokerState): void {
  const registration = broker.image.brokers.get(broker.node.nodeId);
  if (broker.isReady || broker.brokerEpoch === -1 || registration?.brokerEpoch !== broker.brokerEpoch) return;
  broker.isReady = true;
  const all: Delta = { partitions: new Map(), configs: new Set(), removed: [] };
  for (const topic of broker.image.topics.values()) all.partitions.set(topic.topicId, new Set(topic.partitions.keys()));
  applyDelta(process, broker, all);
  shrinkIsrs(process, broker);
  process.schedule(fromMs(broker.settings["replica.high.watermark.checkpoint.interval.ms"]), CHECKPOINT_TIMER);
  process.schedule(fromMs(PRODUCER_EXPIRATION_CHECK_MS), PRODUCER_EXPIRATION_TIMER);
}

/** Leaders first, then followers, as ReplicaManager does. */
function applyDelta(process: ProcessContext, broker: BrokerState, delta: Delta): void {
  for (const name of delta.removed) removeTopic(process, broker, name);
  const nodeId = broker.node.nodeId;
  const { cause } = process;
  const following: [TopicImage, PartitionRegistration][] = [];
  for (const [topicId, touched] of delta.partitions) {
    const topic = broker.image.topics.get(broker.image.topicNames.get(topicId) ?? "");
    if (topic === undefined) continue;
    for (const index of touched) {
      const registration = topic.partitions[index];
      if (registration === undefined) continue;
      process.becauseOf(cause);
      if (registration.leader === nodeId) makeLeader(process, broker, topic, registration);
      else if (registration.replicas.includes(nodeId)) following.push([topic, registration]);
    }
  }
  for (const [topic, registration] of following) {
    process.becauseOf(cause);
    makeFollower(process, broker, topic, registration);
  }
  for (const name of delta.configs) reconfigure(broker, name);
  if (following.length > 0) startFetchers(process, broker);
}

function partitionFor(process: ProcessContext, broker: BrokerState, topic: TopicImage, index: number): Partition {
  const found = partitionAt(broker, topic.name, index);
  if (found !== undefined) return found;
  const config = topicLogConfig(broker, topic.name);
  const checkpoint = readRecordFile(process.disk, CHECKPOINT_PATH) as Checkpoint | undefined;
  const at = { broker: broker.node.nodeId, topic: topic.name, partition: index, topicId: topic.topicId };
  const partition = createPartition(topic.topicId, openLog(process, at, config, checkpoint?.get(logDirectory(topic.name, index)) ?? 0), config);
  let partitions = broker.partitions.get(topic.name);
  if (partitions === undefined) broker.partitions.set(topic.name, partitions = []);
  while (partitions.length <= index) partitions.push(null);
  partitions[index] = partition;
  return partition;
}

/** Committed metadata ends whatever was pending. The followers' states begin anew with each leader epoch. */
function makeLeader(process: ProcessContext, broker: BrokerState, topic: TopicImage, registration: PartitionRegistration): void {
  const partition = partitionFor(process, broker, topic, registration.partition);
  if (registration.partitionEpoch < partition.partitionEpoch) return;
  const { log } = partition;
  const isNewLeader = partition.role !== "leader";
  const isNewEpoch = registration.leaderEpoch > partition.leaderEpoch;
  partition.role = "leader";
  partition.leader = broker.node.nodeId;
  partition.replicas = registration.replicas;
  partition.isr = registration.isr;
  partition.pendingIsr = null;
  partition.remoteReplicas = registration.replicas.filter(replica => replica !== partition.leader)
    .map(replica => remoteReplica(partition, replica) ?? createReplicaState(replica));
  if (isNewEpoch) {
    assignEpoch(process, log, registration.leaderEpoch, log.logEndOffset);
    partition.leaderEpochStartOffset = log.logEndOffset;
    for (const replica of partition.remoteReplicas) {
      resetReplicaState(replica, process.now, log.logEndOffset, { isNewLeader, inIsr: registration.isr.includes(replica.brokerId) });
    }
    process.trace({
      kind: "became-leader", broker: log.broker, topic: log.topic, partition: log.partition, leaderEpoch: registration.leaderEpoch,
      epochStartOffset: log.logEndOffset,
    });
  }
  partition.leaderEpoch = registration.leaderEpoch;
  partition.partitionEpoch = registration.partitionEpoch;
  if (isNewLeader) removeFromFetchers(broker, log.directory);
  if (!maybeIncrementHighWatermark(process, partition, replicaRules(broker))) return;
  checkDelayedProduces(process, broker, partition);
  checkDelayedFetches(process, broker, partition);
}

function makeFollower(process: ProcessContext, broker: BrokerState, topic: TopicImage, registration: PartitionRegistration): void {
  const partition = partitionFor(process, broker, topic, registration.partition);
  if (registration.partitionEpoch < partition.partitionEpoch) return;
  const { log } = partition;
  const isNewEpoch = registration.leaderEpoch > partition.leaderEpoch;
  partition.role = "follower";
  partition.leader = registration.leader;
  partition.leaderEpoch = registration.leaderEpoch;
  partition.partitionEpoch = registration.partitionEpoch;
  partition.leaderEpochStartOffset = -1;
  partition.replicas = registration.replicas;
  partition.isr = [];
  partition.pendingIsr = null;
  partition.remoteReplicas = [];
  const isLeaving = broker.image.brokers.get(log.broker)?.inControlledShutdown === true
    && (registration.leader === -1 || !registration.isr.includes(log.broker));
  if (isLeaving) removeFromFetchers(broker, log.directory);
  if (!isNewEpoch) return;
  process.trace({
    kind: "became-follower", broker: log.broker, topic: log.topic, partition: log.partition, leaderEpoch: registration.leaderEpoch,
    leader: registration.leader,
  });
  removeFromFetchers(broker, log.directory);
  if (!isLeaving && broker.image.brokers.has(registration.leader)) addToFetcher(broker, partition);
  checkDelayedProduces(process, broker, partition);
  checkDelayedFetches(process, broker, partition);
}

function reconfigure(broker: BrokerState, topic: string): void {
  const config = topicLogConfig(broker, topic);
  for (const partition of broker.partitions.get(topic) ?? []) if (partition !== null) partition.config = config;
}

function removeTopic(process: ProcessContext, broker: BrokerState, topic: string): void {
  const partitions = broker.partitions.get(topic);
  if (partitions === undefined) return;
  broker.partitions.delete(topic);
  for (const partition of partitions) {
    if (partition === null) continue;
    removeFromFetchers(broker, partition.log.directory);
    deleteLogFiles(process, partition.log.directory);
    checkDelayedProduces(process, broker, partition);
    checkDelayedFetches(process, broker, partition);
  }
}

/** The timer `PRODUCER_EXPIRATION_TIMER`. */
export function expireProducers(process: ProcessContext, broker: BrokerState): void {
  for (const partitions of broker.partitions.values()) {
    for (const partition of partitions) {
      if (partition !== null) removeExpiredProducers(partition.log.producers, toMs(process.now), broker.settings["producer.id.expiration.ms"]);
    }
  }
  process.schedule(fromMs(PRODUCER_EXPIRATION_CHECK_MS), PRODUCER_EXPIRATION_TIMER);
}

// ---- the high watermarks on disk

/** The timer `CHECKPOINT_TIMER`: every replica.high.watermark.checkpoint.interval.ms. */
export function checkpointPeriodically(process: ProcessContext, broker: BrokerState): void {
  checkpointHighWatermarks(process, broker);
  process.schedule(fromMs(broker.settings["replica.high.watermark.checkpoint.interval.ms"]), CHECKPOINT_TIMER);
}

/** Written only when one has changed; forced to disk, as CheckpointFile does. */
export function checkpointHighWatermarks(process: ProcessContext, broker: BrokerState): void {
  const written = readRecordFile(process.disk, CHECKPOINT_PATH) as Checkpoint | undefined;
  const present = new Map<string, number>();
  let hasChanged = written === undefined;
  for (const partitions of broker.partitions.values()) {
    for (const partition of partitions) {
      if (partition === null) continue;
      const { directory, highWatermark } = partition.log;
      present.set(directory, highWatermark);
      if (written?.get(directory) !== highWatermark) hasChanged = true;
    }
  }
  if (hasChanged || written?.size !== present.size) writeRecordFile(process.disk, CHECKPOINT_PATH, present, true);
}

/** A clean end: high watermarks are written down and all logs are forced to disk (LogManager.shutdown). */
export function closeLogs(process: ProcessContext, broker: BrokerState): void {
  checkpointHighWatermarks(process, broker);
  for (const file of process.disk.values()) syncFile(file);
}
