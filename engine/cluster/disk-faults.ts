// What an operator can do to the disk of a machine: slow it down, fill it up, let a log directory fail, damage a log while its node is down.
import type { Refusal } from "./apply-command.ts";
import type { Command } from "./commands.ts";
import type { Simulation } from "#engine/core/simulation.ts";

export type DiskFault = Extract<Command, { readonly do: "slow-disk" | "limit-disk" | "fail-log-directory" | "damage-log" }>;

/** Why it cannot be done now; null when it can. */
export function diskFaultRefusal(_simulation: Simulation, fault: DiskFault): Refusal | null {
  return { code: "not-ready", message: `"${fault.do}" is not modelled yet` };
}

export function applyDiskFault(_simulation: Simulation, _fault: DiskFault): void {}
