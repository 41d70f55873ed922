// Replicas of this broker become leaders and followers, whoever has told it so: the metadata log (KRaft) or a controller's LeaderAndIsr request
// (ZooKeeper mode). Leaders first, then followers: the caller's order. Source: ReplicaManager.scala, Partition.makeLeader, Partition.makeFollower (3.9).
// FIDELITY: BROKER-REASSIGNMENT.
import type { ProcessContext } from "#engine/core/process.ts";
import { assignEpoch, deleteLog } from "#engine/log/unified-log.ts";
import type { PartitionRegistration } from "#engine/metadata/image.ts";
import { type BrokerState, partitionAt, replicaRules, topicLogConfig } from "./broker-state.ts";
import { checkDelayedFetches } from "./delayed-fetch.ts";
import { checkDelayedProduces } from "./delayed-produce.ts";
import { noteDirectory } from "./directory-assignments.ts";
import { armCleaner } from "./log-cleaner-manager.ts";
import { logFor } from "./log-manager.ts";
import { createPartition, createReplicaState, maybeIncrementHighWatermark, type Partition, remoteReplica, resetReplicaState } from "./partition.ts";
import { openInSessions } from "./fetch-sessions.ts";
import { addToFetcher, removeFromFetchers } from "./replica-fetcher.ts";

export interface TopicIdentity { readonly name: string; readonly topicId: string }

/** Null when no log directory is left that could hold it. */
function partitionFor(process: ProcessContext, broker: BrokerState, topic: TopicIdentity, index: number, registration?: PartitionRegistration): Partition | null {
  const found = partitionAt(broker, topic.name, index);
  if (found !== undefined) return found;
  const log = broker.logs.offline.has(`${topic.name}-${index}`) ? null : logFor(process, broker, topic.name, index, topic.topicId);
  if (log === null) return null;
  const partition = createPartition(topic.topicId, log, topicLogConfig(broker, topic.name));
  let partitions = broker.partitions.get(topic.name);
  if (partitions === undefined) broker.partitions.set(topic.name, partitions = []);
  while (partitions.length <= index) partitions.push(null);
  partitions[index] = partition;
  if (registration !== undefined) noteDirectory(process, broker, topic.topicId, registration, log);
  return partition;
}

/** Opens the log of a replica whose leader is not there (Partition.createLogIfNotExists). */
export function openReplica(process: ProcessContext, broker: BrokerState, topic: TopicIdentity, index: number): void {
  partitionFor(process, broker, topic, index);
}

/** Committed metadata ends whatever was pending. The followers' states begin anew with each leader epoch. */
export function makeLeader(process: ProcessContext, broker: BrokerState, topic: TopicIdentity, registration: PartitionRegistration): void {
  const partition = partitionFor(process, broker, topic, registration.partition, registration);
  if (partition === null) return;
  if (registration.partitionEpoch < partition.partitionEpoch) return;
  openInSessions(broker.fetchSessions, topic.name, registration.partition);
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

export function makeFollower(process: ProcessContext, broker: BrokerState, topic: TopicIdentity, registration: PartitionRegistration): void {
  const partition = partitionFor(process, broker, topic, registration.partition, registration);
  if (partition === null) return;
  if (registration.partitionEpoch < partition.partitionEpoch) return;
  openInSessions(broker.fetchSessions, topic.name, registration.partition);
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

export function reconfigureTopic(process: ProcessContext, broker: BrokerState, topic: string): void {
  const config = topicLogConfig(broker, topic);
  for (const partition of broker.partitions.get(topic) ?? []) if (partition !== null) partition.config = config;
  if (config.compacts) armCleaner(process, broker);
}

/** The partition has moved away from this broker, or its controller has told it to stop (and, with `deletes`, to delete it). */
export function removeReplica(process: ProcessContext, broker: BrokerState, topic: string, index: number, deletes: boolean): void {
  const partitions = broker.partitions.get(topic);
  const partition = partitions?.[index] ?? null;
  if (partitions === undefined || partition === null) return;
  removeFromFetchers(broker, partition.log.directory);
  if (deletes) {
    partitions[index] = null;
    if (partitions.every(other => other === null)) broker.partitions.delete(topic);
    deleteLog(process, partition.log, partition.config);
  }
  checkDelayedProduces(process, broker, partition);
  checkDelayedFetches(process, broker, partition);
}

export function removeTopicReplicas(process: ProcessContext, broker: BrokerState, topic: string): void {
  const partitions = broker.partitions.get(topic);
  if (partitions === undefined) return;
  broker.partitions.delete(topic);
  for (const partition of partitions) {
    if (partition === null) continue;
    removeFromFetchers(broker, partition.log.directory);
    deleteLog(process, partition.log, partition.config);
    checkDelayedProduces(process, broker, partition);
    checkDelayedFetches(process, broker, partition);
  }
}
