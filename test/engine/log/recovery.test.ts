// What a start makes of a log whose node was killed, and of bytes that were cut off or changed by hand: the recording "34-torn-tail" of 3.9.1.
import { expect, test } from "vitest";
import { damageLog, damageRefusal } from "#engine/log/damage-log.ts";
import { listFiles } from "#engine/log/log-files.ts";
import { openLog, type LoadedFrom } from "#engine/log/log-loader.ts";
import { appendAsLeader, assignEpoch, batchesOf, flushLog, type UnifiedLog, updateHighWatermark } from "#engine/log/unified-log.ts";
import { RecordBatchBuilder } from "#engine/protocol/record-batch-codec.ts";
import { CONFIG, type DiskProcess, linesOf, opened, processWithADisk } from "./process-with-a-disk.ts";

const DIR = "/var/kafka/broker1/data";
const KILLED: LoadedFrom = { root: "", logDirectory: DIR, fileNames: null, wasClean: false, recoveryPoint: 0, logStartOffset: 0 };
const AT = { broker: 1, topic: "orders-torn-one", partition: 0, topicId: "topic-id" };
const LOADER = `[LogLoader partition=orders-torn-one-0, dir=${DIR}]`;
const FILE = `${DIR}/orders-torn-one-0/00000000000000000000.log`;

function say(text: string): string { return `INFO ${LOADER} ${text} (kafka.log.UnifiedLog$)`; }
const RECOVERING = `INFO ${LOADER} Recovering unflushed segment 0. 0/1 recovered for orders-torn-one-0. (kafka.log.LogLoader)`;
function loading(offset: number): string { return say(`Loading producer state till offset ${offset} with message format version 2`); }
function took(offset: number): string { return say(`Producer state recovery took 0ms for snapshot load and 0ms for segment recovery from offset ${offset}`); }
function corrupt(offset: number): string { return `WARN ${LOADER} Corruption found in segment 0, truncating to offset ${offset} (kafka.log.LogLoader)`; }
function invalid(at: number): string { return `WARN Found invalid messages in log segment ${FILE} at byte offset ${at}. (org.apache.kafka.storage.internals.log.LogSegment)`; }
function fromSnapshot(offset: number): string {
  return `INFO [ProducerStateManager partition=orders-torn-one-0] Loading producer state from snapshot file 'SnapshotFile(offset=${offset}, `
    + `file=${DIR}/orders-torn-one-0/${String(offset).padStart(20, "0")}.snapshot)' (org.apache.kafka.storage.internals.log.ProducerStateManager)`;
}
function dropped(offset: number): string {
  return `INFO Deleted producer state snapshot ${DIR}/orders-torn-one-0/${String(offset).padStart(20, "0")}.snapshot (org.apache.kafka.storage.internals.log.SnapshotFile)`;
}

/** Six batches of one record, 85 bytes each. */
function sixRecords(): DiskProcess {
  const process = processWithADisk();
  const log = openLog(process, AT, CONFIG, 0, KILLED);
  assignEpoch(process, log, 0, 0);
  for (let index = 0; index < 6; index += 1) {
    appendAsLeader(process, log, new RecordBatchBuilder().append(1000, null, `orders-torn-one-${index}`).build(), 0, CONFIG, 1000);
  }
  updateHighWatermark(process, log, 6);
  expect(sizeOf(process)).toBe(510);
  return process;
}

function sizeOf(process: DiskProcess): number | undefined {
  return listFiles(process.disk, "orders-torn-one-0").find(file => file.name.endsWith(".log"))?.sizeBytes;
}

/** A start after a kill: the log, and the lines that it wrote. */
function start(before: DiskProcess): { readonly process: DiskProcess; readonly log: UnifiedLog; readonly lines: string[] } {
  const process = processWithADisk(before.disk);
  const log = openLog(process, AT, CONFIG, 6, KILLED);
  return { process, log, lines: linesOf(process) };
}

test("after SIGKILL the segment is read again, and nothing is cut", () => {
  const { log, lines } = start(sixRecords());
  expect(log).toMatchObject({ logEndOffset: 6, highWatermark: 6, snapshots: [6] });
  expect(lines).toEqual([RECOVERING, loading(0), took(0), loading(6), fromSnapshot(6), took(6)]);
});

test("seven bytes less: the last batch goes, without a word about what is wrong with it", () => {
  const first = start(sixRecords()).process;
  damageLog(first.disk, AT.topic, 0, "cut-bytes", 7);
  expect(sizeOf(first)).toBe(503);
  const { process, log, lines } = start(first);
  expect(lines).toEqual([RECOVERING, loading(0), dropped(6), took(0), corrupt(5), loading(5), fromSnapshot(5), took(5)]);
  expect(log).toMatchObject({ logEndOffset: 5, highWatermark: 5 });
  expect(sizeOf(process)).toBe(425);
});

test("a changed byte in the third value cuts from there on; the CRC tells", () => {
  const first = start(sixRecords()).process;
  damageLog(first.disk, AT.topic, 0, "flip-byte", 3 * 85 + 2);
  const { log, lines } = start(first);
  expect(lines.slice(0, 5)).toEqual([RECOVERING, loading(0), dropped(6), took(0), invalid(170)]);
  expect(lines[5]).toMatch(/^org\.apache\.kafka\.common\.errors\.CorruptRecordException: Record is corrupt \(stored crc = \d+, computed crc = \d+\)$/);
  expect(lines.slice(6)).toEqual([corrupt(2), loading(2), fromSnapshot(2), took(2)]);
  expect(log.logEndOffset).toBe(2);
});

test("zeros behind the last batch are cut and cost nothing", () => {
  const first = sixRecords();
  damageLog(first.disk, AT.topic, 0, "append-zeros", 100);
  expect(sizeOf(first)).toBe(610);
  const { process, log, lines } = start(first);
  expect(lines).toEqual([
    RECOVERING, loading(0), took(0), invalid(510),
    `org.apache.kafka.common.errors.CorruptRecordException: Found record size 0 smaller than minimum record overhead (14) in file ${FILE}.`,
    corrupt(6), loading(6), fromSnapshot(6), took(6),
  ]);
  expect(log.logEndOffset).toBe(6);
  expect(sizeOf(process)).toBe(510);
});

test("a base offset that cannot lie in the segment: the log is not opened; the same change again mends it", () => {
  const first = sixRecords();
  damageLog(first.disk, AT.topic, 0, "flip-byte", 5 * 85 - 2);
  expect(() => start(first)).toThrow(`requirement failed: Split operation is only permitted for segments with overflow, and the problem path is ${FILE}`);
  damageLog(first.disk, AT.topic, 0, "flip-byte", 5 * 85 - 2);
  expect(start(first).log.logEndOffset).toBe(6);
});

test("an emptied file is an empty log, and no error", () => {
  const first = start(sixRecords()).process;
  damageLog(first.disk, AT.topic, 0, "cut-bytes", Number.MAX_SAFE_INTEGER);
  const { log, lines } = start(first);
  expect(lines).toEqual([RECOVERING, loading(0), dropped(6), took(0), loading(0), took(0)]);
  expect(log).toMatchObject({ logEndOffset: 0, highWatermark: 0, epochs: [] });
});

test("a missing index is built again", () => {
  const config = { ...CONFIG, segmentBytes: 400, indexIntervalBytes: 100 };
  const process = processWithADisk();
  const log = opened(process, config);
  for (let index = 0; index < 12; index += 1) appendAsLeader(process, log, new RecordBatchBuilder().append(index, null, "value").build(), 0, config, 0);
  const before = listFiles(process.disk, "orders-0");
  expect(before.filter(file => file.name.endsWith(".index")).length).toBeGreaterThan(1);
  process.disk.delete("orders-0/00000000000000000000.index");
  flushLog(process, log);
  const again = processWithADisk(process.disk);
  openLog(again, { broker: 1, topic: "orders", partition: 0, topicId: "topic-id" }, config, 0, { ...KILLED, wasClean: true });
  expect(linesOf(again)[0]).toContain("Could not find offset index file corresponding to log file");
  expect(listFiles(process.disk, "orders-0").find(file => file.name === "00000000000000000000.index")).toEqual(before.find(file => file.name === "00000000000000000000.index"));
});

test("only segments from the recovery point on are read again; a clean end leaves none", () => {
  const config = { ...CONFIG, segmentBytes: 200 };
  const process = processWithADisk();
  const log = opened(process, config);
  for (let index = 0; index < 6; index += 1) appendAsLeader(process, log, new RecordBatchBuilder().append(index, null, "value").build(), 0, config, 0);
  expect(log.segments.length).toBeGreaterThan(2);
  const from = (wasClean: boolean, recoveryPoint: number): string[] => {
    const again = processWithADisk(process.disk);
    const opened = openLog(again, { broker: 1, topic: "orders", partition: 0, topicId: "topic-id" }, config, 0, { ...KILLED, wasClean, recoveryPoint });
    expect([...batchesOf(again, opened)]).toHaveLength(6);
    return linesOf(again).filter(line => line.includes("Recovering unflushed"));
  };
  expect(from(true, 0)).toEqual([]);
  expect(from(false, log.recoveryPoint)).toHaveLength(1);
  expect(from(false, 0)).toHaveLength(log.segments.length);
});

test("a log that is not there cannot be damaged", () => {
  expect(damageRefusal(processWithADisk().disk, "orders", 0)).toBe("there is no replica of orders-0 on this disk");
});
