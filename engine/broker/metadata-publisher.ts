// How the broker follows the metadata log: it applies committed batches to its own image and lets its replicas become leaders and followers
// accordingly (replica-manager.ts), each of the partitions that a batch has touched. Begins with the whole image once its own registration has
// been seen. Source: BrokerMetadataPublisher.scala, ReplicaManager.applyDelta (3.9).
// FIDELITY: BROKER-STARTUP, BROKER-REASSIGNMENT.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { removeExpiredProducers } from "#engine/log/producer-state.ts";
import { applyBatch } from "#engine/metadata/apply-record.ts";
import type { PartitionRegistration, TopicImage } from "#engine/metadata/image.ts";
import type { MetadataRecord } from "#engine/metadata/records.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { shrinkIsrs } from "./alter-partition-manager.ts";
import type { BrokerState } from "./broker-state.ts";
import { checkpointHighWatermarks, closeLogs, logsAreLoaded, setStrayLogsAside } from "./log-manager.ts";
import { startFetchers } from "./replica-fetcher.ts";
import { makeFollower, makeLeader, reconfigureTopic, removeReplica, removeTopicReplicas } from "./replica-manager.ts";

export { closeLogs };

export const CHECKPOINT_TIMER = "highwatermark-checkpoint";
export const PRODUCER_EXPIRATION_TIMER = "PeriodicProducerExpirationCheck";
/** producer.id.expiration.check.interval.ms */
const PRODUCER_EXPIRATION_CHECK_MS = 600_000;

/** What a publication has touched: partition numbers by topic id, topics with other settings (all of them when the broker's own changed), names of removed topics. */
interface Delta { readonly partitions: Map<string, Set<number>>; readonly configs: Set<string>; readonly removed: string[]; allConfigs: boolean }

export function publishMetadata(process: ProcessContext, broker: BrokerState, batches: readonly RaftBatch[]): void {
  const delta: Delta = { partitions: new Map(), configs: new Set(), removed: [], allConfigs: false };
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
      else if (record.resourceName === "" || record.resourceName === String(broker.node.nodeId)) delta.allConfigs = true;
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
  if (!logsAreLoaded(process, broker)) return;
  broker.isReady = true;
  const all: Delta = { partitions: new Map(), configs: new Set(), removed: [], allConfigs: false };
  for (const topic of broker.image.topics.values()) all.partitions.set(topic.topicId, new Set(topic.partitions.keys()));
  applyDelta(process, broker, all);
  setStrayLogsAside(process, broker);
  shrinkIsrs(process, broker);
  process.schedule(fromMs(broker.settings["replica.high.watermark.checkpoint.interval.ms"]), CHECKPOINT_TIMER);
  process.schedule(fromMs(PRODUCER_EXPIRATION_CHECK_MS), PRODUCER_EXPIRATION_TIMER);
}

/** Leaders first, then followers, as ReplicaManager does. */
function applyDelta(process: ProcessContext, broker: BrokerState, delta: Delta): void {
  for (const name of delta.removed) removeTopicReplicas(process, broker, name);
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
      else removeReplica(process, broker, topic.name, index, true);
    }
  }
  for (const [topic, registration] of following) {
    process.becauseOf(cause);
    makeFollower(process, broker, topic, registration);
  }
  for (const name of delta.allConfigs ? broker.partitions.keys() : delta.configs) reconfigureTopic(process, broker, name);
  if (following.length > 0) startFetchers(process, broker);
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
