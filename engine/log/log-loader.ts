// Opening a replica's directory at a start, or making it. After a clean shutdown nothing is scanned; otherwise every segment from the recovery point on
// is read again: a bad tail is cut, indexes, epochs and producers are built anew.
// Source: LogLoader.scala, LogManager.loadLog (3.9). FIDELITY: LOG-RECOVERY, LOG-LINES.
import { type Disk, readRecordFile, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import { assignEpochStart, type EpochEntry, latestEpoch } from "./leader-epoch-cache.ts";
import { drawJitter, takeSnapshot } from "./log-append.ts";
import type { LogConfig } from "./log-config.ts";
import { deleteLogFiles } from "./log-deletion.ts";
import { logLine } from "./log-lines.ts";
import { batchesIn, createSegment, fileName, type LogSegment, nextOffsetOf, openIndexes, readLargestTimestamp, rebuildIndexes, syncSegment } from "./log-segment.ts";
import { activeSegment, cutEpochsFromEnd, cutEpochsFromStart, epochPath, logDirectory, type UnifiedLog } from "./log-state.ts";
import { snapshotPath } from "./producer-snapshot.ts";
import { noteAppended } from "./producer-state.ts";
import { reloadProducers } from "./producer-reload.ts";
import { isDamaged, recoverSegment } from "./segment-recovery.ts";

/** Where log.dir points when nobody says otherwise. */
export const DEFAULT_LOG_DIRECTORY = "/tmp/kafka-logs";

/**
 * How a start finds a replica. @property root what stands before "orders-0" in its paths. @property fileNames of its folder, when somebody has looked.
 * @property wasClean `.kafka_cleanshutdown` was there. Offsets as the checkpoints of the log directory have them.
 */
export interface LoadedFrom {
  readonly root: string;
  readonly logDirectory: string;
  readonly fileNames: readonly string[] | null;
  readonly wasClean: boolean;
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
}
const UNKNOWN_PAST: LoadedFrom = { root: "", logDirectory: DEFAULT_LOG_DIRECTORY, fileNames: null, wasClean: false, recoveryPoint: 0, logStartOffset: 0 };

export interface ReplicaAt { readonly broker: number; readonly topic: string; readonly partition: number; readonly topicId: string }

/** A log that cannot be opened: Kafka ends with this text. */
export class LogLoadError extends Error {}

/**
 * Opens the replica's directory, or makes it. What is there of an older topic of the same name is removed. `checkpointedHighWatermark`:
 * from `replication-offset-checkpoint`, 0 when it is not named there.
 */
export function openLog(
  process: ProcessContext, at: ReplicaAt, config: LogConfig, checkpointedHighWatermark: number, from: LoadedFrom = UNKNOWN_PAST,
): UnifiedLog {
  const { disk } = process;
  const { broker, topic, partition } = at;
  const directory = logDirectory(topic, partition);
  const folder = `${from.root}${directory}`;
  const metadataPath = `${folder}/partition.metadata`;
  const topicIdOnDisk = readRecordFile(disk, metadataPath);
  const log: UnifiedLog = {
    broker, topic, partition, directory, folder, logDirectory: from.logDirectory, rollJitterMs: drawJitter(process, config),
    logStartOffset: 0, logEndOffset: 0, highWatermark: 0, recoveryPoint: 0, lastFlushMs: toMs(process.now), epochs: [], producers: new Map(), snapshots: [],
    segments: [], isOffline: false,
  };
  if (topicIdOnDisk === undefined) createLog(process, log, config);
  else if (topicIdOnDisk !== at.topicId) {
    deleteLogFiles(process, folder);
    createLog(process, log, config);
  } else load(process, log, config, from);
  if (topicIdOnDisk !== at.topicId) writeRecordFile(disk, metadataPath, at.topicId, true);
  log.highWatermark = Math.min(Math.max(checkpointedHighWatermark, log.logStartOffset), log.logEndOffset);
  process.trace({ kind: "log-opened", broker, topic, partition, logStart: log.logStartOffset, logEnd: log.logEndOffset, highWatermark: log.highWatermark });
  return log;
}

function createLog(process: ProcessContext, log: UnifiedLog, config: LogConfig): void {
  const segment = createSegment(process.disk, log.folder, 0, toMs(process.now));
  openIndexes(process.disk, segment, config);
  log.segments.push(segment);
  // The file is there before its first row.
  writeRecordFile(process.disk, epochPath(log.folder), null, true);
}

/** Bytes that a start would have to read again. */
export function bytesToRecover(disk: Disk, folder: string, fileNames: readonly string[], recoveryPoint: number): number {
  const bases = segmentBases(fileNames);
  let bytes = 0;
  for (const [index, base] of bases.entries()) {
    const next = bases[index + 1];
    if (next === undefined || next > recoveryPoint) bytes += disk.get(`${folder}/${fileName(base)}.log`)?.sizeBytes ?? 0;
  }
  return bytes;
}

function segmentBases(fileNames: readonly string[]): number[] {
  return fileNames.filter(name => name.endsWith(".log")).map(name => Number(name.slice(0, -4))).sort((left, right) => left - right);
}

function namesIn(disk: Disk, folder: string): string[] {
  const prefix = `${folder}/`;
  return [...disk.keys()].filter(path => path.startsWith(prefix)).map(path => path.slice(prefix.length));
}

function load(process: ProcessContext, log: UnifiedLog, config: LogConfig, from: LoadedFrom): void {
  const { disk } = process;
  const names = from.fileNames ?? namesIn(disk, log.folder);
  for (const name of names) if (name.endsWith(".deleted")) disk.delete(`${log.folder}/${name}`);
  log.snapshots = names.filter(name => name.endsWith(".snapshot")).map(name => Number(name.slice(0, -9))).sort((left, right) => left - right);
  log.epochs = [...readRecordFile(disk, epochPath(log.folder)) as readonly EpochEntry[] | null | undefined ?? []];
  log.logStartOffset = from.logStartOffset;
  log.segments = segmentBases(names).map(base => createSegment(disk, log.folder, base, toMs(process.now)));
  recoverLog(process, log, config, from);
  if (log.segments.length === 0) log.segments.push(createSegment(disk, log.folder, log.logStartOffset, toMs(process.now)));
  for (const segment of log.segments) readLargestTimestamp(disk, segment);
  log.logEndOffset = nextOffsetOf(disk, activeSegment(log));
  log.recoveryPoint = from.wasClean ? log.logEndOffset : Math.min(from.recoveryPoint, log.logEndOffset);
  log.logStartOffset = Math.max(log.logStartOffset, (log.segments[0] as LogSegment).baseOffset);
  cutEpochsFromEnd(process, log, log.logEndOffset);
  cutEpochsFromStart(process, log, log.logStartOffset);
  removeStraySnapshots(process, log);
  reloadProducers(process, log, log.logEndOffset, "LogLoader");
  openIndexes(disk, activeSegment(log), config);
}

/** Goes through the segments that may not have reached the disk; behind a bad one nothing is kept. */
function recoverLog(process: ProcessContext, log: UnifiedLog, config: LogConfig, from: LoadedFrom): void {
  const { disk } = process;
  const all = log.segments;
  const unflushed = from.wasClean ? all.filter(segment => isDamaged(batchesIn(disk, segment))) : all.filter((_segment, index) => {
    const next = all[index + 1];
    return next === undefined || next.baseOffset > from.recoveryPoint;
  });
  for (const segment of all) if (!unflushed.includes(segment) && disk.get(segment.indexPath) === undefined) rebuildMissingIndex(process, log, segment, config);
  for (const [index, segment] of unflushed.entries()) {
    sayLoader(process, log, "INFO", `Recovering unflushed segment ${segment.baseOffset}. ${index}/${unflushed.length} recovered for ${log.directory}.`);
    const keptBytes = recover(process, log, segment, config);
    if (keptBytes === null) continue;
    sayLoader(process, log, "WARN", `Corruption found in segment ${segment.baseOffset}, truncating to offset ${nextOffsetOf(disk, segment)}`);
    for (const later of all.slice(all.indexOf(segment) + 1)) for (const path of [later.path, later.indexPath, later.timeIndexPath]) disk.delete(path);
    log.segments = all.slice(0, all.indexOf(segment) + 1);
    return;
  }
}

function rebuildMissingIndex(process: ProcessContext, log: UnifiedLog, segment: LogSegment, config: LogConfig): void {
  sayLoader(process, log, "ERROR", `Could not find offset index file corresponding to log file ${log.logDirectory}/${log.directory}/${fileName(segment.baseOffset)}.log, `
    + "recovering segment and rebuilding index files...");
  recover(process, log, segment, config);
}

/** Null when nothing had to be cut. */
function recover(process: ProcessContext, log: UnifiedLog, segment: LogSegment, config: LogConfig): number | null {
  const { disk } = process;
  const filePath = `${log.logDirectory}/${log.directory}/${fileName(segment.baseOffset)}.log`;
  reloadProducers(process, log, segment.baseOffset, "LogLoader");
  const { cutBytes, corruption, validBytes, overflows } = recoverSegment(disk, segment, filePath);
  if (overflows) throw new LogLoadError(`requirement failed: Split operation is only permitted for segments with overflow, and the problem path is ${filePath}`);
  if (corruption !== null) {
    logLine(process, log.broker, "WARN", `Found invalid messages in log segment ${filePath} at byte offset ${validBytes}.`, "org.apache.kafka.storage.internals.log.LogSegment");
    logLine(process, log.broker, "WARN", `org.apache.kafka.common.errors.CorruptRecordException: ${corruption}`, "");
  }
  rebuildIndexes(disk, segment, config);
  for (const batch of batchesIn(disk, segment)) {
    if (batch.partitionLeaderEpoch > latestEpoch(log.epochs)) assignEpochStart(log.epochs, batch.partitionLeaderEpoch, batch.baseOffset);
  }
  log.logEndOffset = nextOffsetOf(disk, segment);
  reloadProducersBehind(log, disk, segment);
  takeSnapshot(process, log);
  if (cutBytes > 0) syncSegment(disk, segment);
  return cutBytes > 0 ? cutBytes : null;
}

/** What the segment adds to the producers' state. */
function reloadProducersBehind(log: UnifiedLog, disk: Disk, segment: LogSegment): void {
  for (const batch of batchesIn(disk, segment)) noteAppended(log.producers, batch);
}

/** Snapshots belong to a segment's start; of the others only the newest one may stay. */
function removeStraySnapshots(process: ProcessContext, log: UnifiedLog): void {
  const bases = log.segments.map(segment => segment.baseOffset);
  const newest = log.snapshots[log.snapshots.length - 1];
  const last = bases[bases.length - 1] ?? 0;
  const stays = (offset: number): boolean => bases.includes(offset) || offset === newest && offset > last;
  for (const offset of log.snapshots) if (!stays(offset)) process.disk.delete(snapshotPath(log.folder, offset));
  log.snapshots = log.snapshots.filter(stays);
}

function sayLoader(process: ProcessContext, log: UnifiedLog, level: "INFO" | "WARN" | "ERROR", text: string): void {
  logLine(process, log.broker, level, `[LogLoader partition=${log.directory}, dir=${log.logDirectory}] ${text}`, "kafka.log.LogLoader");
}
