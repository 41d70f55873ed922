// Deleting files of a log: they are renamed at once (`.deleted`, a whole replica's directory `-delete`) and removed after file.delete.delay.ms, so
// that a reader that has them open may end. Source: LocalLog.deleteSegmentFiles, LogManager.asyncDelete, LocalLog.logDeleteDirName (3.9).
// FIDELITY: LOG-DELETION.
import { renameFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { LogConfig } from "./log-config.ts";
import type { LogSegment } from "./log-segment.ts";
import { epochPath, type UnifiedLog } from "./log-state.ts";
import { snapshotPath } from "./producer-snapshot.ts";

/** Its payload is the list of paths to remove. */
export const DELETE_FILES_TIMER = "log delete files";
const SEGMENT_SUFFIXES = [".log", ".index", ".timeindex", ".txnindex"] as const;
const UUID_DIGITS = 32;

export function segmentPaths(segment: LogSegment): string[] {
  return SEGMENT_SUFFIXES.map(suffix => `${segment.stem}${suffix}`);
}

/** Renames what exists of `paths` and removes it later. */
export function deleteLater(process: ProcessContext, paths: readonly string[], delayMs: number): void {
  const renamed: string[] = [];
  for (const path of paths) {
    if (!process.disk.has(path)) continue;
    renameFile(process.disk, path, `${path}.deleted`);
    renamed.push(`${path}.deleted`);
  }
  if (renamed.length > 0) process.schedule(fromMs(delayMs), DELETE_FILES_TIMER, renamed);
}

/** The timer `DELETE_FILES_TIMER`. */
export function deleteFiles(process: ProcessContext, paths: readonly string[]): void {
  for (const path of paths) process.disk.delete(path);
}

/** Removes whole segments, which the caller has already taken out of the log, and the snapshots that belong to them. */
export function deleteSegmentFiles(process: ProcessContext, log: UnifiedLog, segments: readonly LogSegment[], config: LogConfig): void {
  const paths = segments.flatMap(segmentPaths);
  for (const { baseOffset } of segments) {
    const at = log.snapshots.indexOf(baseOffset);
    if (at === -1) continue;
    log.snapshots.splice(at, 1);
    paths.push(snapshotPath(log.folder, baseOffset));
  }
  deleteLater(process, paths, config.fileDeleteDelayMs);
}

/** All files of a replica. */
export function filesOf(log: UnifiedLog): string[] {
  return [
    ...log.segments.flatMap(segmentPaths), ...log.snapshots.map(offset => snapshotPath(log.folder, offset)), epochPath(log.folder),
    `${log.folder}/partition.metadata`,
  ];
}

/** The replica is not wanted any more: its directory gets another name, and goes after file.delete.delay.ms. */
export function deleteLog(process: ProcessContext, log: UnifiedLog, config: LogConfig): void {
  const renamed = renameLog(process, log, "delete");
  process.trace({ kind: "log-deleted", broker: log.broker, topic: log.topic, partition: log.partition });
  process.schedule(fromMs(config.fileDeleteDelayMs), DELETE_FILES_TIMER, renamed);
}

/** "orders-0" becomes "orders-0.<32 digits>-delete" or "-stray". Returns the new paths. */
export function renameLog(process: ProcessContext, log: UnifiedLog, suffix: "delete" | "stray"): string[] {
  let id = "";
  for (let digit = 0; digit < UUID_DIGITS; digit += 1) id += process.random("log directory id", 16).toString(16);
  const folder = `${log.folder}.${id}-${suffix}`;
  const renamed: string[] = [];
  for (const path of filesOf(log)) {
    if (!process.disk.has(path)) continue;
    const to = `${folder}${path.slice(log.folder.length)}`;
    renameFile(process.disk, path, to);
    renamed.push(to);
  }
  log.isOffline = true;
  return renamed;
}

/** Removes a directory at once. */
export function deleteLogFiles(process: ProcessContext, folder: string): void {
  const prefix = `${folder}/`;
  for (const path of [...process.disk.keys()]) if (path.startsWith(prefix)) process.disk.delete(path);
}
