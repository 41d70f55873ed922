// One change of a partition: the wanted in-sync replicas, an election if the leader cannot stay, and the record that says so.
// Follows PartitionChangeBuilder.java (3.9 without ELR and without reassignment). FIDELITY: META-ELR, META-REASSIGNMENT.
import type { PartitionRegistration } from "./image.ts";
import type { LeaderRecoveryState, MetadataRecord } from "./records.ts";

export type Election = "online" | "preferred" | "unclean";
export type PartitionChange = MetadataRecord & { readonly type: "PartitionChangeRecord" };

/** @property isAcceptable whether a broker may lead now. */
export interface ChangeWish {
  readonly topicId: string;
  readonly targetIsr: readonly number[];
  readonly election: Election;
  readonly isAcceptable: (broker: number) => boolean;
  readonly leaderRecoveryState?: LeaderRecoveryState;
}

/** The record that makes the wish true, or null when nothing changes. */
export function buildPartitionChange(partition: PartitionRegistration, wish: ChangeWish): PartitionChange | null {
  const elected = elect(partition, wish);
  const change: { -readonly [K in keyof PartitionChange]: PartitionChange[K] } =
    { type: "PartitionChangeRecord", topicId: wish.topicId, partitionId: partition.partition };
  let recovery = wish.leaderRecoveryState ?? partition.leaderRecoveryState;
  if (elected.leader !== partition.leader) {
    change.leader = elected.leader;
    if (elected.unclean) {
      change.isr = [elected.leader];
      recovery = "RECOVERING";
    }
  }
  // The last member stays in the in-sync replicas: an empty list would say that no data is safe anywhere.
  if (change.isr === undefined && wish.targetIsr.length > 0 && !sameList(wish.targetIsr, partition.isr)) change.isr = wish.targetIsr;
  if (recovery !== partition.leaderRecoveryState) change.leaderRecoveryState = recovery;
  const isNothing = change.leader === undefined && change.isr === undefined && change.leaderRecoveryState === undefined;
  return isNothing ? null : change;
}

function elect(partition: PartitionRegistration, wish: ChangeWish): { readonly leader: number; readonly unclean: boolean } {
  const isValid = (broker: number): boolean => wish.targetIsr.includes(broker) && wish.isAcceptable(broker);
  const preferred = partition.replicas[0] ?? -1;
  if (wish.election === "preferred" && isValid(preferred)) return { leader: preferred, unclean: false };
  if (isValid(partition.leader)) return { leader: partition.leader, unclean: false };
  const online = partition.replicas.find(isValid);
  if (online !== undefined) return { leader: online, unclean: false };
  if (wish.election === "unclean") {
    if (wish.isAcceptable(partition.leader)) return { leader: partition.leader, unclean: true };
    const unclean = partition.replicas.find(wish.isAcceptable);
    if (unclean !== undefined) return { leader: unclean, unclean: true };
  }
  return { leader: -1, unclean: false };
}

export function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
