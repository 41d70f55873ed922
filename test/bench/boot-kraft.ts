// Three nodes, from power-on to a created topic of replication factor 3.
import { Cluster } from "#engine/cluster/cluster.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";

const spec: ClusterSpec = {
  ...PRESETS["guides/three-nodes"] as ClusterSpec, topics: [{ name: "user-events", partitions: 3, replicationFactor: 3 }],
};

export function bootToTopic(seed: number): Cluster {
  const cluster = Cluster.build(spec, seed);
  while (!cluster.isOpen) cluster.runUntil(cluster.now + 10_000);
  return cluster;
}
