// Appending to a log: as a leader, who checks and numbers what a client sends, and as a follower, who takes over what its leader has. A segment is
// closed before the append that would not fit. Appends go to the page cache and are not forced, as Kafka leaves them to the operating system; a
// closed segment is. Source: UnifiedLog.append, LocalLog.roll, LogValidator.java, LogSegment.append (3.9).
// FIDELITY: LOG-FILE, LOG-SEGMENTS, LOG-FLUSH, LOG-VALIDATION.
import { appendToFile, openLogFile, TornEntry, usedBytes } from "#engine/core/disk.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { isValidCrc } from "#engine/protocol/record-batch-codec.ts";
import { latestEpoch } from "./leader-epoch-cache.ts";
import { stampedAt } from "./log-append-time.ts";
import type { LogConfig } from "./log-config.ts";
import { closeIndexes, createSegment, type LogSegment, noteAppend, openIndexes, pushBatch, shouldRoll, syncSegment } from "./log-segment.ts";
import { accessFails, activeSegment, assignEpoch, type UnifiedLog } from "./log-state.ts";
import { writeSnapshot } from "./producer-snapshot.ts";
import { checkSequence, noteAppended } from "./producer-state.ts";
import { rejectedRecords } from "./record-validation.ts";

export type LeaderAppend =
  | { readonly ok: true; readonly baseOffset: number; readonly lastOffset: number; readonly logAppendTimeMs: number }
  | { readonly ok: false; readonly error: KafkaError; readonly message?: string };

const NO_TIMESTAMP = -1;
const STORAGE_ERROR: LeaderAppend = { ok: false, error: "KAFKA_STORAGE_ERROR" };

/** Validates a client's batch and appends it; a retry of one of the last five batches is answered with its old offsets. */
export function appendAsLeader(
  process: ProcessContext, log: UnifiedLog, batch: RecordBatch, leaderEpoch: number, config: LogConfig, nowMs: number,
): LeaderAppend {
  const error = validate(batch, config);
  if (error !== null) return { ok: false, error };
  const rejected = rejectedRecords(batch, config, `${log.topic}-${log.partition}`, nowMs);
  if (rejected !== null) return rejected;
  const verdict = checkSequence(log.producers, batch);
  if (verdict.is === "refused") return { ok: false, error: verdict.error };
  if (verdict.is === "duplicate") {
    const { lastOffset, offsetDelta, timestampMs } = verdict.batch;
    return { ok: true, baseOffset: lastOffset - offsetDelta, lastOffset, logAppendTimeMs: config.stampsOnAppend ? timestampMs : NO_TIMESTAMP };
  }
  const placed = (config.stampsOnAppend ? stampedAt(batch, nowMs) : batch).placed(log.logEndOffset, leaderEpoch);
  const segment = segmentFor(process, log, config, { first: placed, bytes: placed.sizeBytes, maxTimestampMs: placed.maxTimestampMs, lastOffset: placed.lastOffset });
  if (segment === null) return STORAGE_ERROR;
  const position = segment.sizeBytes;
  push(process, log, segment, placed, true);
  noteAppend(process.disk, segment, position, placed.sizeBytes, placed.lastOffset, placed.maxTimestampMs, placed.lastOffset, config);
  maybeFlush(process, log, config);
  return { ok: true, baseOffset: placed.baseOffset, lastOffset: placed.lastOffset, logAppendTimeMs: config.stampsOnAppend ? nowMs : NO_TIMESTAMP };
}

function validate(batch: RecordBatch, config: LogConfig): KafkaError | null {
  if (batch.recordCount < 1 || batch.recordCount !== batch.lastOffsetDelta + 1 || batch.baseOffset !== 0) return "INVALID_RECORD";
  if (batch.sizeBytes > config.maxMessageBytes) return "MESSAGE_TOO_LARGE";
  if (!isValidCrc(batch)) return "CORRUPT_MESSAGE";
  if (batch.sizeBytes > config.segmentBytes) return "RECORD_LIST_TOO_LARGE";
  return null;
}

/** Appends what the leader has sent, as it is. The bytes are the leader's own, so they are not summed up again. False when the disk refuses. */
export function appendAsFollower(process: ProcessContext, log: UnifiedLog, batch: RecordBatch, config: LogConfig): boolean {
  return appendBatchesAsFollower(process, log, [batch], config);
}

/** One answer of the leader is one append: one question whether to roll and, in 3.9, one index entry at most. */
export function appendBatchesAsFollower(process: ProcessContext, log: UnifiedLog, batches: readonly RecordBatch[], config: LogConfig): boolean {
  const [first] = batches;
  const last = batches[batches.length - 1];
  if (first === undefined || last === undefined) return true;
  invariant(first.baseOffset >= log.logEndOffset, `${log.directory}: follower at ${log.logEndOffset} was sent ${first.baseOffset}`);
  let bytes = 0;
  let newest = first;
  for (const batch of batches) {
    bytes += batch.sizeBytes;
    if (batch.maxTimestampMs > newest.maxTimestampMs) newest = batch;
  }
  const segment = segmentFor(process, log, config, { first, bytes, maxTimestampMs: newest.maxTimestampMs, lastOffset: last.lastOffset });
  if (segment === null) return false;
  const { disk } = process;
  const position = segment.sizeBytes;
  for (const batch of batches) {
    const at = segment.sizeBytes;
    push(process, log, segment, batch, false);
    if (config.indexesEachBatch) noteAppend(disk, segment, at, batch.sizeBytes, batch.lastOffset, batch.maxTimestampMs, batch.lastOffset, config);
  }
  if (!config.indexesEachBatch) noteAppend(disk, segment, position, bytes, last.lastOffset, newest.maxTimestampMs, newest.lastOffset, config);
  maybeFlush(process, log, config);
  return true;
}

interface Append { readonly first: RecordBatch; readonly bytes: number; readonly maxTimestampMs: number; readonly lastOffset: number }

/** A write to a disk without room ends in the middle: what fitted is there, and is cut at the next start. */
function fillDisk({ disk, device }: ProcessContext, log: UnifiedLog, batch: RecordBatch): void {
  const free = device.capacityBytes === null ? 0 : Math.min(device.capacityBytes - usedBytes(disk), batch.sizeBytes - 1);
  if (free > 0) appendToFile(openLogFile(disk, activeSegment(log).path), new TornEntry(batch, free), free);
}

/** The segment that takes the append, a new one if need be; null when the disk refuses it. */
function segmentFor(process: ProcessContext, log: UnifiedLog, config: LogConfig, append: Append): LogSegment | null {
  if (accessFails(process, log, append.bytes, "appending records to")) {
    fillDisk(process, log, append.first);
    return null;
  }
  const { disk } = process;
  const active = activeSegment(log);
  const segment = shouldRoll(active, append, config, rollMs(log, config), toMs(process.now)) ? roll(process, log, config) : active;
  // A segment gets its index files when it is first asked whether they are full.
  if (segment.sizeBytes === 0) openIndexes(disk, segment, config);
  return segment;
}

/** A compacted log is closed often enough for max.compaction.lag.ms (KIP-354). */
function rollMs(log: UnifiedLog, config: LogConfig): number {
  return (config.compacts ? Math.min(config.maxCompactionLagMs, config.segmentMs) : config.segmentMs) - log.rollJitterMs;
}

function push(process: ProcessContext, log: UnifiedLog, segment: LogSegment, batch: RecordBatch, asLeader: boolean): void {
  if (latestEpoch(log.epochs) !== batch.partitionLeaderEpoch) assignEpoch(process, log, batch.partitionLeaderEpoch, batch.baseOffset);
  const file = openLogFile(process.disk, segment.path);
  pushBatch(file, segment, batch);
  process.touch(segment.path, file);
  log.logEndOffset = batch.nextOffset;
  noteAppended(log.producers, batch);
  process.trace({ kind: "log-appended", broker: log.broker, topic: log.topic, partition: log.partition, batch, asLeader });
}

/** Closes the active segment, takes a snapshot of the producers, forces what is closed to disk and opens a segment at the log's end. */
export function roll(process: ProcessContext, log: UnifiedLog, config: LogConfig): LogSegment {
  const { disk } = process;
  closeIndexes(disk, activeSegment(log));
  takeSnapshot(process, log);
  flushLog(process, log);
  const segment = createSegment(disk, log.folder, log.logEndOffset, toMs(process.now));
  log.segments.push(segment);
  log.rollJitterMs = drawJitter(process, config);
  process.trace({ kind: "segment-rolled", broker: log.broker, topic: log.topic, partition: log.partition, baseOffset: segment.baseOffset });
  return segment;
}

export function drawJitter(process: ProcessContext, config: LogConfig): number {
  return config.segmentJitterMs === 0 ? 0 : process.random("segment jitter", Math.min(config.segmentJitterMs, config.segmentMs, 2_147_483_647));
}

/** Not twice at one offset. */
export function takeSnapshot(process: ProcessContext, log: UnifiedLog): void {
  const newest = log.snapshots[log.snapshots.length - 1] ?? log.logStartOffset;
  if (log.logEndOffset <= newest) return;
  writeSnapshot(process.disk, log.folder, log.logEndOffset, log.producers);
  log.snapshots.push(log.logEndOffset);
}

/** Everything of the log is forced to disk: the recovery point is its end. */
export function flushLog(process: ProcessContext, log: UnifiedLog): void {
  log.lastFlushMs = toMs(process.now);
  if (log.recoveryPoint >= log.logEndOffset) return;
  for (let index = log.segments.length - 1; index >= 0; index -= 1) {
    const segment = log.segments[index] as LogSegment;
    syncSegment(process.disk, segment);
    if (segment.baseOffset <= log.recoveryPoint) break;
  }
  log.recoveryPoint = log.logEndOffset;
}

/** flush.messages; unset in almost every cluster. */
function maybeFlush(process: ProcessContext, log: UnifiedLog, config: LogConfig): void {
  if (log.logEndOffset - log.recoveryPoint >= config.flushMessages) flushLog(process, log);
}
