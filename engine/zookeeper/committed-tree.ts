// What an ensemble has agreed on, read from outside without asking anybody: for observers, who look at the memory of a running server.
// FIDELITY: ZK-FACTS.
import type { AnnouncedRole } from "./announced-role.ts";
import type { ServerState } from "./server-state.ts";
import { sessionText } from "./zxid.ts";

export interface CommittedZnode {
  readonly path: string;
  readonly data: string | null;
  readonly version: number;
  readonly ephemeral: boolean;
  readonly czxid: number;
  readonly mzxid: number;
}

/** `lastZxid`: what this server has applied; another may be further. `client`: the process that opened the session. */
export interface CommittedTree {
  readonly lastZxid: number;
  /** In order of paths, by code unit. */
  readonly znodes: readonly CommittedZnode[];
  readonly sessions: readonly { readonly session: string; readonly client: string; readonly timeoutMs: number }[];
}

/**
 * The tree as this server has applied it; null when it serves nobody (then what it has is not known to be committed).
 * @param processState the state of a process of kind "zookeeper-server"; null when it is stopped.
 */
export function committedTree(processState: unknown): CommittedTree | null {
  const state = processState as ServerState | null;
  if (state === null || !state.serving) return null;
  const { database } = state;
  const znodes = [...database.tree.nodes].map(([path, node]): CommittedZnode => (
    { path, data: node.data, version: node.version, ephemeral: node.ephemeralOwner !== 0, czxid: node.czxid, mzxid: node.mzxid }));
  znodes.sort((one, other) => one.path < other.path ? -1 : 1);
  const sessions = [...database.sessions].sort(([one], [other]) => one - other)
    .map(([id, { client, timeoutMs }]) => ({ session: sessionText(id), client, timeoutMs }));
  return { lastZxid: database.lastProcessedZxid, znodes, sessions };
}

/** Of several servers (states of processes, in any order) the tree of the one that has applied most; null when none serves. */
export function newestCommittedTree(processStates: readonly unknown[]): CommittedTree | null {
  let newest: CommittedTree | null = null;
  let newestZxid = -1;
  for (const processState of processStates) {
    const state = processState as ServerState | null;
    if (state === null || !state.serving || state.database.lastProcessedZxid <= newestZxid) continue;
    newestZxid = state.database.lastProcessedZxid;
    newest = committedTree(state);
  }
  return newest;
}

/** The role of a server as it has told it; null when it is stopped. */
export function announcedRole(processState: unknown): AnnouncedRole | null {
  return (processState as ServerState | null)?.announced ?? null;
}
