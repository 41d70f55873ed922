// Compacting one log: what is dirty and cleanable, the map of the newest offset of each key, segments written anew in groups and swapped in. Offsets
// never change; the active segment is never touched. Source: Cleaner, LogToClean, LogCleanerManager.cleanableOffsets (LogCleaner.scala, 3.9), KIP-534,
// KIP-354. FIDELITY: LOG-COMPACTION.
import { openLogFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import { NO_PRODUCER_ID, type RecordBatch } from "#engine/protocol/record-batch.ts";
import { type DecodedRecord, decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import { type BatchFilter, compactedBatch, deleteHorizonMs } from "./compacted-batch.ts";
import type { LogConfig } from "./log-config.ts";
import { deleteSegmentFiles } from "./log-deletion.ts";
import { batchesIn, closeIndexes, createSegment, indexOfOffset, type LogSegment, noteAppend, openIndexes, pushBatch, syncSegment } from "./log-segment.ts";
import { activeSegment, type UnifiedLog } from "./log-state.ts";

/** log.cleaner.io.buffer.size halved for reading and writing: what 3.9 appends to the new segment at once. */
const READ_BUFFER_BYTES = 262_144;
const FOREVER = Number.MAX_SAFE_INTEGER;

/** @property dirtyMillionths share of the cleanable bytes in all that has been or may be cleaned. @property isDue max.compaction.lag.ms has run out. */
export interface LogToClean {
  readonly firstDirtyOffset: number;
  readonly firstUncleanableOffset: number;
  readonly cleanableBytes: number;
  readonly dirtyMillionths: number;
  readonly isDue: boolean;
}

/** What there is to clean; null when the log is empty. `cleanedTo` from the cleaner's checkpoint. */
export function examineLog(log: UnifiedLog, config: LogConfig, cleanedTo: number | undefined, nowMs: number): LogToClean | null {
  const active = activeSegment(log);
  const known = cleanedTo === undefined || cleanedTo < log.logStartOffset || cleanedTo > log.logEndOffset ? log.logStartOffset : cleanedTo;
  const closed = log.segments.filter(segment => segment !== active);
  const dirty = closed.filter(segment => segment.baseOffset >= known || nextBase(log, segment) > known);
  const young = config.minCompactionLagMs > 0 ? dirty.find(segment => segment.maxTimestampMs > nowMs - config.minCompactionLagMs) : undefined;
  const limit = Math.min(log.highWatermark, active.baseOffset, young?.baseOffset ?? FOREVER);
  const firstUncleanableOffset = closed.find(segment => nextBase(log, segment) > limit)?.baseOffset ?? active.baseOffset;
  const firstDirtyOffset = Math.min(known, firstUncleanableOffset);
  const size = (segments: readonly LogSegment[]): number => segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  const cleanableBytes = size(closed.filter(segment => nextBase(log, segment) > firstDirtyOffset && segment.baseOffset < firstUncleanableOffset));
  const cleanBytes = size(closed.filter(segment => nextBase(log, segment) <= firstDirtyOffset));
  if (cleanBytes + cleanableBytes === 0) return null;
  const oldest = Math.min(...dirty.map(segment => segment.firstTimestampMs < 0 ? FOREVER : segment.firstTimestampMs), FOREVER);
  return {
    firstDirtyOffset, firstUncleanableOffset, cleanableBytes, dirtyMillionths: Math.floor(cleanableBytes * 1_000_000 / (cleanBytes + cleanableBytes)),
    isDue: config.maxCompactionLagMs !== FOREVER && oldest < nowMs - config.maxCompactionLagMs,
  };
}

function nextBase(log: UnifiedLog, segment: LogSegment): number {
  return log.segments[log.segments.indexOf(segment) + 1]?.baseOffset ?? log.logEndOffset;
}

export function isCleanable(candidate: LogToClean, config: LogConfig): boolean {
  return candidate.isDue && candidate.cleanableBytes > 0 || candidate.dirtyMillionths > config.minCleanableDirtyMillionths;
}

/** Compacts the log up to the first uncleanable offset; returns the offset up to which it is clean now. */
export function cleanLog(process: ProcessContext, log: UnifiedLog, config: LogConfig, candidate: LogToClean): number {
  const newest = new Map<string, number>();
  const { firstDirtyOffset, firstUncleanableOffset } = candidate;
  const endOffset = mapNewestOffsets(process, log, newest, firstDirtyOffset, firstUncleanableOffset);
  const count = { before: 0, after: 0 };
  for (const group of groupsOf(process, log, endOffset, config)) cleanGroup(process, log, config, group, { newest, endOffset, upperBound: firstUncleanableOffset, count });
  process.trace({
    kind: "log-compacted", broker: log.broker, topic: log.topic, partition: log.partition, to: endOffset, recordsBefore: count.before, recordsAfter: count.after,
  });
  return endOffset;
}

/** Notes for each key of the dirty part where it was written last; returns the end of what was read. */
function mapNewestOffsets(process: ProcessContext, log: UnifiedLog, newest: Map<string, number>, from: number, to: number): number {
  let end = from;
  for (const segment of log.segments) {
    if (segment.baseOffset >= to) break;
    const batches = batchesIn(process.disk, segment);
    for (let index = indexOfOffset(batches, from); index < batches.length; index += 1) {
      const batch = batches.at(index) as RecordBatch;
      for (const record of decodeRecords(batch)) if (record.key !== null && record.offset >= from) newest.set(keyText(record.key), record.offset);
      end = Math.max(end, batch.nextOffset);
    }
  }
  return end;
}

function keyText(key: Uint8Array): string {
  let text = "";
  for (const byte of key) text += String.fromCharCode(byte);
  return text;
}

/** Neighbours that fit into one segment together become one: by the bytes of their batches and of their indexes. */
function groupsOf(process: ProcessContext, log: UnifiedLog, endOffset: number, config: LogConfig): LogSegment[][] {
  const groups: LogSegment[][] = [];
  let [bytes, indexBytes, timeIndexBytes] = [0, 0, 0];
  for (const segment of log.segments) {
    if (segment === activeSegment(log) || segment.baseOffset >= endOffset) break;
    const indexSize = process.disk.get(segment.indexPath)?.sizeBytes ?? 0;
    const timeIndexSize = process.disk.get(segment.timeIndexPath)?.sizeBytes ?? 0;
    const group = groups[groups.length - 1];
    const fits = group !== undefined && bytes + segment.sizeBytes <= config.segmentBytes && indexBytes + indexSize <= config.segmentIndexBytes
      && timeIndexBytes + timeIndexSize <= config.segmentIndexBytes;
    if (fits) group.push(segment);
    else {
      groups.push([segment]);
      [bytes, indexBytes, timeIndexBytes] = [0, 0, 0];
    }
    bytes += segment.sizeBytes;
    indexBytes += indexSize;
    timeIndexBytes += timeIndexSize;
  }
  return groups;
}

interface Round {
  readonly newest: ReadonlyMap<string, number>;
  readonly endOffset: number;
  readonly upperBound: number;
  readonly count: { before: number; after: number };
}

/** Writes what stays of a group into one segment and swaps it in; the old files go later. */
function cleanGroup(process: ProcessContext, log: UnifiedLog, config: LogConfig, group: readonly LogSegment[], round: Round): void {
  const { disk } = process;
  const [first] = group;
  const last = group[group.length - 1];
  if (first === undefined || last === undefined) return;
  const chunks = group.flatMap(segment => chunksOf([...batchesIn(disk, segment)]));
  const kept = chunks.map(chunk => chunk.flatMap(batch => retained(log, config, batch, round, toMs(process.now))));
  const at = log.segments.indexOf(first);
  // Only the first one's snapshot finds a segment of its name again.
  const firstSnapshot = log.snapshots.includes(first.baseOffset);
  if (firstSnapshot) log.snapshots = log.snapshots.filter(offset => offset !== first.baseOffset);
  deleteSegmentFiles(process, log, group, config);
  if (firstSnapshot) log.snapshots = [...log.snapshots, first.baseOffset].sort((left, right) => left - right);
  const cleaned = createSegment(disk, log.folder, first.baseOffset, last.createdMs);
  openIndexes(disk, cleaned, config);
  for (const chunk of kept) appendChunk(process, cleaned, chunk, config);
  closeIndexes(disk, cleaned);
  syncSegment(disk, cleaned);
  log.segments = [...log.segments.slice(0, at), cleaned, ...log.segments.slice(at + group.length)];
}

/** As the cleaner's buffer holds them: whole batches up to its size, at least one. */
function chunksOf(batches: readonly RecordBatch[]): RecordBatch[][] {
  const chunks: RecordBatch[][] = [];
  let bytes = READ_BUFFER_BYTES;
  for (const batch of batches) {
    if (bytes + batch.sizeBytes > READ_BUFFER_BYTES) {
      chunks.push([]);
      bytes = 0;
    }
    chunks[chunks.length - 1]?.push(batch);
    bytes += batch.sizeBytes;
  }
  return chunks;
}

function retained(log: UnifiedLog, config: LogConfig, batch: RecordBatch, round: Round, nowMs: number): RecordBatch[] {
  const producer = batch.producerId === NO_PRODUCER_ID ? undefined : log.producers.get(batch.producerId);
  const filter: BatchFilter = {
    // The last sequence number of a living producer, and the end of the cleaned part, must not be forgotten.
    retainsEmpty: producer?.batches.at(-1)?.lastOffset === batch.lastOffset || batch.nextOffset === round.upperBound,
    nowMs, deleteRetentionMs: config.deleteRetentionMs,
    retains: (of, record) => retainsRecord(of, record, round, nowMs),
  };
  const left = compactedBatch(batch, filter);
  round.count.before += batch.recordCount;
  round.count.after += left.retained;
  return left.batch === null ? [] : [left.batch];
}

function retainsRecord(batch: RecordBatch, record: DecodedRecord, round: Round, nowMs: number): boolean {
  if (record.offset >= round.endOffset) return true;
  if (record.key === null) return false;
  if (record.offset < (round.newest.get(keyText(record.key)) ?? -1)) return false;
  const horizonMs = deleteHorizonMs(batch);
  return record.value !== null || horizonMs < 0 || nowMs < horizonMs;
}

function appendChunk(process: ProcessContext, segment: LogSegment, chunk: readonly RecordBatch[], config: LogConfig): void {
  const { disk } = process;
  const last = chunk[chunk.length - 1];
  if (last === undefined) return;
  const file = openLogFile(disk, segment.path);
  const position = segment.sizeBytes;
  let newest = last;
  for (const batch of chunk) {
    const at = segment.sizeBytes;
    pushBatch(file, segment, batch);
    if (batch.maxTimestampMs > newest.maxTimestampMs) newest = batch;
    if (config.indexesEachBatch) noteAppend(disk, segment, at, batch.sizeBytes, batch.lastOffset, batch.maxTimestampMs, batch.lastOffset, config);
  }
  if (config.indexesEachBatch) return;
  noteAppend(disk, segment, position, segment.sizeBytes - position, last.lastOffset, newest.maxTimestampMs, newest.lastOffset, config);
}
