// How the processes of a cluster are named: "broker-1" for a node that is a broker (and maybe a controller too), "controller-101" for one
// that is a controller alone, "zookeeper-1" for a server of the ensemble.
import type { ClusterSpec, NodeRole, NodeSpec } from "./spec.ts";

/** process.roles: both unless the spec says otherwise; none in ZooKeeper mode, where every node is a broker. */
export function rolesOf(spec: Pick<ClusterSpec, "mode">, node: NodeSpec): readonly NodeRole[] {
  if (node.roles !== undefined) return node.roles;
  return spec.mode === "zookeeper" ? [] : ["broker", "controller"];
}

export function isBroker(spec: Pick<ClusterSpec, "mode">, node: NodeSpec): boolean {
  const roles = rolesOf(spec, node);
  return roles.length === 0 || roles.includes("broker");
}

export function isController(spec: Pick<ClusterSpec, "mode">, node: NodeSpec): boolean {
  return rolesOf(spec, node).includes("controller");
}

export function nodeName(spec: Pick<ClusterSpec, "mode">, node: NodeSpec): string {
  return isBroker(spec, node) ? `broker-${node.id}` : `controller-${node.id}`;
}

export function zooKeeperServerName(id: number): string {
  return `zookeeper-${id}`;
}
