// All znodes with their data and statistics, as the leader of the ensemble has committed them. Read-only.
import type { Cluster } from "./cluster.ts";
import { committedDatabase } from "./observe-processes.ts";
import { statOf } from "#engine/zookeeper/znode-tree.ts";
import type { ZnodeStat } from "#engine/zookeeper/zookeeper-protocol.ts";

export interface ObservedZnode {
  readonly path: string;
  readonly data: string | null;
  readonly version: number;
  readonly ephemeral: boolean;
  readonly stat: ZnodeStat;
  /** Names, in order. */
  readonly children: readonly string[];
}

/** In the order of paths, with /zookeeper and what is below it. Empty in KRaft mode, and while no server lives. `under`: this path and what is below. */
export function observeZnodes(cluster: Cluster, under = "/"): readonly ObservedZnode[] {
  const tree = committedDatabase(cluster.simulation.world, cluster.spec)?.tree;
  if (tree === undefined) return [];
  return [...tree.nodes].filter(([path]) => under === "/" || path === under || path.startsWith(`${under}/`))
    .map(([path, node]): ObservedZnode => ({
      path, data: node.data, version: node.version, ephemeral: node.ephemeralOwner !== 0, stat: statOf(tree, path, node),
      children: [...tree.children.get(path) ?? []].sort((a, b) => a < b ? -1 : a > b ? 1 : 0),
    }))
    .sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}
