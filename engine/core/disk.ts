// A process's disk. Writes go to the page cache: a crash of the process keeps them, a loss of power keeps only what was forced
// to disk or written back by the operating system (FIDELITY: CORE-WRITEBACK).
import { AppendOnlyList } from "./append-only-list.ts";
import { invariant } from "./invariant-error.ts";

/** Linux writes a dirty page back after `dirty_expire_centisecs` (30 s) at the latest. */
export const WRITEBACK_US = 30_000_000;

/** A file that only grows (and may be cut at its end): entries, and how many of them would survive a loss of power. */
export interface LogFile { kind: "log"; entries: AppendOnlyList<unknown>; syncedLength: number; writebackPending: boolean }
/** A small file that is replaced as a whole. */
export interface RecordFile { kind: "record"; content: unknown; synced: unknown }
export type DiskFile = LogFile | RecordFile;
export type Disk = Map<string, DiskFile>;

export function openLogFile(disk: Disk, path: string): LogFile {
  const file = disk.get(path);
  if (file !== undefined) {
    invariant(file.kind === "log", `${path} is not a log file`);
    return file;
  }
  const created: LogFile = { kind: "log", entries: new AppendOnlyList<unknown>(), syncedLength: 0, writebackPending: false };
  disk.set(path, created);
  return created;
}

/** Cutting the end of a file also forgets that the cut part was on disk. */
export function truncateLogFile(file: LogFile, length: number): void {
  file.entries.truncate(length);
  if (file.syncedLength > length) file.syncedLength = length;
}

export function syncFile(file: DiskFile): void {
  if (file.kind === "log") file.syncedLength = file.entries.length;
  else file.synced = file.content;
}

/** Content must be immutable: it is replaced, never changed. */
export function writeRecordFile(disk: Disk, path: string, content: unknown, sync: boolean): void {
  const file = disk.get(path);
  if (file === undefined) disk.set(path, { kind: "record", content, synced: sync ? content : null });
  else {
    invariant(file.kind === "record", `${path} is not a record file`);
    file.content = content;
    if (sync) file.synced = content;
  }
}

export function readRecordFile(disk: Disk, path: string): unknown {
  const file = disk.get(path);
  return file?.kind === "record" ? file.content : undefined;
}

/** Everything that was only in the page cache is gone. */
export function losePower(disk: Disk): void {
  for (const [path, file] of disk) {
    if (file.kind === "log") {
      truncateLogFile(file, Math.min(file.syncedLength, file.entries.length));
      file.writebackPending = false;
    } else if (file.synced === null) disk.delete(path);
    else file.content = file.synced;
  }
}
