// Checks of one moment: is this so, now? Each works on the view alone.
import type { CheckResult } from "./check.ts";
import type { ClusterView, NodeView, PartitionView, ProcessStatusView, TopicView } from "#engine/cluster/view.ts";

interface OfPartition { readonly topic: string; readonly partition: number }
/** Without `topic` all topics are meant, without `partition` all partitions. */
interface OfPartitions { readonly topic?: string; readonly partition?: number }

export type ViewCheck =
  | { readonly check: "topic-exists"; readonly topic: string }
  /** A running broker leads. */
  | OfPartitions & { readonly check: "has-leader" }
  | OfPartition & { readonly check: "leader-of"; readonly broker: number }
  | OfPartition & { readonly check: "leader-epoch-at-least"; readonly leaderEpoch: number }
  | OfPartitions & { readonly check: "in-sync-count"; readonly atLeast: number }
  | OfPartition & { readonly check: "in-sync-replicas"; readonly isr: readonly number[] }
  /** ISR = replicas. */
  | OfPartitions & { readonly check: "fully-replicated" }
  /** acks=all is accepted: a running leader, and min.insync.replicas (the topic's, else `minInsyncReplicas`, else 1). */
  | OfPartitions & { readonly check: "writable"; readonly minInsyncReplicas?: number }
  /** Each partition is led by its preferred replica, the first of its assignment. */
  | OfPartitions & { readonly check: "leader-balance" }
  /** Every replica of a running broker has the leader's log end and high watermark. */
  | OfPartitions & { readonly check: "replicas-agree" }
  | { readonly check: "node-status"; readonly node: number; readonly status: ProcessStatusView }
  | { readonly check: "all-nodes-running" }
  | { readonly check: "all-brokers-unfenced" }
  /** A running node leads the quorum; with `node`, this one. */
  | { readonly check: "active-controller"; readonly node?: number }
  | { readonly check: "links-whole" }
  | { readonly check: "acknowledged-at-least"; readonly producer: string; readonly count: number }
  | { readonly check: "nothing-failed"; readonly producer: string };

const HOLDS: CheckResult = { holds: true, detail: "", evidence: [] };

function not(detail: string): CheckResult {
  return { holds: false, detail, evidence: [] };
}

function when(holds: boolean, detail: string): CheckResult {
  return { holds, detail, evidence: [] };
}

export function evaluateViewCheck(check: ViewCheck, view: ClusterView): CheckResult {
  switch (check.check) {
    case "topic-exists": return when(topicOf(view, check.topic) !== undefined, `topic ${check.topic} ${topicOf(view, check.topic) === undefined ? "does not exist" : "exists"}`);
    case "has-leader": return every(view, check, partition => isLed(view, partition), partition => `nobody leads ${nameOf(partition)}`);
    case "leader-of": return onPartition(view, check, partition =>
      when(partition.leader === check.broker, `${leaderText(partition)} leads ${nameOf(partition)}`));
    case "leader-epoch-at-least": return onPartition(view, check, partition =>
      when(partition.leaderEpoch >= check.leaderEpoch, `${nameOf(partition)} is in leader epoch ${partition.leaderEpoch}`));
    case "in-sync-count": return every(view, check, partition => partition.isr.length >= check.atLeast, partition =>
      `${nameOf(partition)} has ${partition.isr.length} replicas in sync: [${partition.isr.join(", ")}]`);
    case "in-sync-replicas": return onPartition(view, check, partition =>
      when(sameSet(partition.isr, check.isr), `the ISR of ${nameOf(partition)} is [${partition.isr.join(", ")}]`));
    case "fully-replicated": return every(view, check, partition => partition.isr.length === partition.replicas.length, partition =>
      `the ISR of ${nameOf(partition)} is [${partition.isr.join(", ")}] of [${partition.replicas.join(", ")}]`);
    case "writable": return every(view, check, partition =>
      isLed(view, partition) && partition.isr.length >= minInsyncReplicas(view, partition, check.minInsyncReplicas), partition =>
      `${nameOf(partition)} takes no acks=all: leader ${partition.leader}, ISR [${partition.isr.join(", ")}]`);
    case "leader-balance": return every(view, check, partition => partition.leader === partition.replicas[0], partition =>
      `${leaderText(partition)} leads ${nameOf(partition)}, preferred is broker ${String(partition.replicas[0])}`);
    case "replicas-agree": return every(view, check, partition => replicasAgree(view, partition), partition =>
      `the logs of ${nameOf(partition)} end at ${partition.logs.map(log => `${log.logEnd} on broker ${log.broker}`).join(", ")}`);
    case "acknowledged-at-least": case "nothing-failed": return producerCheck(check, view);
    default: return nodeCheck(check, view);
  }
}

type NodeCheck = Extract<ViewCheck, { readonly check: "node-status" | "all-nodes-running" | "all-brokers-unfenced" | "active-controller" | "links-whole" }>;

function nodeCheck(check: NodeCheck, view: ClusterView): CheckResult {
  switch (check.check) {
    case "node-status": {
      const node = view.nodes.find(candidate => candidate.id === check.node);
      return node === undefined ? not(`there is no node ${check.node}`) : when(node.status === check.status, `node ${node.id} is ${node.status}`);
    }
    case "all-nodes-running": return everyNode(view, node => node.status === "running", node => `node ${node.id} is ${node.status}`);
    case "all-brokers-unfenced": return everyNode(view, node => node.belief === "unfenced" || !isBroker(node), node => `broker ${node.id} is ${node.belief}`);
    case "active-controller": return when(
      check.node === undefined ? view.activeController !== -1 : view.activeController === check.node,
      view.activeController === -1 ? "nobody leads the quorum" : `node ${view.activeController} is the active controller`);
    case "links-whole": return when(view.cuts.length === 0, view.cuts.length === 0 ? "all links are whole" : `${view.cuts.length} directions are cut`);
  }
}

function producerCheck(check: Extract<ViewCheck, { readonly producer: string }>, view: ClusterView): CheckResult {
  const producer = view.producers.find(candidate => candidate.id === check.producer);
  if (producer === undefined) return not(`there is no producer ${check.producer}`);
  if (check.check === "nothing-failed") return when(producer.failed === 0, `${producer.failed} records of ${producer.id} have failed`);
  return when(producer.acknowledged >= check.count, `${producer.acknowledged} records of ${producer.id} are acknowledged`);
}

function isBroker(node: NodeView): boolean {
  return node.roles === undefined || node.roles.length === 0 || node.roles.includes("broker");
}

function everyNode(view: ClusterView, holds: (node: NodeView) => boolean, otherwise: (node: NodeView) => string): CheckResult {
  const broken = view.nodes.find(node => !holds(node));
  return broken === undefined ? HOLDS : not(otherwise(broken));
}

/** Holds when it holds for each partition that is meant; never for none. */
function every(
  view: ClusterView, of: OfPartitions, holds: (partition: PartitionView) => boolean, otherwise: (partition: PartitionView) => string,
): CheckResult {
  let count = 0;
  for (const topic of view.topics) {
    if (of.topic !== undefined && topic.name !== of.topic) continue;
    for (const partition of topic.partitions) {
      if (of.partition !== undefined && partition.partition !== of.partition) continue;
      count += 1;
      if (!holds(partition)) return not(otherwise(partition));
    }
  }
  return count === 0 ? not(`there is no partition ${of.topic ?? "at all"}${of.partition === undefined ? "" : `-${of.partition}`}`) : HOLDS;
}

function onPartition(view: ClusterView, of: OfPartition, evaluate: (partition: PartitionView) => CheckResult): CheckResult {
  const partition = topicOf(view, of.topic)?.partitions[of.partition];
  return partition === undefined ? not(`there is no partition ${of.topic}-${of.partition}`) : evaluate(partition);
}

function topicOf(view: ClusterView, name: string): TopicView | undefined {
  return view.topics.find(topic => topic.name === name);
}

function nameOf(partition: PartitionView): string {
  return `${partition.topic}-${partition.partition}`;
}

function leaderText(partition: PartitionView): string {
  return partition.leader === -1 ? "nobody" : `broker ${partition.leader}`;
}

function statusOf(view: ClusterView, broker: number): ProcessStatusView {
  return view.nodes.find(node => node.id === broker)?.status ?? "stopped";
}

function isLed(view: ClusterView, partition: PartitionView): boolean {
  return partition.leader !== -1 && statusOf(view, partition.leader) === "running";
}

function minInsyncReplicas(view: ClusterView, partition: PartitionView, fallback: number | undefined): number {
  const own = topicOf(view, partition.topic)?.configs.find(([name]) => name === "min.insync.replicas");
  return own === undefined ? fallback ?? 1 : Number(own[1]);
}

function replicasAgree(view: ClusterView, partition: PartitionView): boolean {
  const leader = partition.logs.find(log => log.broker === partition.leader);
  return leader !== undefined && partition.logs.every(log => statusOf(view, log.broker) !== "running"
    || log.logEnd === leader.logEnd && log.highWatermark === leader.highWatermark);
}

function sameSet(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every(item => b.includes(item));
}
