// From facts to the read model: the view of a cluster is the sum of its facts. Views are immutable and share what did not change, so a
// page may keep thousands of them; nothing here knows the engine. `observe` reads the same from the processes, and a test compares both.
import type { Command } from "./commands.ts";
import { foldClientFact } from "./fold-client-facts.ts";
import { foldControllerFact } from "./fold-controller-facts.ts";
import { foldReplicaFact } from "./fold-replica-facts.ts";
import { controllerInZooKeeper, foldZooKeeperFact, newEnsemble, setServerStatus } from "./fold-zookeeper-facts.ts";
import { nodeName } from "./node-names.ts";
import { mapPartitions, replaceLog, withHighWatermark } from "./partition-view.ts";
import type { ClusterSpec, ConsumerSpec, NodeSpec, ProducerSpec } from "./spec.ts";
import type { ClusterView, ConsumerView, NodeView, ProcessStatusView, ProducerView, ViewFact } from "./view.ts";
import type { QuorumFact } from "#engine/protocol/facts.ts";

/** The cluster before anything has happened. */
export function initialView(spec: ClusterSpec): ClusterView {
  return {
    at: 0,
    profile: { kafka: spec.kafka, mode: spec.mode },
    nodes: spec.nodes.map(node => newNode(spec, node)),
    ...spec.zookeeper === undefined ? {} : { ensemble: newEnsemble(spec.zookeeper), controllerEpoch: 0 },
    activeController: -1, quorumEpoch: 0, topics: [],
    producers: (spec.producers ?? []).map(newProducer),
    consumers: (spec.consumers ?? []).map(newConsumer),
    cuts: [],
  };
}

export const UNATTACHED: NodeView["quorum"] = { role: "unattached", epoch: 0, leader: -1, logEnd: 0, highWatermark: 0 };

export function newNode(spec: Pick<ClusterSpec, "mode">, node: NodeSpec): NodeView {
  return {
    id: node.id, name: nodeName(spec, node), host: node.host, rack: node.rack ?? null, status: "stopped",
    ...node.roles === undefined ? {} : { roles: node.roles }, belief: "unregistered", quorum: UNATTACHED,
  };
}

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
    case "raft-role": case "raft-log": return withActiveController(foldQuorumFact(view, fact));
    case "broker-registered": case "broker-unfenced": case "broker-fenced": case "broker-in-controlled-shutdown":
    case "topic-created": case "topic-deleted": case "topic-configured": case "partition-changed": case "voters-changed":
      // A ZooKeeper-mode controller tells why; what it has decided stands in the znodes.
      return view.profile.mode === "zookeeper" && !entry.process.startsWith("controller-") ? view : foldControllerFact(view, fact);
    case "zookeeper-state": case "zookeeper-session": case "znode": return withActiveController(foldZooKeeperFact(view, fact));
    // What they tell of is in the znodes, or ends in the process's end.
    case "znode-watch": case "controller-elected": case "controller-resigned": case "controller-fenced": case "node-failed": case "node-log":
    case "log-directory-failed": return view;
    case "log-opened": case "became-leader": case "became-follower": case "log-appended": case "log-truncated": case "high-watermark":
    case "segment-rolled": case "segments-deleted": case "log-compacted": case "log-deleted": case "isr-proposed":
      return foldReplicaFact(view, fact);
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
  return setServerStatus(view, name, status);
}

/** A process that has ended leads nothing, follows nothing and has no role in the quorum. */
function setNodeStatus(view: ClusterView, node: NodeView, status: ProcessStatusView): ClusterView {
  const quorum: NodeView["quorum"] = status === "stopped" || node.status === "stopped"
    ? { ...node.quorum, role: "unattached", leader: -1, highWatermark: 0 } : node.quorum;
  const nodes = view.nodes.map(candidate => candidate === node ? { ...node, status, quorum } : candidate);
  if (status !== "stopped") return withActiveController({ ...view, nodes });
  const topics = view.topics.map(topic => mapPartitions(topic, partition => replaceLog(partition, node.id, log => ({
    ...log, role: "none", leaderEpoch: -1,
  }))));
  return withActiveController({ ...view, nodes, topics: topics.map(topic => mapPartitions(topic, partition => withHighWatermark(partition, nodes))) });
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
  const votes = (node: NodeView): boolean => node.quorum.role !== "observer" && (node.roles?.includes("controller") ?? true);
  const voters = nodes.filter(votes).length;
  const goneOn = living.filter(node => votes(node) && node.quorum.epoch > epoch).length;
  if (leader === undefined || goneOn * 2 > voters) return { activeController: -1, quorumEpoch: newest(living) };
  return { activeController: leader.id, quorumEpoch: epoch };
}

/** The controller that /controller names; without such a znode the leader of the quorum. */
export function activeControllerOf(
  nodes: readonly NodeView[], ensemble: ClusterView["ensemble"],
): { readonly activeController: number; readonly quorumEpoch: number } {
  const led = quorumLeaderOf(nodes);
  const named = ensemble === undefined ? -1 : controllerInZooKeeper(ensemble);
  return named === -1 ? led : { ...led, activeController: named };
}

function withActiveController(view: ClusterView): ClusterView {
  const { activeController, quorumEpoch } = activeControllerOf(view.nodes, view.ensemble);
  return activeController === view.activeController && quorumEpoch === view.quorumEpoch ? view : { ...view, activeController, quorumEpoch };
}

/** Clients that are opened in the run; the other commands show by what they lead to. */
function foldCommand(view: ClusterView, command: Command, refused: string | undefined): ClusterView {
  if (refused !== undefined) return view;
  if (command.do === "open-producer") return { ...view, producers: [...view.producers, newProducer(command.producer)] };
  if (command.do === "open-consumer") return { ...view, consumers: [...view.consumers, newConsumer(command.consumer)] };
  return view;
}
