// What folding facts and observing processes must agree on. Left out is what nobody can see from outside: the memory of a stopped process
// (a producer's counts, a stopped broker's logs and quorum), and how batches are cut into pictures.
import type { ClusterView, EnsembleView, NodeView, PartitionView } from "#engine/cluster/view.ts";

/**
 * Whether the living know all that was ever committed: the newest of it may have died with the controller that told of it, until its
 * successor has committed something itself.
 */
export function isMetadataSettled(observed: ClusterView): boolean {
  if (observed.profile.mode === "zookeeper") return isEnsembleServing(observed) && observed.activeController !== -1;
  const controller = observed.nodes.find(node => node.id === observed.activeController);
  return controller !== undefined && controller.quorum.highWatermark === controller.quorum.logEnd;
}

/** Whether a server leads the ensemble: then what is seen of the znodes is what is committed. */
export function isEnsembleServing({ ensemble }: ClusterView): boolean {
  return ensemble?.servers.some(server => server.state === "leading" && server.status === "running") ?? false;
}

export function comparable(view: ClusterView, withMetadata: boolean): unknown {
  const stopped = (broker: number): boolean => view.nodes.find(node => node.id === broker)?.status === "stopped";
  return {
    at: view.at, profile: view.profile, cuts: view.cuts, quorumEpoch: view.quorumEpoch,
    activeController: view.ensemble === undefined || withMetadata ? view.activeController : -1,
    nodes: view.nodes.map(node => comparableNode(node, withMetadata)),
    topics: withMetadata ? byName(view.topics).map(topic => ({
      ...topic, partitions: topic.partitions.map(partition => comparablePartition(partition, stopped)),
    })) : [],
    ...view.ensemble === undefined ? {} : { ensemble: comparableEnsemble(view.ensemble, withMetadata), controllerEpoch: withMetadata ? view.controllerEpoch : 0 },
    producers: view.producers.map(producer => producer.status === "stopped" ? { id: producer.id, status: producer.status } : producer),
    consumers: view.consumers.map(consumer => consumer.status === "stopped" ? { id: consumer.id, status: consumer.status } : consumer),
  };
}

/** A controller that takes over several new topics may tell of them in another order than they were created in. */
function byName(topics: ClusterView["topics"]): ClusterView["topics"] {
  return [...topics].sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** A stopped server's epoch is on its disk; znodes and sessions are compared while a leader serves. */
function comparableEnsemble({ servers, sessions, znodes }: EnsembleView, withMetadata: boolean): unknown {
  return {
    servers: servers.map(({ epoch, ...server }) => server.state === "leading" || server.state === "following" ? { ...server, epoch } : server),
    ...withMetadata ? { sessions, znodes } : {},
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
