// From facts to the read model: the view of a cluster is the sum of its facts. Views are immutable and share what did not change, so a
// page may keep thousands of them; nothing here knows the engine. `observe` reads the same from the processes, and a test compares both.
import type { Command } from "./commands.ts";
import { foldClientFact } from "./fold-client-facts.ts";
import { foldReplicaFact } from "./fold-replica-facts.ts";
import { mapPartitions, newPartition, newReplica, replaceLog, updatePartition, withHighWatermark } from "./partition-view.ts";
import type { ClusterSpec, ConsumerSpec, ProducerSpec } from "./spec.ts";
import type {
  ClusterView, ConsumerView, NodeView, ProcessStatusView, ProducerView, TopicView, ViewFact,
} from "./view.ts";
import type { ControllerFact, QuorumFact } from "#engine/protocol/facts.ts";

/** The cluster before anything has happened. */
export function initialView(spec: ClusterSpec): ClusterView {
  return {
    at: 0,
    profile: { kafka: spec.kafka, mode: spec.mode },
    nodes: spec.nodes.map(node => ({
      id: node.id, name: `broker-${node.id}`, host: node.host, rack: node.rack ?? null, status: "stopped", belief: "unregistered",
      quorum: UNATTACHED,
    })),
    activeController: -1, quorumEpoch: 0, topics: [],
    producers: (spec.producers ?? []).map(newProducer),
    consumers: (spec.consumers ?? []).map(newConsumer),
    cuts: [],
  };
}

export const UNATTACHED: NodeView["quorum"] = { role: "unattached", epoch: 0, leader: -1, logEnd: 0, highWatermark: 0 };

export function newProducer(spec: ProducerSpec): ProducerView {
  return { id: spec.id, status: "stopped", acks: -1, idempotent: true, accepted: 0, acknowledged: 0, failed: 0 };
}

export function newConsumer(spec: ConsumerSpec): ConsumerView {
  return { id: spec.id, status: "stopped", positions: [] };
}

/** The view after a fact. Facts come in the order of their ids; one that changes nothing gives a view that differs in `at` alone. */
export function foldFact(view: ClusterView, entry: ViewFact): ClusterView {
  const changed = foldChange(view, entry);
  return changed === view && view.at === entry.at ? view : { ...changed, at: entry.at };
}

/** As foldFact, without moving the clock: the same object when nothing changed. */
export function foldChange(view: ClusterView, entry: ViewFact): ClusterView {
  const fact = entry.fact;
  switch (fact.kind) {
    case "message": case "message-held": case "message-dropped": case "connection-closed": return view;
    case "process-started": return setStatus(view, fact.process, "running");
    case "process-stopped": return setStatus(view, fact.process, "stopped");
    case "process-paused": return setStatus(view, fact.process, "paused");
    case "process-resumed": return setStatus(view, fact.process, "running");
    case "link-cut": return { ...view, cuts: sortedCuts([...view.cuts, { from: fact.from, to: fact.to }]) };
    case "link-healed": return { ...view, cuts: view.cuts.filter(cut => cut.from !== fact.from || cut.to !== fact.to) };
    case "raft-role": case "raft-log": return withQuorumLeader(foldQuorumFact(view, fact));
    case "broker-registered": case "broker-unfenced": case "broker-fenced": case "broker-in-controlled-shutdown":
    case "topic-created": case "partition-changed": return foldControllerFact(view, fact);
    case "log-opened": case "became-leader": case "became-follower": case "log-appended": case "log-truncated": case "high-watermark":
    case "isr-proposed": return foldReplicaFact(view, fact);
    case "command": return foldCommand(view, fact.command as Command, fact.refused);
    default: return foldClientFact(view, fact);
  }
}

export function sortedCuts(cuts: readonly { readonly from: string; readonly to: string }[]): ClusterView["cuts"] {
  const key = (cut: { readonly from: string; readonly to: string }): string => `${cut.from} ${cut.to}`;
  return [...cuts].sort((a, b) => key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}

function setStatus(view: ClusterView, name: string, status: ProcessStatusView): ClusterView {
  const node = view.nodes.find(candidate => candidate.name === name);
  if (node !== undefined) return setNodeStatus(view, node, status);
  const fresh = status === "running" || status === "stopped";
  if (view.producers.some(producer => producer.id === name)) {
    return {
      ...view,
      producers: view.producers.map(producer => producer.id !== name ? producer
        : fresh && producer.status !== "paused" ? { ...producer, status, accepted: 0, acknowledged: 0, failed: 0 } : { ...producer, status }),
    };
  }
  if (view.consumers.some(consumer => consumer.id === name)) {
    return { ...view, consumers: view.consumers.map(consumer => consumer.id === name ? { ...consumer, status } : consumer) };
  }
  return view;
}

/** A process that has ended leads nothing, follows nothing and has no role in the quorum. */
function setNodeStatus(view: ClusterView, node: NodeView, status: ProcessStatusView): ClusterView {
  const quorum: NodeView["quorum"] = status === "stopped" || node.status === "stopped"
    ? { ...node.quorum, role: "unattached", leader: -1, highWatermark: 0 } : node.quorum;
  const nodes = view.nodes.map(candidate => candidate === node ? { ...node, status, quorum } : candidate);
  if (status !== "stopped") return withQuorumLeader({ ...view, nodes });
  const topics = view.topics.map(topic => mapPartitions(topic, partition => replaceLog(partition, node.id, log => ({
    ...log, role: "none", leaderEpoch: -1,
  }))));
  return withQuorumLeader({ ...view, nodes, topics: topics.map(topic => mapPartitions(topic, partition => withHighWatermark(partition, nodes))) });
}

function foldQuorumFact(view: ClusterView, fact: QuorumFact): ClusterView {
  return {
    ...view,
    nodes: view.nodes.map(node => {
      if (node.id !== fact.node) return node;
      const quorum: NodeView["quorum"] = fact.kind === "raft-role"
        ? { ...node.quorum, role: fact.role, epoch: fact.epoch, leader: fact.leader }
        : { ...node.quorum, logEnd: fact.logEnd, highWatermark: Math.max(0, fact.highWatermark) };
      return { ...node, quorum };
    }),
  };
}

/**
 * Who leads the quorum, and in which epoch: the leader of the newest epoch that has one, until a majority of the voters has gone on to a later
 * epoch. One voter that is cut off counts its epoch up alone, candidacy after candidacy; the others keep their leader meanwhile.
 */
export function quorumLeaderOf(nodes: readonly NodeView[]): { readonly activeController: number; readonly quorumEpoch: number } {
  const living = nodes.filter(node => node.status !== "stopped");
  const newest = (of: readonly NodeView[]): number => of.reduce((epoch, node) => Math.max(epoch, node.quorum.epoch), 0);
  const leaders = living.filter(node => node.quorum.role === "leader");
  const epoch = newest(leaders);
  const leader = leaders.find(node => node.quorum.epoch === epoch);
  const voters = nodes.filter(node => node.quorum.role !== "observer").length;
  const goneOn = living.filter(node => node.quorum.role !== "observer" && node.quorum.epoch > epoch).length;
  if (leader === undefined || goneOn * 2 > voters) return { activeController: -1, quorumEpoch: newest(living) };
  return { activeController: leader.id, quorumEpoch: epoch };
}

function withQuorumLeader(view: ClusterView): ClusterView {
  const { activeController, quorumEpoch } = quorumLeaderOf(view.nodes);
  return activeController === view.activeController && quorumEpoch === view.quorumEpoch ? view : { ...view, activeController, quorumEpoch };
}

function foldControllerFact(view: ClusterView, fact: ControllerFact): ClusterView {
  switch (fact.kind) {
    case "broker-registered": return setBelief(view, fact.broker, "fenced");
    case "broker-unfenced": return setBelief(view, fact.broker, "unfenced");
    case "broker-fenced": return setBelief(view, fact.broker, "fenced");
    case "broker-in-controlled-shutdown": return setBelief(view, fact.broker, "in-controlled-shutdown");
    case "topic-created": {
      if (view.topics.some(topic => topic.topicId === fact.topicId)) return view;
      const topic: TopicView = {
        name: fact.topic, topicId: fact.topicId, configs: fact.configs,
        partitions: Array.from({ length: fact.partitions }, (_, partition) => newPartition(fact.topic, partition)),
      };
      return { ...view, topics: [...view.topics, topic] };
    }
    case "partition-changed": return foldPartitionChange(view, fact);
  }
}

function setBelief(view: ClusterView, broker: number, belief: NodeView["belief"]): ClusterView {
  return { ...view, nodes: view.nodes.map(node => node.id === broker ? { ...node, belief } : node) };
}

/** A change that an older controller had committed already may be told again by its successor: the partition epoch tells. */
function foldPartitionChange(view: ClusterView, fact: ControllerFact & { kind: "partition-changed" }): ClusterView {
  return updatePartition(view, fact.topic, fact.partition, partition => {
    if (fact.partitionEpoch <= partition.partitionEpoch) return partition;
    const logs = fact.replicas.map(broker => partition.logs.find(log => log.broker === broker) ?? newReplica(broker));
    return withHighWatermark({
      ...partition, leader: fact.leader, leaderEpoch: fact.leaderEpoch, partitionEpoch: fact.partitionEpoch,
      isr: fact.isr, replicas: fact.replicas, logs,
    }, view.nodes);
  });
}

/** Clients that are opened in the run; the other commands show by what they lead to. */
function foldCommand(view: ClusterView, command: Command, refused: string | undefined): ClusterView {
  if (refused !== undefined) return view;
  if (command.do === "open-producer") return { ...view, producers: [...view.producers, newProducer(command.producer)] };
  if (command.do === "open-consumer") return { ...view, consumers: [...view.consumers, newConsumer(command.consumer)] };
  return view;
}
