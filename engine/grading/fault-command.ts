// A drill's fault as a command for the cluster as it stands, and the other way round: whether a command is that fault.
import type { DrillFault, Victim } from "./define-drill.ts";
import type { Command } from "#engine/cluster/commands.ts";
import type { ClusterView } from "#engine/cluster/view.ts";

/** Null when there is no victim at this moment: nobody leads. */
export function faultCommand(fault: DrillFault, view: ClusterView): Command | null {
  const node = victimNode(fault.victim, view);
  return node === -1 ? null : { do: fault.do, node };
}

/** -1 for none. */
export function victimNode(victim: Victim, view: ClusterView): number {
  if ("node" in victim) return victim.node;
  if ("activeController" in victim) return view.activeController;
  const topic = view.topics.find(candidate => candidate.name === victim.leaderOf.topic);
  return topic?.partitions[victim.leaderOf.partition]?.leader ?? -1;
}

export function isFault(fault: DrillFault, command: { readonly do: string }, view: ClusterView): boolean {
  if (command.do !== fault.do) return false;
  const { node } = command as { readonly node?: unknown };
  const victim = victimNode(fault.victim, view);
  return victim !== -1 && (node === victim || node === `broker-${victim}` || node === `controller-${victim}`);
}
