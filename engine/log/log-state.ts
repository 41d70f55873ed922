// What a replica's log is in memory: its segments, its offsets, its epochs and its producers, and where its files lie. The files are the truth; this is
// rebuilt from them at a start. Source: UnifiedLog.scala, LocalLog.scala (3.9). FIDELITY: LOG-FILE, LOG-EPOCHS, LOG-DIRECTORY.
import { writeError, writeRecordFile } from "#engine/core/disk.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import {
  assignEpochStart, type EpochEndOffset, type EpochEntry, endOffsetForEpoch, truncateEpochsFromEnd, truncateEpochsFromStart,
} from "./leader-epoch-cache.ts";
import { logLine } from "./log-lines.ts";
import type { LogSegment } from "./log-segment.ts";
import type { ProducerState } from "./producer-state.ts";

/**
 * Plain data. @property directory "orders-0". @property folder the same behind the log directory's place on the disk. @property logDirectory as
 * log.dirs names it. Offsets: [logStartOffset, logEndOffset); everything below `recoveryPoint` has been forced to disk.
 */
export interface UnifiedLog {
  readonly broker: number;
  readonly topic: string;
  readonly partition: number;
  readonly directory: string;
  readonly folder: string;
  readonly logDirectory: string;
  /** Drawn once for each segment that is written to, out of segment.jitter.ms. */
  rollJitterMs: number;
  logStartOffset: number;
  logEndOffset: number;
  highWatermark: number;
  recoveryPoint: number;
  lastFlushMs: number;
  epochs: EpochEntry[];
  producers: ProducerState;
  /** Offsets of the snapshots on disk, in ascending order. */
  snapshots: number[];
  /** In offset order; the last one is written to. */
  segments: LogSegment[];
  /** Its log directory has failed: nothing is served any more. */
  isOffline: boolean;
}

/** A failed access is told to whoever manages the log directories, as LogDirFailureChannel does: by this timer, at once. */
export const LOG_DIRECTORY_FAILURE_TIMER = "log directory failure";
export interface LogDirectoryFailure { readonly logDirectory: string; readonly why: string }

export function logDirectory(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

export function activeSegment(log: UnifiedLog): LogSegment {
  const active = log.segments[log.segments.length - 1];
  invariant(active !== undefined, `${log.directory} has no segment`);
  return active;
}

/** Index of the segment that `offset` falls into: the last one that begins at or before it, the first when all begin later. */
export function segmentIndexOf(log: UnifiedLog, offset: number): number {
  let low = 0;
  let high = log.segments.length;
  while (low < high) {
    const middle = low + high >> 1;
    if ((log.segments[middle] as LogSegment).baseOffset <= offset) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, 0);
}

// ---- leader epochs

export function epochPath(folder: string): string {
  return `${folder}/leader-epoch-checkpoint`;
}

/** Notes in `leader-epoch-checkpoint` that the epoch begins here; forced to disk, as Kafka does. */
export function assignEpoch(process: ProcessContext, log: UnifiedLog, epoch: number, startOffset: number): void {
  if (assignEpochStart(log.epochs, epoch, startOffset)) writeEpochs(process, log, true);
}

export function writeEpochs(process: ProcessContext, log: UnifiedLog, sync: boolean): void {
  writeRecordFile(process.disk, epochPath(log.folder), log.epochs.slice(), sync);
}

export function cutEpochsFromEnd(process: ProcessContext, log: UnifiedLog, endOffset: number): void {
  if (truncateEpochsFromEnd(log.epochs, endOffset)) writeEpochs(process, log, false);
}

export function cutEpochsFromStart(process: ProcessContext, log: UnifiedLog, startOffset: number): void {
  if (truncateEpochsFromStart(log.epochs, startOffset)) writeEpochs(process, log, true);
}

export function logEndOffsetForEpoch(log: UnifiedLog, epoch: number): EpochEndOffset {
  return endOffsetForEpoch(log.epochs, epoch, log.logEndOffset);
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

// ---- a disk that refuses

/** Whether an access fails; then the log is offline and its log directory is reported. `doing` as Kafka's message has it. */
export function accessFails(process: ProcessContext, log: UnifiedLog, bytes: number, doing: string): boolean {
  if (log.isOffline) return true;
  const { device } = process;
  if (device.capacityBytes === null && device.failedDirectories.size === 0) return false;
  const why = writeError(process.disk, device, log.folder, bytes);
  if (why === null) return false;
  log.isOffline = true;
  logLine(process, log.broker, "ERROR", `Error while ${doing} ${log.directory} in dir ${log.logDirectory}`, "org.apache.kafka.storage.internals.log.LogDirFailureChannel");
  logLine(process, log.broker, "ERROR", `java.io.IOException: ${why}`, "");
  process.schedule(0, LOG_DIRECTORY_FAILURE_TIMER, { logDirectory: log.logDirectory, why } satisfies LogDirectoryFailure);
  return true;
}
