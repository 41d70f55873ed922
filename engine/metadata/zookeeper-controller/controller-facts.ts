// What the ZooKeeper-mode controller tells the trace: a decision becomes true when its znode is written.
import type { PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { PartitionContext } from "./controller-context.ts";
import type { Run } from "./controller-task.ts";

/** After a change of leader, ISR or assignment that stands in ZooKeeper. At the end of a reassignment the controller's memory is ahead of it. */
export function tracePartition(run: Run, partition: PartitionContext, reason: PartitionChangeReason): void {
  const { leadership, writtenAssignment, topic, partition: index } = partition;
  if (leadership === null) return;
  const { leader, leaderEpoch, isr, partitionEpoch } = leadership;
  const { replicas, addingReplicas, removingReplicas } = writtenAssignment;
  run.process.becauseOf(run.cause);
  run.process.trace({
    kind: "partition-changed", topic, partition: index, replicas, isr, leader, leaderEpoch, partitionEpoch, reason,
    ...addingReplicas.length > 0 ? { addingReplicas } : {}, ...removingReplicas.length > 0 ? { removingReplicas } : {},
  });
}
