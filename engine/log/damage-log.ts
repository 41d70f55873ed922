// Damage to the active segment of a replica whose node is down: what a torn write leaves, or a hand. FIDELITY: LOG-RECOVERY.
import { type Disk, type LogFile, truncateLogFile } from "#engine/core/disk.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { readBatch } from "#engine/protocol/record-batch-codec.ts";
import { listFiles } from "./log-files.ts";
import { logDirectory } from "./log-state.ts";
import { bytesOfEntries, RawBytes } from "./raw-bytes.ts";

export type Damage = "cut-bytes" | "flip-byte" | "append-garbage" | "delete-index" | "append-zeros";

/** Why a replica cannot be damaged: it is not on this disk. Null when it is. */
export function damageRefusal(disk: Disk, topic: string, partition: number): string | null {
  return activeSegmentPath(disk, topic, partition) === null ? `there is no replica of ${logDirectory(topic, partition)} on this disk` : null;
}

function activeSegmentPath(disk: Disk, topic: string, partition: number): string | null {
  const folder = folderOf(disk, logDirectory(topic, partition));
  const newest = folder === null ? undefined : listFiles(disk, folder).filter(file => file.name.endsWith(".log")).at(-1);
  return newest === undefined ? null : `${folder}/${newest.name}`;
}

/**
 * `bytes`: how many are cut or appended; of flip-byte how far from the end the byte lies that is inverted (1: the last one). Doing that twice leaves
 * the file as it was.
 */
export function damageLog(disk: Disk, topic: string, partition: number, how: Damage, bytes: number): void {
  const path = activeSegmentPath(disk, topic, partition);
  const file = path === null ? undefined : disk.get(path);
  if (path === null || file?.kind !== "log") return;
  switch (how) {
    case "cut-bytes": return replaceTail(file, bytes, tail => tail.subarray(0, Math.max(tail.length - bytes, 0)));
    case "flip-byte": return replaceTail(file, bytes, tail => inverted(tail, tail.length - bytes));
    case "append-zeros": return replaceTail(file, 0, tail => joined(tail, new Uint8Array(bytes)));
    case "append-garbage": return replaceTail(file, 0, tail => joined(tail, garbage(bytes)));
    case "delete-index": for (const suffix of [".index", ".timeindex"]) disk.delete(path.replace(/\.log$/, suffix));
  }
}

/** "orders-0", in whichever log directory it lies. */
function folderOf(disk: Disk, directory: string): string | null {
  for (const path of disk.keys()) {
    const at = path.indexOf(`${directory}/`);
    if (at === 0 || at > 0 && path[at - 1] === "/") return path.slice(0, at + directory.length);
  }
  return null;
}

/** Rewrites the entries that the last `bytes` lie in. What is a whole batch again stands as one; the rest are bytes. */
function replaceTail(file: LogFile, bytes: number, change: (tail: Uint8Array) => Uint8Array): void {
  let from = file.entries.length;
  let tailBytes = 0;
  while (from > 0 && tailBytes < bytes) {
    from -= 1;
    tailBytes += bytesOfEntries([file.entries.at(from)]).length;
  }
  const before = file.sizeBytes;
  const tail = change(bytesOfEntries(file.entries.slice(from)));
  truncateLogFile(file, from, before - tailBytes + tail.length);
  let at = 0;
  while (at < tail.length) {
    const read = readBatch(tail, at);
    const isBatch = read.ok && read.batch instanceof RecordBatch;
    file.entries.push(isBatch ? read.batch : new RawBytes(tail.slice(at)));
    at = isBatch ? at + read.bytesRead : tail.length;
  }
  file.syncedLength = file.entries.length;
}

function inverted(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  if (at >= 0 && at < copy.length) copy[at] = (copy[at] as number) ^ 0xff;
  return copy;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Bytes that are no batch; always the same ones. */
function garbage(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 151 + 89) % 256);
}
