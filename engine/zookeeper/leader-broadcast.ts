// Atomic broadcast: the leader turns each request into a transaction, proposes it to all followers, commits it when a majority has it on disk, in
// order. Source: ProposalRequestProcessor.java, Leader.processAck and tryToCommit (3.8.4). FIDELITY: ZK-BROADCAST.
import { commitTransaction } from "./commit.ts";
import { beginForce } from "./log-force.ts";
import { addMetric, countMetric } from "./metrics.ts";
import { type FromLeader, type OrderedRequest, sendToServer } from "./quorum-messages.ts";
import { forgetChanges, prepare } from "./request-preparation.ts";
import type { Leading, PendingSync, Server } from "./server-state.ts";
import { armSessionTimer, expiredSessions, trackSession } from "./session-tracker.ts";
import { appendTransaction } from "./transaction-log.ts";
import { Transaction, type TransactionBody } from "./transactions.ts";
import type { ZooKeeperError } from "./zookeeper-protocol.ts";
import { toMs } from "#engine/core/time.ts";
import { isQuorum } from "./zookeeper-settings.ts";

/** A request of this server's own client (`owner` is this server) or of a follower's. */
export function orderRequest(server: Server, leading: Leading, request: OrderedRequest, owner: number): void {
  const { process, state } = server;
  const { operation, sessionId, xid } = request;
  const zxid = leading.lastProposed + 1;
  leading.lastProposed = zxid;
  const refusal = sessionRefusal(server, leading, request, owner);
  const body: TransactionBody = refusal === null
    ? prepare({ database: state.database, changes: leading.changes, zxid, sessionId }, operation) : { type: "error", error: refusal };
  const transaction = new Transaction(zxid, sessionId, xid, toMs(process.now), body);
  propose(server, leading, transaction);
}

/** Why a session may not ask for this; null when it may. Sessions are tracked from the proposal of their creation on. */
function sessionRefusal(server: Server, leading: Leading, { sessionId, operation }: OrderedRequest, owner: number): ZooKeeperError | null {
  if (operation.op === "createSession") {
    trackSession(leading.sessions, sessionId, operation.timeoutMs, server.process.now, owner);
    armSessionTimer(server, leading.sessions);
    return null;
  }
  const session = leading.sessions.sessions.get(sessionId);
  if (operation.op === "closeSession") {
    if (session !== undefined) session.closing = true;
    return null;
  }
  if (session === undefined || session.closing) return "SESSIONEXPIRED";
  if (session.owner === 0) session.owner = owner;
  return session.owner === owner ? null : "SESSIONMOVED";
}

function propose(server: Server, leading: Leading, transaction: Transaction): void {
  if (!appendTransaction(server.process, transaction)) return server.roles.exit(server);
  leading.proposals.push({ transaction, ackers: new Set(), atUs: server.process.now });
  const { proposalSizes } = leading;
  proposalSizes.last = transaction.sizeBytes;
  proposalSizes.min = proposalSizes.min < 0 ? transaction.sizeBytes : Math.min(proposalSizes.min, transaction.sizeBytes);
  proposalSizes.max = Math.max(proposalSizes.max, transaction.sizeBytes);
  countMetric(server.state.metrics, "proposal_count");
  countMetric(server.state.metrics, "prep_processor_request_queued");
  countMetric(server.state.metrics, "sync_processor_request_queued");
  tellFollowers(server, leading, { type: "proposal", transaction });
  beginForce(server);
}

function tellFollowers(server: Server, leading: Leading, message: FromLeader): void {
  for (const learner of leading.learners.values()) {
    if (learner.phase === "synchronizing" || learner.phase === "synchronized") sendToServer(server.process, learner.connection, message);
  }
}

/** A server has everything up to `zxid` on its disk. */
export function acknowledged(server: Server, leading: Leading, serverId: number, zxid: number): void {
  for (const proposal of leading.proposals) {
    if (proposal.transaction.zxid > zxid) break;
    proposal.ackers.add(serverId);
  }
  commitWhatCanBe(server, leading);
}

/** Commits from the front, in order, as far as majorities go. */
function commitWhatCanBe(server: Server, leading: Leading): void {
  const { config } = server.state;
  let count = 0;
  while (count < leading.proposals.length && isQuorum(config, leading.proposals[count]?.ackers.size ?? 0)) count += 1;
  if (count === 0) return;
  const committed = leading.proposals.slice(0, count);
  leading.proposals = leading.proposals.slice(count);
  for (const { transaction, atUs } of committed) {
    leading.lastCommitted = transaction.zxid;
    countMetric(server.state.metrics, "commit_count");
    addMetric(server.state.metrics, "quorum_ack_latency", toMs(server.process.now - atUs));
    commitTransaction(server, transaction);
  }
  forgetChanges(leading.changes, leading.lastCommitted);
  tellFollowers(server, leading, { type: "commit", zxid: leading.lastCommitted, count });
  answerSyncs(server, leading);
}

/** A follower's sync is answered behind the commit of everything proposed before it. */
export function syncRequested(server: Server, leading: Leading, sync: Omit<PendingSync, "afterZxid">): void {
  leading.pendingSyncs.push({ ...sync, afterZxid: leading.proposals.at(-1)?.transaction.zxid ?? leading.lastCommitted });
  answerSyncs(server, leading);
}

function answerSyncs(server: Server, leading: Leading): void {
  while (leading.pendingSyncs.length > 0) {
    const sync = leading.pendingSyncs[0] as PendingSync;
    if (sync.afterZxid > leading.lastCommitted) return;
    leading.pendingSyncs.shift();
    sendToServer(server.process, sync.connection, { type: "synced", sessionId: sync.sessionId, xid: sync.xid });
  }
}

/** The timer of the session clocks: who was silent for too long is closed by a transaction, like any change. */
export function expireSessions(server: Server, sequence: number): void {
  const { leading, config } = server.state;
  if (leading === null) return;
  server.process.becauseOf(-1);
  for (const { sessionId, silentForUs } of expiredSessions(server, leading.sessions, sequence)) {
    countMetric(server.state.metrics, "stale_sessions_expired");
    orderRequest(server, leading, { sessionId, xid: 0, operation: { op: "closeSession", silentForUs } }, config.serverId);
  }
}

