// The log of one replica: batches in offset order in one append-only file, its epochs, its producers and its high watermark.
// The file is the truth; everything else here is rebuilt from it at a start. Appends go to the page cache and are not forced, as Kafka
// leaves them to the operating system. Source: UnifiedLog.scala, LocalLog.scala, LogLoader.scala (3.9).
// FIDELITY: LOG-FILE, LOG-SEGMENTS, LOG-RECOVERY, LOG-FLUSH, LOG-READ.
import type { AppendOnlyList } from "#engine/core/append-only-list.ts";
import { type LogFile, openLogFile, readRecordFile, truncateLogFile, writeRecordFile } from "#engine/core/disk.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { isValidCrc } from "#engine/protocol/record-batch-codec.ts";
import {
  assignEpochStart, type EpochEndOffset, type EpochEntry, endOffsetForEpoch, latestEpoch, truncateEpochsFromEnd,
} from "./leader-epoch-cache.ts";
import { stampedAt } from "./log-append-time.ts";
import type { LogConfig } from "./log-config.ts";
import { checkSequence, noteAppended, type ProducerState } from "./producer-state.ts";

/** A segment exists as its base offset and size only; the batches of all segments stand in one file. */
export interface Segment { readonly baseOffset: number; sizeBytes: number }

/** Plain data. @property directory "orders-0". @property path of its batches. Offsets: [logStartOffset, logEndOffset). */
export interface UnifiedLog {
  readonly broker: number;
  readonly topic: string;
  readonly partition: number;
  readonly directory: string;
  readonly path: string;
  logStartOffset: number;
  logEndOffset: number;
  highWatermark: number;
  epochs: EpochEntry[];
  producers: ProducerState;
  segments: Segment[];
}

export type LeaderAppend =
  | { readonly ok: true; readonly baseOffset: number; readonly lastOffset: number; readonly logAppendTimeMs: number }
  | { readonly ok: false; readonly error: KafkaError };

const NO_TIMESTAMP = -1;

export function logDirectory(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/**
 * Opens the replica's directory, or makes it. What is there of an older topic of the same name is removed. `checkpointedHighWatermark`:
 * from `replication-offset-checkpoint`, 0 when it is not named there.
 */
export function openLog(
  process: ProcessContext, at: { readonly broker: number; readonly topic: string; readonly partition: number; readonly topicId: string },
  config: LogConfig, checkpointedHighWatermark: number,
): UnifiedLog {
  const { broker, topic, partition } = at;
  const directory = logDirectory(topic, partition);
  const log: UnifiedLog = {
    broker, topic, partition, directory, path: `${directory}/00000000000000000000.log`, logStartOffset: 0, logEndOffset: 0,
    highWatermark: 0, epochs: [], producers: new Map(), segments: [{ baseOffset: 0, sizeBytes: 0 }],
  };
  const metadataPath = `${directory}/partition.metadata`;
  const topicIdOnDisk = readRecordFile(process.disk, metadataPath);
  if (topicIdOnDisk !== at.topicId) {
    if (topicIdOnDisk !== undefined) deleteLogFiles(process, directory);
    writeRecordFile(process.disk, metadataPath, at.topicId, true);
  }
  recover(process, log, config);
  log.highWatermark = Math.min(Math.max(checkpointedHighWatermark, log.logStartOffset), log.logEndOffset);
  process.trace({ kind: "log-opened", broker, topic, partition, logStart: log.logStartOffset, logEnd: log.logEndOffset, highWatermark: log.highWatermark });
  return log;
}

/** Reads all batches again: end offset, epochs, producers and segments follow from them. */
function recover(process: ProcessContext, log: UnifiedLog, config: LogConfig): void {
  const kept = readRecordFile(process.disk, epochPath(log.directory)) as readonly EpochEntry[] | undefined;
  if (kept !== undefined) log.epochs = [...kept];
  rebuildFromFile(process, log, config.segmentBytes);
  if (truncateEpochsFromEnd(log.epochs, log.logEndOffset)) writeEpochs(process, log, false);
}

function rebuildFromFile(process: ProcessContext, log: UnifiedLog, segmentBytes: number): void {
  log.producers = new Map();
  log.segments = [{ baseOffset: log.logStartOffset, sizeBytes: 0 }];
  let end = log.logStartOffset;
  for (const batch of batchesOf(process, log)) {
    invariant(batch.baseOffset >= end, `${log.directory}: batch at ${batch.baseOffset} lies before ${end}`);
    end = batch.nextOffset;
    noteAppended(log.producers, batch);
    noteSegment(log, batch, segmentBytes);
    assignEpochStart(log.epochs, batch.partitionLeaderEpoch, batch.baseOffset);
  }
  log.logEndOffset = end;
}

function fileOf(process: ProcessContext, log: UnifiedLog): LogFile {
  return openLogFile(process.disk, log.path);
}

export function batchesOf(process: ProcessContext, log: UnifiedLog): AppendOnlyList<RecordBatch> {
  return fileOf(process, log).entries as AppendOnlyList<RecordBatch>;
}

// ---- appending

/** Validates a client's batch and appends it; a retry of one of the last five batches is answered with its old offsets. */
export function appendAsLeader(
  process: ProcessContext, log: UnifiedLog, batch: RecordBatch, leaderEpoch: number, config: LogConfig, nowMs: number,
): LeaderAppend {
  const error = validate(batch, config);
  if (error !== null) return { ok: false, error };
  const verdict = checkSequence(log.producers, batch);
  if (verdict.is === "refused") return { ok: false, error: verdict.error };
  if (verdict.is === "duplicate") {
    const { lastOffset, offsetDelta, timestampMs } = verdict.batch;
    return { ok: true, baseOffset: lastOffset - offsetDelta, lastOffset, logAppendTimeMs: config.stampsOnAppend ? timestampMs : NO_TIMESTAMP };
  }
  const placed = (config.stampsOnAppend ? stampedAt(batch, nowMs) : batch).placed(log.logEndOffset, leaderEpoch);
  append(process, log, placed, config.segmentBytes, true);
  return { ok: true, baseOffset: placed.baseOffset, lastOffset: placed.lastOffset, logAppendTimeMs: config.stampsOnAppend ? nowMs : NO_TIMESTAMP };
}

function validate(batch: RecordBatch, config: LogConfig): KafkaError | null {
  if (batch.recordCount < 1 || batch.recordCount !== batch.lastOffsetDelta + 1 || batch.baseOffset !== 0) return "INVALID_RECORD";
  if (batch.sizeBytes > config.maxMessageBytes) return "MESSAGE_TOO_LARGE";
  if (!isValidCrc(batch)) return "CORRUPT_MESSAGE";
  if (batch.sizeBytes > config.segmentBytes) return "RECORD_LIST_TOO_LARGE";
  return null;
}

/** Appends what the leader has sent, as it is. The bytes are the leader's own, so they are not summed up again. */
export function appendAsFollower(process: ProcessContext, log: UnifiedLog, batch: RecordBatch, config: LogConfig): void {
  invariant(batch.baseOffset >= log.logEndOffset, `${log.directory}: follower at ${log.logEndOffset} was sent ${batch.baseOffset}`);
  append(process, log, batch, config.segmentBytes, false);
}

function append(process: ProcessContext, log: UnifiedLog, batch: RecordBatch, segmentBytes: number, asLeader: boolean): void {
  if (latestEpoch(log.epochs) !== batch.partitionLeaderEpoch) assignEpoch(process, log, batch.partitionLeaderEpoch, batch.baseOffset);
  const file = fileOf(process, log);
  file.entries.push(batch);
  process.touch(log.path, file);
  log.logEndOffset = batch.nextOffset;
  noteAppended(log.producers, batch);
  noteSegment(log, batch, segmentBytes);
  process.trace({ kind: "log-appended", broker: log.broker, topic: log.topic, partition: log.partition, batch, asLeader });
}

function noteSegment(log: UnifiedLog, batch: RecordBatch, segmentBytes: number): void {
  const active = log.segments[log.segments.length - 1];
  if (active === undefined || active.sizeBytes > 0 && active.sizeBytes + batch.sizeBytes > segmentBytes) {
    log.segments.push({ baseOffset: batch.baseOffset, sizeBytes: batch.sizeBytes });
  } else active.sizeBytes += batch.sizeBytes;
}

/** Notes in `leader-epoch-checkpoint` that the epoch begins here; forced to disk, as Kafka does. */
export function assignEpoch(process: ProcessContext, log: UnifiedLog, epoch: number, startOffset: number): void {
  if (assignEpochStart(log.epochs, epoch, startOffset)) writeEpochs(process, log, true);
}

function writeEpochs(process: ProcessContext, log: UnifiedLog, sync: boolean): void {
  writeRecordFile(process.disk, epochPath(log.directory), log.epochs.slice(), sync);
}

function epochPath(directory: string): string {
  return `${directory}/leader-epoch-checkpoint`;
}

// ---- the high watermark

/** Bounded by the log's ends. May go back on a follower, whose new leader knows less. True when it has moved. */
export function updateHighWatermark(process: ProcessContext, log: UnifiedLog, offset: number): boolean {
  const bounded = Math.min(Math.max(offset, log.logStartOffset), log.logEndOffset);
  if (bounded === log.highWatermark) return false;
  log.highWatermark = bounded;
  process.trace({ kind: "high-watermark", broker: log.broker, topic: log.topic, partition: log.partition, offset: bounded });
  return true;
}

// ---- reading

/** Index of the first batch whose last offset is at or above `offset`; the length when there is none. */
export function indexOfOffset(batches: AppendOnlyList<RecordBatch>, offset: number): number {
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = low + high >> 1;
    if ((batches.at(middle) as RecordBatch).lastOffset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @property minOneBatch the first batch is given even when it alone is larger than `maxBytes` (KIP-74). @property upTo exclusive. */
export interface ReadLimits { readonly upTo: number; readonly maxBytes: number; readonly minOneBatch: boolean }
export interface ReadBatches { readonly batches: readonly RecordBatch[]; readonly sizeBytes: number }

const NOTHING_READ: ReadBatches = { batches: [], sizeBytes: 0 };

/** Whole batches from the one that holds `offset` on. */
export function readLog(process: ProcessContext, log: UnifiedLog, offset: number, limits: ReadLimits): ReadBatches {
  if (offset >= limits.upTo) return NOTHING_READ;
  const all = batchesOf(process, log);
  const batches: RecordBatch[] = [];
  let sizeBytes = 0;
  for (let index = indexOfOffset(all, offset); index < all.length; index += 1) {
    const batch = all.at(index) as RecordBatch;
    if (batch.baseOffset >= limits.upTo) break;
    if (sizeBytes + batch.sizeBytes > limits.maxBytes && (batches.length > 0 || !limits.minOneBatch)) break;
    batches.push(batch);
    sizeBytes += batch.sizeBytes;
  }
  return { batches, sizeBytes };
}

/** Bytes between two offsets, counted no further than `enough`. */
export function bytesBetween(process: ProcessContext, log: UnifiedLog, from: number, to: number, enough: number): number {
  if (from >= to) return 0;
  const all = batchesOf(process, log);
  let bytes = 0;
  for (let index = indexOfOffset(all, from); index < all.length && bytes < enough; index += 1) {
    const batch = all.at(index) as RecordBatch;
    if (batch.baseOffset >= to) break;
    bytes += batch.sizeBytes;
  }
  return bytes;
}

export function logEndOffsetForEpoch(log: UnifiedLog, epoch: number): EpochEndOffset {
  return endOffsetForEpoch(log.epochs, epoch, log.logEndOffset);
}

// ---- cutting

/**
 * Cuts everything at and above `offset` (a whole batch when it lies inside one). False when the log ends before it anyway; even then an epoch
 * goes that this replica began as a leader without appending anything, or it would diverge from the next leader for ever.
 */
export function truncateTo(process: ProcessContext, log: UnifiedLog, offset: number, config: LogConfig): boolean {
  const from = log.logEndOffset;
  if (offset >= from) {
    if (truncateEpochsFromEnd(log.epochs, from)) writeEpochs(process, log, false);
    return false;
  }
  const file = fileOf(process, log);
  const index = indexOfOffset(file.entries as AppendOnlyList<RecordBatch>, offset);
  truncateLogFile(file, index);
  process.touch(log.path, file);
  truncateEpochsFromEnd(log.epochs, offset);
  rebuildFromFile(process, log, config.segmentBytes);
  truncateEpochsFromEnd(log.epochs, log.logEndOffset);
  writeEpochs(process, log, false);
  process.trace({ kind: "log-truncated", broker: log.broker, topic: log.topic, partition: log.partition, from, to: log.logEndOffset });
  if (log.highWatermark > log.logEndOffset) updateHighWatermark(process, log, log.logEndOffset);
  return true;
}

export function deleteLogFiles(process: ProcessContext, directory: string): void {
  const prefix = `${directory}/`;
  for (const path of [...process.disk.keys()]) if (path.startsWith(prefix)) process.disk.delete(path);
}
