// What a ZooKeeper-mode controller knows: live brokers with their epochs, every partition with its assignment, its leader and ISR as last
// written, and the states of partitions and replicas. Read from ZooKeeper at each failover, changed only by the controller's own work.
// Source: ControllerContext.scala (3.9). FIDELITY: ZKC-CONTEXT.
import { invariant } from "#engine/core/invariant-error.ts";
import type { BrokerInfo, LeaderAndIsr, ReplicaAssignment } from "./znode-data.ts";

/** PartitionState of PartitionStateMachine.scala; a partition that does not exist has no context. */
export type PartitionState = "new" | "online" | "offline" | "non-existent";
/** ReplicaState of ReplicaStateMachine.scala; a replica that does not exist has no entry. */
export type ReplicaState = "new" | "online" | "offline" | "deletion-started" | "deletion-successful" | "deletion-ineligible";

export interface TopicPartition { readonly topic: string; readonly partition: number }
export interface PartitionReplica extends TopicPartition { readonly replica: number }

export interface PartitionContext {
  readonly topic: string;
  readonly partition: number;
  assignment: ReplicaAssignment;
  /** As it stands in the topic's znode: a reassignment is over there last. */
  writtenAssignment: ReplicaAssignment;
  /** Null before its first election. */
  leadership: LeaderAndIsr | null;
  state: PartitionState;
  /** By broker. */
  readonly replicaStates: Map<number, ReplicaState>;
}

export interface TopicContext { readonly name: string; readonly topicId: string; readonly partitions: PartitionContext[] }
/** @property brokerEpoch czxid of its znode. */
export interface LiveBroker extends BrokerInfo { readonly brokerEpoch: number }

export interface ControllerContext {
  epoch: number;
  /** Version of `/controller_epoch`: every write of this controller checks it. */
  epochZkVersion: number;
  /** Registered, those in controlled shutdown too. */
  readonly brokers: Map<number, LiveBroker>;
  readonly shuttingDownBrokers: Set<number>;
  readonly topics: Map<string, TopicContext>;
  /** Keys of partitions whose reassignment has begun. */
  readonly partitionsBeingReassigned: Map<string, TopicPartition>;
  readonly topicsToBeDeleted: Set<string>;
  readonly topicsWithDeletionStarted: Set<string>;
  readonly topicsIneligibleForDeletion: Set<string>;
  /** Replicas on failed log directories: broker -> keys of partitions. */
  readonly replicasOnOfflineDirs: Map<number, Set<string>>;
}

export function createContext(): ControllerContext {
  return {
    epoch: 0, epochZkVersion: 0, brokers: new Map(), shuttingDownBrokers: new Set(), topics: new Map(), partitionsBeingReassigned: new Map(),
    topicsToBeDeleted: new Set(), topicsWithDeletionStarted: new Set(), topicsIneligibleForDeletion: new Set(), replicasOnOfflineDirs: new Map(),
  };
}

export function keyOf(at: TopicPartition): string {
  return `${at.topic}-${at.partition}`;
}

export function partitionOf(context: ControllerContext, at: TopicPartition): PartitionContext | undefined {
  return context.topics.get(at.topic)?.partitions[at.partition];
}

export function existingPartition(context: ControllerContext, at: TopicPartition): PartitionContext {
  const partition = partitionOf(context, at);
  invariant(partition !== undefined, `the controller knows no partition ${keyOf(at)}`);
  return partition;
}

export function newPartition(topic: string, partition: number, assignment: ReplicaAssignment): PartitionContext {
  return { topic, partition, assignment, writtenAssignment: assignment, leadership: null, state: "non-existent", replicaStates: new Map() };
}

/** Its place alone, to be kept in work that waits. */
export function placeOf(partition: PartitionContext): TopicPartition {
  return { topic: partition.topic, partition: partition.partition };
}

export function* allPartitions(context: ControllerContext): Generator<PartitionContext> {
  for (const topic of context.topics.values()) yield* topic.partitions;
}

export function partitionsOfTopic(context: ControllerContext, topic: string): readonly PartitionContext[] {
  return context.topics.get(topic)?.partitions ?? [];
}

export function isQueuedForDeletion(context: ControllerContext, topic: string): boolean {
  return context.topicsToBeDeleted.has(topic);
}

// ---- brokers

export function isLive(context: ControllerContext, brokerId: number): boolean {
  return context.brokers.has(brokerId) && !context.shuttingDownBrokers.has(brokerId);
}

export function liveBrokerIds(context: ControllerContext): number[] {
  return [...context.brokers.keys()].filter(id => !context.shuttingDownBrokers.has(id));
}

export function liveOrShuttingDownIds(context: ControllerContext): number[] {
  return [...context.brokers.keys()];
}

export function isReplicaOnline(context: ControllerContext, brokerId: number, at: TopicPartition, includeShuttingDown = false): boolean {
  const isOnline = includeShuttingDown ? context.brokers.has(brokerId) : isLive(context, brokerId);
  return isOnline && context.replicasOnOfflineDirs.get(brokerId)?.has(keyOf(at)) !== true;
}

export function replicasOnBrokers(context: ControllerContext, brokers: ReadonlySet<number>): PartitionReplica[] {
  const replicas: PartitionReplica[] = [];
  for (const { topic, partition, assignment } of allPartitions(context)) {
    for (const replica of assignment.replicas) if (brokers.has(replica)) replicas.push({ topic, partition, replica });
  }
  return replicas;
}

export function replicasOf(partition: PartitionContext): PartitionReplica[] {
  return partition.assignment.replicas.map(replica => ({ topic: partition.topic, partition: partition.partition, replica }));
}

/** Their leader is gone and somebody else may lead; topics on their way out do not count. */
export function partitionsWithOfflineLeader(context: ControllerContext): PartitionContext[] {
  const found: PartitionContext[] = [];
  for (const partition of allPartitions(context)) {
    const { leadership } = partition;
    if (leadership === null || isQueuedForDeletion(context, partition.topic)) continue;
    if (!isReplicaOnline(context, leadership.leader, partition)) found.push(partition);
  }
  return found;
}

// ---- assignments (ReplicaAssignment of ControllerContext.scala)

export function plainAssignment(replicas: readonly number[]): ReplicaAssignment {
  return { replicas, addingReplicas: [], removingReplicas: [] };
}

export function isReassigning(assignment: ReplicaAssignment): boolean {
  return assignment.addingReplicas.length > 0 || assignment.removingReplicas.length > 0;
}

export function without(list: readonly number[], removed: readonly number[]): number[] {
  return list.filter(item => !removed.includes(item));
}

export function originReplicas(assignment: ReplicaAssignment): number[] {
  return without(assignment.replicas, assignment.addingReplicas);
}

export function targetReplicas(assignment: ReplicaAssignment): number[] {
  return without(assignment.replicas, assignment.removingReplicas);
}

/** The target first, then what remains of the original replicas until they are removed. */
export function reassignTo(assignment: ReplicaAssignment, target: readonly number[]): ReplicaAssignment {
  const origin = originReplicas(assignment);
  const replicas = [...target, ...without(origin, target)];
  return { replicas, addingReplicas: without(replicas, origin), removingReplicas: without(replicas, target) };
}

export function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

export function sameAssignment(a: ReplicaAssignment, b: ReplicaAssignment): boolean {
  return sameList(a.replicas, b.replicas) && sameList(a.addingReplicas, b.addingReplicas) && sameList(a.removingReplicas, b.removingReplicas);
}
