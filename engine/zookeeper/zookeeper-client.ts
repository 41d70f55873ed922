// A ZooKeeper session as a Kafka broker (or a tool) holds it: one connection to one server of the list at a time, operations in order, pings,
// reconnecting to the next server, watches that move along, expiry. It is part of its owner's state and of its owner's process.
// Source: ClientCnxn.java, StaticHostProvider.java, ZKWatchManager.java (3.8.4); kafka.zookeeper.ZooKeeperClient (3.9) for the bound on
// requests in flight and for the connection time-out. FIDELITY: ZK-CLIENT, ZK-CLIENT-TIMES.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { Endpoint } from "#engine/protocol/network-client.ts";
import {
  createClientWatches, forgetFiredWatch, hasWatches, keepWatchOf, type ZooKeeperClientWatches, watchesToSet,
} from "./zookeeper-client-watches.ts";
import { zooKeeperRequestBytes, zooKeeperRequestTag } from "./zookeeper-message-bytes.ts";
import type {
  WatchEventType, ZooKeeperAnswer, ZooKeeperError, ZooKeeperOperation, ZooKeeperRequest, ZooKeeperResponse,
} from "./zookeeper-protocol.ts";

/** StaticHostProvider.next: after a whole round through the list in vain. */
const ROUND_PAUSE_US = 1_000_000;
/** ClientCnxn.startConnect: a pause of up to a second before each attempt after the first connection. */
const RECONNECT_JITTER_US = 1_000_000;
/** ClientCnxn.SendThread.run: silence of its own after which a client pings whatever its time-out. */
const PING_INTERVAL_MAX_US = 10_000_000;
/** zookeeper.max.in.flight.requests. */
const IN_FLIGHT_DEFAULT = 10;

/**
 * @property servers zookeeper.connect. @property sessionTimeoutMs asked for; the server's answer counts.
 * @property connectionTimeoutMs zookeeper.connection.timeout.ms: how long the owner waits for the first connection.
 * @property maxInFlightRequests zookeeper.max.in.flight.requests; 10 unless told.
 */
export interface ZooKeeperClientSettings {
  readonly servers: readonly Endpoint[];
  readonly sessionTimeoutMs: number;
  readonly connectionTimeoutMs: number;
  readonly maxInFlightRequests?: number;
}

interface PendingOperation { readonly operation: ZooKeeperOperation; readonly context: unknown; readonly cause: number; xid: number }

/**
 * "idle": not asked for yet. "paused": before the next attempt. "connecting": from opening the connection to the server's answer about the session.
 * "closing": closeSession is on its way. "closed" and "expired": until `restartZooKeeperSession`.
 */
export type ZooKeeperClientStatus = "idle" | "paused" | "connecting" | "connected" | "closing" | "closed" | "expired";

/** Plain data. `name` keeps several clients of one process apart. */
export interface ZooKeeperClient {
  readonly name: string;
  readonly settings: ZooKeeperClientSettings;
  status: ZooKeeperClientStatus;
  /** Shuffled when first needed. */
  servers: Endpoint[];
  serverIndex: number;
  /** Where the last connection was made; a round of attempts ends there. -1: nowhere yet. */
  lastGoodIndex: number;
  everConnected: boolean;
  /** 0: none. */
  connection: number;
  sessionId: number;
  password: string;
  /** As the server has granted it; before, as asked for. */
  timeoutMs: number;
  lastZxidSeen: number;
  nextXid: number;
  lastSentUs: number;
  lastHeardUs: number;
  /** In status "paused". */
  connectAtUs: number;
  /** Until when the first connection must stand; 0: it stood, or the owner has been told. */
  connectDeadlineUs: number;
  waiting: PendingOperation[];
  inFlight: PendingOperation[];
  watches: ZooKeeperClientWatches;
  /** Sequence number of the armed timer; 0: none. */
  timer: number;
  timerAtUs: number;
}

/**
 * What a client tells its owner. "answer": what became of an operation; error CONNECTIONLOSS (it may have been carried out or not) or
 * SESSIONEXPIRED when no server answered. "session" state "timed-out": no connection within connectionTimeoutMs of the first attempt
 * (kafka.zookeeper.ZooKeeperClientTimeoutException); the client goes on trying.
 */
export type ZooKeeperEvent =
  | { readonly is: "answer"; readonly context: unknown; readonly operation: ZooKeeperOperation; readonly answer: ZooKeeperAnswer }
  | { readonly is: "watch"; readonly event: WatchEventType; readonly path: string }
  | { readonly is: "session"; readonly state: "connected" | "disconnected" | "expired" | "timed-out" };

export function createZooKeeperClient(name: string, settings: ZooKeeperClientSettings): ZooKeeperClient {
  return {
    name, settings, status: "idle", servers: [], serverIndex: -1, lastGoodIndex: -1, everConnected: false, connection: 0, sessionId: 0,
    password: "", timeoutMs: settings.sessionTimeoutMs, lastZxidSeen: 0, nextXid: 1, lastSentUs: 0, lastHeardUs: 0, connectAtUs: 0,
    connectDeadlineUs: 0, waiting: [], inFlight: [], watches: createClientWatches(), timer: 0, timerAtUs: 0,
  };
}

export function zooKeeperIsConnected(client: ZooKeeperClient): boolean {
  return client.status === "connected";
}

/** Timers of this client carry this name. */
export function zooKeeperTimerName(client: ZooKeeperClient): string {
  return `zookeeper ${client.name}`;
}

/** Begins to connect, when it has not begun yet; `zooKeeperSend` does so too. */
export function openZooKeeperSession(process: ProcessContext, client: ZooKeeperClient): void {
  if (client.status !== "idle") return;
  if (client.servers.length === 0) client.servers = shuffled(process, client.settings.servers);
  client.connectDeadlineUs = process.now + fromMs(client.settings.connectionTimeoutMs);
  connectToNext(process, client, 0);
  armTimer(process, client);
}

/**
 * Asks for an operation; its answer is returned later as an event, with `context` (plain immutable data). Operations are carried out in the
 * order of the calls. While there is no connection they wait for one; an attempt that fails makes them fail with CONNECTIONLOSS, as ClientCnxn has it.
 */
export function zooKeeperSend(process: ProcessContext, client: ZooKeeperClient, operation: ZooKeeperOperation, context: unknown): void {
  openZooKeeperSession(process, client);
  client.waiting.push({ operation, context, cause: process.cause, xid: 0 });
  if (client.status === "connected") sendWaiting(process, client);
  else if (client.status === "closed" || client.status === "expired") armTimer(process, client);
}

/** After "expired" or a close: a new session, with nothing of the old one. Operations still waiting are dropped. */
export function restartZooKeeperSession(process: ProcessContext, client: ZooKeeperClient): void {
  if (client.timer !== 0) process.cancel(client.timer);
  if (client.connection !== 0) process.close(client.connection, "a new ZooKeeper session");
  Object.assign(client, createZooKeeperClient(client.name, client.settings));
  openZooKeeperSession(process, client);
}

/** Ends the session: its ephemeral znodes are deleted at once. Without a connection it can only be left to expire. */
export function closeZooKeeperSession(process: ProcessContext, client: ZooKeeperClient): void {
  if (client.status === "connected") {
    transmit(process, client, { type: "closeSession", xid: client.nextXid });
    client.nextXid += 1;
    client.status = "closing";
  } else if (client.status !== "closing") {
    if (client.connection !== 0) process.close(client.connection, "the session is closed");
    client.connection = 0;
    client.status = "closed";
  }
  armTimer(process, client);
}

// ---- what the owner passes on

/** The owner's `onConnected`. True when the connection is this client's. */
export function zooKeeperConnected(process: ProcessContext, client: ZooKeeperClient, connection: number): boolean {
  if (connection !== client.connection) return false;
  client.everConnected = true;
  client.lastHeardUs = process.now;
  transmit(process, client, {
    type: "connect", sessionId: client.sessionId, password: client.password, timeoutMs: client.settings.sessionTimeoutMs,
    lastZxidSeen: client.lastZxidSeen,
  });
  armTimer(process, client);
  return true;
}

/** The owner's `onMessage`; null when the connection is not this client's. */
export function zooKeeperReceived(
  process: ProcessContext, client: ZooKeeperClient, connection: number, message: ZooKeeperResponse,
): ZooKeeperEvent[] | null {
  if (connection !== client.connection) return null;
  const events = receive(process, client, message);
  // ClientCnxn looks at the clock whenever something arrives; pings are a second early then.
  if (client.status === "connected") pingWhenDue(process, client, 1_000_000);
  armTimer(process, client);
  return events;
}

/** The owner's `onClosed`; null when the connection is not this client's. */
export function zooKeeperClosed(process: ProcessContext, client: ZooKeeperClient, connection: number): ZooKeeperEvent[] | null {
  if (connection !== client.connection) return null;
  const events = disconnect(process, client);
  armTimer(process, client);
  return events;
}

/** The owner's `onTimer`; null when the timer is not this client's. */
export function zooKeeperTimer(process: ProcessContext, client: ZooKeeperClient, name: string, sequence: number): ZooKeeperEvent[] | null {
  if (name !== zooKeeperTimerName(client)) return null;
  if (client.timer !== sequence) return [];
  client.timer = 0;
  process.becauseOf((client.inFlight[0] ?? client.waiting[0])?.cause ?? -1);
  const events = passTime(process, client);
  armTimer(process, client);
  return events;
}

// ---- connecting

function shuffled(process: ProcessContext, servers: readonly Endpoint[]): Endpoint[] {
  const order = [...servers];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = process.random("zookeeper servers", last + 1);
    const moved = order[last] as Endpoint;
    order[last] = order[other] as Endpoint;
    order[other] = moved;
  }
  return order;
}

/** Chooses the next server of the list; a whole round in vain costs a second (StaticHostProvider.next). */
function connectToNext(process: ProcessContext, client: ZooKeeperClient, jitterUs: number): void {
  client.serverIndex = (client.serverIndex + 1) % client.servers.length;
  const roundUs = client.serverIndex === client.lastGoodIndex ? ROUND_PAUSE_US : 0;
  // The very first attempts have no last good server; their first round ends where it began.
  if (client.lastGoodIndex === -1) client.lastGoodIndex = 0;
  client.status = "paused";
  client.connectAtUs = process.now + roundUs + jitterUs;
  if (client.connectAtUs === process.now) beginConnecting(process, client);
}

function beginConnecting(process: ProcessContext, client: ZooKeeperClient): void {
  const server = client.servers[client.serverIndex] as Endpoint;
  client.status = "connecting";
  client.connection = process.connect(server.host, server.port);
  client.lastHeardUs = process.now;
}

/** ClientCnxn.cleanAndNotifyState: everything asked for fails, and the next server is tried. */
function disconnect(process: ProcessContext, client: ZooKeeperClient): ZooKeeperEvent[] {
  const { status } = client;
  client.connection = 0;
  if (status === "closing") {
    client.status = "closed";
    return failAll(client, "SESSIONEXPIRED");
  }
  if (status === "closed" || status === "expired") return [];
  const jitterUs = client.everConnected ? process.random("zookeeper reconnect", RECONNECT_JITTER_US) : 0;
  connectToNext(process, client, jitterUs);
  const events = failAll(client, "CONNECTIONLOSS");
  if (status === "connected") events.unshift({ is: "session", state: "disconnected" });
  return events;
}

function failAll(client: ZooKeeperClient, error: ZooKeeperError): ZooKeeperEvent[] {
  const failed = [...client.inFlight, ...client.waiting];
  client.inFlight = [];
  client.waiting = [];
  return failed.map(({ context, operation }) => ({ is: "answer", context, operation, answer: { error } }));
}

// ---- sending and receiving

function transmit(process: ProcessContext, client: ZooKeeperClient, request: ZooKeeperRequest): void {
  client.lastSentUs = process.now;
  process.send(client.connection, zooKeeperRequestTag(request), request, zooKeeperRequestBytes(request));
}

function sendWaiting(process: ProcessContext, client: ZooKeeperClient): void {
  const room = (client.settings.maxInFlightRequests ?? IN_FLIGHT_DEFAULT) - client.inFlight.length;
  const { cause } = process;
  for (let sendable = Math.min(room, client.waiting.length); sendable > 0; sendable -= 1) {
    const pending = client.waiting.shift() as PendingOperation;
    pending.xid = client.nextXid;
    client.nextXid += 1;
    client.inFlight.push(pending);
    process.becauseOf(pending.cause);
    transmit(process, client, { type: "operation", xid: pending.xid, operation: pending.operation });
  }
  process.becauseOf(cause);
}

function receive(process: ProcessContext, client: ZooKeeperClient, message: ZooKeeperResponse): ZooKeeperEvent[] {
  client.lastHeardUs = process.now;
  switch (message.type) {
    case "connected": return sessionAnswered(process, client, message);
    case "answer": return answered(process, client, message);
    case "watchEvent":
      forgetFiredWatch(client.watches, message.event, message.path);
      return [{ is: "watch", event: message.event, path: message.path }];
    case "pong": case "fourLetterAnswer": return [];
  }
}

function sessionAnswered(
  process: ProcessContext, client: ZooKeeperClient, message: Extract<ZooKeeperResponse, { type: "connected" }>,
): ZooKeeperEvent[] {
  client.connectDeadlineUs = 0;
  if (message.sessionId === 0) {
    process.close(client.connection, "the ZooKeeper session has expired");
    client.connection = 0;
    client.status = "expired";
    client.watches = createClientWatches();
    return [{ is: "session", state: "expired" }, ...failAll(client, "SESSIONEXPIRED")];
  }
  client.status = "connected";
  client.sessionId = message.sessionId;
  client.password = message.password;
  client.timeoutMs = message.timeoutMs;
  client.lastGoodIndex = client.serverIndex;
  if (hasWatches(client.watches)) transmit(process, client, { type: "setWatches", relativeZxid: client.lastZxidSeen, ...watchesToSet(client.watches) });
  sendWaiting(process, client);
  return [{ is: "session", state: "connected" }];
}

function answered(
  process: ProcessContext, client: ZooKeeperClient, message: Extract<ZooKeeperResponse, { type: "answer" }>,
): ZooKeeperEvent[] {
  if (message.zxid > client.lastZxidSeen) client.lastZxidSeen = message.zxid;
  const pending = client.inFlight[0];
  // The answer to closeSession; the server closes the connection after it.
  if (pending === undefined || pending.xid !== message.xid) return [];
  client.inFlight.shift();
  keepWatchOf(client.watches, pending.operation, message.answer.error);
  if (client.status === "connected") sendWaiting(process, client);
  return [{ is: "answer", context: pending.context, operation: pending.operation, answer: message.answer }];
}

// ---- time

function readTimeoutUs(client: ZooKeeperClient): number {
  return Math.floor(fromMs(client.timeoutMs) * 2 / 3);
}

/** A connection and a session must stand within this; each server of the list gets its share of the session time-out. */
function connectTimeoutUs(client: ZooKeeperClient): number {
  return Math.floor(fromMs(client.timeoutMs) / client.servers.length);
}

function pingWhenDue(process: ProcessContext, client: ZooKeeperClient, earlyUs: number): void {
  if (process.now >= pingAtUs(client) - earlyUs) transmit(process, client, { type: "ping" });
}

function pingAtUs(client: ZooKeeperClient): number {
  return client.lastSentUs + Math.min(Math.floor(readTimeoutUs(client) / 2), PING_INTERVAL_MAX_US);
}

function silenceEndsUs(client: ZooKeeperClient): number {
  return client.lastHeardUs + (client.status === "connecting" ? connectTimeoutUs(client) : readTimeoutUs(client));
}

function passTime(process: ProcessContext, client: ZooKeeperClient): ZooKeeperEvent[] {
  const events: ZooKeeperEvent[] = [];
  if (client.connectDeadlineUs !== 0 && client.connectDeadlineUs <= process.now) {
    client.connectDeadlineUs = 0;
    events.push({ is: "session", state: "timed-out" });
  }
  switch (client.status) {
    case "paused":
      if (client.connectAtUs <= process.now) beginConnecting(process, client);
      return events;
    case "connecting": case "connected": case "closing":
      if (silenceEndsUs(client) <= process.now) {
        process.close(client.connection, "the ZooKeeper server is silent");
        events.push(...disconnect(process, client));
      } else if (client.status === "connected") pingWhenDue(process, client, 0);
      return events;
    case "closed": case "expired": return [...events, ...failAll(client, "SESSIONEXPIRED")];
    case "idle": return events;
  }
}

/** One timer, at the earliest deadline; armed late rather than often. */
function armTimer(process: ProcessContext, client: ZooKeeperClient): void {
  const at = Math.max(nextDeadlineUs(client), process.now);
  if (at === Number.MAX_SAFE_INTEGER) return;
  if (client.timer !== 0) {
    if (client.timerAtUs <= at) return;
    process.cancel(client.timer);
  }
  client.timerAtUs = at;
  client.timer = process.schedule(at - process.now, zooKeeperTimerName(client));
}

function nextDeadlineUs(client: ZooKeeperClient): number {
  let at = client.connectDeadlineUs === 0 ? Number.MAX_SAFE_INTEGER : client.connectDeadlineUs;
  switch (client.status) {
    case "idle": return at;
    case "paused": return Math.min(at, client.connectAtUs);
    case "connecting": case "closing": return Math.min(at, silenceEndsUs(client));
    case "connected": at = Math.min(at, silenceEndsUs(client)); return Math.min(at, pingAtUs(client));
    case "closed": case "expired": return client.waiting.length > 0 ? 0 : Number.MAX_SAFE_INTEGER;
  }
}
