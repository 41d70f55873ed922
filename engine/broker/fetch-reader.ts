// Reading for a fetch: checks of epoch and leadership, diverging epochs (KIP-595's way of truncation, KIP-320), the limit up to which the
// asker may read, sizes, and what a follower's fetch tells the leader. Source: ReplicaManager.readFromLog, Partition.fetchRecords (3.9).
// FIDELITY: BROKER-FETCH, BROKER-FOLLOWER-READ.
import type { ProcessContext } from "#engine/core/process.ts";
import { UNDEFINED_EPOCH } from "#engine/log/leader-epoch-cache.ts";
import { logEndOffsetForEpoch, readLog } from "#engine/log/unified-log.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { proposeIsrExpansion } from "./alter-partition-manager.ts";
import { absentPartitionError, type BrokerState, currentLeader, NO_LEADER_HINT, partitionAt, replicaRules } from "./broker-state.ts";
import { checkDelayedFetches } from "./delayed-fetch.ts";
import { checkDelayedProduces } from "./delayed-produce.ts";
import { maybeIncrementHighWatermark, type Partition, remoteReplica, updateFetchState } from "./partition.ts";

type FetchRequest = RequestOf<"Fetch">;
export type FetchPartition = FetchRequest["topics"][number]["partitions"][number];
type FetchTopicResult = ResponseOf<"Fetch">["topics"][number];
type FetchPartitionResult = FetchTopicResult["partitions"][number];

/** @property isUrgent an error or a diverging epoch: the answer must not wait. */
export interface FetchRead { readonly topics: readonly FetchTopicResult[]; readonly sizeBytes: number; readonly isUrgent: boolean; readonly leaders: readonly number[] }

const NO_EPOCH = -1;
const NO_DIVERGENCE = { epoch: -1, endOffset: -1 };
const NO_PREFERRED_REPLICA = -1;

/** Epoch before leadership before replica; consumers may read followers (KIP-392), other brokers only the leader. */
export function fetchError(broker: BrokerState, partition: Partition, body: FetchRequest, wanted: FetchPartition): KafkaError {
  const error = epochError(partition, wanted.currentLeaderEpoch);
  if (error !== "NONE") return error;
  if (body.replicaId < 0) return "NONE";
  if (partition.role !== "leader") return "NOT_LEADER_OR_FOLLOWER";
  if (remoteReplica(partition, body.replicaId) === undefined) {
    return wanted.currentLeaderEpoch === NO_EPOCH ? "NOT_LEADER_OR_FOLLOWER" : "UNKNOWN_LEADER_EPOCH";
  }
  const known = broker.image.brokers.get(body.replicaId);
  const isOldLife = known !== undefined && body.replicaEpoch !== -1 && body.replicaEpoch < known.brokerEpoch;
  return isOldLife ? "NOT_LEADER_OR_FOLLOWER" : "NONE";
}

export function epochError(partition: Partition, requestEpoch: number): KafkaError {
  if (requestEpoch === NO_EPOCH || requestEpoch === partition.leaderEpoch) return "NONE";
  return requestEpoch < partition.leaderEpoch ? "FENCED_LEADER_EPOCH" : "UNKNOWN_LEADER_EPOCH";
}

/**
 * Reads all partitions of the request in its order; the first batch found is given whatever its size. `hasWaited`: read for the second time,
 * after a wait; the follower has told its offset when it asked, and a wait that ends tells nothing new of it (readFromPurgatory).
 */
export function readPartitions(process: ProcessContext, broker: BrokerState, body: FetchRequest, hasWaited = false): FetchRead {
  const topics: FetchTopicResult[] = [];
  const leaders: number[] = [];
  let leftBytes = Math.min(body.maxBytes, broker.settings["fetch.max.bytes"]);
  let sizeBytes = 0;
  let isUrgent = false;
  for (const { topic, partitions } of body.topics) {
    const results: FetchPartitionResult[] = [];
    for (const wanted of partitions) {
      const maxBytes = Math.min(wanted.partitionMaxBytes, Math.max(leftBytes, 0));
      const { result, readBytes } = readPartition(process, broker, body, topic, wanted, { maxBytes, minOneBatch: sizeBytes === 0, hasWaited });
      if (result.currentLeader.leaderId !== -1) leaders.push(result.currentLeader.leaderId);
      if (result.error !== "NONE" || result.divergingEpoch !== NO_DIVERGENCE) isUrgent = true;
      sizeBytes += readBytes;
      leftBytes -= readBytes;
      results.push(result);
    }
    topics.push({ topic, partitions: results });
  }
  return { topics, sizeBytes, isUrgent, leaders };
}

interface Limits { readonly maxBytes: number; readonly minOneBatch: boolean; readonly hasWaited: boolean }
interface PartitionRead { readonly result: FetchPartitionResult; readonly readBytes: number }

function readPartition(
  process: ProcessContext, broker: BrokerState, body: FetchRequest, topic: string, wanted: FetchPartition, limits: Limits,
): PartitionRead {
  const partition = partitionAt(broker, topic, wanted.partition);
  if (partition === undefined) return failed(broker, topic, wanted, absentPartitionError(broker, topic, wanted.partition));
  const error = fetchError(broker, partition, body, wanted);
  if (error !== "NONE") return failed(broker, topic, wanted, error);
  const log = partition.log;
  const { highWatermark, logStartOffset } = log;
  const described = {
    partition: wanted.partition, error: "NONE", highWatermark, lastStableOffset: highWatermark, logStartOffset,
    divergingEpoch: NO_DIVERGENCE, currentLeader: NO_LEADER_HINT, preferredReadReplica: NO_PREFERRED_REPLICA, records: [],
  } as const satisfies FetchPartitionResult;
  if (wanted.lastFetchedEpoch !== NO_EPOCH) {
    const end = logEndOffsetForEpoch(log, wanted.lastFetchedEpoch);
    if (end.epoch === UNDEFINED_EPOCH) return failed(broker, topic, wanted, "OFFSET_OUT_OF_RANGE");
    if (end.epoch < wanted.lastFetchedEpoch || end.endOffset < wanted.fetchOffset) return { result: { ...described, divergingEpoch: end }, readBytes: 0 };
  }
  if (wanted.fetchOffset > log.logEndOffset || wanted.fetchOffset < logStartOffset) return failed(broker, topic, wanted, "OFFSET_OUT_OF_RANGE");
  const upTo = body.replicaId >= 0 ? log.logEndOffset : highWatermark;
  const read = readLog(process, log, wanted.fetchOffset, { upTo, ...limits });
  if (body.replicaId >= 0 && !limits.hasWaited) noteFollowerFetch(process, broker, partition, body, wanted.fetchOffset);
  return { result: read.batches.length === 0 ? described : { ...described, records: read.batches }, readBytes: read.sizeBytes };
}

function failed(broker: BrokerState, topic: string, wanted: FetchPartition, error: KafkaError): PartitionRead {
  const tellsLeader = error === "NOT_LEADER_OR_FOLLOWER" || error === "FENCED_LEADER_EPOCH";
  const result: FetchPartitionResult = {
    partition: wanted.partition, error, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1, divergingEpoch: NO_DIVERGENCE,
    currentLeader: tellsLeader ? currentLeader(broker, topic, wanted.partition) : NO_LEADER_HINT, preferredReadReplica: NO_PREFERRED_REPLICA, records: [],
  };
  return { result, readBytes: 0 };
}

/** A follower that fetches at an offset has all below it: it may now join the ISR, and the high watermark may move. */
function noteFollowerFetch(process: ProcessContext, broker: BrokerState, partition: Partition, body: FetchRequest, fetchOffset: number): void {
  const replica = remoteReplica(partition, body.replicaId);
  if (replica === undefined) return;
  const before = replica.logEndOffset;
  updateFetchState(replica, fetchOffset, process.now, partition.log.logEndOffset, body.replicaEpoch);
  proposeIsrExpansion(process, broker, partition, replica);
  if (before === fetchOffset || !maybeIncrementHighWatermark(process, partition, replicaRules(broker))) return;
  checkDelayedProduces(process, broker, partition);
  checkDelayedFetches(process, broker, partition);
}
