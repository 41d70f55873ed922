// Clusters with a name, as the guides describe them.
import type { ClusterSpec } from "./spec.ts";

/** The guides' home lab: three combined nodes on two processor machines and a worker. */
const THREE_NODES: ClusterSpec = {
  kafka: "3.9",
  mode: "kraft",
  nodes: [
    { id: 1, host: "cpu-node1" },
    { id: 2, host: "cpu-node2" },
    { id: 3, host: "worker-node3" },
  ],
};

const ONE_NODE: ClusterSpec = { kafka: "3.9", mode: "kraft", nodes: [{ id: 1, host: "cpu-node1" }] };

export const PRESETS: Readonly<Record<string, ClusterSpec>> = {
  "guides/three-nodes": THREE_NODES,
  "guides/one-node": ONE_NODE,
};
