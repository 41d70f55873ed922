// Clients of one server: connections, sessions made, moved and closed, requests answered in order. Reads are answered from this server's own tree;
// writes go to the leader at once, and the requests behind them wait until they come back committed.
// Source: ZooKeeperServer.processConnectRequest, CommitProcessor.java, FinalRequestProcessor.java (3.8.4). FIDELITY: ZK-CLIENT-PORT, ZK-READS.
import { fromMs, toMs } from "#engine/core/time.ts";
import type { ClientConnection, ClientConnections, QueuedRequest } from "./client-connections-state.ts";
import { countFinished, createConnectionStats, createServerStats, sendToClient } from "./client-sending.ts";
import { createExpiryQueue, nextExpiryUs, pollExpired, removeExpiry, updateExpiry } from "./expiry-queue.ts";
import { answerRead } from "./reads.ts";
import { countMetric } from "./metrics.ts";
import type { Server } from "./server-state.ts";
import type { Transaction } from "./transactions.ts";
import { createWatchTable, removeWatchesOf } from "./watches.ts";
import { answerOf } from "./znode-database.ts";
import { zooKeeperRequestBytes } from "./zookeeper-message-bytes.ts";
import type { ZooKeeperOperation, ZooKeeperRequest } from "./zookeeper-protocol.ts";
import { negotiatedTimeoutMs } from "./zookeeper-settings.ts";
import { sessionPassword } from "./zxid.ts";

export const CLIENT_TIMER = "zookeeper clients";
/** NIOServerCnxnFactory.sessionlessCnxnTimeout; deadlines of connections are kept in buckets of this length. */
const SESSIONLESS_US = 10_000_000;

export function createClientConnections(): ClientConnections {
  return {
    open: new Map(), bySession: new Map(), expiry: createExpiryQueue(SESSIONLESS_US), dataWatches: createWatchTable(), childWatches: createWatchTable(),
    stats: createServerStats(),
  };
}

/** Somebody has connected to the client port. */
export function clientAccepted(server: Server, connection: number): void {
  const { process, state } = server;
  const peer = process.peer(connection);
  const host = peer?.host ?? "";
  const limit = state.config.maxClientCnxns;
  if (limit > 0 && [...state.clients.open.values()].filter(client => client.host === host).length >= limit) {
    countMetric(state.metrics, "connection_rejected");
    process.close(connection, `Too many connections from ${host} - max is ${limit}`);
    return;
  }
  state.clients.open.set(connection, {
    connection, peer: peer?.process ?? "", host, establishedMs: toMs(process.now), sessionId: 0, timeoutMs: 0, phase: "new", queue: [],
    stats: createConnectionStats(),
  });
  updateExpiry(state.clients.expiry, connection, process.now + SESSIONLESS_US, process.now);
  armClientTimer(server);
}

/** One timer for all connections, at the first that may be silent for too long. */
function armClientTimer(server: Server): void {
  const { expiry } = server.state.clients;
  const at = nextExpiryUs(expiry);
  if (at === undefined || expiry.timer !== 0 && expiry.timerAtUs <= at) return;
  if (expiry.timer !== 0) server.process.cancel(expiry.timer);
  expiry.timerAtUs = at;
  expiry.timer = server.process.schedule(at - server.process.now, CLIENT_TIMER);
}

export function clientTimer(server: Server, sequence: number): void {
  const { expiry } = server.state.clients;
  if (expiry.timer !== sequence) return;
  expiry.timer = 0;
  server.process.becauseOf(-1);
  for (const connection of pollExpired(expiry, server.process.now)) {
    if (server.state.clients.open.get(connection)?.sessionId === 0) countMetric(server.state.metrics, "sessionless_connections_expired");
    closeClient(server, connection, "nothing was heard from the client");
  }
  armClientTimer(server);
}

export function closeClient(server: Server, connection: number, why: string): void {
  server.process.close(connection, why);
  forgetClient(server, connection);
}

/** True when the connection was a client's. */
export function forgetClient(server: Server, connection: number): boolean {
  const { clients } = server.state;
  const client = clients.open.get(connection);
  if (client === undefined) return false;
  clients.open.delete(connection);
  if (clients.bySession.get(client.sessionId) === connection) clients.bySession.delete(client.sessionId);
  removeExpiry(clients.expiry, connection);
  removeWatchesOf(clients.dataWatches, connection);
  removeWatchesOf(clients.childWatches, connection);
  return true;
}

/** A server that stops serving hangs up on everybody. */
export function closeAllClients(server: Server, why: string): void {
  for (const connection of [...server.state.clients.open.keys()]) closeClient(server, connection, why);
}

// ---- sessions

function connectReceived(server: Server, client: ClientConnection, request: Extract<ZooKeeperRequest, { type: "connect" }>): void {
  const { process, state } = server;
  if (!state.serving) {
    countMetric(state.metrics, "cnxn_closed_without_zk_server_running");
    return closeClient(server, client.connection, "ZooKeeperServer not running");
  }
  countMetric(state.metrics, "connection_request_count");
  if (request.lastZxidSeen > state.database.lastProcessedZxid) {
    return closeClient(server, client.connection, "the client has seen more than this server: it must try another one");
  }
  client.timeoutMs = negotiatedTimeoutMs(state.config, request.timeoutMs);
  client.phase = "asking";
  client.queue.push({ request, xid: 0, receivedUs: process.now, cause: process.cause });
  if (request.sessionId === 0) {
    client.sessionId = state.nextSessionId;
    state.nextSessionId += 1;
    adoptSession(server, client);
    server.roles.order(server, {
      sessionId: client.sessionId, xid: 0, operation: { op: "createSession", timeoutMs: client.timeoutMs, client: client.peer },
    });
    return;
  }
  countMetric(state.metrics, "connection_revalidate_count");
  const older = state.clients.bySession.get(request.sessionId);
  if (older !== undefined) closeClient(server, older, "the client has connected again");
  client.sessionId = request.sessionId;
  if (sessionPassword(request.sessionId) !== request.password) return answerSession(server, client, false);
  adoptSession(server, client);
  server.roles.revalidate(server, client.sessionId, client.timeoutMs);
}

function adoptSession(server: Server, client: ClientConnection): void {
  server.state.clients.bySession.set(client.sessionId, client.connection);
  const { now } = server.process;
  updateExpiry(server.state.clients.expiry, client.connection, now + fromMs(client.timeoutMs), now);
  armClientTimer(server);
}

/** The leader has said whether a session that came to this server lives. */
export function sessionRevalidated(server: Server, sessionId: number, valid: boolean): void {
  const client = clientOfSession(server, sessionId);
  if (client?.phase === "asking") answerSession(server, client, valid);
}

function clientOfSession(server: Server, sessionId: number): ClientConnection | undefined {
  const connection = server.state.clients.bySession.get(sessionId);
  return connection === undefined ? undefined : server.state.clients.open.get(connection);
}

/** The answer to "connect". A client whose session is over is told so, and hung up on. */
function answerSession(server: Server, client: ClientConnection, valid: boolean): void {
  const queued = client.queue.shift();
  if (queued !== undefined) countFinished(server, client, queued, server.state.database.lastProcessedZxid);
  if (!valid) {
    sendToClient(server, client, { type: "connected", sessionId: 0, password: "", timeoutMs: 0 });
    return closeClient(server, client.connection, "the session has expired");
  }
  client.phase = "established";
  sendToClient(server, client, {
    type: "connected", sessionId: client.sessionId, password: sessionPassword(client.sessionId), timeoutMs: client.timeoutMs,
  });
  answerWhatCanBe(server, client);
}

/** A session is over, by its client or by the leader's clock: its connection goes with it. */
export function closeSessionConnection(server: Server, sessionId: number): void {
  const connection = server.state.clients.bySession.get(sessionId);
  if (connection !== undefined) closeClient(server, connection, "the session is closed");
}

// ---- requests

/** Everything from the client port but four-letter words. */
export function requestReceived(server: Server, connection: number, request: ZooKeeperRequest): void {
  const { process, state } = server;
  const client = state.clients.open.get(connection);
  if (client === undefined) return;
  state.clients.stats.received += 1;
  client.stats.received += 1;
  countMetric(state.metrics, "bytes_received_count", zooKeeperRequestBytes(request));
  if (request.type === "connect") return connectReceived(server, client, request);
  if (client.phase !== "established") return closeClient(server, connection, "a request without a session");
  updateExpiry(state.clients.expiry, connection, process.now + fromMs(client.timeoutMs), process.now);
  server.roles.touch(server, client.sessionId);
  const xid = request.type === "operation" || request.type === "closeSession" ? request.xid : SPECIAL_XIDS[request.type];
  client.queue.push({ request, xid, receivedUs: process.now, cause: process.cause });
  if (request.type === "closeSession") {
    client.phase = "closing";
    server.roles.order(server, { sessionId: client.sessionId, xid, operation: { op: "closeSession", silentForUs: null } });
  } else if (request.type === "operation") forward(server, client, xid, request.operation);
  answerWhatCanBe(server, client);
}

/** ClientCnxn.PING_XID, SET_WATCHES_XID. */
const SPECIAL_XIDS = { ping: -2, setWatches: -8, fourLetterWord: -1 } as const;

function forward(server: Server, client: ClientConnection, xid: number, operation: ZooKeeperOperation): void {
  switch (operation.op) {
    case "exists": case "getData": case "getChildren": return;
    case "sync":
      if (server.state.role === "following") server.roles.sync(server, client.sessionId, xid);
      return;
    default: server.roles.order(server, { sessionId: client.sessionId, xid, operation });
  }
}

/** Whether a request can only be answered by what comes from the leader. */
function waitsForLeader(server: Server, { request }: QueuedRequest): boolean {
  if (request.type === "connect" || request.type === "closeSession") return true;
  if (request.type !== "operation") return false;
  switch (request.operation.op) {
    case "exists": case "getData": case "getChildren": return false;
    case "sync": return server.state.role === "following";
    default: return true;
  }
}

/** Answers from the front of the queue, up to the first request that waits for the leader. */
function answerWhatCanBe(server: Server, client: ClientConnection): void {
  for (let queued = client.queue[0]; queued !== undefined && !waitsForLeader(server, queued); queued = client.queue[0]) {
    client.queue.shift();
    answerRead(server, client, queued);
  }
}

/** A transaction has been applied here: when a client of this server asked for it, it is answered. */
export function answerCommitted(server: Server, transaction: Transaction): void {
  const client = clientOfSession(server, transaction.sessionId);
  const queued = client?.queue[0];
  if (client === undefined || queued === undefined || queued.xid !== transaction.xid || !waitsForLeader(server, queued)) return;
  const { body } = transaction;
  if (body.type === "createSession" || queued.request.type === "connect") {
    if (body.type === "createSession") answerSession(server, client, true);
    return;
  }
  client.queue.shift();
  countFinished(server, client, queued, transaction.zxid);
  if (body.type === "error" && body.error === "SESSIONMOVED") return closeClient(server, client.connection, "the session has moved to another server");
  const answer = answerOf(server.state.database, body);
  sendToClient(server, client, { type: "answer", xid: queued.xid, zxid: transaction.zxid, answer });
  answerWhatCanBe(server, client);
}

/** The leader has come to this point of its order: the answer to sync. */
export function syncAnswered(server: Server, sessionId: number, xid: number): void {
  const client = clientOfSession(server, sessionId);
  const queued = client?.queue[0];
  if (client === undefined || queued === undefined || queued.xid !== xid) return;
  client.queue.shift();
  answerRead(server, client, queued);
  answerWhatCanBe(server, client);
}
