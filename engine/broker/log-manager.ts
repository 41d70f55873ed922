// The broker's logs as a whole: found and recovered at a start, cleaned up by age and size, checkpointed, closed at a clean end, and given up when
// their log directory fails. A broker without any directory left ends. Source: LogManager.scala, ReplicaManager.handleLogDirFailure (3.9).
// FIDELITY: LOG-RECOVERY, LOG-RETENTION, LOG-CHECKPOINTS, LOG-DIRECTORY.
import { IO_ERROR, readRecordFile, syncFile, writeError, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { DELETE_FILES_TIMER, deleteFiles, renameLog } from "#engine/log/log-deletion.ts";
import { logLine } from "#engine/log/log-lines.ts";
import { bytesToRecover, LogLoadError } from "#engine/log/log-loader.ts";
import { closeIndexes } from "#engine/log/log-segment.ts";
import { activeSegment, LOG_DIRECTORY_FAILURE_TIMER, type LogDirectoryFailure } from "#engine/log/log-state.ts";
import { flushLog, openLog, type UnifiedLog } from "#engine/log/unified-log.ts";
import { takeSnapshot } from "#engine/log/log-append.ts";
import type { MetaProperties } from "#engine/metadata/node-storage.ts";
import { type BrokerState, topicLogConfig } from "./broker-state.ts";
import { applyRetention, armCleaner, CLEANER_TIMER, cleanLogs } from "./log-cleaner-manager.ts";
import { directoryForNewLog, directoryOf, type LogDirectory } from "./log-directories.ts";
import type { Partition } from "./partition.ts";
import { removeFromFetchers } from "./replica-fetcher.ts";

export const LOGS_LOADED_TIMER = "logs loaded";
const RETENTION_TIMER = "kafka-log-retention";
const CHECKPOINT_TIMER = "kafka-log-checkpoints";
const FATAL_TIMER = "log manager fatal";

export const HIGH_WATERMARK_CHECKPOINT = "replication-offset-checkpoint";
const RECOVERY_POINT_CHECKPOINT = "recovery-point-offset-checkpoint";
const LOG_START_CHECKPOINT = "log-start-offset-checkpoint";
const CLEANER_CHECKPOINT = "cleaner-offset-checkpoint";
const CLEAN_SHUTDOWN_FILE = ".kafka_cleanshutdown";
/** Reading a log again: pages that are cached, summed up and parsed by one thread. */
const RECOVERY_BYTES_PER_SECOND = 200_000_000;

/** About a row of a checkpoint: it is written beside the old file before it takes its place. */
const CHECKPOINT_ROW_BYTES = 16;
const METADATA_LOG = "__cluster_metadata-0";

type Checkpoint = ReadonlyMap<string, number>;

function settingMs(broker: BrokerState, name: string, byDefault: number): number {
  const value = broker.node.overrides[name];
  return value === undefined ? byDefault : Number(value);
}

/** All logs of this broker that are served. */
export function* servedLogs(broker: BrokerState): Generator<Partition> {
  for (const partitions of broker.partitions.values()) for (const partition of partitions) if (partition !== null) yield partition;
}

// ---- the start

/**
 * Whether the replicas on the disk are open. The first call begins to load them; when segments have to be read again, that takes time, and the timer
 * LOGS_LOADED_TIMER says when it is over. Called again and again until it says true.
 */
export function logsAreLoaded(process: ProcessContext, broker: BrokerState): boolean {
  const { logs } = broker;
  if (logs.status === "not-started") startLoading(process, broker);
  return logs.status === "loaded";
}

function startLoading(process: ProcessContext, broker: BrokerState): void {
  const { logs } = broker;
  logs.status = "loading";
  logs.startedUs = process.now;
  sayLoading(process, broker);
  let longestUs = 0;
  for (const directory of logs.directories) {
    if (writeError(process.disk, process.device, directory.root, 0) === IO_ERROR) directory.isOffline = true;
    const stored = readRecordFile(process.disk, `${directory.root}meta.properties`) as MetaProperties | undefined;
    if (broker.node.mode === "kraft") directory.id = stored?.directoryId ?? "";
    if (!directory.isOffline) longestUs = Math.max(longestUs, recoveryUs(process, directory));
  }
  if (logs.directories.every(directory => directory.isOffline)) {
    return fail(process, broker, `Shutdown broker because none of the specified log dirs from ${paths(broker)} can be created or validated`);
  }
  if (longestUs === 0) load(process, broker);
  else process.schedule(longestUs, LOGS_LOADED_TIMER);
}

/** The metadata log has no clean end in Kafka's eyes: every start reads its newest segment again. */
function sayLoading(process: ProcessContext, broker: BrokerState): void {
  const { logs, node: { nodeId } } = broker;
  const first = logs.directories[0]?.path;
  if (process.disk.get(`${METADATA_LOG}/00000000000000000000.log`)?.kind === "log") {
    logLine(process, nodeId, "INFO", `[LogLoader partition=${METADATA_LOG}, dir=${first}] Recovering unflushed segment 0. 0/1 recovered for ${METADATA_LOG}.`, "kafka.log.LogLoader");
  }
  logLine(process, nodeId, "INFO", `Loading logs from log dirs ArrayBuffer(${paths(broker)})`, "kafka.log.LogManager");
}

function recoveryUs(process: ProcessContext, directory: LogDirectory): number {
  if (process.disk.has(`${directory.root}${CLEAN_SHUTDOWN_FILE}`)) return 0;
  const recoveryPoints = readCheckpoint(process, directory, RECOVERY_POINT_CHECKPOINT);
  let bytes = 0;
  for (const [name, fileNames] of foldersOf(process, directory)) {
    bytes += bytesToRecover(process.disk, `${directory.root}${name}`, fileNames, recoveryPoints.get(name) ?? 0);
  }
  const speed = Math.min(process.device.bytesPerSecond ?? RECOVERY_BYTES_PER_SECOND, RECOVERY_BYTES_PER_SECOND);
  return Math.floor(bytes * 1_000_000 / speed);
}

/** Folders of replicas and the names of their files; what waits for its deletion is removed. */
function foldersOf(process: ProcessContext, directory: LogDirectory): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const path of process.disk.keys()) {
    if (!path.startsWith(directory.root)) continue;
    const [folder, name, ...deeper] = path.slice(directory.root.length).split("/");
    if (folder === undefined || name === undefined || deeper.length > 0 || folder === METADATA_LOG || !/-\d+$/.test(folder)) continue;
    const names = folders.get(folder);
    if (names === undefined) folders.set(folder, [name]);
    else names.push(name);
  }
  return folders;
}

/** The timer LOGS_LOADED_TIMER, or at once. */
function load(process: ProcessContext, broker: BrokerState): void {
  const { logs } = broker;
  try {
    for (const directory of logs.directories) if (!directory.isOffline) loadDirectory(process, broker, directory);
  } catch (error) {
    if (!(error instanceof LogLoadError)) throw error;
    logLine(process, broker.node.nodeId, "ERROR", `There was an error in one of the threads during logs loading: java.lang.IllegalArgumentException: ${error.message}`, "kafka.log.LogManager");
    return fail(process, broker, "Encountered fatal fault: Error starting LogManager", `java.lang.IllegalArgumentException: ${error.message}`);
  }
  logs.status = "loaded";
  process.schedule(fromMs(settingMs(broker, "log.initial.task.delay.ms", 30_000)), RETENTION_TIMER);
  process.schedule(fromMs(settingMs(broker, "log.flush.offset.checkpoint.interval.ms", 60_000)), CHECKPOINT_TIMER);
}

function loadDirectory(process: ProcessContext, broker: BrokerState, directory: LogDirectory): void {
  const { disk } = process;
  const { root, path } = directory;
  const wasClean = disk.delete(`${root}${CLEAN_SHUTDOWN_FILE}`);
  const [highWatermarks, recoveryPoints, logStarts, cleaned] = [HIGH_WATERMARK_CHECKPOINT, RECOVERY_POINT_CHECKPOINT, LOG_START_CHECKPOINT, CLEANER_CHECKPOINT]
    .map(name => readCheckpoint(process, directory, name)) as [Checkpoint, Checkpoint, Checkpoint, Checkpoint];
  for (const [name, offset] of cleaned) broker.logs.cleanedTo.set(name, offset);
  for (const file of [...disk.keys()]) if (file.startsWith(root) && /-delete\/[^/]*$/.test(file)) disk.delete(file);
  for (const name of [".lock", HIGH_WATERMARK_CHECKPOINT, RECOVERY_POINT_CHECKPOINT, LOG_START_CHECKPOINT, CLEANER_CHECKPOINT]) {
    if (!disk.has(`${root}${name}`)) writeRecordFile(disk, `${root}${name}`, null, true);
  }
  const folders = foldersOf(process, directory);
  if (folders.size === 0) return;
  const node = broker.node.nodeId;
  if (!wasClean) logLine(process, node, "INFO", `Recovering ${folders.size} logs from ${path} since no clean shutdown file was found`, "kafka.log.LogManager");
  // As a listing of a memory file system gives them: the newest first.
  for (const [name, fileNames] of [...folders].reverse()) {
    const topicId = readRecordFile(disk, `${root}${name}/partition.metadata`);
    if (typeof topicId !== "string") continue;
    const dash = name.lastIndexOf("-");
    const at = { broker: node, topic: name.slice(0, dash), partition: Number(name.slice(dash + 1)), topicId };
    broker.logs.loaded.set(name, openLog(process, at, topicLogConfig(broker, at.topic), highWatermarks.get(name) ?? 0, {
      root, logDirectory: path, fileNames, wasClean, recoveryPoint: recoveryPoints.get(name) ?? 0, logStartOffset: logStarts.get(name) ?? 0,
    }));
  }
  const unclean = wasClean ? "" : path;
  logLine(process, node, "INFO", `Loaded ${folders.size} logs in ${Math.floor((process.now - broker.logs.startedUs) / 1000)}ms (unclean log dirs = ArrayBuffer(${unclean}))`, "kafka.log.LogManager");
}

/** For a broker whose node has not waited for its logs. */
function loadAtOnce(process: ProcessContext, broker: BrokerState): void {
  broker.logs.startedUs = process.now;
  load(process, broker);
}

/** The replica of a partition: the one that was found at the start, or a new one. Null when no log directory is left for it. */
export function logFor(process: ProcessContext, broker: BrokerState, topic: string, partition: number, topicId: string): UnifiedLog | null {
  const { logs } = broker;
  if (logs.status === "not-started") loadAtOnce(process, broker);
  const config = topicLogConfig(broker, topic);
  if (config.compacts) armCleaner(process, broker);
  const name = `${topic}-${partition}`;
  const found = logs.loaded.get(name);
  logs.loaded.delete(name);
  if (found !== undefined && readRecordFile(process.disk, `${found.folder}/partition.metadata`) === topicId) return found;
  const served = [...logs.loaded.values()];
  if (logs.directories.length > 1) for (const held of servedLogs(broker)) served.push(held.log);
  const directory = directoryForNewLog(logs, served);
  if (directory === null) return null;
  const at = { broker: broker.node.nodeId, topic, partition, topicId };
  return openLog(process, at, config, 0, { root: directory.root, logDirectory: directory.path, fileNames: null, wasClean: true, recoveryPoint: 0, logStartOffset: 0 });
}

/** Replicas on the disk that the metadata does not give to this broker (any more) are set aside under another name. */
export function setStrayLogsAside(process: ProcessContext, broker: BrokerState): void {
  for (const log of broker.logs.loaded.values()) renameLog(process, log, "stray");
  broker.logs.loaded.clear();
}

// ---- timers

/** False when the timer is not of the logs. LOGS_LOADED_TIMER is for the node too: it may open the broker now. */
export function logManagerTimer(process: ProcessContext, broker: BrokerState, name: string, payload: unknown): boolean {
  switch (name) {
    case LOGS_LOADED_TIMER: load(process, broker); return true;
    case RETENTION_TIMER:
      for (const { log, config } of servedLogs(broker)) if (!log.isOffline && !config.compacts) applyRetention(process, broker, log, config);
      process.schedule(fromMs(settingMs(broker, "log.retention.check.interval.ms", 300_000)), RETENTION_TIMER);
      return true;
    case CHECKPOINT_TIMER:
      checkpointOffsets(process, broker);
      process.schedule(fromMs(settingMs(broker, "log.flush.offset.checkpoint.interval.ms", 60_000)), CHECKPOINT_TIMER);
      return true;
    case CLEANER_TIMER:
      if (cleanLogs(process, broker)) checkpointCleaner(process, broker);
      return true;
    case DELETE_FILES_TIMER: deleteFiles(process, payload as readonly string[]); return true;
    case LOG_DIRECTORY_FAILURE_TIMER: directoryFailed(process, broker, payload as LogDirectoryFailure); return true;
    case FATAL_TIMER: process.exit(); return true;
    default: return false;
  }
}

// ---- checkpoints

function readCheckpoint(process: ProcessContext, directory: LogDirectory, name: string): Checkpoint {
  return readRecordFile(process.disk, `${directory.root}${name}`) as Checkpoint | null | undefined ?? new Map<string, number>();
}

/** Written when a row has changed; forced to disk, as CheckpointFile does. A disk that refuses loses the directory, whether there is news or not. */
function writeCheckpoint(process: ProcessContext, broker: BrokerState, directory: LogDirectory, name: string, rows: Checkpoint): void {
  if (directory.isOffline) return;
  const path = `${directory.root}${name}`;
  const { disk, device } = process;
  const hasLimits = device.capacityBytes !== null || device.failedDirectories.size > 0;
  const why = hasLimits ? writeError(disk, device, path, CHECKPOINT_ROW_BYTES * rows.size) : null;
  if (why !== null) {
    const text = `Error while writing to checkpoint file ${directory.path}/${name}`;
    logLine(process, broker.node.nodeId, "ERROR", text, "org.apache.kafka.storage.internals.log.LogDirFailureChannel");
    logLine(process, broker.node.nodeId, "ERROR", `java.io.IOException: ${why}`, "");
    process.schedule(0, LOG_DIRECTORY_FAILURE_TIMER, { logDirectory: directory.path, why } satisfies LogDirectoryFailure);
    return;
  }
  const written = readRecordFile(disk, path) as Checkpoint | null | undefined ?? null;
  if (written !== null && isSame(written, rows)) return;
  writeRecordFile(disk, path, rows, true);
}

/** Of thousands of logs, every few seconds: without a list of them. */
function isSame(written: Checkpoint, rows: Checkpoint): boolean {
  if (written.size !== rows.size) return false;
  for (const [key, offset] of rows) if (written.get(key) !== offset) return false;
  return true;
}

function checkpoint(process: ProcessContext, broker: BrokerState, name: string, offsetOf: (log: UnifiedLog) => number | null): void {
  for (const directory of broker.logs.directories) {
    const rows = new Map<string, number>();
    for (const { log } of servedLogs(broker)) {
      if (log.logDirectory !== directory.path || log.isOffline) continue;
      const offset = offsetOf(log);
      if (offset !== null) rows.set(log.directory, offset);
    }
    writeCheckpoint(process, broker, directory, name, rows);
  }
}

/** Every replica.high.watermark.checkpoint.interval.ms, and at the end. */
export function checkpointHighWatermarks(process: ProcessContext, broker: BrokerState): void {
  if (broker.logs.status === "loaded") checkpoint(process, broker, HIGH_WATERMARK_CHECKPOINT, log => log.highWatermark);
}

/** A log start is worth a row only where it is not told by the first segment's name. */
function checkpointOffsets(process: ProcessContext, broker: BrokerState): void {
  checkpoint(process, broker, RECOVERY_POINT_CHECKPOINT, log => log.recoveryPoint);
  checkpoint(process, broker, LOG_START_CHECKPOINT, log => log.logStartOffset > (log.segments[0]?.baseOffset ?? 0) ? log.logStartOffset : null);
}

function checkpointCleaner(process: ProcessContext, broker: BrokerState): void {
  checkpoint(process, broker, CLEANER_CHECKPOINT, log => broker.logs.cleanedTo.get(log.directory) ?? null);
}

// ---- the end

/** A clean end: everything is forced to disk, producers are written down, indexes cut to size, and a file says so for the next start. */
export function closeLogs(process: ProcessContext, broker: BrokerState): void {
  const { disk } = process;
  checkpointHighWatermarks(process, broker);
  for (const { log } of servedLogs(broker)) {
    if (log.isOffline) continue;
    flushLog(process, log);
    takeSnapshot(process, log);
    closeIndexes(disk, activeSegment(log));
  }
  checkpointOffsets(process, broker);
  for (const file of disk.values()) syncFile(file);
  if (broker.logs.status !== "loaded") return;
  for (const directory of broker.logs.directories) {
    if (!directory.isOffline) writeRecordFile(disk, `${directory.root}${CLEAN_SHUTDOWN_FILE}`, `{"version":0,"brokerEpoch":${broker.brokerEpoch}}`, true);
  }
}

// ---- a directory that fails

/** Its replicas go offline; without any directory left the broker ends at once. */
function directoryFailed(process: ProcessContext, broker: BrokerState, failure: LogDirectoryFailure): void {
  const { logs, node: { nodeId } } = broker;
  const directory = directoryOf(logs, failure.logDirectory);
  if (directory === undefined || directory.isOffline) return;
  directory.isOffline = true;
  process.trace({ kind: "log-directory-failed", broker: nodeId, directory: directory.path, why: failure.why });
  const gone: string[] = [];
  for (const partitions of broker.partitions.values()) {
    for (const [index, partition] of partitions.entries()) {
      if (partition === null || partition.log.logDirectory !== directory.path) continue;
      partition.log.isOffline = true;
      removeFromFetchers(broker, partition.log.directory);
      gone.push(partition.log.directory);
      partitions[index] = null;
    }
  }
  for (const name of gone) logs.offline.add(name);
  const uuid = directory.id === "" ? "" : ` with uuid Some(${directory.id})`;
  logLine(process, nodeId, "WARN", `[ReplicaManager broker=${nodeId}] Stopping serving replicas in dir ${directory.path}${uuid} because the log directory has failed.`, "kafka.server.ReplicaManager");
  logLine(process, nodeId, "WARN", `[ReplicaManager broker=${nodeId}] Broker ${nodeId} stopped fetcher for partitions ${gone.join(",")} and stopped moving logs for partitions  because they are in the failed log directory ${directory.path}.`, "kafka.server.ReplicaManager");
  logLine(process, nodeId, "WARN", `Stopping serving logs in dir ${directory.path}`, "kafka.log.LogManager");
  if (logs.directories.every(known => known.isOffline)) fail(process, broker, `Shutdown broker because all log dirs in ${paths(broker)} have failed`);
}

function paths(broker: BrokerState): string {
  return broker.logs.directories.map(directory => directory.path).join(", ");
}

/** Exit.halt(1): no controlled shutdown; the controller hears nothing more. */
function fail(process: ProcessContext, broker: BrokerState, ...lines: readonly string[]): void {
  broker.logs.status = "failed";
  logLine(process, broker.node.nodeId, "ERROR", lines[0] ?? "", "kafka.log.LogManager");
  process.trace({ kind: "node-failed", node: broker.node.nodeId, exitCode: 1, text: lines.join("\n") });
  process.schedule(0, FATAL_TIMER);
}
