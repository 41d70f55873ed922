// Where a broker's replicas lie: the directories of log.dirs, which of them have failed, and where a new replica goes. A single directory is the root of
// the process's disk; of several, each is a folder named as log.dirs names it.
// Source: LogManager.scala (nextLogDirs, handleLogDirFailure; 3.9), KIP-112, KIP-858. FIDELITY: LOG-DIRECTORY.
import type { Settings } from "#engine/cluster/spec.ts";
import { failDirectory, IO_ERROR, NO_SPACE, readRecordFile, writeError, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext, ProcessRecord } from "#engine/core/process.ts";
import { brokerLogConfig, type LogConfig } from "#engine/log/log-config.ts";
import { DEFAULT_LOG_DIRECTORY } from "#engine/log/log-loader.ts";
import type { UnifiedLog } from "#engine/log/unified-log.ts";
import type { MetaProperties } from "#engine/metadata/node-storage.ts";
import { randomUuid } from "#engine/metadata/random-uuid.ts";
import { findProfile } from "#engine/protocol/version-profile.ts";
import type { KafkaNodeSettings } from "./node-settings.ts";

/** @property path as log.dirs names it. @property root what stands before "orders-0" in the paths of its files. @property id in its meta.properties. */
export interface LogDirectory { readonly path: string; readonly root: string; id: string; isOffline: boolean }

/**
 * Plain data. @property loaded replicas that were found at the start and that no partition has taken yet, by directory name.
 * @property offline replicas that lie in a failed directory. @property cleanedTo what the cleaner has cleaned, as in `cleaner-offset-checkpoint`.
 */
export interface LogManagerState {
  readonly defaults: LogConfig;
  readonly directories: LogDirectory[];
  status: "not-started" | "loading" | "loaded" | "failed";
  readonly loaded: Map<string, UnifiedLog>;
  readonly offline: Set<string>;
  readonly cleanedTo: Map<string, number>;
  startedUs: number;
  isCleanerArmed: boolean;
}

export function createLogManager(node: KafkaNodeSettings): LogManagerState {
  const profile = findProfile(node.kafka, node.mode) ?? { indexesEachBatch: false, hasRevisedDefaults: false };
  return {
    defaults: brokerLogConfig(node.overrides, profile), directories: logDirectoriesOf(node.overrides), status: "not-started", loaded: new Map(),
    offline: new Set(), cleanedTo: new Map(), startedUs: 0, isCleanerArmed: false,
  };
}

/** log.dirs over log.dir over Kafka's default. */
export function logDirectoriesOf(overrides: Settings): LogDirectory[] {
  const named = String(overrides["log.dirs"] ?? overrides["log.dir"] ?? DEFAULT_LOG_DIRECTORY).split(",").map(path => path.trim()).filter(path => path !== "");
  return named.map(path => ({ path, root: named.length === 1 ? "" : `${path}/`, id: "", isOffline: false }));
}

/**
 * Directory ids (KIP-858) of the log directories that can be used, in the order of log.dirs. Each has its own meta.properties; the first one's, which is
 * the metadata directory's too, is `stored`. A directory without one is formatted.
 */
export function openDirectories(process: ProcessContext, overrides: Settings, stored: MetaProperties): LogDirectory[] {
  return logDirectoriesOf(overrides).map((directory, index) => {
    const path = `${directory.root}meta.properties`;
    const written = readRecordFile(process.disk, path) as MetaProperties | undefined;
    const content = written ?? { ...stored, directoryId: index === 0 ? stored.directoryId : randomUuid(process, "directory id") };
    if (written === undefined) writeRecordFile(process.disk, path, content, true);
    return { ...directory, id: content.directoryId, isOffline: writeError(process.disk, process.device, directory.root, 0) === IO_ERROR };
  });
}

/** What a node says that finds no room on its disk when it starts, as recorded; null when there is room. */
export function diskStartFailure(process: ProcessContext, node: KafkaNodeSettings): { readonly exitCode: number; readonly lines: readonly string[] } | null {
  if (process.device.capacityBytes === null || writeError(process.disk, process.device, "", 1) !== NO_SPACE) return null;
  const id = node.nodeId;
  const lines = node.mode === "kraft" ? [
    `ERROR [SharedServer id=${id}] Got exception while starting SharedServer (kafka.server.SharedServer)`,
    `ERROR [BrokerServer id=${id}] Fatal error during broker startup. Prepare to shutdown (kafka.server.BrokerServer)`,
    `INFO [BrokerServer id=${id}] shut down completed (kafka.server.BrokerServer)`,
    "ERROR Exiting Kafka due to fatal exception during startup. (kafka.Kafka$)",
  ] : [
    `ERROR [KafkaServer id=${id}] Fatal error during KafkaServer startup. Prepare to shutdown (kafka.server.KafkaServer)`, `java.io.IOException: ${NO_SPACE}`,
    "ERROR Exiting Kafka due to fatal exception during startup. (kafka.Kafka$)",
  ];
  return { exitCode: 1, lines };
}

/** A new replica goes to the directory with the fewest; the first one of those. Null when none is left. */
export function directoryForNewLog(logs: LogManagerState, all: Iterable<UnifiedLog>): LogDirectory | null {
  const live = logs.directories.filter(directory => !directory.isOffline);
  if (live.length <= 1) return live[0] ?? null;
  const counts = new Map<string, number>();
  for (const log of all) counts.set(log.logDirectory, (counts.get(log.logDirectory) ?? 0) + 1);
  return live.reduce((best, directory) => (counts.get(directory.path) ?? 0) < (counts.get(best.path) ?? 0) ? directory : best);
}

export function directoryOf(logs: LogManagerState, path: string): LogDirectory | undefined {
  return logs.directories.find(directory => directory.path === path);
}

export function offlineDirectoryIds(logs: LogManagerState): string[] {
  return logs.directories.filter(directory => directory.isOffline && directory.id !== "").map(directory => directory.id);
}

/** Why an operator cannot let that log directory of a node fail: it has none of that name. Null when it has. */
export function logDirectoryRefusal(process: ProcessRecord, path: string): string | null {
  const directories = logDirectoriesOf((process.settings as KafkaNodeSettings).overrides);
  return directories.some(known => known.path === path) ? null
    : `"${path}" is not a log directory of ${process.name}; it has ${directories.map(known => `"${known.path}"`).join(", ")}`;
}

/** Every access to that log directory fails from now on. */
export function failLogDirectory(process: ProcessRecord, path: string): void {
  const directory = logDirectoriesOf((process.settings as KafkaNodeSettings).overrides).find(known => known.path === path);
  if (directory !== undefined) failDirectory(process, directory.root);
}
