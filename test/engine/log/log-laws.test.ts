// What must hold of a log's files whatever is done to it: appended to, cut, rolled, retained, compacted, closed, killed, darkened, damaged.
import fc from "fast-check";
import { expect, test } from "vitest";
import { losePower } from "#engine/core/disk.ts";
import { damageLog } from "#engine/log/damage-log.ts";
import { cleanLog, examineLog } from "#engine/log/log-cleaner.ts";
import { DEFAULT_LOG_CONFIG, type LogConfig } from "#engine/log/log-config.ts";
import { deleteFiles } from "#engine/log/log-deletion.ts";
import { listFiles } from "#engine/log/log-files.ts";
import { openLog } from "#engine/log/log-loader.ts";
import { closeIndexes, indexEntries, positionOf } from "#engine/log/log-segment.ts";
import { deleteOldSegments, maybeIncrementLogStartOffset } from "#engine/log/log-start.ts";
import { takeSnapshot } from "#engine/log/log-append.ts";
import {
  appendAsFollower, appendAsLeader, batchesOf, flushLog, readLog, truncateFullyAndStartAt, truncateTo, type UnifiedLog, updateHighWatermark,
} from "#engine/log/unified-log.ts";
import { decodeRecords, isValidCrc, RecordBatchBuilder } from "#engine/protocol/record-batch-codec.ts";
import { type DiskProcess, processWithADisk } from "./process-with-a-disk.ts";

const AT = { broker: 1, topic: "orders", partition: 0, topicId: "topic-id" };

const operations = fc.array(fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("append" as const), keys: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }), tombstone: fc.boolean(), newEpoch: fc.boolean() }) },
  fc.record({ do: fc.constant("cut" as const), at: fc.nat(80) }),
  fc.record({ do: fc.constant("start-at" as const), by: fc.nat(5) }),
  fc.record({ do: fc.constant("delete-records" as const), share: fc.nat(100) }),
  fc.record({ do: fc.constant("retain" as const), bytes: fc.nat(900) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant("compact" as const) }) },
  fc.record({ do: fc.constant("restart" as const), how: fc.constantFrom("clean" as const, "killed" as const, "dark" as const) }),
  fc.record({ do: fc.constant("damage" as const), how: fc.constantFrom("cut-bytes" as const, "flip-byte" as const, "append-garbage" as const, "append-zeros" as const, "delete-index" as const), bytes: fc.nat(200) }),
), { maxLength: 40 });

interface World { process: DiskProcess; log: UnifiedLog; epoch: number; timeMs: number }

function restart(world: World, config: LogConfig, wasClean: boolean): void {
  const { log, process } = world;
  if (wasClean) {
    flushLog(process, log);
    takeSnapshot(process, log);
    const active = log.segments.at(-1);
    if (active !== undefined) closeIndexes(process.disk, active);
  }
  const { now } = process;
  world.process = processWithADisk(process.disk);
  world.process.now = now;
  world.log = openLog(world.process, AT, config, log.highWatermark, {
    root: "", logDirectory: "/data", fileNames: null, wasClean, recoveryPoint: log.recoveryPoint, logStartOffset: log.logStartOffset,
  });
}

function carryOut(world: World, config: LogConfig, step: (typeof operations extends fc.Arbitrary<(infer T)[]> ? T : never)): void {
  const { process, log } = world;
  switch (step.do) {
    case "append": {
      if (step.newEpoch) world.epoch += 1;
      world.timeMs += 10;
      const builder = new RecordBatchBuilder();
      for (const key of step.keys) builder.append(world.timeMs, `key-${key}`, step.tombstone ? null : `value ${world.timeMs}`);
      expect(appendAsLeader(process, log, builder.build(), world.epoch, config, world.timeMs)).toMatchObject({ ok: true });
      updateHighWatermark(process, log, log.logEndOffset);
      return;
    }
    case "cut":
      truncateTo(process, log, step.at, config);
      world.epoch += 1;
      return;
    case "start-at": return truncateFullyAndStartAt(process, log, log.logEndOffset + step.by, config);
    case "delete-records": maybeIncrementLogStartOffset(process, log, Math.floor(log.highWatermark * step.share / 100), config); return;
    case "retain": deleteOldSegments(process, log, { ...config, retentionBytes: step.bytes }); return;
    case "compact": {
      process.now = world.timeMs * 1000;
      const candidate = examineLog(log, config, undefined, world.timeMs);
      if (candidate !== null) cleanLog(process, log, config, candidate);
      return;
    }
    case "restart":
      if (step.how === "dark") losePower(process.disk);
      restart(world, config, step.how === "clean");
      world.epoch += 1;
      return;
    case "damage":
      damageLog(process.disk, AT.topic, AT.partition, step.how, step.how === "flip-byte" ? step.bytes % 40 + 1 : step.bytes);
      restart(world, config, false);
      world.epoch += 1;
  }
}

function checkLaws({ process, log }: World): void {
  let end = log.segments[0]?.baseOffset ?? 0;
  for (const timer of process.timers.splice(0)) deleteFiles(process, timer.payload as string[]);
  const sizes = new Map(listFiles(process.disk, "orders-0").map(file => [`orders-0/${file.name}`, file.sizeBytes]));
  for (const segment of log.segments) {
    expect(segment.baseOffset).toBeGreaterThanOrEqual(end);
    end = segment.baseOffset;
    let bytes = 0;
    for (const batch of batchesOf(process, { ...log, segments: [segment] })) {
      expect(batch.baseOffset).toBeGreaterThanOrEqual(end);
      expect(isValidCrc(batch)).toBe(true);
      end = batch.nextOffset;
      bytes += batch.sizeBytes;
    }
    expect([segment.sizeBytes, sizes.get(segment.path)]).toEqual([bytes, bytes]);
    const entries = indexEntries(process.disk, segment.indexPath);
    entries.forEach((entry, index) => {
      expect(entry.value).toBeLessThanOrEqual(positionOf(process.disk, segment, entry.key));
      if (index > 0) expect(entry.key).toBeGreaterThan(entries[index - 1]?.key ?? -1);
    });
    const newest = Math.max(-1, ...[...batchesOf(process, { ...log, segments: [segment] })].map(batch => batch.maxTimestampMs));
    expect(segment.maxTimestampMs).toBe(newest);
  }
  expect(log.logEndOffset).toBe(Math.max(end, log.segments.at(-1)?.baseOffset ?? 0));
  expect(log.logStartOffset).toBeLessThanOrEqual(log.highWatermark);
  expect(log.highWatermark).toBeLessThanOrEqual(log.logEndOffset);
  expect([...sizes.keys()].filter(path => path.endsWith(".log"))).toEqual(log.segments.map(segment => segment.path));
  expect([...sizes.keys()].filter(path => path.endsWith(".snapshot")).map(path => Number(path.slice(9, 29)))).toEqual(log.snapshots);
}

/** What a consumer gets that reads from the start to the end, segment by segment. */
function readAll({ process, log }: World): number[] {
  const offsets: number[] = [];
  for (let at = log.logStartOffset; at < log.logEndOffset;) {
    const { batches } = readLog(process, log, at, { upTo: log.logEndOffset, maxBytes: 500, minOneBatch: true });
    const last = batches.at(-1);
    if (last === undefined) break;
    for (const batch of batches) for (const record of decodeRecords(batch)) if (record.offset >= at) offsets.push(record.offset);
    at = last.nextOffset;
  }
  return offsets;
}

for (const each of [false, true]) {
  test(`the files agree with the log after every step (${each ? "4.3" : "3.9"})`, () => {
    const config: LogConfig = {
      ...DEFAULT_LOG_CONFIG, segmentBytes: 400, indexIntervalBytes: 100, compacts: true, deletes: true, retentionMs: -1, deleteRetentionMs: 50, indexesEachBatch: each,
    };
    fc.assert(fc.property(operations, list => {
      const process = processWithADisk();
      const world: World = { process, log: openLog(process, AT, config, 0), epoch: 0, timeMs: 1000 };
      for (const step of list) {
        carryOut(world, config, step);
        checkLaws(world);
      }
      const kept = [...batchesOf(world.process, world.log)].flatMap(batch => decodeRecords(batch)).map(record => record.offset);
      expect(readAll(world)).toEqual(kept.filter(offset => offset >= world.log.logStartOffset));
    }), { numRuns: 150 });
  });
}

test("compaction keeps the newest value of every key, and a follower that copies what is left reads the same", () => {
  const config: LogConfig = { ...DEFAULT_LOG_CONFIG, segmentBytes: 400, compacts: true };
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(5), fc.boolean()), { minLength: 5, maxLength: 60 }), list => {
    const process = processWithADisk();
    const log = openLog(process, AT, config, 0);
    const newest = new Map<string, string | null>();
    list.forEach(([key, isTombstone], index) => {
      const value = isTombstone ? null : `value ${index}`;
      newest.set(`key-${key}`, value);
      appendAsLeader(process, log, new RecordBatchBuilder().append(1000 + index, `key-${key}`, value).build(), 0, config, 1000);
    });
    updateHighWatermark(process, log, log.logEndOffset);
    const candidate = examineLog(log, config, undefined, 2000);
    if (candidate !== null) cleanLog(process, log, config, candidate);
    const follower = processWithADisk();
    const copy = openLog(follower, AT, config, 0);
    for (const batch of batchesOf(process, log)) appendAsFollower(follower, copy, batch, config);
    const state = new Map<string, string | null>();
    for (const batch of batchesOf(follower, copy)) {
      for (const { key, value } of decodeRecords(batch)) state.set(String.fromCharCode(...key ?? []), value === null ? null : String.fromCharCode(...value));
    }
    expect(new Map([...state].filter(([, value]) => value !== null))).toEqual(new Map([...newest].filter(([, value]) => value !== null)));
    expect(copy.logEndOffset).toBe(log.logEndOffset);
  }), { numRuns: 100 });
});
