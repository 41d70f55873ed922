// Snapshots of the metadata log (KIP-630): what the log up to an offset adds up to, as records, in a file of its own. With it the older part of the
// log can be given up. Follows KafkaMetadataLog.scala, SnapshotGenerator.java, RecordsSnapshotWriter.java. FIDELITY: RAFT-SNAPSHOT.
import { type Disk, readRecordFile, syncFile, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { SharedValue } from "#engine/core/shared-value.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { batchAt, logStartOffset, metadataLog, type SnapshotId, type StoredSnapshot } from "./metadata-log.ts";
import { type KRaftVersionRecord, type LogRecord, RaftBatch, type SnapshotFooterRecord, type SnapshotHeaderRecord, type VotersRecord } from "./raft-batch.ts";
import type { RaftState } from "./raft-state.ts";
import { votersAfter, type VotersEntry } from "./voter-set.ts";

const DIRECTORY = "__cluster_metadata-0/";
/** 00000000000000000153-0000000003.checkpoint */
const FILE_NAME = /^__cluster_metadata-0\/(\d{20})-(\d{10})\.checkpoint$/;
const RECORDS_PER_BATCH = 1000;

/** Content of a snapshot's file. The first batch and the last hold control records, the others what the layer above has written. */
export class Snapshot extends SharedValue {
  readonly id: SnapshotId;
  readonly batches: readonly RaftBatch[];
  readonly sizeBytes: number;

  constructor(id: SnapshotId, batches: readonly RaftBatch[]) {
    super();
    this.id = id;
    this.batches = batches;
    this.sizeBytes = bytesOf(batches);
  }

  digestParts(): readonly (number | string)[] {
    return [this.id.endOffset, this.id.epoch, this.sizeBytes];
  }
}

export function bytesOf(batches: readonly RaftBatch[]): number {
  let bytes = 0;
  for (const batch of batches) bytes += batch.sizeBytes;
  return bytes;
}

export function snapshotPath({ endOffset, epoch }: SnapshotId): string {
  return `${DIRECTORY}${String(endOffset).padStart(20, "0")}-${String(epoch).padStart(10, "0")}.checkpoint`;
}

/** Snapshots on a disk, oldest first. */
export function storedSnapshots(disk: Disk): StoredSnapshot[] {
  const found: StoredSnapshot[] = [];
  for (const path of disk.keys()) {
    const name = FILE_NAME.exec(path);
    const snapshot = name === null ? null : readSnapshot(disk, { endOffset: Number(name[1]), epoch: Number(name[2]) });
    if (snapshot !== null) found.push(describe(snapshot));
  }
  return found.sort((a, b) => a.endOffset - b.endOffset || a.epoch - b.epoch);
}

export function readSnapshot(disk: Disk, id: SnapshotId): Snapshot | null {
  const content = readRecordFile(disk, snapshotPath(id));
  return content instanceof Snapshot ? content : null;
}

function describe(snapshot: Snapshot): StoredSnapshot {
  const header = snapshot.batches[0]?.records[0] as SnapshotHeaderRecord | undefined;
  return { ...snapshot.id, sizeBytes: snapshot.sizeBytes, timeMs: header?.lastContainedLogTimestamp ?? 0 };
}

/** Who votes by a snapshot. */
export function votersInSnapshot(snapshot: Snapshot, before: VotersEntry): VotersEntry {
  const first = snapshot.batches[0];
  const entry = first === undefined ? null : votersAfter(first, before);
  return entry === null ? before : { ...entry, offset: -1 };
}

/** @param voters null where the log says nothing of voters (kraft.version 0) */
export function buildSnapshot(id: SnapshotId, voters: VotersEntry | null, records: readonly LogRecord[], timeMs: number): Snapshot {
  const header: SnapshotHeaderRecord = { type: "SnapshotHeaderRecord", lastContainedLogTimestamp: timeMs };
  const control: LogRecord[] = [header];
  if (voters !== null) {
    const version: KRaftVersionRecord = { type: "KRaftVersionRecord", kRaftVersion: voters.kraftVersion };
    const set: VotersRecord = { type: "VotersRecord", voters: voters.voters };
    control.push(version, set);
  }
  const batches = [new RaftBatch(0, id.epoch, true, control, timeMs)];
  let offset = control.length;
  for (let from = 0; from < records.length; from += RECORDS_PER_BATCH) {
    const batch = new RaftBatch(offset, id.epoch, false, records.slice(from, from + RECORDS_PER_BATCH), timeMs);
    batches.push(batch);
    offset = batch.nextOffset;
  }
  const footer: SnapshotFooterRecord = { type: "SnapshotFooterRecord" };
  batches.push(new RaftBatch(offset, id.epoch, true, [footer], timeMs));
  return new Snapshot(id, batches);
}

/** What `kafka-storage.sh format` writes for a quorum whose voters stand in the log: the snapshot 0-0. */
export function writeFirstVoters(disk: Disk, voters: VotersEntry, timeMs: number): void {
  const snapshot = buildSnapshot({ endOffset: 0, epoch: 0 }, voters, [], timeMs);
  writeRecordFile(disk, snapshotPath(snapshot.id), snapshot, true);
}

// ---- when and how a node takes one

/** Enough has been committed since the last one, or enough time has passed and something was committed. Asked after each commit. */
export function wantsSnapshot(process: ProcessContext, state: RaftState): boolean {
  const { snapshotBytes, snapshotIntervalMs } = state.config;
  return state.bytesSinceSnapshot >= snapshotBytes
    || snapshotIntervalMs > 0 && state.bytesSinceSnapshot > 0 && process.now - state.snapshotAtUs >= fromMs(snapshotIntervalMs);
}

/** Freezes `records`, which everything up to the last batch handed up adds up to. */
export function takeSnapshot(process: ProcessContext, state: RaftState, records: readonly LogRecord[]): void {
  state.bytesSinceSnapshot = 0;
  state.snapshotAtUs = process.now;
  if (state.committedBatches === 0) return;
  const last = batchAt(metadataLog(process), state.committedBatches - 1);
  const id: SnapshotId = { endOffset: last.nextOffset, epoch: last.epoch };
  if (state.snapshots.some(known => known.endOffset >= id.endOffset)) return;
  const entry = state.voterHistory.findLast(known => known.offset < id.endOffset) as VotersEntry;
  storeSnapshot(process, state, buildSnapshot(id, entry.kraftVersion === 1 ? entry : null, records, last.appendTimeMs));
  cleanLog(process, state);
}

export function storeSnapshot(process: ProcessContext, state: RaftState, snapshot: Snapshot): void {
  writeRecordFile(process.disk, snapshotPath(snapshot.id), snapshot, true);
  state.snapshots.push(describe(snapshot));
}

/**
 * metadata.max.retention.bytes and .ms: the oldest snapshot goes while a newer one is there, and the log with it up to that one.
 * KafkaMetadataLog looks once a minute; here after each snapshot, since nothing else can make one old enough to matter.
 */
function cleanLog(process: ProcessContext, state: RaftState): void {
  const { retentionBytes, retentionMs } = state.config;
  const nowMs = toMs(process.now);
  for (;;) {
    const [oldest, next] = state.snapshots;
    if (oldest === undefined || next === undefined) return;
    const isOld = retentionMs >= 0 && nowMs - oldest.timeMs > retentionMs;
    if (!isOld && (retentionBytes < 0 || storedBytes(process, state) <= retentionBytes)) return;
    process.disk.delete(snapshotPath(oldest));
    state.snapshots.shift();
    giveUpLogBefore(process, state, next);
  }
}

function storedBytes(process: ProcessContext, state: RaftState): number {
  let bytes = 0;
  for (const snapshot of state.snapshots) bytes += snapshot.sizeBytes;
  for (const batch of metadataLog(process).entries) bytes += (batch as RaftBatch).sizeBytes;
  return bytes;
}

/** Drops the batches that a snapshot covers and leaves the mark that the log begins there. */
export function giveUpLogBefore(process: ProcessContext, state: RaftState, { endOffset, epoch }: SnapshotId): void {
  const log = metadataLog(process);
  if (logStartOffset(log) >= endOffset) return;
  let covered = 0;
  while (covered < log.entries.length && batchAt(log, covered).nextOffset <= endOffset) covered += 1;
  const rest = log.entries.slice(covered) as RaftBatch[];
  log.entries.truncate(0);
  log.entries.push(new RaftBatch(endOffset, epoch, true, [], 0));
  for (const batch of rest) log.entries.push(batch);
  syncFile(log);
  state.committedBatches = Math.max(0, state.committedBatches - covered) + 1;
}
