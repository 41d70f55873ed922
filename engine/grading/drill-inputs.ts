// From a drill to inputs of its run: what had happened before it opened, and what its buttons give. Small, because pages load it.
import type { Drill, VerbCommand } from "./define-drill.ts";
import type { Command, Input } from "#engine/cluster/commands.ts";

/** The inputs with which every run of the drill begins. */
export function preludeInputs(drill: Drill): readonly Input[] {
  return (drill.before ?? []).map(({ atMs, command }) => ({ at: atMs * 1000, command }));
}

/** A verb, or a fault that is an order, as a command: with a call number where it wants one. */
export function withCall({ command }: { readonly command: VerbCommand }, call: number): Command {
  return { ...command, ...ANSWERED.has(command.do) ? { call } : {} } as Command;
}

const ANSWERED: ReadonlySet<string> = new Set([
  "elect-leaders", "create-topic", "delete-topics", "create-partitions", "reassign", "alter-configs", "delete-records", "send", "add-controller", "remove-controller",
]);
