// Three nodes, from power-on to a created topic of replication factor 3; in ZooKeeper mode with three servers.
import { Cluster } from "#engine/cluster/cluster.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";

const topics = [{ name: "user-events", partitions: 3, replicationFactor: 3 }];
const spec: ClusterSpec = { ...PRESETS["guides/three-nodes"] as ClusterSpec, topics };
export const ZOOKEEPER_BOOT: ClusterSpec = { ...PRESETS["guides/three-nodes-zookeeper"] as ClusterSpec, topics };

export function bootToTopic(seed: number, of: ClusterSpec = spec): Cluster {
  const cluster = Cluster.build(of, seed);
  while (!cluster.isOpen) cluster.runUntil(cluster.now + 10_000);
  return cluster;
}
