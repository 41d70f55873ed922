// A process's disk: its files, and the device they lie on. Writes go to the page cache: a crash of the process keeps them, a loss of power keeps
// only what was forced to disk or written back by the operating system, on a slow device to the page (FIDELITY: CORE-WRITEBACK). A device has a
// bandwidth, a capacity and directories that fail (FIDELITY: CORE-DISK-SPEED, CORE-DISK-FULL).
import { AppendOnlyList } from "./append-only-list.ts";
import { invariant } from "./invariant-error.ts";
import { SharedValue } from "./shared-value.ts";

/** Linux writes a dirty page back after `dirty_expire_centisecs` (30 s) at the latest. */
export const WRITEBACK_US = 30_000_000;
const PAGE_BYTES = 4096;

/** What the operating system is writing back of a file on a slow device: entries up to `toLength`, between two moments. */
export interface Writeback { readonly toLength: number; readonly startUs: number; readonly endUs: number }

/**
 * A file that only grows (and may be cut at its end): entries, and how many of them would survive a loss of power.
 * @property sizeBytes as far as `appendToFile` has told it. @property preallocatedBytes what a listing shows while the file is open for
 * growth, 0 for nothing: a sparse file takes no room on the device.
 */
export interface LogFile {
  kind: "log"; entries: AppendOnlyList<unknown>; syncedLength: number; writebackPending: boolean; sizeBytes: number; preallocatedBytes: number;
  writeback: Writeback | null;
}
/** A small file that is replaced as a whole. `sizeBytes` as its writer has told it, 0 when it has not. */
export interface RecordFile { kind: "record"; content: unknown; synced: unknown; sizeBytes?: number }
export type DiskFile = LogFile | RecordFile;
export type Disk = Map<string, DiskFile>;

/** The start of an entry, which is all that had reached the disk when the power went. */
export class TornEntry extends SharedValue {
  readonly entry: unknown;
  readonly keptBytes: number;

  constructor(entry: unknown, keptBytes: number) {
    super();
    this.entry = entry;
    this.keptBytes = keptBytes;
  }

  get sizeBytes(): number { return this.keptBytes; }

  digestParts(): readonly (number | string)[] {
    return [this.keptBytes, ...this.entry instanceof SharedValue ? this.entry.digestParts() : []];
  }
}

export function openLogFile(disk: Disk, path: string): LogFile {
  const file = disk.get(path);
  if (file !== undefined) {
    invariant(file.kind === "log", `${path} is not a log file`);
    return file;
  }
  const created: LogFile = {
    kind: "log", entries: new AppendOnlyList<unknown>(), syncedLength: 0, writebackPending: false, sizeBytes: 0, preallocatedBytes: 0, writeback: null,
  };
  disk.set(path, created);
  return created;
}

/** Appends an entry of that many bytes. */
export function appendToFile(file: LogFile, entry: unknown, bytes: number): void {
  file.entries.push(entry);
  file.sizeBytes += bytes;
}

/** Cutting the end of a file also forgets that the cut part was on disk. `sizeBytes`: of what is left, when the file counts its bytes. */
export function truncateLogFile(file: LogFile, length: number, sizeBytes = 0): void {
  file.entries.truncate(length);
  file.sizeBytes = sizeBytes;
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

/** Gives a file another name, over one that has it. A name is on disk at once. */
export function renameFile(disk: Disk, from: string, to: string): void {
  const file = disk.get(from);
  if (file === undefined) return;
  disk.delete(from);
  disk.set(to, file);
}

/** Everything that was only in the page cache is gone. `nowUs` tells how far a write-back had come. */
export function losePower(disk: Disk, nowUs = 0): void {
  for (const [path, file] of disk) {
    if (file.kind === "log") loseTail(file, nowUs);
    else if (file.synced === null) disk.delete(path);
    else file.content = file.synced;
  }
}

function loseTail(file: LogFile, nowUs: number): void {
  const synced = Math.min(file.syncedLength, file.entries.length);
  let left = writtenBackBytes(file, synced, nowUs);
  let length = synced;
  for (; left > 0; length += 1) {
    const bytes = entryBytes(file.entries.at(length));
    if (bytes > left) break;
    left -= bytes;
  }
  const torn = left > 0 ? new TornEntry(file.entries.at(length), left) : null;
  let sizeBytes = torn === null ? 0 : left;
  if (file.sizeBytes > 0) for (let index = 0; index < length; index += 1) sizeBytes += entryBytes(file.entries.at(index));
  truncateLogFile(file, length, sizeBytes);
  if (torn !== null) file.entries.push(torn);
  file.syncedLength = file.entries.length;
  file.writebackPending = false;
  file.writeback = null;
}

/** Whole pages that an unfinished write-back has brought to the disk beyond the entry `synced`. */
function writtenBackBytes(file: LogFile, synced: number, nowUs: number): number {
  const { writeback } = file;
  if (writeback === null || nowUs <= writeback.startUs) return 0;
  let [bytes, syncedBytes] = [0, 0];
  for (let index = 0; index < synced; index += 1) syncedBytes += entryBytes(file.entries.at(index));
  for (let index = synced; index < Math.min(writeback.toLength, file.entries.length); index += 1) bytes += entryBytes(file.entries.at(index));
  if (nowUs >= writeback.endUs) return bytes;
  const end = syncedBytes + Math.floor(bytes * ((nowUs - writeback.startUs) / (writeback.endUs - writeback.startUs)));
  return Math.max(end - end % PAGE_BYTES - syncedBytes, 0);
}

/** Size of an entry that tells it; numbers of an index count four bytes. */
export function entryBytes(entry: unknown): number {
  if (typeof entry === "number") return 4;
  return typeof entry === "object" && entry !== null && "sizeBytes" in entry && typeof entry.sizeBytes === "number" ? entry.sizeBytes : 0;
}

// ---- the device

/**
 * How many dirty bytes a device may be behind before whoever writes has to wait (vm.dirty_ratio of a machine with about 300 MB of free memory).
 * A constant of the model (FIDELITY: CORE-DISK-SPEED).
 */
export const DIRTY_BYTES_MAX = 67_108_864;

/** Null: as much as ever. `failedDirectories`: starts of paths on which every access fails; "" is the whole disk. */
export interface DiskDevice {
  bytesPerSecond: number | null;
  capacityBytes: number | null;
  readonly failedDirectories: Set<string>;
  /** Until when the device is busy with what it was given: a slow one has a queue. */
  busyUntilUs: number;
  /** When all dirty pages would be written, if the device did nothing else. */
  drainedUs: number;
}

export function createDevice(): DiskDevice {
  return { bytesPerSecond: null, capacityBytes: null, failedDirectories: new Set(), busyUntilUs: 0, drainedUs: 0 };
}

/** Bytes of all files; sparse room is not counted. */
export function usedBytes(disk: Disk): number {
  let bytes = 0;
  for (const file of disk.values()) bytes += file.sizeBytes ?? 0;
  return bytes;
}

export const NO_SPACE = "No space left on device";
export const IO_ERROR = "Input/output error";

/** Why `bytes` more cannot be written at `path`; null when they can. The texts are the operating system's. */
export function writeError(disk: Disk, device: DiskDevice, path: string, bytes: number): string | null {
  for (const directory of device.failedDirectories) if (path.startsWith(directory)) return IO_ERROR;
  return device.capacityBytes !== null && usedBytes(disk) + bytes > device.capacityBytes ? NO_SPACE : null;
}

/** Microseconds until a device has moved so many bytes, behind what it was given before; 0 on a device without limit. */
export function deviceDelayUs(device: DiskDevice, nowUs: number, bytes: number): number {
  if (device.bytesPerSecond === null) return 0;
  const begins = Math.max(device.busyUntilUs, nowUs);
  device.busyUntilUs = begins + Math.ceil(bytes * 1_000_000 / device.bytesPerSecond);
  return device.busyUntilUs - nowUs;
}

/** How long a write of so many bytes to the page cache makes its writer wait: not at all, unless a slow device is far behind with dirty pages. */
export function writeStallUs(device: DiskDevice, nowUs: number, bytes: number): number {
  if (device.bytesPerSecond === null) return 0;
  device.drainedUs = Math.max(device.drainedUs, nowUs) + Math.ceil(bytes * 1_000_000 / device.bytesPerSecond);
  return Math.max(device.drainedUs - nowUs - Math.floor(DIRTY_BYTES_MAX * 1_000_000 / device.bytesPerSecond), 0);
}

// ---- what an operator does to a machine's disk; the last one named holds

interface Machine { readonly device: DiskDevice }

/** Null: as fast as ever. */
export function setDiskSpeed(machine: Machine, bytesPerSecond: number | null): void {
  machine.device.bytesPerSecond = bytesPerSecond;
}

/** Nothing more than `capacityBytes` fits; null: as much as ever. */
export function setDiskCapacity(machine: Machine, capacityBytes: number | null): void {
  machine.device.capacityBytes = capacityBytes;
}

/** Every access to a path that begins so fails from now on. */
export function failDirectory(machine: Machine, directory: string): void {
  machine.device.failedDirectories.add(directory);
}
