// A committed transaction reaches a server: it is applied, watches fire, whoever asked is answered. The leader also tells it as a fact.
// Source: FinalRequestProcessor.java, CommitProcessor.java (3.8.4). FIDELITY: ZK-FACTS.
import { toMs } from "#engine/core/time.ts";
import type { ZooKeeperFact } from "#engine/protocol/facts.ts";
import { answerCommitted, closeSessionConnection } from "./client-connections.ts";
import { addMetric, countMetric, countWrites } from "./metrics.ts";
import type { Server } from "./server-state.ts";
import { removeSession } from "./session-tracker.ts";
import { rememberCommitted, untoldTransactions } from "./transaction-log.ts";
import type { Transaction } from "./transactions.ts";
import { fireWatches } from "./watches.ts";
import { applyTransaction, type TreeChange, type ZnodeDatabase } from "./znode-database.ts";
import { sessionText } from "./zxid.ts";

/** On every server, in the order of zxids. */
export function commitTransaction(server: Server, transaction: Transaction): void {
  const { state, process } = server;
  const client = state.database.sessions.get(transaction.sessionId)?.client ?? "";
  const changes = applyTransaction(state.database, transaction);
  rememberCommitted(process.disk, transaction.zxid);
  countCommitted(server, transaction, changes);
  if (state.leading !== null) tellFacts(server, transaction, changes, client);
  for (const { change, path } of changes) fireWatches(server, change, path);
  if (transaction.body.type === "closeSession" && state.leading !== null) removeSession(state.leading.sessions, transaction.sessionId);
  answerCommitted(server, transaction);
  if (transaction.body.type === "closeSession") closeSessionConnection(server, transaction.sessionId);
}

function countCommitted({ state, process }: Server, transaction: Transaction, changes: readonly TreeChange[]): void {
  countMetric(state.metrics, "request_commit_queued");
  addMetric(state.metrics, "propagation_latency", toMs(process.now) - transaction.timeMs);
  countWrites(state.metrics, changes);
}

function tellFacts(server: Server, { body, sessionId }: Transaction, changes: readonly TreeChange[], client: string): void {
  const session = sessionText(sessionId);
  if (body.type === "createSession") {
    server.process.trace<ZooKeeperFact>({ kind: "zookeeper-session", session, change: "created", client: body.client });
  } else if (body.type === "closeSession") {
    server.process.trace<ZooKeeperFact>(body.silentForUs === null
      ? { kind: "zookeeper-session", session, change: "closed", client }
      : { kind: "zookeeper-session", session, change: "expired", client, silentForUs: body.silentForUs });
  }
  for (const { change, path, version, data, ephemeral } of changes) {
    server.process.trace<ZooKeeperFact>({ kind: "znode", path, change, version, data, ephemeral });
  }
}

/**
 * What an elected leader's history commits although nobody has said so yet: logged by a majority whose leader was gone before the commit. The facts
 * of these transactions are told by the new leader. `database` has applied them already.
 */
export function tellInheritedCommits(server: Server): void {
  const { process, state } = server;
  for (const transaction of untoldTransactions(process.disk)) {
    tellFacts(server, transaction, inheritedChanges(transaction, state.database), state.database.sessions.get(transaction.sessionId)?.client ?? "");
    rememberCommitted(process.disk, transaction.zxid);
  }
}

/** Changes of a transaction as far as they can be told after the fact, from the tree that has them. */
function inheritedChanges({ body }: Transaction, { tree }: ZnodeDatabase): TreeChange[] {
  const parts = body.type === "multi" ? body.parts : [body];
  if (parts.some(part => part.type === "error")) return [];
  return parts.flatMap((part): TreeChange[] => {
    switch (part.type) {
      case "create": return [{ change: "created", path: part.path, version: 0, data: part.data, ephemeral: part.ephemeral }];
      case "setData": {
        const ephemeral = (tree.nodes.get(part.path)?.ephemeralOwner ?? 0) !== 0;
        return [{ change: "changed", path: part.path, version: part.version, data: part.data, ephemeral }];
      }
      case "delete": return [{ change: "deleted", path: part.path, version: 0, data: null, ephemeral: false }];
      case "closeSession": return part.paths.map(path => ({ change: "deleted", path, version: 0, data: null, ephemeral: true }));
      default: return [];
    }
  });
}
