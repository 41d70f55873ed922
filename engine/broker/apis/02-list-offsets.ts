// ListOffsets (ApiKey 2). Source: KafkaApis.handleListOffsetRequest, Partition.fetchOffsetForTimestamp, UnifiedLog.fetchOffsetByTimestamp (3.9).
//
// Behaviour: only the leader answers. -1 latest: the high watermark for clients, the log's end for followers; -2 earliest (and -4, its local
// form): the log's start; -3: the record with the largest timestamp; else the first record at or after the timestamp. A new leader whose
// high watermark has not reached its epoch yet answers OFFSET_NOT_AVAILABLE.
// Versions: 9.
import type { ProcessContext } from "#engine/core/process.ts";
import { batchesOf, type UnifiedLog } from "#engine/log/unified-log.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { absentPartitionError, type BrokerState, partitionAt, reply } from "../broker-state.ts";
import { epochError } from "../fetch-reader.ts";
import type { Partition } from "../partition.ts";

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;

type Wanted = RequestOf<"ListOffsets">["topics"][number]["partitions"][number];
type Answer = ResponseOf<"ListOffsets">["topics"][number]["partitions"][number];

export function handleListOffsets(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"ListOffsets">, replyTo: ReplyTo<"ListOffsets">,
): void {
  const topics = body.topics.map(({ name, partitions }) => ({
    name, partitions: partitions.map(wanted => answerOf(process, broker, body.replicaId, name, wanted)),
  }));
  reply(process, broker, replyTo, { throttleTimeMs: 0, topics });
}

function failed(partition: number, error: KafkaError): Answer {
  return { partition, error, timestamp: -1, offset: -1, leaderEpoch: -1 };
}

function answerOf(process: ProcessContext, broker: BrokerState, replicaId: number, topic: string, wanted: Wanted): Answer {
  const partition = partitionAt(broker, topic, wanted.partition);
  if (partition === undefined) return failed(wanted.partition, absentPartitionError(broker, topic, wanted.partition));
  const error = epochError(partition, wanted.currentLeaderEpoch);
  if (error !== "NONE") return failed(wanted.partition, error);
  if (partition.role !== "leader") return failed(wanted.partition, "NOT_LEADER_OR_FOLLOWER");
  return offsetOf(process, partition, wanted, replicaId >= 0);
}

function offsetOf(process: ProcessContext, partition: Partition, wanted: Wanted, isReplica: boolean): Answer {
  const { log, leaderEpoch } = partition;
  const lastFetchable = isReplica ? log.logEndOffset : log.highWatermark;
  const isBehindEpoch = partition.leaderEpochStartOffset > lastFetchable;
  const found = (timestamp: number, offset: number, epoch: number): Answer =>
    ({ partition: wanted.partition, error: "NONE", timestamp, offset, leaderEpoch: epoch });
  switch (wanted.timestamp) {
    case LATEST: return isBehindEpoch ? failed(wanted.partition, "OFFSET_NOT_AVAILABLE") : found(-1, lastFetchable, leaderEpoch);
    case EARLIEST: case EARLIEST_LOCAL: return found(-1, log.logStartOffset, epochAt(partition, log.logStartOffset));
  }
  const record = wanted.timestamp === MAX_TIMESTAMP ? newestRecord(process, log) : firstRecordSince(process, log, wanted.timestamp);
  if (record !== null && record.offset < lastFetchable) return found(record.timestampMs, record.offset, record.leaderEpoch);
  return isBehindEpoch ? failed(wanted.partition, "OFFSET_NOT_AVAILABLE") : found(-1, -1, -1);
}

function epochAt(partition: Partition, offset: number): number {
  let epoch = -1;
  for (const entry of partition.log.epochs) if (entry.startOffset <= offset) epoch = entry.epoch;
  return epoch === -1 ? partition.leaderEpoch : epoch;
}

interface FoundRecord { readonly offset: number; readonly timestampMs: number; readonly leaderEpoch: number }

/** Only the batch that holds it is decoded. */
function firstRecordSince(process: ProcessContext, log: UnifiedLog, timestampMs: number): FoundRecord | null {
  for (const batch of batchesOf(process, log)) {
    if (batch.maxTimestampMs < timestampMs) continue;
    for (const record of decodeRecords(batch)) {
      if (record.timestampMs >= timestampMs) return { offset: record.offset, timestampMs: record.timestampMs, leaderEpoch: batch.partitionLeaderEpoch };
    }
  }
  return null;
}

function newestRecord(process: ProcessContext, log: UnifiedLog): FoundRecord | null {
  let newest: FoundRecord | null = null;
  for (const batch of batchesOf(process, log)) {
    if (newest !== null && batch.maxTimestampMs <= newest.timestampMs) continue;
    for (const record of decodeRecords(batch)) {
      if (newest === null || record.timestampMs > newest.timestampMs) {
        newest = { offset: record.offset, timestampMs: record.timestampMs, leaderEpoch: batch.partitionLeaderEpoch };
      }
    }
  }
  return newest;
}
