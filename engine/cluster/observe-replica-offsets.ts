// Where each replica stands, as its own broker would answer: log end offset, high watermark, log start offset. Read-only; of living brokers.
import type { Cluster } from "./cluster.ts";
import { brokerProcess, nodeMemory } from "./observe-processes.ts";

export interface ReplicaOffsets {
  readonly topic: string;
  readonly partition: number;
  readonly broker: number;
  readonly role: "leader" | "follower";
  readonly leaderEpoch: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
}

/** By topic, partition and broker. */
export function observeReplicaOffsets(cluster: Cluster): readonly ReplicaOffsets[] {
  const found: ReplicaOffsets[] = [];
  for (const { id } of cluster.spec.nodes) {
    const partitions = nodeMemory(brokerProcess(cluster.simulation.world, id))?.broker?.partitions;
    for (const [topic, list] of partitions ?? []) {
      list.forEach((held, partition) => {
        if (held === null || held.leaderEpoch === -1) return;
        const { logStartOffset, logEndOffset, highWatermark } = held.log;
        found.push({ topic, partition, broker: id, role: held.role, leaderEpoch: held.leaderEpoch, logStartOffset, logEndOffset, highWatermark });
      });
    }
  }
  return found.sort((a, b) => a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition || a.broker - b.broker);
}
