// Clusters with a name, as the guides describe them, in each profile.
import type { ClusterSpec, NodeSpec, ZooKeeperServerSpec } from "./spec.ts";

/** The guides' home lab: two processor machines and a worker. */
const THREE_MACHINES: readonly NodeSpec[] = [
  { id: 1, host: "cpu-node1" },
  { id: 2, host: "cpu-node2" },
  { id: 3, host: "worker-node3" },
];

/** A ZooKeeper server beside each broker, as guide E sets them up. */
const THREE_SERVERS: readonly ZooKeeperServerSpec[] = THREE_MACHINES.map(({ id, host }) => ({ id, host }));

const THREE_CONTROLLERS: readonly NodeSpec[] = [101, 102, 103].map(id => ({ id, host: `controller-node${id - 100}`, roles: ["controller"] }));

const THREE_BROKERS: readonly NodeSpec[] = THREE_MACHINES.map(node => ({ ...node, roles: ["broker"] }));

export const PRESETS: Readonly<Record<string, ClusterSpec>> = {
  /** Three combined nodes. */
  "guides/three-nodes": { kafka: "3.9", mode: "kraft", nodes: THREE_MACHINES },
  "guides/three-nodes-4.3": { kafka: "4.3", mode: "kraft", nodes: THREE_MACHINES },
  /** Three brokers and three ZooKeeper servers on the same three machines. */
  "guides/three-nodes-zookeeper": { kafka: "3.9", mode: "zookeeper", nodes: THREE_MACHINES, zookeeper: THREE_SERVERS },
  /** Brokers and controllers on machines of their own. */
  "guides/three-brokers-three-controllers": { kafka: "3.9", mode: "kraft", nodes: [...THREE_BROKERS, ...THREE_CONTROLLERS] },
  "guides/three-brokers-three-controllers-4.3": { kafka: "4.3", mode: "kraft", nodes: [...THREE_BROKERS, ...THREE_CONTROLLERS] },
  "guides/one-node": { kafka: "3.9", mode: "kraft", nodes: [{ id: 1, host: "cpu-node1" }] },
};
