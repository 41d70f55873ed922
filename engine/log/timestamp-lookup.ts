// Which offset belongs to a time: the first record at or after it, by way of the time indexes, or the record with the largest timestamp.
// Source: UnifiedLog.fetchOffsetByTimestamp, LogSegment.findOffsetByTimestamp (3.9). FIDELITY: LOG-INDEX.
import type { ProcessContext } from "#engine/core/process.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { type DecodedRecord, decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import { batchesIn, indexOfOffset, type LogSegment, lookUp } from "./log-segment.ts";
import type { UnifiedLog } from "./log-state.ts";

export interface TimestampAndOffset { readonly timestampMs: number; readonly offset: number; readonly leaderEpoch: number }

/** The first record at or after `timestampMs` that is not before the log's start; null when there is none. */
export function offsetForTimestamp(process: ProcessContext, log: UnifiedLog, timestampMs: number): TimestampAndOffset | null {
  for (const segment of log.segments) {
    if (segment.maxTimestampMs < timestampMs) continue;
    const from = Math.max(lookUp(process.disk, segment.timeIndexPath, timestampMs - 1, segment.baseOffset), log.logStartOffset);
    const found = firstSince(process, segment, from, record => record.timestampMs >= timestampMs && record.offset >= log.logStartOffset, timestampMs);
    if (found !== null) return found;
  }
  return null;
}

/** The first of the records with the largest timestamp: the earliest batch that has it. */
export function offsetOfMaxTimestamp(process: ProcessContext, log: UnifiedLog): TimestampAndOffset | null {
  let best: LogSegment | null = null;
  for (const segment of log.segments) if (segment.maxTimestampMs >= 0 && (best === null || segment.maxTimestampMs > best.maxTimestampMs)) best = segment;
  if (best === null) return null;
  const { maxTimestampMs } = best;
  const from = Math.max(lookUp(process.disk, best.timeIndexPath, maxTimestampMs - 1, best.baseOffset), log.logStartOffset);
  return firstSince(process, best, from, record => record.timestampMs === maxTimestampMs && record.offset >= log.logStartOffset, maxTimestampMs);
}

function firstSince(
  process: ProcessContext, segment: LogSegment, from: number, isWanted: (record: DecodedRecord) => boolean, minTimestampMs: number,
): TimestampAndOffset | null {
  const batches = batchesIn(process.disk, segment);
  for (let index = indexOfOffset(batches, from); index < batches.length; index += 1) {
    const batch = batches.at(index) as RecordBatch;
    if (batch.maxTimestampMs < minTimestampMs) continue;
    const record = decodeRecords(batch).find(isWanted);
    if (record !== undefined) return { timestampMs: record.timestampMs, offset: record.offset, leaderEpoch: batch.partitionLeaderEpoch };
  }
  return null;
}
