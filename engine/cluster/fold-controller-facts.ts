// What the controller of KRaft mode has decided: who is in service, which topics there are, who leads what.
import { newPartition, newReplica, updatePartition, withHighWatermark } from "./partition-view.ts";
import type { ClusterView, NodeView, PartitionView, TopicView } from "./view.ts";
import type { ControllerFact } from "#engine/protocol/facts.ts";

export function foldControllerFact(view: ClusterView, fact: ControllerFact): ClusterView {
  switch (fact.kind) {
    case "broker-registered": return setBelief(view, fact.broker, "fenced");
    case "broker-unfenced": return setBelief(view, fact.broker, "unfenced");
    case "broker-fenced": return setBelief(view, fact.broker, "fenced");
    case "broker-in-controlled-shutdown": return setBelief(view, fact.broker, "in-controlled-shutdown");
    case "topic-created": return addTopic(view, fact);
    case "topic-deleted": return { ...view, topics: view.topics.filter(topic => topic.name !== fact.topic || topic.topicId !== fact.topicId) };
    case "topic-configured":
      return { ...view, topics: view.topics.map(topic => topic.name === fact.topic ? { ...topic, configs: sortedConfigs(fact.configs) } : topic) };
    case "partition-changed": return foldPartitionChange(view, fact);
    case "voters-changed": return view;
  }
}

function setBelief(view: ClusterView, broker: number, belief: NodeView["belief"]): ClusterView {
  return { ...view, nodes: view.nodes.map(node => node.id === broker ? { ...node, belief } : node) };
}

function addTopic(view: ClusterView, fact: ControllerFact & { readonly kind: "topic-created" }): ClusterView {
  if (view.topics.some(topic => topic.topicId === fact.topicId)) return view;
  const topic: TopicView = {
    name: fact.topic, topicId: fact.topicId, configs: sortedConfigs(fact.configs),
    partitions: Array.from({ length: fact.partitions }, (_, partition) => newPartition(fact.topic, partition)),
  };
  return { ...view, topics: [...view.topics.filter(other => other.name !== fact.topic), topic] };
}

/** In the order of their names. */
export function sortedConfigs(configs: Iterable<readonly [string, string]>): TopicView["configs"] {
  return [...configs].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
}

/** A change that an older controller had committed already may be told again by its successor: the partition epoch tells. */
function foldPartitionChange(view: ClusterView, fact: ControllerFact & { readonly kind: "partition-changed" }): ClusterView {
  return updatePartition(withPartition(view, fact.topic, fact.partition), fact.topic, fact.partition, partition => {
    if (fact.partitionEpoch <= partition.partitionEpoch) return partition;
    const logs = fact.replicas.map(broker => partition.logs.find(log => log.broker === broker) ?? newReplica(broker));
    const { topic, partition: index, highWatermark } = partition;
    return withHighWatermark({
      topic, partition: index, leader: fact.leader, leaderEpoch: fact.leaderEpoch, partitionEpoch: fact.partitionEpoch, isr: fact.isr,
      replicas: fact.replicas, ...unusualReplicas(fact), logs, highWatermark,
    }, view.nodes);
  });
}

type UnusualReplicas = Pick<PartitionView, "addingReplicas" | "removingReplicas" | "eligibleLeaderReplicas" | "lastKnownLeaders">;

/** Fields that only a reassignment or KIP-966 fills: absent when they are empty. */
export function unusualReplicas(of: UnusualReplicas): UnusualReplicas {
  const { addingReplicas = [], removingReplicas = [], eligibleLeaderReplicas = [], lastKnownLeaders = [] } = of;
  return {
    ...addingReplicas.length > 0 ? { addingReplicas } : {}, ...removingReplicas.length > 0 ? { removingReplicas } : {},
    ...eligibleLeaderReplicas.length > 0 ? { eligibleLeaderReplicas } : {}, ...lastKnownLeaders.length > 0 ? { lastKnownLeaders } : {},
  };
}

/** A partition that was added to its topic later. */
function withPartition(view: ClusterView, topicName: string, partition: number): ClusterView {
  const topic = view.topics.find(candidate => candidate.name === topicName);
  if (topic === undefined || partition < topic.partitions.length) return view;
  const partitions = topic.partitions.slice();
  while (partitions.length <= partition) partitions.push(newPartition(topicName, partitions.length));
  return { ...view, topics: view.topics.map(other => other === topic ? { ...topic, partitions } : other) };
}
