// The files of a process's disk as a listing and an editor show them: names, sizes in bytes, texts. For observers and recordings; nothing is changed.
// Source: CheckpointFile.java, PartitionMetadataFile.java (3.9). FIDELITY: LOG-FILE, LOG-CHECKPOINTS.
import { AppendOnlyList } from "#engine/core/append-only-list.ts";
import { type Disk, type DiskFile, entryBytes } from "#engine/core/disk.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { encodeUtf8 } from "#engine/protocol/utf8.ts";
import type { EpochEntry } from "./leader-epoch-cache.ts";

export interface ListedFile { readonly name: string; readonly sizeBytes: number }

/** Files of a folder, not of its folders, by name: "orders-0", or "" for the log directory itself. */
export function listFiles(disk: Disk, directory: string): ListedFile[] {
  const prefix = directory === "" ? "" : `${directory}/`;
  const found: ListedFile[] = [];
  for (const [path, file] of disk) {
    const name = path.slice(prefix.length);
    if (path.startsWith(prefix) && !name.includes("/")) found.push({ name, sizeBytes: sizeOf(disk, path, file) });
  }
  return found.sort((left, right) => left.name < right.name ? -1 : left.name > right.name ? 1 : 0);
}

function sizeOf(disk: Disk, path: string, file: DiskFile): number {
  if (file.kind === "record") return file.sizeBytes ?? encodeUtf8(readTextFile(disk, path) ?? "").length;
  if (file.preallocatedBytes > 0) return file.preallocatedBytes;
  if (file.sizeBytes > 0) return file.sizeBytes;
  let bytes = 0;
  for (const entry of file.entries) bytes += entryBytes(entry);
  return bytes;
}

/** The text of a small file; null when there is none or it is not a text. */
export function readTextFile(disk: Disk, path: string): string | null {
  const file = disk.get(path);
  if (file?.kind !== "record" || path.endsWith(".snapshot")) return null;
  return isMetaProperties(file.content) ? propertiesText(file.content, disk.has("bootstrap.checkpoint")) : textOf(path, file.content);
}

interface MetaProperties { readonly clusterId: string; readonly nodeId: number; readonly directoryId: string }

function isMetaProperties(content: unknown): content is MetaProperties {
  return typeof content === "object" && content !== null && "clusterId" in content && "directoryId" in content;
}

/** In the order in which Java's Properties keep them. When it was formatted is not kept: the second line names the beginning of time. */
function propertiesText({ clusterId, nodeId, directoryId }: MetaProperties, isKraft: boolean): string {
  const rows = isKraft ? [`node.id=${nodeId}`, `directory.id=${directoryId}`, "version=1", `cluster.id=${clusterId}`]
    : [`broker.id=${nodeId}`, ...directoryId === "" ? [] : [`directory.id=${directoryId}`], "version=0", `cluster.id=${clusterId}`];
  return ["#", "#Thu Jan 01 00:00:00 UTC 1970", ...rows].map(row => `${row}\n`).join("");
}

function textOf(path: string, content: unknown): string | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (content === null) return "";
  if (name === "leader-epoch-checkpoint") return checkpointText((content as readonly EpochEntry[]).map(entry => `${entry.epoch} ${entry.startOffset}`));
  if (name === "partition.metadata") return `version: 0\ntopic_id: ${String(content)}`;
  if (content instanceof Map && name.endsWith("-checkpoint")) return checkpointText([...content as ReadonlyMap<string, number>].map(([directory, offset]) => `${partitionText(directory)} ${offset}`));
  return typeof content === "string" ? content : null;
}

/** Version 0, the number of rows, the rows. */
function checkpointText(rows: readonly string[]): string {
  return ["0", String(rows.length), ...rows].map(row => `${row}\n`).join("");
}

/** "orders-0" as checkpoints write it: "orders 0". */
function partitionText(directory: string): string {
  const dash = directory.lastIndexOf("-");
  return `${directory.slice(0, dash)} ${directory.slice(dash + 1)}`;
}

/** All batches of a replica's folder, segment after segment, whether its node runs or not. */
export function replicaBatches(disk: Disk, directory: string): AppendOnlyList<RecordBatch> {
  const first = disk.get(`${directory}/00000000000000000000.log`);
  if (first?.kind === "log" && !disk.has(`${directory}/partition.metadata`)) return first.entries as AppendOnlyList<RecordBatch>;
  const names = listFiles(disk, directory).filter(file => file.name.endsWith(".log"));
  const all = new AppendOnlyList<RecordBatch>();
  for (const { name } of names) {
    const file = disk.get(`${directory}/${name}`);
    if (file?.kind !== "log") continue;
    if (names.length === 1) return file.entries as AppendOnlyList<RecordBatch>;
    for (const batch of file.entries) if (batch instanceof RecordBatch) all.push(batch);
  }
  return all;
}
