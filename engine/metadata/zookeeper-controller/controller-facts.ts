// What the ZooKeeper-mode controller tells the trace: a decision becomes true when its znode is written.
import type { PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { PartitionContext } from "./controller-context.ts";
import type { Run } from "./controller-task.ts";

/** After a change of leader, ISR or assignment that stands in ZooKeeper. */
export function tracePartition(run: Run, partition: PartitionContext, reason: PartitionChangeReason): void {
  const { leadership, assignment, topic, partition: index } = partition;
  if (leadership === null) return;
  const { leader, leaderEpoch, isr, partitionEpoch } = leadership;
  const { addingReplicas } = assignment;
  // At the end of a reassignment the controller's memory is ahead: in the topic's znode the leaving replicas stand until they are out of the ISR.
  const leaving = isr.filter(broker => !assignment.replicas.includes(broker));
  const replicas = [...assignment.replicas, ...leaving];
  const removingReplicas = [...assignment.removingReplicas, ...leaving];
  run.process.becauseOf(run.cause);
  run.process.trace({
    kind: "partition-changed", topic, partition: index, replicas, isr, leader, leaderEpoch, partitionEpoch, reason,
    ...addingReplicas.length > 0 ? { addingReplicas } : {}, ...removingReplicas.length > 0 ? { removingReplicas } : {},
  });
}
