// Addresses of the recorded machine, where nodes differ by ports (brokers 19x1n, controllers 19x3n, ZooKeeper 19x5n), and of our machines.
import { FIRST_CONTROLLER, hostOf } from "./cluster-of-recording.ts";
import type { Recording } from "./read-recording.ts";
import { BROKER_PORT, CONTROLLER_PORT } from "#engine/broker/node-settings.ts";
import { ZOOKEEPER_CLIENT_PORT } from "#engine/zookeeper/zookeeper-protocol.ts";

/** "101@localhost:19131,…" -> "101@controller101:9093,…"; a port that belongs to nobody stays as it is. */
export function simulatedAddresses(recording: Recording, text: string): string {
  return text.replace(/localhost:19\d([135])(\d)\b/g, (whole, kind: string, digit: string) => {
    const id = Number(digit);
    if (kind === "1") return `${hostOf(id)}:${BROKER_PORT}`;
    if (kind === "3") return `${hostOf(recording.spec.layout === "kraft-combined" ? id : FIRST_CONTROLLER - 1 + id)}:${CONTROLLER_PORT}`;
    return recording.spec.zookeeperServers.includes(id) ? `zookeeper${id}:${ZOOKEEPER_CLIENT_PORT}` : whole;
  });
}

/** Where a node stands is ours to say: its name, its folders and its listeners. */
const OURS = /^(node\.id|broker\.id|listeners|advertised\.listeners|listener\.security\.protocol\.map|controller\.listener\.names|log\.dirs?)$/;

/** Settings of a node of the recording as a restart here takes them. A null removes one. */
export function simulatedSettings(recording: Recording, settings: Readonly<Record<string, string | null>>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !OURS.test(name))
    .map(([name, value]) => [name, value === null ? null : simulatedAddresses(recording, value)]));
}

/** The last settings file that a step before this one has written or shown for the node. */
export function settingsFile(recording: Recording, before: number, node: number): Record<string, string> | null {
  let found: Record<string, string> | null = null;
  for (const { does, fields, number } of recording.steps) {
    if (number >= before) break;
    const files: Record<string, unknown> = { ...typeof does["files"] === "object" && does["files"] !== null ? does["files"] : {} };
    if (typeof does["file"] === "string") files[does["file"]] = fields["text"];
    for (const [path, text] of Object.entries(files)) {
      if (typeof text === "string" && path.endsWith(".properties") && new RegExp(`(broker|controller)${node}/`).test(path)) found = properties(text);
    }
  }
  return found;
}

function properties(text: string): Record<string, string> {
  return Object.fromEntries(text.split("\n").filter(line => line.includes("=") && !line.startsWith("#")).map(line => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
