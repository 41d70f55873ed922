// A drill's fault as a command for the cluster as it stands, and the other way round: whether a command is that fault.
import type { DrillFault, Victim } from "./define-drill.ts";
import { withCall } from "./drill-inputs.ts";
import type { Command } from "#engine/cluster/commands.ts";
import type { ClusterView } from "#engine/cluster/view.ts";

/** Null when there is no victim at this moment: nobody leads. `call`: the number under which an order is answered. */
export function faultCommand(fault: DrillFault, view: ClusterView, call: number): Command | null {
  if ("command" in fault) return withCall(fault, call);
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

/** An order is the fault when it says the same, by whatever button or cell it was given. */
export function isFault(fault: DrillFault, command: Command, view: ClusterView): boolean {
  if ("command" in fault) return says(command, fault.command);
  if (command.do !== fault.do) return false;
  const { node } = command;
  const victim = victimNode(fault.victim, view);
  return victim !== -1 && (node === victim || node === `broker-${victim}` || node === `controller-${victim}`);
}

/** Whether every field that is wanted is there with the same value; a call number is nobody's wish. */
function says(given: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return given === wanted;
  if (typeof given !== "object" || given === null) return false;
  if (Array.isArray(wanted)) return Array.isArray(given) && given.length === wanted.length && wanted.every((item, index) => says(given[index], item));
  const fields = given as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([name, value]) => says(fields[name], value));
}
