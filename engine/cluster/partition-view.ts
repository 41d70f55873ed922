// Partitions and replicas of the read model: new ones, and changed copies that share the rest.
import type { ClusterView, NodeView, PartitionView, ReplicaView, TopicView } from "./view.ts";

export function newPartition(topic: string, partition: number): PartitionView {
  return { topic, partition, leader: -1, leaderEpoch: -1, partitionEpoch: -1, isr: [], replicas: [], logs: [], highWatermark: 0 };
}

export function newReplica(broker: number): ReplicaView {
  return { broker, role: "none", leaderEpoch: -1, logStart: 0, logEnd: 0, highWatermark: 0, batches: [] };
}

/** Of the leader's log; of the most advanced live replica when nobody leads; of any replica when none lives. */
export function highWatermarkOf(partition: PartitionView, nodes: readonly NodeView[]): number {
  const led = partition.logs.find(log => log.broker === partition.leader);
  if (led !== undefined) return led.highWatermark;
  const live = partition.logs.filter(log => nodes.some(node => node.id === log.broker && node.status !== "stopped"));
  return (live.length > 0 ? live : partition.logs).reduce((highest, log) => Math.max(highest, log.highWatermark), 0);
}

export function withHighWatermark(partition: PartitionView, nodes: readonly NodeView[]): PartitionView {
  const highWatermark = highWatermarkOf(partition, nodes);
  return highWatermark === partition.highWatermark ? partition : { ...partition, highWatermark };
}

export function updatePartition(
  view: ClusterView, topic: string, partition: number, change: (partition: PartitionView) => PartitionView,
): ClusterView {
  const topicIndex = view.topics.findIndex(candidate => candidate.name === topic);
  const before = view.topics[topicIndex];
  const found = before?.partitions[partition];
  if (before === undefined || found === undefined) return view;
  const after = change(found);
  if (after === found) return view;
  const partitions = before.partitions.slice();
  partitions[partition] = after;
  const topics = view.topics.slice();
  topics[topicIndex] = { ...before, partitions };
  return { ...view, topics };
}

export function mapPartitions(topic: TopicView, change: (partition: PartitionView) => PartitionView): TopicView {
  return { ...topic, partitions: topic.partitions.map(change) };
}

export function replaceLog(partition: PartitionView, broker: number, change: (log: ReplicaView) => ReplicaView): PartitionView {
  const index = partition.logs.findIndex(log => log.broker === broker);
  const before = partition.logs[index];
  if (before === undefined) return partition;
  const logs = partition.logs.slice();
  logs[index] = change(before);
  return { ...partition, logs };
}
