// The replicated log of a metadata quorum on one node's disk: batches in order, each forced to disk when it is appended.
// Follows KafkaMetadataLog.scala and LeaderEpochFileCache. FIDELITY: RAFT-LOG, RAFT-SNAPSHOT.
import { type LogFile, openLogFile, readRecordFile, syncFile, truncateLogFile, writeRecordFile } from "#engine/core/disk.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { RaftBatch } from "./raft-batch.ts";

export const METADATA_LOG_PATH = "__cluster_metadata-0/00000000000000000000.log";
/** MAX_BATCH_SIZE_BYTES of KafkaRaftClient: also the most that one fetch returns. */
const FETCH_BYTES_MAX = 8 * 1024 * 1024;

/** Named after the offset behind its last record, and that record's epoch. */
export interface SnapshotId { readonly endOffset: number; readonly epoch: number }
export const NO_SNAPSHOT: SnapshotId = { endOffset: -1, epoch: -1 };
/** @property timeMs of the last record that it contains. */
export interface StoredSnapshot extends SnapshotId { readonly sizeBytes: number; readonly timeMs: number }

export interface OffsetAndEpoch { readonly offset: number; readonly epoch: number }

const FOLDER = "__cluster_metadata-0/";
const EPOCHS_PATH = `${FOLDER}leader-epoch-checkpoint`;
/** Topic id of __cluster_metadata: Uuid(0, 1). */
const METADATA_TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAQ";
/** segment.index.bytes, in whole entries. */
const OFFSET_INDEX_BYTES = 10_485_760;
const TIME_INDEX_BYTES = 10_485_756;
/** Version, checksum, number of producers. */
const EMPTY_SNAPSHOT_BYTES = 10;

/** Where an epoch begins: a row of leader-epoch-checkpoint. */
interface EpochEntry { readonly epoch: number; readonly startOffset: number }

/** The folder of the log as a listing shows it. Its indexes are as large as they are made, and empty. */
export function openMetadataFolder(process: ProcessContext): void {
  metadataLog(process);
  openLogFile(process.disk, `${FOLDER}00000000000000000000.index`).preallocatedBytes = OFFSET_INDEX_BYTES;
  openLogFile(process.disk, `${FOLDER}00000000000000000000.timeindex`).preallocatedBytes = TIME_INDEX_BYTES;
  if (!process.disk.has(EPOCHS_PATH)) writeRecordFile(process.disk, EPOCHS_PATH, [], true);
  writeRecordFile(process.disk, `${FOLDER}partition.metadata`, METADATA_TOPIC_ID, true);
}

/** What stood there belongs to an earlier life of the node in another mode. */
export function deleteMetadataFolder(process: ProcessContext): void {
  for (const path of [...process.disk.keys()]) if (path.startsWith(FOLDER)) process.disk.delete(path);
}

/** A clean end leaves a snapshot of the producers, of which this log has none; only the newest stays. */
export function closeMetadataLog(process: ProcessContext): void {
  for (const path of process.disk.keys()) if (path.startsWith(FOLDER) && path.endsWith(".snapshot")) process.disk.delete(path);
  const content = { kind: "record", content: [], synced: [], sizeBytes: EMPTY_SNAPSHOT_BYTES } as const;
  process.disk.set(`${FOLDER}${String(logEndOffset(metadataLog(process))).padStart(20, "0")}.snapshot`, { ...content });
}

function noteEpoch(process: ProcessContext, epoch: number, startOffset: number): void {
  const entries = (readRecordFile(process.disk, EPOCHS_PATH) ?? []) as readonly EpochEntry[];
  const kept = entries.filter(entry => entry.epoch < epoch && entry.startOffset < startOffset);
  writeRecordFile(process.disk, EPOCHS_PATH, [...kept, { epoch, startOffset }], true);
}

export function metadataLog(process: ProcessContext): LogFile {
  return openLogFile(process.disk, METADATA_LOG_PATH);
}

export function batchAt(log: LogFile, index: number): RaftBatch {
  const batch = log.entries.at(index);
  invariant(batch instanceof RaftBatch, `metadata log: no batch number ${index} of ${log.entries.length}`);
  return batch;
}

/** Where the log begins: 0, or behind what a snapshot covers. */
export function logStartOffset(log: LogFile): number {
  return log.entries.length === 0 ? 0 : batchAt(log, 0).baseOffset;
}

/** Epoch of the last record before the log's start; 0 for a log that has everything. */
export function logStartEpoch(log: LogFile): number {
  return logStartOffset(log) === 0 ? 0 : batchAt(log, 0).epoch;
}

/** Offset that the next record gets. */
export function logEndOffset(log: LogFile): number {
  return log.entries.length === 0 ? 0 : batchAt(log, log.entries.length - 1).nextOffset;
}

export function lastEpoch(log: LogFile): number {
  return log.entries.length === 0 ? 0 : batchAt(log, log.entries.length - 1).epoch;
}

/** Index of the first batch for which `isBeyond` holds; batches fulfil it monotonically. */
function firstIndex(log: LogFile, isBeyond: (batch: RaftBatch) => boolean): number {
  let low = 0;
  let high = log.entries.length;
  while (low < high) {
    const middle = low + high >> 1;
    if (isBeyond(batchAt(log, middle))) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The largest epoch up to `epoch` in this log and where it ends. Epoch 0 with offset 0 stands for the empty log. */
export function endOffsetForEpoch(log: LogFile, epoch: number): OffsetAndEpoch {
  if (epoch >= lastEpoch(log)) return { offset: logEndOffset(log), epoch: lastEpoch(log) };
  const next = firstIndex(log, batch => batch.epoch > epoch);
  if (next === 0) return { offset: 0, epoch: 0 };
  const last = batchAt(log, next - 1);
  return { offset: last.nextOffset, epoch: last.epoch };
}

/** Whether a follower at `fetchOffset` needs a snapshot first, because this log begins later or its epochs do. */
export function needsSnapshot(log: LogFile, fetchOffset: number, lastFetchedEpoch: number): boolean {
  const start = logStartOffset(log);
  return start > 0 && (fetchOffset < start || lastFetchedEpoch < logStartEpoch(log) || fetchOffset === start && lastFetchedEpoch !== logStartEpoch(log));
}

/** Null when a follower at `fetchOffset`, whose last record has `lastFetchedEpoch`, agrees with this log; else where it may agree. */
export function findDivergence(log: LogFile, fetchOffset: number, lastFetchedEpoch: number): OffsetAndEpoch | null {
  if (fetchOffset === 0 && lastFetchedEpoch === 0) return null;
  const end = endOffsetForEpoch(log, lastFetchedEpoch);
  return end.epoch !== lastFetchedEpoch || end.offset < fetchOffset ? end : null;
}

/** Batches from `offset` on, as many as one fetch may return (at least one, if there is any). */
export function readBatches(log: LogFile, offset: number): RaftBatch[] {
  const batches: RaftBatch[] = [];
  let bytes = 0;
  for (let index = firstIndex(log, batch => batch.lastOffset >= offset); index < log.entries.length; index += 1) {
    const batch = batchAt(log, index);
    bytes += batch.sizeBytes;
    if (batches.length > 0 && bytes > FETCH_BYTES_MAX) break;
    batches.push(batch);
  }
  return batches;
}

export function appendAndSync(process: ProcessContext, batches: readonly RaftBatch[]): void {
  const log = metadataLog(process);
  for (const batch of batches) {
    invariant(batch.baseOffset === logEndOffset(log), `${process.name}: batch at ${batch.baseOffset}, log ends at ${logEndOffset(log)}`);
    const before = lastEpoch(log);
    invariant(batch.epoch >= before, `${process.name}: epoch ${batch.epoch} after epoch ${before}`);
    if (batch.epoch > before) noteEpoch(process, batch.epoch, batch.baseOffset);
    log.entries.push(batch);
  }
  syncFile(log);
}

/** Cuts the log back to where it may agree with a leader that has named `divergence`. Returns the new end. */
export function truncateToDivergence(log: LogFile, divergence: OffsetAndEpoch): number {
  const own = endOffsetForEpoch(log, divergence.epoch);
  const offset = own.epoch === divergence.epoch ? Math.min(own.offset, divergence.offset) : own.offset;
  truncateLogFile(log, firstIndex(log, batch => batch.nextOffset > offset));
  return logEndOffset(log);
}
