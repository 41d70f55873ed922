// One segment of a log: the file of its batches, the offset index (one entry of 8 bytes every index.interval.bytes), and the time index (12 bytes,
// largest timestamp so far). A segment that is written to has its indexes preallocated; when it is closed they are cut to what they hold.
// Source: LogSegment.java, OffsetIndex.java, TimeIndex.java, LazyIndex.java (3.9). FIDELITY: LOG-SEGMENTS, LOG-INDEX.
import { AppendOnlyList } from "#engine/core/append-only-list.ts";
import { appendToFile, type Disk, entryBytes, type LogFile, openLogFile, syncFile, truncateLogFile } from "#engine/core/disk.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import type { LogConfig } from "./log-config.ts";

export const OFFSET_ENTRY_BYTES = 8;
export const TIME_ENTRY_BYTES = 12;
/** Numbers that stand for one entry: offset and position; timestamp and offset. */
const NUMBERS_PER_ENTRY = 2;
const NO_TIMESTAMP = -1;
const RELATIVE_OFFSET_MAX = 2_147_483_647;

/** Plain data. Timestamps in milliseconds, -1: none yet. Files: see `path` and `stem`. */
export interface LogSegment {
  readonly baseOffset: number;
  /** Everything of the paths before the suffix: "orders-0/00000000000000000000". */
  readonly stem: string;
  readonly path: string;
  readonly indexPath: string;
  readonly timeIndexPath: string;
  sizeBytes: number;
  maxTimestampMs: number;
  offsetOfMaxTimestamp: number;
  /** Largest timestamp of the first append: the roll by time counts from there. */
  firstTimestampMs: number;
  createdMs: number;
  bytesSinceIndexEntry: number;
  /** No entry would fit into one of its indexes any more. */
  hasFullIndex: boolean;
}

export function fileName(offset: number): string {
  return String(offset).padStart(20, "0");
}

export function createSegment(disk: Disk, folder: string, baseOffset: number, nowMs: number): LogSegment {
  const stem = `${folder}/${fileName(baseOffset)}`;
  const segment: LogSegment = {
    baseOffset, stem, path: `${stem}.log`, indexPath: `${stem}.index`, timeIndexPath: `${stem}.timeindex`, sizeBytes: 0,
    maxTimestampMs: NO_TIMESTAMP, offsetOfMaxTimestamp: -1, firstTimestampMs: NO_TIMESTAMP, createdMs: nowMs, bytesSinceIndexEntry: 0, hasFullIndex: false,
  };
  segment.sizeBytes = openLogFile(disk, segment.path).sizeBytes;
  return segment;
}

export function batchesIn(disk: Disk, segment: LogSegment): AppendOnlyList<RecordBatch> {
  return openLogFile(disk, segment.path).entries as AppendOnlyList<RecordBatch>;
}

// ---- appending

/** Whether a segment must be closed before an append of that size, largest timestamp and last offset. `rollMs`: segment.ms less its jitter. */
export function shouldRoll(
  segment: LogSegment, append: { readonly bytes: number; readonly maxTimestampMs: number; readonly lastOffset: number },
  config: LogConfig, rollMs: number, nowMs: number,
): boolean {
  if (segment.sizeBytes > config.segmentBytes - append.bytes) return true;
  const waitedMs = segment.firstTimestampMs >= 0 ? append.maxTimestampMs - segment.firstTimestampMs : nowMs - segment.createdMs;
  if (segment.sizeBytes > 0 && waitedMs > rollMs) return true;
  return append.lastOffset - segment.baseOffset > RELATIVE_OFFSET_MAX || segment.hasFullIndex;
}

/** The time index counts as full one entry early, so that the last timestamp always finds room. */
function hasFullIndex(disk: Disk, segment: LogSegment, config: LogConfig): boolean {
  const offsets = disk.get(segment.indexPath);
  const times = disk.get(segment.timeIndexPath);
  return (offsets?.sizeBytes ?? 0) + OFFSET_ENTRY_BYTES > roomFor(config, OFFSET_ENTRY_BYTES)
    || (times?.sizeBytes ?? 0) + 2 * TIME_ENTRY_BYTES > roomFor(config, TIME_ENTRY_BYTES);
}

function roomFor(config: LogConfig, entryBytesEach: number): number {
  return config.segmentIndexBytes - config.segmentIndexBytes % entryBytesEach;
}

/** Makes the index files of the segment that is written to, or gives them their full size again. */
export function openIndexes(disk: Disk, segment: LogSegment, config: LogConfig): void {
  openLogFile(disk, segment.indexPath).preallocatedBytes = roomFor(config, OFFSET_ENTRY_BYTES);
  openLogFile(disk, segment.timeIndexPath).preallocatedBytes = roomFor(config, TIME_ENTRY_BYTES);
  segment.hasFullIndex = hasFullIndex(disk, segment, config);
}

/** Puts a batch into the file; `noteAppend` keeps the indexes. */
export function pushBatch(file: LogFile, segment: LogSegment, batch: RecordBatch): void {
  appendToFile(file, batch, batch.sizeBytes);
  segment.sizeBytes += batch.sizeBytes;
}

/** After an append that began at `position`: its largest timestamp is noted, and every index.interval.bytes an entry in each index. */
export function noteAppend(
  disk: Disk, segment: LogSegment, position: number, bytes: number, lastOffset: number, maxTimestampMs: number, offsetOfMaxTimestamp: number,
  config: LogConfig,
): void {
  if (position === 0) segment.firstTimestampMs = maxTimestampMs;
  if (maxTimestampMs > segment.maxTimestampMs) {
    segment.maxTimestampMs = maxTimestampMs;
    segment.offsetOfMaxTimestamp = offsetOfMaxTimestamp;
  }
  if (segment.bytesSinceIndexEntry > config.indexIntervalBytes) {
    appendOffsetEntry(disk, segment, lastOffset, position);
    maybeAppendTimeEntry(disk, segment);
    segment.bytesSinceIndexEntry = 0;
    segment.hasFullIndex = hasFullIndex(disk, segment, config);
  }
  segment.bytesSinceIndexEntry += bytes;
}

function appendOffsetEntry(disk: Disk, segment: LogSegment, offset: number, position: number): void {
  const index = openLogFile(disk, segment.indexPath);
  appendToFile(index, offset, 4);
  appendToFile(index, position, 4);
}

function maybeAppendTimeEntry(disk: Disk, segment: LogSegment): void {
  const index = openLogFile(disk, segment.timeIndexPath);
  const last = index.entries.length === 0 ? NO_TIMESTAMP : index.entries.at(index.entries.length - NUMBERS_PER_ENTRY) as number;
  if (segment.maxTimestampMs <= last) return;
  appendToFile(index, segment.maxTimestampMs, 8);
  appendToFile(index, segment.offsetOfMaxTimestamp, 4);
}

/** The segment is closed for good or for a shutdown: its newest timestamp is noted, the room its indexes do not need is given back. */
export function closeIndexes(disk: Disk, segment: LogSegment): void {
  if (disk.get(segment.timeIndexPath) === undefined) return;
  maybeAppendTimeEntry(disk, segment);
  openLogFile(disk, segment.indexPath).preallocatedBytes = 0;
  openLogFile(disk, segment.timeIndexPath).preallocatedBytes = 0;
}

export function syncSegment(disk: Disk, segment: LogSegment): void {
  for (const path of [segment.path, segment.indexPath, segment.timeIndexPath]) {
    const file = disk.get(path);
    if (file !== undefined) syncFile(file);
  }
}

// ---- finding

export interface IndexEntry { readonly key: number; readonly value: number }

/** Entries of an index file: (offset, position) or (timestamp, offset). */
export function indexEntries(disk: Disk, path: string): IndexEntry[] {
  const file = disk.get(path);
  const entries: IndexEntry[] = [];
  if (file?.kind !== "log") return entries;
  for (let at = 0; at + 1 < file.entries.length; at += NUMBERS_PER_ENTRY) {
    entries.push({ key: file.entries.at(at) as number, value: file.entries.at(at + 1) as number });
  }
  return entries;
}

/** The value of the last entry whose key is at or below `key`; `otherwise` when there is none. */
export function lookUp(disk: Disk, path: string, key: number, otherwise: number): number {
  const file = disk.get(path);
  if (file?.kind !== "log") return otherwise;
  let low = 0;
  let high = file.entries.length / NUMBERS_PER_ENTRY;
  while (low < high) {
    const middle = low + high >> 1;
    if ((file.entries.at(middle * NUMBERS_PER_ENTRY) as number) <= key) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? otherwise : file.entries.at((low - 1) * NUMBERS_PER_ENTRY + 1) as number;
}

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

// ---- cutting and rebuilding

/** Cuts the batch that holds `offset` and all after it; the segment is then the one that is written to. */
export function truncateSegment(disk: Disk, segment: LogSegment, offset: number, config: LogConfig, nowMs: number): void {
  const file = openLogFile(disk, segment.path);
  const batches = file.entries as AppendOnlyList<RecordBatch>;
  const length = indexOfOffset(batches, offset);
  let cutBytes = 0;
  for (let index = length; index < batches.length; index += 1) cutBytes += (batches.at(index) as RecordBatch).sizeBytes;
  segment.sizeBytes -= cutBytes;
  truncateLogFile(file, length, segment.sizeBytes);
  truncateIndex(disk, segment.indexPath, OFFSET_ENTRY_BYTES, (key, _value) => key < offset);
  truncateIndex(disk, segment.timeIndexPath, TIME_ENTRY_BYTES, (_key, value) => value < offset);
  openIndexes(disk, segment, config);
  segment.bytesSinceIndexEntry = 0;
  if (segment.sizeBytes === 0) {
    segment.createdMs = nowMs;
    segment.firstTimestampMs = NO_TIMESTAMP;
  }
  readLargestTimestamp(disk, segment);
}

function truncateIndex(disk: Disk, path: string, bytesEach: number, keeps: (key: number, value: number) => boolean): void {
  const file = openLogFile(disk, path);
  let count = file.entries.length / NUMBERS_PER_ENTRY;
  while (count > 0 && !keeps(file.entries.at(2 * count - 2) as number, file.entries.at(2 * count - 1) as number)) count -= 1;
  truncateLogFile(file, count * NUMBERS_PER_ENTRY, count * bytesEach);
}

/** From the last entry of the time index and the batches behind it, as after a start. */
export function readLargestTimestamp(disk: Disk, segment: LogSegment): void {
  const times = indexEntries(disk, segment.timeIndexPath).at(-1);
  segment.maxTimestampMs = times?.key ?? NO_TIMESTAMP;
  segment.offsetOfMaxTimestamp = times?.value ?? -1;
  const batches = batchesIn(disk, segment);
  if (batches.length > 0 && segment.firstTimestampMs < 0) segment.firstTimestampMs = (batches.at(0) as RecordBatch).maxTimestampMs;
  for (let index = times === undefined ? 0 : indexOfOffset(batches, times.value + 1); index < batches.length; index += 1) {
    const batch = batches.at(index) as RecordBatch;
    if (batch.maxTimestampMs <= segment.maxTimestampMs) continue;
    segment.maxTimestampMs = batch.maxTimestampMs;
    segment.offsetOfMaxTimestamp = batch.lastOffset;
  }
}

/** Makes both indexes anew from the batches, as recovery does: an entry before the batch that is more than the interval behind the last one. */
export function rebuildIndexes(disk: Disk, segment: LogSegment, config: LogConfig): void {
  for (const path of [segment.indexPath, segment.timeIndexPath]) truncateLogFile(openLogFile(disk, path), 0);
  segment.maxTimestampMs = NO_TIMESTAMP;
  segment.offsetOfMaxTimestamp = -1;
  segment.firstTimestampMs = NO_TIMESTAMP;
  segment.bytesSinceIndexEntry = 0;
  let position = 0;
  let lastEntryAt = 0;
  for (const batch of batchesIn(disk, segment)) {
    if (position === 0) segment.firstTimestampMs = batch.maxTimestampMs;
    if (batch.maxTimestampMs > segment.maxTimestampMs) {
      segment.maxTimestampMs = batch.maxTimestampMs;
      segment.offsetOfMaxTimestamp = batch.lastOffset;
    }
    if (position - lastEntryAt > config.indexIntervalBytes) {
      appendOffsetEntry(disk, segment, batch.lastOffset, position);
      maybeAppendTimeEntry(disk, segment);
      lastEntryAt = position;
    }
    position += batch.sizeBytes;
  }
  invariant(position === segment.sizeBytes, `${segment.path}: ${position} bytes of batches in ${segment.sizeBytes}`);
  closeIndexes(disk, segment);
}

/** Offset after the last batch; the base offset when there is none. */
export function nextOffsetOf(disk: Disk, segment: LogSegment): number {
  return batchesIn(disk, segment).last?.nextOffset ?? segment.baseOffset;
}

/** Where in the file an entry begins: the index is asked for the nearest place before it. */
export function positionOf(disk: Disk, segment: LogSegment, offset: number): number {
  const batches = batchesIn(disk, segment);
  const wanted = indexOfOffset(batches, offset);
  let position = 0;
  for (let index = 0; index < wanted; index += 1) position += entryBytes(batches.at(index));
  return position;
}
