// The read model, read from the processes: what is in their memory, and on the disks of those that have stopped. The only place that looks
// into the state of nodes and clients from outside. `foldFact` comes to the same view from the facts; a test compares the two.
import { batchView } from "./batch-view.ts";
import type { Cluster } from "./cluster.ts";
import { sortedConfigs, unusualReplicas } from "./fold-controller-facts.ts";
import { activeControllerOf, newNode, sortedCuts, UNATTACHED } from "./fold-facts.ts";
import { beliefIn, controllerEpochIn } from "./fold-zookeeper-facts.ts";
import { observeEnsemble, type CommittedPartition, topicsInZooKeeper } from "./observe-ensemble.ts";
import { brokerProcess, committedDatabase, committedImage, nodeMemory, nodeProcess } from "./observe-processes.ts";
import { highWatermarkOf, newReplica } from "./partition-view.ts";
import type { ClusterSpec, NodeSpec } from "./spec.ts";
import type { BatchView, ClusterView, ConsumerView, EnsembleView, NodeView, PartitionView, ProducerView, ReplicaView, TopicView } from "./view.ts";
import type { Partition } from "#engine/broker/partition.ts";
import { consumerPositions, type ConsumerState } from "#engine/clients/consumer-state.ts";
import { producerCounts, type ProducerState } from "#engine/clients/producer-state.ts";
import type { AppendOnlyList } from "#engine/core/append-only-list.ts";
import { linkKey } from "#engine/core/network.ts";
import type { ProcessRecord } from "#engine/core/process.ts";
import type { World } from "#engine/core/world.ts";
import { replicaBatches } from "#engine/log/log-files.ts";
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
  const ensemble = observeEnsemble(world, spec);
  const image = committedImage(world, spec);
  const nodes = spec.nodes.map(node => observeNode(world, spec, node, image, ensemble));
  return {
    at: world.now,
    profile: { kafka: spec.kafka, mode: spec.mode },
    nodes, ...ensemble === undefined ? {} : { ensemble, controllerEpoch: controllerEpochIn(ensemble) }, ...activeControllerOf(nodes, ensemble),
    topics: observeTopics(world, spec, image, nodes, options),
    producers: world.processes.filter(process => process.kind === "producer").map(observeProducer),
    consumers: world.processes.filter(process => process.kind === "consumer").map(observeConsumer),
    cuts: observeCuts(world),
  };
}

function observeNode(world: World, spec: ClusterSpec, node: NodeSpec, image: MetadataImage | null, ensemble: EnsembleView | undefined): NodeView {
  const process = nodeProcess(world, spec, node);
  const registration = image?.brokers.get(node.id);
  const inKraft = registration === undefined ? "unregistered" : registration.fenced ? "fenced"
    : registration.inControlledShutdown ? "in-controlled-shutdown" : "unfenced";
  return {
    ...newNode(spec, node), status: process?.status ?? "stopped",
    belief: spec.mode === "zookeeper" && registration === undefined ? beliefIn(ensemble?.znodes ?? [], node.id) : inKraft, quorum: observeQuorum(process),
  };
}

/** From the metadata log, or from the znodes while ZooKeeper has the say. */
function observeTopics(
  world: World, spec: ClusterSpec, image: MetadataImage | null, nodes: readonly NodeView[], options: ObserveOptions,
): readonly TopicView[] {
  const database = committedDatabase(world, spec);
  // Once a migration has copied the topics, the metadata log has them.
  if (database !== null && (image === null || image.topics.size === 0)) {
    return topicsInZooKeeper(database).map(topic => ({
      ...topic, partitions: topic.partitions.map(partition => observePartition(world, nodes, topic.name, partition, options)),
    }));
  }
  return image === null ? [] : [...image.topics.values()].map((topic): TopicView => ({
    name: topic.name, topicId: topic.topicId, configs: sortedConfigs(topic.configs),
    partitions: topic.partitions.map(partition => observePartition(world, nodes, topic.name, registered(partition), options)),
  }));
}

function registered(registration: PartitionRegistration): CommittedPartition {
  const { partition, leader, leaderEpoch, partitionEpoch, isr, replicas, addingReplicas, removingReplicas, elr, lastKnownElr } = registration;
  return {
    partition, leader, leaderEpoch, partitionEpoch, isr: [...isr], replicas: [...replicas],
    ...unusualReplicas({ addingReplicas, removingReplicas, eligibleLeaderReplicas: elr, lastKnownLeaders: lastKnownElr }),
  };
}

function observeQuorum(process: ProcessRecord | undefined): NodeView["quorum"] {
  const file = process?.disk.get(METADATA_LOG_PATH);
  const logEnd = file?.kind === "log" ? logEndOffset(file) : 0;
  const raft = nodeMemory(process)?.kraft?.raft;
  if (raft === undefined) return { ...UNATTACHED, logEnd };
  return {
    role: roleName(raft), epoch: raft.epoch, leader: raft.role.role === "resigned" ? -1 : raft.leader, logEnd,
    highWatermark: Math.max(0, raft.highWatermark),
  };
}

function observePartition(
  world: World, nodes: readonly NodeView[], topic: string, partition: CommittedPartition, options: ObserveOptions,
): PartitionView {
  const view: PartitionView = {
    topic, ...partition, highWatermark: 0,
    logs: partition.replicas.map(broker => observeReplica(brokerProcess(world, broker), broker, topic, partition.partition, options)),
  };
  return { ...view, highWatermark: highWatermarkOf(view, nodes) };
}

function observeReplica(
  process: ProcessRecord | undefined, broker: number, topic: string, partition: number, options: ObserveOptions,
): ReplicaView {
  const directory = logDirectory(topic, partition);
  const held = nodeMemory(process)?.broker?.partitions.get(topic)?.[partition] as Partition | null | undefined;
  const entries = process === undefined || held !== null && held !== undefined && options.batchesFrom === undefined ? null
    : replicaBatches(process.disk, held?.log.folder ?? directory);
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
