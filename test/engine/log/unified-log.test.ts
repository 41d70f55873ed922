import fc from "fast-check";
import { expect, test } from "vitest";
import { losePower, openLogFile, syncFile } from "#engine/core/disk.ts";
import {
  appendAsFollower, appendAsLeader, assignEpoch, batchesOf, bytesBetween, indexOfOffset, logEndOffsetForEpoch, readLog, truncateTo, updateHighWatermark,
} from "#engine/log/unified-log.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { isValidCrc } from "#engine/protocol/record-batch-codec.ts";
import { batchOf, CONFIG, opened, processWithADisk } from "./process-with-a-disk.ts";

test("the leader gives consecutive offsets and its epoch, and leaves the bytes alone", () => {
  const process = processWithADisk();
  const log = opened(process);
  const batch = batchOf(3);
  expect(appendAsLeader(process, log, batch, 4, CONFIG, 0)).toEqual({ ok: true, baseOffset: 0, lastOffset: 2, logAppendTimeMs: -1 });
  expect(appendAsLeader(process, log, batchOf(2), 4, CONFIG, 0)).toMatchObject({ baseOffset: 3, lastOffset: 4 });
  const [first] = batchesOf(process, log).slice(0, 1);
  expect(first).toMatchObject({ baseOffset: 0, partitionLeaderEpoch: 4, recordCount: 3 });
  expect(first?.body).toBe(batch.body);
  expect(log).toMatchObject({ logEndOffset: 5, highWatermark: 0, epochs: [{ epoch: 4, startOffset: 0 }] });
  expect(process.touched).toHaveLength(2);
});

test("LogAppendTime writes the leader's clock into the batch and sums it up again", () => {
  const process = processWithADisk();
  const config = { ...CONFIG, stampsOnAppend: true };
  const log = opened(process, config);
  expect(appendAsLeader(process, log, batchOf(2), 0, config, 77_000)).toMatchObject({ ok: true, logAppendTimeMs: 77_000 });
  const batch = batchesOf(process, log).at(0) as RecordBatch;
  expect(batch).toMatchObject({ maxTimestampMs: 77_000, attributes: 8 });
  expect(isValidCrc(batch)).toBe(true);
});

test("a segment rolls before the batch that would make it too large", () => {
  const process = processWithADisk();
  const size = batchOf(1).sizeBytes;
  const config = { ...CONFIG, segmentBytes: 2 * size };
  const log = opened(process, config);
  for (let index = 0; index < 5; index += 1) appendAsLeader(process, log, batchOf(1), 0, config, 0);
  expect(log.segments).toMatchObject([{ baseOffset: 0, sizeBytes: 2 * size }, { baseOffset: 2, sizeBytes: 2 * size }, { baseOffset: 4, sizeBytes: size }]);
  expect(appendAsLeader(process, log, batchOf(9), 0, config, 0)).toEqual({ ok: false, error: "RECORD_LIST_TOO_LARGE" });
});

test("a segment rolls by the time of its records, when an index is full, and before an offset that does not fit", () => {
  const bases = (config: typeof CONFIG, timestamps: readonly number[]): number[] => {
    const process = processWithADisk();
    const log = opened(process, config);
    for (const timestampMs of timestamps) appendAsLeader(process, log, batchOf(1, {}, timestampMs), 0, config, 0);
    return log.segments.map(segment => segment.baseOffset);
  };
  expect(bases({ ...CONFIG, segmentMs: 1_000 }, [0, 500, 1_000, 1_001, 1_500, 2_002])).toEqual([0, 3, 5]);
  // Room for two entries of the time index, of which the last is kept for the end: full after the first.
  expect(bases({ ...CONFIG, segmentIndexBytes: 24, indexIntervalBytes: 0 }, [1, 2, 3, 4, 5, 6])).toEqual([0, 2, 4]);
  const process = processWithADisk();
  const log = opened(process);
  appendAsLeader(process, log, batchOf(1), 0, CONFIG, 0);
  appendAsFollower(process, log, batchOf(1).placed(2_147_483_647, 0), CONFIG);
  appendAsFollower(process, log, batchOf(1).placed(2_147_483_648, 0), CONFIG);
  expect(log.segments.map(segment => segment.baseOffset)).toEqual([0, 2_147_483_648]);
});

test("reads end with their segment, and from an older segment there is always enough", () => {
  const process = processWithADisk();
  const config = { ...CONFIG, segmentBytes: 2 * batchOf(1).sizeBytes };
  const log = opened(process, config);
  for (let index = 0; index < 5; index += 1) appendAsLeader(process, log, batchOf(1), 0, config, 0);
  const read = (offset: number): number[] => readLog(process, log, offset, { upTo: 5, maxBytes: 1_000_000, minOneBatch: true }).batches.map(batch => batch.baseOffset);
  expect([read(0), read(1), read(2), read(4)]).toEqual([[0, 1], [1], [2, 3], [4]]);
  expect(bytesBetween(process, log, 1, 5, 77)).toBe(77);
  expect(bytesBetween(process, log, 4, 5, 1_000_000)).toBe(batchOf(1).sizeBytes);
});

test("a batch that a disk refuses is answered with a storage error, and the log is offline", () => {
  const process = processWithADisk();
  const log = opened(process);
  process.device.failedDirectories.add("");
  expect(appendAsLeader(process, log, batchOf(1), 0, CONFIG, 0)).toEqual({ ok: false, error: "KAFKA_STORAGE_ERROR" });
  expect(log.isOffline).toBe(true);
  expect(process.timers.map(timer => timer.name)).toEqual(["log directory failure"]);
});

test("records without key in a compacted topic and timestamps out of bounds are refused, the first three named", () => {
  const process = processWithADisk();
  const config = { ...CONFIG, compacts: true, timestampAfterMaxMs: 3_600_000 };
  const log = opened(process, config);
  const refused = appendAsLeader(process, log, batchOf(4), 0, config, 1_000);
  expect(refused).toMatchObject({ ok: false, error: "INVALID_RECORD" });
  expect(refused.ok ? "" : refused.message).toBe("One or more records have been rejected due to 4 record errors in total, and only showing the first three errors at most: "
    + [0, 1, 2].map(index => `RecordError(batchIndex=${index}, message='Compacted topic cannot accept message without key in topic partition orders-0')`).join(", ").replace(/^/, "[") + "]");
  const late = appendAsLeader(process, log, batchOf(1, {}, 9_000_000), 0, { ...config, compacts: false }, 1_000);
  expect(late).toMatchObject({ ok: false, error: "INVALID_TIMESTAMP" });
  expect(late.ok ? "" : late.message).toContain("Timestamp 9000000 of message with offset 0 is out of range. The timestamp should be within [-9223372036854774807, 3601000]");
});

test("reading gives whole batches below the limit; the first one whatever its size when asked so", () => {
  const process = processWithADisk();
  const log = opened(process);
  for (const count of [2, 3, 1]) appendAsLeader(process, log, batchOf(count), 0, CONFIG, 0);
  const bases = (offset: number, limits: Parameters<typeof readLog>[3]): number[] => readLog(process, log, offset, limits).batches.map(batch => batch.baseOffset);
  const large = 1_000_000;
  expect(bases(0, { upTo: 6, maxBytes: large, minOneBatch: true })).toEqual([0, 2, 5]);
  expect(bases(3, { upTo: 6, maxBytes: large, minOneBatch: true })).toEqual([2, 5]);
  expect(bases(0, { upTo: 2, maxBytes: large, minOneBatch: true })).toEqual([0]);
  expect(bases(6, { upTo: 6, maxBytes: large, minOneBatch: true })).toEqual([]);
  expect(bases(0, { upTo: 6, maxBytes: 1, minOneBatch: true })).toEqual([0]);
  expect(bases(0, { upTo: 6, maxBytes: 1, minOneBatch: false })).toEqual([]);
  expect(bytesBetween(process, log, 0, 6, large)).toBe(batchOf(2).sizeBytes + batchOf(3).sizeBytes + batchOf(1).sizeBytes);
  expect(bytesBetween(process, log, 2, 5, large)).toBe(batchOf(3).sizeBytes);
});

test("what a restart rebuilds from the file is what was there; after a loss of power only what had been written back", () => {
  const process = processWithADisk();
  const log = opened(process);
  appendAsLeader(process, log, batchOf(2, { producerId: 1, baseSequence: 0 }), 0, CONFIG, 0);
  syncFile(openLogFile(process.disk, "orders-0/00000000000000000000.log"));
  appendAsLeader(process, log, batchOf(1, { producerId: 1, baseSequence: 2 }), 3, CONFIG, 0);
  const again = opened(processWithADisk(process.disk), CONFIG, 2);
  expect(again).toEqual({
    ...log, highWatermark: 2, snapshots: [3], segments: [{ ...log.segments[0], bytesSinceIndexEntry: 0 }],
    // Memory knew two batches of the producer; the snapshot that recovery takes knows the last one.
    producers: new Map([[1, { producerEpoch: 0, batches: log.producers.get(1)?.batches.slice(1), lastTimestampMs: 1_000 }]]),
  });
  losePower(process.disk);
  const after = opened(processWithADisk(process.disk), CONFIG, 3);
  expect(after).toMatchObject({ logEndOffset: 2, highWatermark: 2, epochs: [{ epoch: 0, startOffset: 0 }] });
  expect(after.producers.get(1)?.batches).toHaveLength(1);
});

test("an epoch that wrote nothing is forgotten at the next start", () => {
  const process = processWithADisk();
  const log = opened(process);
  appendAsLeader(process, log, batchOf(1), 0, CONFIG, 0);
  assignEpoch(process, log, 5, log.logEndOffset);
  expect(log.epochs).toHaveLength(2);
  expect(opened(processWithADisk(process.disk)).epochs).toEqual([{ epoch: 0, startOffset: 0 }]);
});

test("an epoch that wrote nothing is cut although there is nothing else to cut", () => {
  const process = processWithADisk();
  const log = opened(process);
  appendAsLeader(process, log, batchOf(1), 0, CONFIG, 0);
  assignEpoch(process, log, 5, log.logEndOffset);
  expect(truncateTo(process, log, 1, CONFIG)).toBe(false);
  expect(log).toMatchObject({ logEndOffset: 1, epochs: [{ epoch: 0, startOffset: 0 }] });
});

test("a directory of another topic of the same name is emptied", () => {
  const process = processWithADisk();
  appendAsLeader(process, opened(process), batchOf(3), 0, CONFIG, 0);
  process.disk.set("orders-0/partition.metadata", { kind: "record", content: "another id", synced: "another id" });
  expect(opened(process)).toMatchObject({ logEndOffset: 0, epochs: [] });
});

const operations = fc.array(fc.oneof(
  fc.record({ do: fc.constant("append" as const), count: fc.integer({ min: 1, max: 4 }), newEpoch: fc.boolean() }),
  fc.record({ do: fc.constant("cut" as const), at: fc.nat(60) }),
  fc.record({ do: fc.constant("restart" as const) }),
), { maxLength: 40 });

test("laws of a log: offsets without gaps, every offset found by search, ends of epochs agree with the batches, high watermark within", () => {
  fc.assert(fc.property(operations, list => {
    const process = processWithADisk();
    let log = opened(process);
    let epoch = 0;
    for (const step of list) {
      if (step.do === "append") {
        if (step.newEpoch) epoch += 1;
        appendAsLeader(process, log, batchOf(step.count, { producerId: 1, baseSequence: log.logEndOffset }), epoch, CONFIG, 0);
        updateHighWatermark(process, log, log.logEndOffset);
      } else if (step.do === "cut") {
        const before = log.logEndOffset;
        const was = truncateTo(process, log, step.at, CONFIG);
        expect(was).toBe(step.at < before);
        expect(log.logEndOffset).toBeLessThanOrEqual(was ? step.at : before);
        epoch += 1;
      } else log = opened(process, CONFIG, log.highWatermark);
      const batches = [...batchesOf(process, log)];
      let end = 0;
      batches.forEach((batch, index) => {
        expect(batch.baseOffset).toBe(end);
        for (let offset = batch.baseOffset; offset < batch.nextOffset; offset += 1) expect(indexOfOffset(batchesOf(process, log), offset)).toBe(index);
        const last = batches.findLast(other => other.partitionLeaderEpoch === batch.partitionLeaderEpoch);
        expect(logEndOffsetForEpoch(log, batch.partitionLeaderEpoch)).toEqual({ epoch: batch.partitionLeaderEpoch, endOffset: last?.nextOffset });
        end = batch.nextOffset;
      });
      expect(log.logEndOffset).toBe(end);
      expect(log.highWatermark).toBeLessThanOrEqual(end);
    }
  }), { numRuns: 60 });
});

test("a follower that copies batch by batch has the same log", () => {
  const leader = processWithADisk();
  const follower = processWithADisk();
  const source = opened(leader);
  const copy = opened(follower);
  for (const [count, epoch] of [[2, 0], [1, 0], [4, 3], [1, 5]] as const) appendAsLeader(leader, source, batchOf(count), epoch, CONFIG, 0);
  for (const batch of batchesOf(leader, source)) appendAsFollower(follower, copy, batch, CONFIG);
  expect(copy).toEqual(source);
  expect(() => appendAsFollower(follower, copy, batchOf(1).placed(0, 5), CONFIG)).toThrow("follower at 8 was sent 0");
});
