// Reading for a fetch: checks of epoch and leadership, diverging epochs (KIP-595's way of truncation, KIP-320), the replica that a consumer
// should rather ask (KIP-392), the limit up to which the asker may read, sizes, and what a follower's fetch tells the leader.
// Source: ReplicaManager.readFromLog, Partition.fetchRecords (3.9). FIDELITY: BROKER-FETCH, BROKER-FOLLOWER-READ, BROKER-REPLICATION-THROTTLE.
import type { ProcessContext } from "#engine/core/process.ts";
import { latestEpoch, UNDEFINED_EPOCH } from "#engine/log/leader-epoch-cache.ts";
import { logEndOffsetForEpoch, readLog } from "#engine/log/unified-log.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { proposeIsrExpansion } from "./alter-partition-manager.ts";
import { absentPartitionError, type BrokerState, currentLeader, NO_LEADER_HINT, partitionAt, replicaRules } from "./broker-state.ts";
import { checkDelayedDeleteRecords } from "./delayed-delete-records.ts";
import { checkDelayedFetches } from "./delayed-fetch.ts";
import { checkDelayedProduces } from "./delayed-produce.ts";
import type { FetchContext, SessionPartition, WantedPartition } from "./fetch-sessions.ts";
import { knownBrokerEpoch, maybeIncrementHighWatermark, type Partition, remoteReplica, type ReplicaRules, updateFetchState } from "./partition.ts";
import { NO_PREFERRED_REPLICA, preferredReadReplica } from "./replica-selector.ts";
import { isLeaderThrottling } from "./replication-quota.ts";

type FetchRequest = RequestOf<"Fetch">;
type FetchTopicResult = ResponseOf<"Fetch">["topics"][number];
type FetchPartitionResult = FetchTopicResult["partitions"][number];

/** @property isUrgent an error, a diverging epoch or another replica to ask: the answer must not wait. */
export interface FetchRead { readonly topics: readonly FetchTopicResult[]; readonly sizeBytes: number; readonly isUrgent: boolean; readonly leaders: readonly number[] }

const NO_EPOCH = -1;
const NO_DIVERGENCE = { epoch: -1, endOffset: -1 };
/** replicaId of an ordinary consumer. Brokers ask with their ids; -2 is the asker who wants to see what is there (kafka-replica-verification). */
const CONSUMER = -1;

/** What is the same for all partitions of one request. */
interface Reading {
  readonly process: ProcessContext;
  readonly broker: BrokerState;
  readonly body: FetchRequest;
  readonly rules: ReplicaRules;
  /** The asking broker has been registered again since it sent this: it is fenced (KIP-903). */
  readonly isOldLife: boolean;
  readonly hasWaited: boolean;
  leftBytes: number;
  sizeBytes: number;
  isUrgent: boolean;
}

export function isOldLife(broker: BrokerState, body: FetchRequest): boolean {
  return body.replicaId >= 0 && body.replicaEpoch !== -1 && knownBrokerEpoch(replicaRules(broker), body.replicaId) > body.replicaEpoch;
}

/** Epoch before leadership before replica; consumers may read followers (KIP-392), other brokers only the leader. */
export function fetchError(partition: Partition, replicaId: number, wanted: WantedPartition, isFromOldLife: boolean): KafkaError {
  const error = epochError(partition, wanted.currentLeaderEpoch);
  if (error !== "NONE" || replicaId < 0) return error;
  if (partition.role !== "leader") return "NOT_LEADER_OR_FOLLOWER";
  if (remoteReplica(partition, replicaId) === undefined) {
    return wanted.currentLeaderEpoch === NO_EPOCH ? "NOT_LEADER_OR_FOLLOWER" : "UNKNOWN_LEADER_EPOCH";
  }
  return isFromOldLife ? "NOT_LEADER_OR_FOLLOWER" : "NONE";
}

export function epochError(partition: Partition, requestEpoch: number): KafkaError {
  if (requestEpoch === NO_EPOCH || requestEpoch === partition.leaderEpoch) return "NONE";
  return requestEpoch < partition.leaderEpoch ? "FENCED_LEADER_EPOCH" : "UNKNOWN_LEADER_EPOCH";
}

/**
 * Reads all wanted partitions in their order; the first batch found is given whatever its size. In a session only what is news is told.
 * `hasWaited`: read for the second time, after a wait; the follower has told its offset when it asked, and a wait that ends tells nothing new
 * of it (readFromPurgatory).
 */
export function readPartitions(process: ProcessContext, broker: BrokerState, body: FetchRequest, context: FetchContext, hasWaited = false): FetchRead {
  // Most reads find nothing, or something in one partition: an empty list that grows takes room for many.
  let topics: FetchTopic[] | null = null;
  let leaders: readonly number[] = NO_LEADERS;
  const reading: Reading = {
    process, broker, body, hasWaited, rules: replicaRules(broker), isOldLife: isOldLife(broker, body),
    leftBytes: Math.min(body.maxBytes, broker.settings["fetch.max.bytes"]), sizeBytes: 0, isUrgent: false,
  };
  const { wanted: all } = context;
  const tellsNewsOnly = context.session !== null && !context.isFull;
  for (let index = 0; index < all.length; index += 1) {
    const wanted = all[index] as WantedPartition;
    const result = readPartition(reading, wanted, tellsNewsOnly ? wanted as SessionPartition : null);
    if (result === null) continue;
    if (result.currentLeader.leaderId !== -1) leaders = [...leaders, result.currentLeader.leaderId];
    if (topics === null) topics = [{ topic: wanted.topic, partitions: [result] }];
    else addTo(topics, wanted.topic, result);
  }
  return { topics: topics ?? NO_TOPICS, sizeBytes: reading.sizeBytes, isUrgent: reading.isUrgent, leaders };
}

interface FetchTopic { readonly topic: string; readonly partitions: FetchPartitionResult[] }
const NO_TOPICS: readonly FetchTopic[] = [];
const NO_LEADERS: readonly number[] = [];

function addTo(topics: FetchTopic[], name: string, result: FetchPartitionResult): void {
  const last = topics[topics.length - 1];
  const topic = last?.topic === name ? last : topics.find(known => known.topic === name);
  if (topic === undefined) topics.push({ topic: name, partitions: [result] });
  else topic.partitions.push(result);
}

/** Null when there is nothing that the session's asker (`told`) does not know. */
function readPartition(reading: Reading, wanted: WantedPartition, told: SessionPartition | null): FetchPartitionResult | null {
  const { broker, body } = reading;
  const { topic, fetchOffset } = wanted;
  const partition = partitionAt(broker, topic, wanted.partition);
  if (partition === undefined) return failed(reading, wanted, absentPartitionError(broker, topic, wanted.partition));
  const error = fetchError(partition, body.replicaId, wanted, reading.isOldLife);
  if (error !== "NONE") return failed(reading, wanted, error);
  const { log } = partition;
  const preferred = preferredReadReplica(broker, partition, body, fetchOffset, reading.process.now);
  if (preferred !== NO_PREFERRED_REPLICA) {
    reading.isUrgent = true;
    return { ...described(wanted, partition), preferredReadReplica: preferred };
  }
  if (wanted.lastFetchedEpoch !== NO_EPOCH && (wanted.lastFetchedEpoch !== latestEpoch(log.epochs) || fetchOffset > log.logEndOffset)) {
    const end = logEndOffsetForEpoch(log, wanted.lastFetchedEpoch);
    if (end.epoch === UNDEFINED_EPOCH || fetchOffset < log.logStartOffset) return failed(reading, wanted, "OFFSET_OUT_OF_RANGE");
    if (end.epoch < wanted.lastFetchedEpoch || end.endOffset < fetchOffset) {
      reading.isUrgent = true;
      return { ...described(wanted, partition), divergingEpoch: end };
    }
  }
  if (fetchOffset > log.logEndOffset || fetchOffset < log.logStartOffset) return failed(reading, wanted, "OFFSET_OUT_OF_RANGE");
  return readRecords(reading, wanted, partition, told);
}

function readRecords(reading: Reading, wanted: WantedPartition, partition: Partition, told: SessionPartition | null): FetchPartitionResult | null {
  const { process, broker, body } = reading;
  const { log } = partition;
  const { fetchOffset } = wanted;
  const upTo = body.replicaId === CONSUMER ? log.highWatermark : log.logEndOffset;
  const { highWatermark } = log;
  let result: FetchPartitionResult | null = null;
  if (fetchOffset < upTo && !(body.replicaId >= 0 && isLeaderThrottling(process, broker, partition, body.replicaId))) {
    const maxBytes = Math.min(wanted.partitionMaxBytes, Math.max(reading.leftBytes, 0));
    const read = readLog(process, log, fetchOffset, { upTo, maxBytes, minOneBatch: reading.sizeBytes === 0 });
    if (read.batches.length > 0) {
      reading.sizeBytes += read.sizeBytes;
      reading.leftBytes -= read.sizeBytes;
      result = described(wanted, partition, read.batches);
    }
  }
  // The answer tells the high watermark as it was before this very fetch may have moved it.
  if (result === null && (told === null || told.highWatermark !== highWatermark || told.leaderLogStartOffset !== log.logStartOffset)) {
    result = described(wanted, partition);
  }
  if (body.replicaId >= 0 && !reading.hasWaited) noteFollowerFetch(reading, partition, wanted);
  return result;
}

/** Its asker knows all there is, and has all of it: nothing to read before something changes. A follower outside the ISR may join it any time. */
export function isSettled(broker: BrokerState, body: FetchRequest, known: SessionPartition): boolean {
  const partition = partitionAt(broker, known.topic, known.partition);
  if (partition === undefined || known.currentLeaderEpoch !== partition.leaderEpoch) return false;
  const { log } = partition;
  if (known.highWatermark !== log.highWatermark || known.leaderLogStartOffset !== log.logStartOffset) return false;
  if (body.replicaId < 0) return known.fetchOffset >= (body.replicaId === CONSUMER ? log.highWatermark : log.logEndOffset) && !(broker.selectsReplicasByRack && body.rackId !== "");
  return known.fetchOffset === log.logEndOffset && partition.role === "leader" && partition.isr.includes(body.replicaId);
}

function described(
  wanted: WantedPartition, { log: { highWatermark, logStartOffset } }: Partition, records: FetchPartitionResult["records"] = NO_RECORDS,
): FetchPartitionResult {
  return {
    partition: wanted.partition, error: "NONE", highWatermark, lastStableOffset: highWatermark, logStartOffset,
    divergingEpoch: NO_DIVERGENCE, currentLeader: NO_LEADER_HINT, preferredReadReplica: NO_PREFERRED_REPLICA, records,
  };
}
const NO_RECORDS: FetchPartitionResult["records"] = [];

function failed(reading: Reading, { topic, partition }: WantedPartition, error: KafkaError): FetchPartitionResult {
  reading.isUrgent = true;
  const tellsLeader = error === "NOT_LEADER_OR_FOLLOWER" || error === "FENCED_LEADER_EPOCH";
  return {
    partition, error, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1, divergingEpoch: NO_DIVERGENCE,
    currentLeader: tellsLeader ? currentLeader(reading.broker, topic, partition) : NO_LEADER_HINT, preferredReadReplica: NO_PREFERRED_REPLICA, records: [],
  };
}

/** A follower that fetches at an offset has all below it: it may now join the ISR, and the high watermark may move. */
function noteFollowerFetch({ process, broker, body, rules }: Reading, partition: Partition, { fetchOffset, logStartOffset }: WantedPartition): void {
  const replica = remoteReplica(partition, body.replicaId);
  if (replica === undefined) return;
  const before = replica.logEndOffset;
  const hasDeleted = replica.logStartOffset !== logStartOffset;
  updateFetchState(replica, fetchOffset, logStartOffset, process.now, partition.log.logEndOffset, body.replicaEpoch);
  proposeIsrExpansion(process, broker, partition, replica);
  if (hasDeleted) checkDelayedDeleteRecords(process, broker, partition);
  if (before === fetchOffset || !maybeIncrementHighWatermark(process, partition, rules)) return;
  checkDelayedProduces(process, broker, partition);
  checkDelayedFetches(process, broker, partition);
}
