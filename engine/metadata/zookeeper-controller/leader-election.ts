// Who leads next: the four strategies of the ZooKeeper-mode controller. The candidate is always the first replica in assignment order that
// fits; only what "fits" means differs. Source: Election.scala, PartitionLeaderElectionAlgorithms (3.9). FIDELITY: ZKC-ELECTION.
import { type ControllerContext, isReplicaOnline, type PartitionContext, targetReplicas } from "./controller-context.ts";
import type { LeaderAndIsr } from "./znode-data.ts";

export type ElectionStrategy =
  | { readonly kind: "offline"; readonly allowUnclean: boolean }
  | { readonly kind: "reassign" } | { readonly kind: "preferred" } | { readonly kind: "controlled-shutdown" };

/** As Scala prints the strategy in the text of a failed election. */
export function strategyName(strategy: ElectionStrategy): string {
  switch (strategy.kind) {
    case "offline": return `OfflinePartitionLeaderElectionStrategy(${strategy.allowUnclean})`;
    case "reassign": return "ReassignPartitionLeaderElectionStrategy";
    case "preferred": return "PreferredReplicaPartitionLeaderElectionStrategy";
    case "controlled-shutdown": return "ControlledShutdownPartitionLeaderElectionStrategy";
  }
}

/** @property recipients the replicas that are told. */
export interface ElectionResult { readonly leadership: LeaderAndIsr; readonly recipients: readonly number[]; readonly isUnclean: boolean }

/** Null when nobody fits. `isUncleanAllowed`: by the topic's or the broker's settings, or by the operator's command. */
export function electLeader(
  context: ControllerContext, partition: PartitionContext, known: LeaderAndIsr, strategy: ElectionStrategy, isUncleanAllowed: boolean,
): ElectionResult | null {
  const { replicas } = partition.assignment;
  const online = (replica: number): boolean => isReplicaOnline(context, replica, partition);
  const { isr } = known;
  switch (strategy.kind) {
    case "offline": {
      const live = replicas.filter(online);
      const inSync = live.find(replica => isr.includes(replica));
      if (inSync !== undefined) return next(known, inSync, isr.filter(online), live, false);
      const anyone = isUncleanAllowed ? live[0] : undefined;
      return anyone === undefined ? null : next(known, anyone, [anyone], live, true);
    }
    case "reassign": {
      const live = targetReplicas(partition.assignment).filter(online);
      const leader = live.find(replica => isr.includes(replica));
      return leader === undefined ? null : next(known, leader, isr, live, false);
    }
    case "preferred": {
      const preferred = replicas[0];
      if (preferred === undefined || !online(preferred) || !isr.includes(preferred)) return null;
      return next(known, preferred, isr, replicas.filter(online), false);
    }
    case "controlled-shutdown": {
      const live = replicas.filter(replica => isReplicaOnline(context, replica, partition, true));
      const leader = live.find(replica => isr.includes(replica) && !context.shuttingDownBrokers.has(replica));
      return leader === undefined ? null : next(known, leader, isr.filter(member => !context.shuttingDownBrokers.has(member)), live, false);
    }
  }
}

function next(known: LeaderAndIsr, leader: number, isr: readonly number[], recipients: readonly number[], isUnclean: boolean): ElectionResult {
  return { leadership: { ...known, leader, leaderEpoch: known.leaderEpoch + 1, isr, isRecovering: isUnclean || known.isRecovering }, recipients, isUnclean };
}

/** Whether the settings of the topic decide: no replica of the ISR is online. */
export function hasLiveInSyncReplica(context: ControllerContext, partition: PartitionContext, known: LeaderAndIsr): boolean {
  return known.isr.some(replica => isReplicaOnline(context, replica, partition));
}
