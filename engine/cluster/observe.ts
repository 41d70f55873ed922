// The read model, read from the processes: what is in their memory, and on the disks of those that have stopped. The only place that looks
// into the state of nodes and clients from outside. `foldFact` comes to the same view from the facts; a test compares the two.
import { batchView } from "./batch-view.ts";
import type { Cluster } from "./cluster.ts";
import { quorumLeaderOf, sortedCuts, UNATTACHED } from "./fold-facts.ts";
import { highWatermarkOf, newReplica } from "./partition-view.ts";
import type { NodeSpec } from "./spec.ts";
import type { BatchView, ClusterView, ConsumerView, NodeView, PartitionView, ProducerView, ReplicaView, TopicView } from "./view.ts";
import type { KafkaNodeState } from "#engine/broker/kafka-node.ts";
import type { Partition } from "#engine/broker/partition.ts";
import { consumerPositions, type ConsumerState } from "#engine/clients/consumer-state.ts";
import { producerCounts, type ProducerState } from "#engine/clients/producer-state.ts";
import type { AppendOnlyList } from "#engine/core/append-only-list.ts";
import { linkKey } from "#engine/core/network.ts";
import type { ProcessRecord } from "#engine/core/process.ts";
import type { World } from "#engine/core/world.ts";
import { logDirectory } from "#engine/log/unified-log.ts";
import type { MetadataImage, PartitionRegistration } from "#engine/metadata/image.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { logEndOffset, METADATA_LOG_PATH } from "#engine/raft/metadata-log.ts";
import { roleName } from "#engine/raft/raft-state.ts";

/** @property batchesFrom spell out the batches with records at or above this offset; absent: none. */
export interface ObserveOptions { readonly batchesFrom?: number }

export function observe(cluster: Cluster, options: ObserveOptions = {}): ClusterView {
  const { world } = cluster.simulation;
  const { spec } = cluster;
  const image = committedImage(world, spec.nodes);
  const nodes = spec.nodes.map(node => observeNode(world, node, image));
  return {
    at: world.now,
    profile: { kafka: spec.kafka, mode: spec.mode },
    nodes, ...quorumLeaderOf(nodes),
    topics: image === null ? [] : [...image.topics.values()].map((topic): TopicView => ({
      name: topic.name, topicId: topic.topicId, configs: [...topic.configs],
      partitions: topic.partitions.map(partition => observePartition(world, nodes, topic.name, partition, options)),
    })),
    producers: world.processes.filter(process => process.kind === "producer").map(observeProducer),
    consumers: world.processes.filter(process => process.kind === "consumer").map(observeConsumer),
    cuts: observeCuts(world),
  };
}

function processOf(world: World, node: number): ProcessRecord | undefined {
  const name = `broker-${node}`;
  return world.processes.find(process => process.name === name);
}

function nodeState(process: ProcessRecord | undefined): KafkaNodeState | null {
  return process === undefined || process.state === null ? null : process.state as KafkaNodeState;
}

/** What is committed in the metadata log, as the node that has applied most of it knows; null when no node lives. */
function committedImage(world: World, nodes: readonly NodeSpec[]): MetadataImage | null {
  let newest: MetadataImage | null = null;
  for (const { id } of nodes) {
    const image = nodeState(processOf(world, id))?.broker?.image;
    if (image !== undefined && (newest === null || image.offset > newest.offset)) newest = image;
  }
  return newest;
}

function observeNode(world: World, node: NodeSpec, image: MetadataImage | null): NodeView {
  const process = processOf(world, node.id);
  const registration = image?.brokers.get(node.id);
  return {
    id: node.id, name: `broker-${node.id}`, host: node.host, rack: node.rack ?? null, status: process?.status ?? "stopped",
    belief: registration === undefined ? "unregistered" : registration.fenced ? "fenced"
      : registration.inControlledShutdown ? "in-controlled-shutdown" : "unfenced",
    quorum: observeQuorum(process),
  };
}

function observeQuorum(process: ProcessRecord | undefined): NodeView["quorum"] {
  const file = process?.disk.get(METADATA_LOG_PATH);
  const logEnd = file?.kind === "log" ? logEndOffset(file) : 0;
  const raft = nodeState(process)?.kraft.raft;
  if (raft === undefined) return { ...UNATTACHED, logEnd };
  return {
    role: roleName(raft), epoch: raft.epoch, leader: raft.role.role === "resigned" ? -1 : raft.leader, logEnd,
    highWatermark: Math.max(0, raft.highWatermark),
  };
}

function observePartition(
  world: World, nodes: readonly NodeView[], topic: string, registration: PartitionRegistration, options: ObserveOptions,
): PartitionView {
  const view: PartitionView = {
    topic, partition: registration.partition, leader: registration.leader, leaderEpoch: registration.leaderEpoch,
    partitionEpoch: registration.partitionEpoch, isr: [...registration.isr], replicas: [...registration.replicas],
    logs: registration.replicas.map(broker => observeReplica(processOf(world, broker), broker, topic, registration.partition, options)),
    highWatermark: 0,
  };
  return { ...view, highWatermark: highWatermarkOf(view, nodes) };
}

function observeReplica(
  process: ProcessRecord | undefined, broker: number, topic: string, partition: number, options: ObserveOptions,
): ReplicaView {
  const directory = logDirectory(topic, partition);
  const held = nodeState(process)?.broker?.partitions.get(topic)?.[partition] as Partition | null | undefined;
  const file = process?.disk.get(held?.log.path ?? `${directory}/00000000000000000000.log`);
  const entries = file?.kind === "log" ? file.entries as AppendOnlyList<RecordBatch> : null;
  const batches = entries === null || options.batchesFrom === undefined ? [] : batchesFrom(entries, options.batchesFrom);
  if (held === null || held === undefined) {
    const last = entries?.last;
    return { ...newReplica(broker), logEnd: last === undefined ? 0 : last.nextOffset, batches };
  }
  return {
    broker, role: held.leaderEpoch === -1 ? "none" : held.role, leaderEpoch: held.leaderEpoch, logStart: held.log.logStartOffset,
    logEnd: held.log.logEndOffset, highWatermark: held.log.highWatermark, batches,
  };
}

function batchesFrom(entries: AppendOnlyList<RecordBatch>, offset: number): BatchView[] {
  const batches: BatchView[] = [];
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const batch = entries.at(index) as RecordBatch;
    if (batch.nextOffset <= offset) break;
    batches.push(batchView(batch));
  }
  return batches.reverse();
}

/** What a stopped client had counted is gone with its memory. */
function observeProducer(process: ProcessRecord): ProducerView {
  const counts = process.state === null ? null : producerCounts(process.state as ProducerState);
  return {
    id: process.name, status: process.status, acks: counts?.acks ?? -1, idempotent: counts?.idempotent ?? true,
    accepted: counts?.accepted ?? 0, acknowledged: counts?.acknowledged ?? 0, failed: counts?.failed ?? 0,
  };
}

function observeConsumer(process: ProcessRecord): ConsumerView {
  return {
    id: process.name, status: process.status,
    positions: process.state === null ? [] : consumerPositions(process.state as ConsumerState),
  };
}

function observeCuts(world: World): ClusterView["cuts"] {
  const { hosts, links } = world.network;
  const cuts: { from: string; to: string }[] = [];
  hosts.forEach((from, fromIndex) => {
    hosts.forEach((to, toIndex) => { if (links.get(linkKey(fromIndex, toIndex))?.cut === true) cuts.push({ from, to }); });
  });
  return sortedCuts(cuts);
}
