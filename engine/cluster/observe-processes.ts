// How observers find processes and look into their memory: a node's broker part, its part of the quorum, a ZooKeeper server's database. A process
// that has stopped has no memory.
import { nodeName, zooKeeperServerName } from "./node-names.ts";
import type { ClusterSpec, NodeSpec } from "./spec.ts";
import type { BrokerState } from "#engine/broker/broker-state.ts";
import { copyState } from "#engine/core/copy-state.ts";
import type { ProcessRecord } from "#engine/core/process.ts";
import type { World } from "#engine/core/world.ts";
import { applyBatch, createImage } from "#engine/metadata/apply-record.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";
import type { KraftState } from "#engine/metadata/kraft-server.ts";
import { METADATA_LOG_PATH } from "#engine/raft/metadata-log.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
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

/** What is committed in the metadata log, as far as any living node of KRaft mode knows; null when none lives. */
export function committedImage(world: World, spec: ClusterSpec): MetadataImage | null {
  let newest: MetadataImage | null = null;
  let leading: ProcessRecord | undefined;
  for (const node of spec.nodes) {
    const process = nodeProcess(world, spec, node);
    const memory = nodeMemory(process);
    if (memory?.kraft === undefined || memory.kraft === null) continue;
    if (memory.kraft.raft.highWatermark > (nodeMemory(leading)?.kraft?.raft.highWatermark ?? -1)) leading = process;
    // The active controller's own image is ahead of what is committed.
    const standby = memory.kraft.controller?.active === null ? memory.kraft.controller.image : undefined;
    for (const image of [memory.broker?.image, standby]) {
      if (image !== undefined && (newest === null || image.offset > newest.offset)) newest = image;
    }
  }
  return leading === undefined ? newest : caughtUp(newest ?? createImage(), leading);
}

/** The image with what this node knows to be committed beyond it: a dedicated controller that leads knows it before anybody has applied it. */
function caughtUp(image: MetadataImage, leading: ProcessRecord): MetadataImage {
  const file = leading.disk.get(METADATA_LOG_PATH);
  const highWatermark = nodeMemory(leading)?.kraft?.raft.highWatermark ?? -1;
  if (file?.kind !== "log" || highWatermark <= image.offset + 1) return image;
  const batches: RaftBatch[] = [];
  for (let index = file.entries.length - 1; index >= 0; index -= 1) {
    const batch = file.entries.at(index) as RaftBatch;
    if (batch.lastOffset <= image.offset) break;
    if (batch.lastOffset < highWatermark) batches.push(batch);
  }
  if (!batches.some(batch => !batch.control && batch.records.some(record => record.type !== "NoOpRecord"))) return image;
  const copy = copyState(image);
  for (const batch of batches.reverse()) applyBatch(copy, batch);
  return copy;
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
