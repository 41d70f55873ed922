// What an operator can do to the disk of a machine: slow it down, fill it up, let a log directory fail, damage a log while its node is down.
import type { Refusal } from "./apply-command.ts";
import type { Command } from "./commands.ts";
import { failDirectory, setDiskCapacity, setDiskSpeed } from "#engine/core/disk.ts";
import type { ProcessRecord } from "#engine/core/process.ts";

export type DiskFault = Extract<Command, { readonly do: "slow-disk" | "limit-disk" | "fail-log-directory" | "damage-log" }>;

/** Why it cannot be done now; null when it can. */
export function diskFaultRefusal(process: ProcessRecord, fault: DiskFault): Refusal | null {
  if (fault.do !== "damage-log") return null;
  return process.status === "stopped" ? null
    : { code: "not-stopped", message: `"${process.name}" is ${process.status}; a log is damaged while its node is down` };
}

export function applyDiskFault(process: ProcessRecord, fault: DiskFault): void {
  switch (fault.do) {
    case "slow-disk": return setDiskSpeed(process, fault.bytesPerSecond);
    case "limit-disk": return setDiskCapacity(process, fault.capacityBytes);
    case "fail-log-directory": return failDirectory(process, fault.directory);
    case "damage-log": return;
  }
}
