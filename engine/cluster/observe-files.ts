// The files on a machine's disk: folders, names, sizes, and the texts of the small ones. Read-only; the node may be down.
import type { Cluster } from "./cluster.ts";
import { nodeName } from "./node-names.ts";
import { processOf } from "./observe-processes.ts";
import type { Disk } from "#engine/core/disk.ts";
import { type ListedFile, listFiles, readTextFile } from "#engine/log/log-files.ts";

/** @property text of a checkpoint or a properties file; null for logs, indexes and snapshots. */
export interface ObservedFile extends ListedFile { readonly text: string | null }

/** Party: a node's id or a process's name, such as "zookeeper-1". */
function diskOf({ spec, simulation }: Cluster, party: number | string): Disk | undefined {
  const node = typeof party === "number" ? spec.nodes.find(({ id }) => id === party) : undefined;
  return processOf(simulation.world, node === undefined ? String(party) : nodeName(spec, node))?.disk;
}

/** Files of one folder ("orders-0"; "": the log directory itself), by name. */
export function observeFiles(cluster: Cluster, party: number | string, folder = ""): readonly ObservedFile[] {
  const disk = diskOf(cluster, party);
  if (disk === undefined) return [];
  return listFiles(disk, folder).map(file => ({ ...file, text: readTextFile(disk, folder === "" ? file.name : `${folder}/${file.name}`) }));
}

/** The text of one file, by its whole path; null when there is none. */
export function observeTextFile(cluster: Cluster, party: number | string, path: string): string | null {
  const disk = diskOf(cluster, party);
  return disk === undefined ? null : readTextFile(disk, path);
}

/** Names of the folders that have files, in order; "" is the log directory itself. */
export function observeFolders(cluster: Cluster, party: number | string): readonly string[] {
  const folders = new Set<string>();
  for (const path of diskOf(cluster, party)?.keys() ?? []) folders.add(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  return [...folders].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
}
