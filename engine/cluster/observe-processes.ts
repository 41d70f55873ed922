// How observers find processes and look into their memory: a node's broker part, its part of the quorum, a ZooKeeper server's database. A process
// that has stopped has no memory.
import { nodeName, zooKeeperServerName } from "./node-names.ts";
import type { ClusterSpec, NodeSpec } from "./spec.ts";
import type { BrokerState } from "#engine/broker/broker-state.ts";
import type { ProcessRecord } from "#engine/core/process.ts";
import type { World } from "#engine/core/world.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";
import type { KraftState } from "#engine/metadata/kraft-server.ts";
import type { ServerState } from "#engine/zookeeper/server-state.ts";
import type { ZnodeDatabase } from "#engine/zookeeper/znode-database.ts";

/** What the memories of nodes have in common, in both modes. */
export interface NodeMemory { readonly kraft?: KraftState | null; readonly broker?: BrokerState | null }

export function processOf(world: World, name: string): ProcessRecord | undefined {
  return world.processes.find(process => process.name === name);
}

export function nodeProcess(world: World, spec: ClusterSpec, node: NodeSpec): ProcessRecord | undefined {
  return processOf(world, nodeName(spec, node));
}

export function brokerProcess(world: World, broker: number): ProcessRecord | undefined {
  return processOf(world, `broker-${broker}`);
}

export function nodeMemory(process: ProcessRecord | undefined): NodeMemory | null {
  return process === undefined || process.kind !== "kafka-node" || process.state === null ? null : process.state as NodeMemory;
}

export function serverMemory(world: World, id: number): ServerState | null {
  return processOf(world, zooKeeperServerName(id))?.state as ServerState | null | undefined ?? null;
}

/** What is committed in the metadata log, as the node that has applied most of it knows; null when no node of KRaft mode lives. */
export function committedImage(world: World, spec: ClusterSpec): MetadataImage | null {
  let newest: MetadataImage | null = null;
  for (const node of spec.nodes) {
    const memory = nodeMemory(nodeProcess(world, spec, node));
    if (memory?.kraft === undefined || memory.kraft === null) continue;
    for (const image of [memory.broker?.image, memory.kraft.controller?.image]) {
      if (image !== undefined && (newest === null || image.offset > newest.offset)) newest = image;
    }
  }
  return newest;
}

/** The tree as the leader of the ensemble has it; without one, as the living server that has applied most of it. Null when none lives. */
export function committedDatabase(world: World, spec: ClusterSpec): ZnodeDatabase | null {
  let newest: ZnodeDatabase | null = null;
  for (const { id } of spec.zookeeper ?? []) {
    const server = serverMemory(world, id);
    if (server === null) continue;
    if (server.role === "leading" && server.serving) return server.database;
    if (newest === null || server.database.lastProcessedZxid > newest.lastProcessedZxid) newest = server.database;
  }
  return newest;
}
