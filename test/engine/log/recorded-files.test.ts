// What a real broker had in its folders: recordings of 3.9.1 and 4.3.1, appends of the same bytes, the same names and sizes.
import { expect, test } from "vitest";
import { cleanLog, examineLog, isCleanable } from "#engine/log/log-cleaner.ts";
import { DEFAULT_LOG_CONFIG, type LogConfig } from "#engine/log/log-config.ts";
import { deleteFiles, DELETE_FILES_TIMER } from "#engine/log/log-deletion.ts";
import { listFiles, readTextFile } from "#engine/log/log-files.ts";
import { indexEntries } from "#engine/log/log-segment.ts";
import { deleteOldSegments } from "#engine/log/log-start.ts";
import { offsetForTimestamp, offsetOfMaxTimestamp } from "#engine/log/timestamp-lookup.ts";
import { appendAsLeader, assignEpoch, batchesOf, type UnifiedLog, updateHighWatermark } from "#engine/log/unified-log.ts";
import { decodeRecords, RecordBatchBuilder } from "#engine/protocol/record-batch-codec.ts";
import { type DiskProcess, opened, processWithADisk } from "./process-with-a-disk.ts";

const INDEX = 10_485_760;
const TIME_INDEX = 10_485_756;
const FIRST_MS = 1_700_000_000_000;

interface Written { readonly key: string | null; readonly value: string | null; readonly timestampMs: number }

/** One record each, as an idempotent producer that waits for each answer sends them. */
function write(process: DiskProcess, log: UnifiedLog, config: LogConfig, producerId: number, records: readonly Written[]): void {
  records.forEach(({ key, value, timestampMs }, index) => {
    const batch = new RecordBatchBuilder().append(timestampMs, key, value).build({ producerId, producerEpoch: 0, baseSequence: index });
    expect(appendAsLeader(process, log, batch, 0, config, timestampMs)).toMatchObject({ ok: true });
    updateHighWatermark(process, log, log.logEndOffset);
  });
}

function files(process: DiskProcess): Record<string, number> {
  return Object.fromEntries(listFiles(process.disk, "orders-0").map(({ name, sizeBytes }) => [name, sizeBytes]));
}

const SEGMENT_BYTES: LogConfig = { ...DEFAULT_LOG_CONFIG, segmentBytes: 14_000, retentionMs: -1, minCleanableDirtyMillionths: 10_000 };
const SEGMENT_BYTES_4: LogConfig = { ...SEGMENT_BYTES, segmentBytes: 1_048_576, indexesEachBatch: true };

function fortyRecords(size: number): Written[] {
  return Array.from({ length: 40 }, (_, index) => ({ key: `k${index % 3}`, value: "x".repeat(size), timestampMs: FIRST_MS + 1000 * index }));
}

function logOf(config: LogConfig): { readonly process: DiskProcess; readonly log: UnifiedLog } {
  const process = processWithADisk();
  process.disk.clear();
  const log = opened(process, config);
  assignEpoch(process, log, 0, 0);
  return { process, log };
}

test("a new log has preallocated indexes and an empty epoch file", () => {
  const process = processWithADisk();
  opened(process);
  expect(files(process)).toEqual({
    "00000000000000000000.index": INDEX, "00000000000000000000.log": 0, "00000000000000000000.timeindex": TIME_INDEX, "leader-epoch-checkpoint": 0,
    "partition.metadata": 29,
  });
  expect(readTextFile(process.disk, "orders-0/partition.metadata")).toBe("version: 0\ntopic_id: topic-id");
});

test("40 records of 1000 bytes in segments of 14000 (3.9.1)", () => {
  const { process, log } = logOf(SEGMENT_BYTES);
  write(process, log, SEGMENT_BYTES, 0, fortyRecords(1000));
  const closed = (base: string, snapshot: boolean): Record<string, number> =>
    ({ [`${base}.index`]: 24, [`${base}.log`]: 13_936, ...snapshot ? { [`${base}.snapshot`]: 56 } : {}, [`${base}.timeindex`]: 36 });
  expect(files(process)).toEqual({
    ...closed("00000000000000000000", false), ...closed("00000000000000000013", true), ...closed("00000000000000000026", true),
    "00000000000000000039.index": INDEX, "00000000000000000039.log": 1072, "00000000000000000039.snapshot": 56, "00000000000000000039.timeindex": TIME_INDEX,
    "leader-epoch-checkpoint": 8, "partition.metadata": 29,
  });
  expect(indexEntries(process.disk, "orders-0/00000000000000000000.index")).toEqual([{ key: 4, value: 4288 }, { key: 8, value: 8576 }, { key: 12, value: 12_864 }]);
  expect(indexEntries(process.disk, "orders-0/00000000000000000000.timeindex").map(({ key, value }) => [key - FIRST_MS, value])).toEqual([[4000, 4], [8000, 8], [12_000, 12]]);
  expect(offsetForTimestamp(process, log, FIRST_MS + 10_000)?.offset).toBe(10);
  expect(offsetForTimestamp(process, log, FIRST_MS + 10_500)?.offset).toBe(11);
  expect(offsetForTimestamp(process, log, 1_800_000_000_000)).toBeNull();
  expect(offsetOfMaxTimestamp(process, log)?.offset).toBe(39);
});

test("the same in 4.3.1 with segments of 1 MiB and records of 60000 bytes", () => {
  const { process, log } = logOf(SEGMENT_BYTES_4);
  write(process, log, SEGMENT_BYTES_4, 0, fortyRecords(60_000));
  expect(files(process)).toEqual({
    "00000000000000000000.index": 128, "00000000000000000000.log": 1_021_258, "00000000000000000000.timeindex": 192,
    "00000000000000000017.index": 128, "00000000000000000017.log": 1_021_258, "00000000000000000017.snapshot": 56, "00000000000000000017.timeindex": 192,
    "00000000000000000034.index": INDEX, "00000000000000000034.log": 360_444, "00000000000000000034.snapshot": 56, "00000000000000000034.timeindex": TIME_INDEX,
    "leader-epoch-checkpoint": 8, "partition.metadata": 29,
  });
});

test("retention by time takes the active segment too, after an empty one was opened", () => {
  const { process, log } = logOf(SEGMENT_BYTES);
  write(process, log, SEGMENT_BYTES, 0, fortyRecords(1000));
  process.now = 1_800_000_000_000_000;
  expect(deleteOldSegments(process, log, { ...SEGMENT_BYTES, retentionMs: 3_600_000 })).toBe(4);
  expect(log).toMatchObject({ logStartOffset: 40, logEndOffset: 40, highWatermark: 40 });
  expect(Object.keys(files(process)).filter(name => name.endsWith(".deleted"))).toHaveLength(15);
  const [timer] = process.timers;
  expect(timer).toMatchObject({ atUs: process.now + 60_000_000, name: DELETE_FILES_TIMER });
  deleteFiles(process, timer?.payload as string[]);
  expect(files(process)).toEqual({
    "00000000000000000040.log": 0, "00000000000000000040.snapshot": 56, "leader-epoch-checkpoint": 9, "partition.metadata": 29,
  });
  expect(readTextFile(process.disk, "orders-0/leader-epoch-checkpoint")).toBe("0\n1\n0 40\n");
});

test("retention by size keeps at least so many bytes", () => {
  const config = { ...SEGMENT_BYTES, retentionBytes: 28_000 };
  const { process, log } = logOf(config);
  write(process, log, config, 0, fortyRecords(1000).map(record => ({ ...record, key: null })));
  expect(deleteOldSegments(process, log, config)).toBe(1);
  expect(log.logStartOffset).toBe(13);
  expect(files(process)).toMatchObject({
    "00000000000000000000.index.deleted": 24, "00000000000000000000.log.deleted": 13_910, "00000000000000000000.timeindex.deleted": 36,
    "00000000000000000013.log": 13_910, "leader-epoch-checkpoint": 9,
  });
});

/** The recorder took a millisecond for the values. Customers 0 to 2 in turn, a tombstone for customer 1, then another customer until two segments later. */
function compacted(config: LogConfig, size: number): { readonly process: DiskProcess; readonly log: UnifiedLog } {
  const { process, log } = logOf(config);
  const first = Array.from({ length: 40 }, (_, index) => ({ key: `customer-${index % 3}`, value: `v${index}${"x".repeat(size / 2)}`, timestampMs: index < 36 ? FIRST_MS : FIRST_MS + 1 }));
  write(process, log, config, 0, [...first, { key: "customer-1", value: null, timestampMs: FIRST_MS + 100 }]);
  const count = Math.floor(2 * config.segmentBytes / size);
  write(process, log, config, 1, Array.from({ length: count }, (_, index) => ({ key: "customer-9", value: "x".repeat(size), timestampMs: FIRST_MS + 200 + index })));
  process.now = (FIRST_MS + 5000) * 1000;
  const candidate = examineLog(log, config, undefined, FIRST_MS + 5000);
  expect(candidate !== null && isCleanable(candidate, config)).toBe(true);
  if (candidate !== null) expect(cleanLog(process, log, config, candidate)).toBe(log.segments.at(-1)?.baseOffset);
  return { process, log };
}

test("compaction leaves the newest record of each key and the tombstone, in files of these sizes (3.9.1)", () => {
  const { process, log } = compacted({ ...SEGMENT_BYTES, compacts: true, deletes: false }, 1000);
  const kept = [...batchesOf(process, log)].flatMap(batch => decodeRecords(batch)).map(record => record.offset);
  expect(kept).toEqual([38, 39, 40, 56, ...Array.from({ length: 12 }, (_, index) => 57 + index)]);
  expect(files(process)).toEqual({
    "00000000000000000000.index": 0, "00000000000000000000.index.deleted": 16, "00000000000000000000.log": 0, "00000000000000000000.log.deleted": 13_982,
    "00000000000000000000.timeindex": 0, "00000000000000000000.timeindex.deleted": 12,
    "00000000000000000024.index": 0, "00000000000000000024.index.deleted": 16, "00000000000000000024.log": 1247, "00000000000000000024.log.deleted": 13_726,
    "00000000000000000024.snapshot": 56, "00000000000000000024.timeindex": 12, "00000000000000000024.timeindex.deleted": 36,
    "00000000000000000045.index": 0, "00000000000000000045.index.deleted": 16, "00000000000000000045.log": 1080, "00000000000000000045.log.deleted": 12_960,
    "00000000000000000045.snapshot": 102, "00000000000000000045.timeindex": 12, "00000000000000000045.timeindex.deleted": 36,
    "00000000000000000057.index": INDEX, "00000000000000000057.log": 12_960, "00000000000000000057.snapshot": 102, "00000000000000000057.timeindex": TIME_INDEX,
    "leader-epoch-checkpoint": 8, "partition.metadata": 29,
  });
  expect(process.facts).toContainEqual({ kind: "log-compacted", broker: 1, topic: "orders", partition: 0, to: 57, recordsBefore: 57, recordsAfter: 4 });
});

test("the same in 4.3.1, where each batch may get an index entry", () => {
  const { process } = compacted({ ...SEGMENT_BYTES_4, compacts: true, deletes: false }, 60_000);
  expect(files(process)).toMatchObject({
    "00000000000000000000.index": 0, "00000000000000000000.index.deleted": 264, "00000000000000000000.log": 0, "00000000000000000000.log.deleted": 1_022_880,
    "00000000000000000034.index": 16, "00000000000000000034.index.deleted": 152, "00000000000000000034.log": 60_251,
    "00000000000000000034.log.deleted": 1_021_736, "00000000000000000034.timeindex": 24, "00000000000000000034.timeindex.deleted": 192,
    "00000000000000000055.index": 0, "00000000000000000055.index.deleted": 128, "00000000000000000055.log": 60_082,
    "00000000000000000055.log.deleted": 1_021_394, "00000000000000000055.snapshot": 102, "00000000000000000055.timeindex": 12,
    "00000000000000000072.index": INDEX, "00000000000000000072.log": 180_246, "00000000000000000072.snapshot": 102, "00000000000000000072.timeindex": TIME_INDEX,
  });
});
