// What an operator can do to the disk of a machine: slow it down, fill it up, let a log directory fail, damage a log while its node is down.
import type { Refusal } from "./apply-command.ts";
import type { Command } from "./commands.ts";
import { failLogDirectory, logDirectoryRefusal } from "#engine/broker/log-directories.ts";
import { setDiskCapacity, setDiskSpeed } from "#engine/core/disk.ts";
import type { ProcessRecord } from "#engine/core/process.ts";
import { damageLog, damageRefusal } from "#engine/log/damage-log.ts";

export type DiskFault = Extract<Command, { readonly do: "slow-disk" | "limit-disk" | "fail-log-directory" | "damage-log" }>;

/** Why it cannot be done now; null when it can. */
export function diskFaultRefusal(process: ProcessRecord, fault: DiskFault): Refusal | null {
  if (fault.do === "fail-log-directory") {
    const message = logDirectoryRefusal(process, fault.directory);
    return message === null ? null : { code: "no-such-file", message };
  }
  if (fault.do !== "damage-log") return null;
  if (process.status !== "stopped") return { code: "not-stopped", message: `"${process.name}" is ${process.status}; a log is damaged while its node is down` };
  const message = damageRefusal(process.disk, fault.topic, fault.partition);
  return message === null ? null : { code: "no-such-file", message };
}

export function applyDiskFault(process: ProcessRecord, fault: DiskFault): void {
  switch (fault.do) {
    case "slow-disk": return setDiskSpeed(process, fault.bytesPerSecond);
    case "limit-disk": return setDiskCapacity(process, fault.capacityBytes);
    case "fail-log-directory": return failLogDirectory(process, fault.directory);
    case "damage-log": return damageLog(process.disk, fault.topic, fault.partition, fault.how, fault.bytes);
  }
}
