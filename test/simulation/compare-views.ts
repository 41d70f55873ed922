// What folding facts and observing processes must agree on. Left out is what nobody can see from outside: the memory of a stopped process
// (a producer's counts, a stopped broker's logs and quorum), and how batches are cut into pictures.
import type { ClusterView, NodeView, PartitionView } from "#engine/cluster/view.ts";

/**
 * Whether the living know all that was ever committed: the newest of it may have died with the controller that told of it, until its
 * successor has committed something itself.
 */
export function isMetadataSettled(observed: ClusterView): boolean {
  const controller = observed.nodes.find(node => node.id === observed.activeController);
  return controller !== undefined && controller.quorum.highWatermark === controller.quorum.logEnd;
}

export function comparable(view: ClusterView, withMetadata: boolean): unknown {
  const stopped = (broker: number): boolean => view.nodes.find(node => node.id === broker)?.status === "stopped";
  return {
    at: view.at, profile: view.profile, cuts: view.cuts, activeController: view.activeController, quorumEpoch: view.quorumEpoch,
    nodes: view.nodes.map(node => comparableNode(node, withMetadata)),
    topics: withMetadata ? view.topics.map(topic => ({
      ...topic, partitions: topic.partitions.map(partition => comparablePartition(partition, stopped)),
    })) : [],
    producers: view.producers.map(producer => producer.status === "stopped" ? { id: producer.id, status: producer.status } : producer),
    consumers: view.consumers.map(consumer => consumer.status === "stopped" ? { id: consumer.id, status: consumer.status } : consumer),
  };
}

function comparableNode(node: NodeView, withMetadata: boolean): unknown {
  const { quorum, belief, ...rest } = node;
  return { ...rest, ...withMetadata ? { belief } : {}, ...node.status === "stopped" ? {} : { quorum } };
}

/** A broker that has just started has not opened its logs: role "none" on both sides, and offsets that only the facts still know. */
function comparablePartition(partition: PartitionView, stopped: (broker: number) => boolean): unknown {
  const { logs, highWatermark, ...rest } = partition;
  const led = logs.find(log => log.broker === partition.leader);
  return {
    ...rest,
    ...led !== undefined && led.role !== "none" && !stopped(led.broker) ? { highWatermark } : {},
    logs: logs.map(({ batches, ...log }) => stopped(log.broker) || log.role === "none" ? { broker: log.broker, role: log.role } : log),
  };
}
