// One replica of a partition as its broker holds it, and what a leader knows of the others: replica states, the ISR with a pending change,
// and the rule by which the high watermark moves. Source: Partition.scala, Replica.scala (3.9).
// FIDELITY: BROKER-HIGH-WATERMARK, BROKER-ISR.
import type { ProcessContext } from "#engine/core/process.ts";
import type { LogConfig } from "#engine/log/log-config.ts";
import { type UnifiedLog, updateHighWatermark } from "#engine/log/unified-log.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";

/** What the leader knows of one follower. -1: not yet. Times in microseconds. */
export interface ReplicaState {
  readonly brokerId: number;
  logEndOffset: number;
  logStartOffset: number;
  /** The leader's end when this follower fetched last, and when that was: it tells whether the follower keeps up (KIP-16). */
  lastFetchLeaderLogEndOffset: number;
  lastFetchUs: number;
  lastCaughtUpUs: number;
  /** Of its last fetch (KIP-903); null before. */
  brokerEpoch: number | null;
}

/** An ISR that was proposed to the controller and is not decided. */
export type PendingIsr =
  | { readonly change: "expand"; readonly isr: readonly number[]; readonly added: number }
  | { readonly change: "shrink"; readonly isr: readonly number[] };

export interface Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly log: UnifiedLog;
  config: LogConfig;
  role: "leader" | "follower";
  /** -1: nobody leads. */
  leader: number;
  leaderEpoch: number;
  partitionEpoch: number;
  leaderEpochStartOffset: number;
  /** In assignment order. */
  replicas: readonly number[];
  /** Committed in the metadata log, as far as this broker knows. */
  isr: readonly number[];
  pendingIsr: PendingIsr | null;
  /** The other replicas, kept while this one leads. */
  remoteReplicas: ReplicaState[];
  /** Ids of waiting produce and fetch requests that this partition may complete. */
  readonly delayedProduces: Set<number>;
  readonly delayedFetches: Set<number>;
}

/** What every rule needs to know of the broker. */
/** `isKraft`: fencing, controlled shutdown and broker epochs are known. In ZooKeeper mode a broker is alive or not. */
export interface ReplicaRules { readonly brokerId: number; readonly lagTimeMaxUs: number; readonly image: MetadataImage; readonly isKraft: boolean }

export function createPartition(topicId: string, log: UnifiedLog, config: LogConfig): Partition {
  return {
    topic: log.topic, topicId, partition: log.partition, log, config, role: "follower", leader: -1, leaderEpoch: -1, partitionEpoch: -1,
    leaderEpochStartOffset: -1, replicas: [], isr: [], pendingIsr: null, remoteReplicas: [],
    delayedProduces: new Set(), delayedFetches: new Set(),
  };
}

/** Longer ago than any replica.lag.time.max.ms. */
const NEVER_US = -1_000_000_000_000;

export function createReplicaState(brokerId: number): ReplicaState {
  return { brokerId, logEndOffset: -1, logStartOffset: -1, lastFetchLeaderLogEndOffset: -1, lastFetchUs: NEVER_US, lastCaughtUpUs: NEVER_US, brokerEpoch: null };
}

/** When this broker is elected it knows nothing of the followers; when it is elected again it keeps their offsets. */
export function resetReplicaState(
  replica: ReplicaState, nowUs: number, leaderLogEndOffset: number, how: { readonly isNewLeader: boolean; readonly inIsr: boolean },
): void {
  if (how.isNewLeader) {
    replica.logEndOffset = -1;
    replica.logStartOffset = -1;
    replica.lastFetchLeaderLogEndOffset = -1;
    replica.lastFetchUs = NEVER_US;
  } else {
    replica.lastFetchLeaderLogEndOffset = leaderLogEndOffset;
    replica.lastFetchUs = how.inIsr ? nowUs : NEVER_US;
  }
  replica.lastCaughtUpUs = how.inIsr ? nowUs : NEVER_US;
  if (!how.inIsr) replica.brokerEpoch = null;
}

/**
 * A follower that fetches at `fetchOffset` has everything below it. It was caught up now when it is at the leader's end, or at the time of
 * its last fetch when it has reached what was the end then.
 */
export function updateFetchState(
  replica: ReplicaState, fetchOffset: number, logStartOffset: number, nowUs: number, leaderLogEndOffset: number, brokerEpoch: number,
): void {
  if (fetchOffset >= leaderLogEndOffset) replica.lastCaughtUpUs = Math.max(replica.lastCaughtUpUs, nowUs);
  else if (fetchOffset >= replica.lastFetchLeaderLogEndOffset) replica.lastCaughtUpUs = Math.max(replica.lastCaughtUpUs, replica.lastFetchUs);
  replica.logEndOffset = fetchOffset;
  replica.logStartOffset = logStartOffset;
  replica.lastFetchLeaderLogEndOffset = leaderLogEndOffset;
  replica.lastFetchUs = nowUs;
  replica.brokerEpoch = brokerEpoch;
}

export function isCaughtUp(replica: ReplicaState, leaderLogEndOffset: number, nowUs: number, lagTimeMaxUs: number): boolean {
  return replica.logEndOffset === leaderLogEndOffset || nowUs - replica.lastCaughtUpUs <= lagTimeMaxUs;
}

/** min.insync.replicas, but never more than there are replicas. */
export function effectiveMinIsr(partition: Partition): number {
  return Math.min(partition.config.minInsyncReplicas, partition.remoteReplicas.length + 1);
}

/** The committed ISR with a replica that is proposed for it; one proposed to leave still counts. */
export function isInMaximalIsr(partition: Partition, brokerId: number): boolean {
  return partition.isr.includes(brokerId) || partition.pendingIsr?.change === "expand" && partition.pendingIsr.added === brokerId;
}

export function maximalIsrSize(partition: Partition): number {
  return partition.pendingIsr?.change === "expand" ? partition.pendingIsr.isr.length : partition.isr.length;
}

/** Epoch of a broker's registration while it is alive; -1: not known, or nobody counts (ZooKeeper mode). */
export function knownBrokerEpoch({ image, isKraft }: ReplicaRules, brokerId: number): number {
  const registration = isKraft ? image.brokers.get(brokerId) : undefined;
  return registration === undefined || registration.fenced ? -1 : registration.brokerEpoch;
}

/** Registered, neither fenced nor shutting down, and the same life of the broker as the one that fetched; in ZooKeeper mode: alive. */
export function isIsrEligible(replica: ReplicaState, { image, isKraft }: ReplicaRules): boolean {
  if (!isKraft) return image.brokers.has(replica.brokerId);
  const registration = image.brokers.get(replica.brokerId);
  if (registration === undefined || registration.fenced || registration.inControlledShutdown) return false;
  return replica.brokerEpoch !== null && (replica.brokerEpoch === -1 || replica.brokerEpoch === registration.brokerEpoch);
}

/**
 * Moves the leader's high watermark to the smallest end offset of itself, of the maximal ISR, and of replicas that are caught up and could
 * join. Frozen while the committed ISR is smaller than the effective minimum (KAFKA-15583). True when it has moved.
 */
export function maybeIncrementHighWatermark(process: ProcessContext, partition: Partition, rules: ReplicaRules): boolean {
  if (partition.isr.length < effectiveMinIsr(partition)) return false;
  const logEndOffset = partition.log.logEndOffset;
  let candidate = logEndOffset;
  for (const replica of partition.remoteReplicas) {
    if (replica.logEndOffset >= candidate) continue;
    const counts = isInMaximalIsr(partition, replica.brokerId)
      || isCaughtUp(replica, logEndOffset, process.now, rules.lagTimeMaxUs) && isIsrEligible(replica, rules);
    if (counts) candidate = replica.logEndOffset;
  }
  return candidate > partition.log.highWatermark && updateHighWatermark(process, partition.log, candidate);
}

/** Whether a follower has come far enough to be proposed for the ISR: at the high watermark and at the start of the leader's epoch. */
export function mayJoinIsr(partition: Partition, replica: ReplicaState, rules: ReplicaRules): boolean {
  return partition.pendingIsr === null && !partition.isr.includes(replica.brokerId)
    && replica.logEndOffset >= partition.log.highWatermark && replica.logEndOffset >= partition.leaderEpochStartOffset
    && isIsrEligible(replica, rules);
}

/** ISR members that have not been caught up for replica.lag.time.max.ms. */
export function outOfSyncReplicas(partition: Partition, nowUs: number, lagTimeMaxUs: number): number[] {
  return partition.remoteReplicas
    .filter(replica => partition.isr.includes(replica.brokerId) && !isCaughtUp(replica, partition.log.logEndOffset, nowUs, lagTimeMaxUs))
    .map(replica => replica.brokerId);
}

export function remoteReplica(partition: Partition, brokerId: number): ReplicaState | undefined {
  for (const replica of partition.remoteReplicas) if (replica.brokerId === brokerId) return replica;
  return undefined;
}
