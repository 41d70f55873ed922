// What a server says it is: told as a fact when it becomes true, and kept, so that whoever looks on sees what was told. A server that was elected and
// does not serve yet is still looking: to everybody outside nothing has changed. FIDELITY: ZK-FACTS.
import type { ZooKeeperFact } from "#engine/protocol/facts.ts";
import type { Server } from "./server-state.ts";

/** @property leader -1: none. */
export interface AnnouncedRole { readonly state: "looking" | "following" | "leading"; readonly epoch: number; readonly leader: number }

export function announceRole(server: Server, role: AnnouncedRole): void {
  server.state.announced = role;
  server.process.trace<ZooKeeperFact>({ kind: "zookeeper-state", server: server.state.config.serverId, ...role });
}
