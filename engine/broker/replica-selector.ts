// Which replica a consumer should rather read from (KIP-392): with RackAwareReplicaSelector the most caught-up in-sync replica in the consumer's
// rack that has the offset, unless the leader itself stands there. Without a selector nobody is named.
// Source: ReplicaManager.findPreferredReadReplica, RackAwareReplicaSelector.java, ReplicaView.java (3.9). FIDELITY: BROKER-FOLLOWER-READ.
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { BrokerState } from "./broker-state.ts";
import type { Partition, ReplicaState } from "./partition.ts";

export const NO_PREFERRED_REPLICA = -1;
/** The class that ships with Kafka; any other is unknown here. */
export const RACK_AWARE_SELECTOR = "org.apache.kafka.common.replica.RackAwareReplicaSelector";

/** Only a leader names one, and only to consumers; the leader itself is never named. */
export function preferredReadReplica(
  broker: BrokerState, partition: Partition, body: RequestOf<"Fetch">, fetchOffset: number, nowUs: number,
): number {
  if (!broker.selectsReplicasByRack || body.rackId === "" || body.replicaId >= 0 || partition.role !== "leader") return NO_PREFERRED_REPLICA;
  const { brokers } = broker.image;
  if (brokers.get(partition.leader)?.rack === body.rackId) return NO_PREFERRED_REPLICA;
  let best: ReplicaState | null = null;
  for (const replica of partition.remoteReplicas) {
    if (!partition.isr.includes(replica.brokerId) || replica.logEndOffset < fetchOffset || replica.logStartOffset > fetchOffset) continue;
    const registration = brokers.get(replica.brokerId);
    if (registration === undefined || registration.fenced || registration.rack !== body.rackId) continue;
    if (best === null || isBetter(replica, best, nowUs)) best = replica;
  }
  return best?.brokerId ?? NO_PREFERRED_REPLICA;
}

/** By end offset, then by how lately it was caught up, then by id. */
function isBetter(one: ReplicaState, other: ReplicaState, nowUs: number): boolean {
  if (one.logEndOffset !== other.logEndOffset) return one.logEndOffset > other.logEndOffset;
  const oneLagMs = Math.floor((nowUs - one.lastCaughtUpUs) / 1_000);
  const otherLagMs = Math.floor((nowUs - other.lastCaughtUpUs) / 1_000);
  return oneLagMs === otherLagMs ? one.brokerId > other.brokerId : oneLagMs < otherLagMs;
}
