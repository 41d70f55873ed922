// The asking side of Kafka's connections, as clients, followers, brokers and voters share it: one connection to each peer, opened on demand,
// requests in order, reconnect back-off, request time-outs that close the connection. Source: NetworkClient.java,
// ClusterConnectionStates.java. FIDELITY: NET-CLIENT.
import { fromMs } from "#engine/core/time.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { messageTag, requestSizeBytes } from "./message-size.ts";
import type { Api, RequestMessage, RequestOf, ResponseMessage, ResponseOf } from "./messages.ts";

export interface Endpoint { readonly host: string; readonly port: number }

/** Settings with Kafka's names: reconnect.backoff.ms, reconnect.backoff.max.ms, socket.connection.setup.timeout.ms. */
export interface NetworkClientSettings {
  readonly clientId: string;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  readonly connectionSetupTimeoutMs: number;
}

/** @property cause trace entry that led to it: why it is late when it is. */
interface PendingRequest {
  readonly message: RequestMessage;
  readonly deadlineUs: number;
  readonly context: unknown;
  readonly cause: number;
}

export type PeerStatus = "disconnected" | "connecting" | "ready";

export interface Peer {
  readonly key: string;
  endpoint: Endpoint;
  status: PeerStatus;
  /** 0 when there is none. */
  connection: number;
  /** Attempts that failed since the last success. */
  failures: number;
  backoffUntilUs: number;
  setupDeadlineUs: number;
  /** Asked for, not yet on the wire. */
  waiting: PendingRequest[];
  /** On the wire, oldest first. */
  inFlight: PendingRequest[];
  /** Sequence number of the armed timer; 0 for none. */
  timer: number;
  timerAtUs: number;
}

/** Part of its owner's state. `name` keeps the timers of several clients in one process apart. */
export interface NetworkClient {
  readonly name: string;
  readonly settings: NetworkClientSettings;
  readonly peers: Map<string, Peer>;
  readonly peerOfConnection: Map<number, string>;
  nextCorrelationId: number;
}

/** What became of a request. `response` is null when the connection broke or the time ran out. */
export interface NetworkResult {
  readonly api: Api;
  readonly peer: string;
  readonly request: RequestOf<Api>;
  readonly response: ResponseOf<Api> | null;
  readonly context: unknown;
}

export function createNetworkClient(name: string, settings: NetworkClientSettings): NetworkClient {
  return { name, settings, peers: new Map(), peerOfConnection: new Map(), nextCorrelationId: 0 };
}

/** Timers of this client carry this name; the payload is the peer's key. */
export function networkTimerName(client: NetworkClient): string {
  return `network ${client.name}`;
}

function peerAt(client: NetworkClient, key: string, endpoint: Endpoint): Peer {
  const found = client.peers.get(key);
  if (found !== undefined) {
    // A peer that has moved is looked for where it is said to be now.
    if (found.status === "disconnected") found.endpoint = endpoint;
    return found;
  }
  const peer: Peer = {
    key, endpoint, status: "disconnected", connection: 0, failures: 0, backoffUntilUs: 0, setupDeadlineUs: 0,
    waiting: [], inFlight: [], timer: 0, timerAtUs: 0,
  };
  client.peers.set(key, peer);
  return peer;
}

/** Requests that were handed over and have no answer yet. */
export function inFlightCount(client: NetworkClient, peerKey: string): number {
  const peer = client.peers.get(peerKey);
  return peer === undefined ? 0 : peer.inFlight.length + peer.waiting.length;
}

/** Whether a request to this peer would have to wait for the reconnect back-off. */
export function isBackingOff(client: NetworkClient, peerKey: string, nowUs: number): boolean {
  const peer = client.peers.get(peerKey);
  return peer !== undefined && peer.status === "disconnected" && peer.backoffUntilUs > nowUs;
}

/**
 * Sends a request to `peerKey` (a broker id as text, or "host:port" of a bootstrap server). What becomes of it is returned later by
 * `networkReceived`, `networkClosed` or `networkTimer`, with `context`, which must be plain immutable data.
 */
export function networkSend<A extends Api>(
  process: ProcessContext, client: NetworkClient, peerKey: string, endpoint: Endpoint,
  request: { readonly api: A; readonly body: RequestOf<A>; readonly timeoutMs: number; readonly context: unknown; readonly forwardedFor?: string | undefined },
): void {
  const peer = peerAt(client, peerKey, endpoint);
  client.nextCorrelationId += 1;
  const { api, body, forwardedFor } = request;
  const correlationId = client.nextCorrelationId;
  const { clientId } = client.settings;
  // Written out twice: a spread costs more than all else here.
  const message = (forwardedFor === undefined ? { type: "request", api, correlationId, clientId, body }
    : { type: "request", api, correlationId, clientId, forwardedFor, body }) as RequestMessage;
  const pending: PendingRequest = { message, deadlineUs: process.now + fromMs(request.timeoutMs), context: request.context, cause: process.cause };
  if (peer.status === "ready") transmit(process, peer, pending);
  else {
    peer.waiting.push(pending);
    if (peer.status === "disconnected" && peer.backoffUntilUs <= process.now) beginConnecting(process, client, peer);
  }
  armTimer(process, client, peer);
}

/** For acks=0: nobody answers, so nothing is kept in flight. False when the peer is not connected (the request is dropped). */
export function networkSendOneWay<A extends Api>(
  process: ProcessContext, client: NetworkClient, peerKey: string, api: A, body: RequestOf<A>,
): boolean {
  const peer = client.peers.get(peerKey);
  if (peer === undefined || peer.status !== "ready") return false;
  client.nextCorrelationId += 1;
  const message = { type: "request", api, correlationId: client.nextCorrelationId, clientId: client.settings.clientId, body } as RequestMessage;
  process.send(peer.connection, messageTag(api, "request"), message, requestSizeBytes(message));
  return true;
}

/** Opens a connection ahead of the first request (a client that finds its leader). */
export function networkConnect(process: ProcessContext, client: NetworkClient, peerKey: string, endpoint: Endpoint): void {
  const peer = peerAt(client, peerKey, endpoint);
  if (peer.status !== "disconnected" || peer.backoffUntilUs > process.now) return;
  beginConnecting(process, client, peer);
  armTimer(process, client, peer);
}

function transmit(process: ProcessContext, peer: Peer, pending: PendingRequest): void {
  peer.inFlight.push(pending);
  process.send(peer.connection, messageTag(pending.message.api, "request"), pending.message, requestSizeBytes(pending.message));
}

function beginConnecting(process: ProcessContext, client: NetworkClient, peer: Peer): void {
  peer.status = "connecting";
  peer.connection = process.connect(peer.endpoint.host, peer.endpoint.port);
  peer.setupDeadlineUs = process.now + fromMs(client.settings.connectionSetupTimeoutMs);
  client.peerOfConnection.set(peer.connection, peer.key);
}

/** The process's `onConnected`. True when the connection is one of this client's. */
export function networkConnected(process: ProcessContext, client: NetworkClient, connection: number): boolean {
  const peer = peerOf(client, connection);
  if (peer === undefined) return false;
  peer.status = "ready";
  peer.failures = 0;
  const waiting = peer.waiting;
  peer.waiting = [];
  for (const pending of waiting) transmit(process, peer, pending);
  armTimer(process, client, peer);
  return true;
}

function peerOf(client: NetworkClient, connection: number): Peer | undefined {
  const key = client.peerOfConnection.get(connection);
  return key === undefined ? undefined : client.peers.get(key);
}

/** The process's `onMessage` for a response; null when the connection is not one of this client's. */
export function networkReceived(client: NetworkClient, connection: number, message: ResponseMessage): NetworkResult | null {
  const peer = peerOf(client, connection);
  const pending = peer?.inFlight[0];
  if (peer === undefined || pending === undefined || pending.message.correlationId !== message.correlationId) return null;
  peer.inFlight.shift();
  return { api: message.api, peer: peer.key, request: pending.message.body, response: message.body, context: pending.context };
}

/** The process's `onClosed`: all requests of that connection have failed. Null when the connection is not one of this client's. */
export function networkClosed(process: ProcessContext, client: NetworkClient, connection: number): NetworkResult[] | null {
  const peer = peerOf(client, connection);
  if (peer === undefined) return null;
  return disconnect(process, client, peer);
}

/** Closes the connection to a peer on purpose; what was in flight fails. */
export function networkDisconnect(process: ProcessContext, client: NetworkClient, peerKey: string, why: string): NetworkResult[] {
  const peer = client.peers.get(peerKey);
  if (peer === undefined || peer.status === "disconnected") return [];
  process.close(peer.connection, why);
  return disconnect(process, client, peer);
}

function disconnect(process: ProcessContext, client: NetworkClient, peer: Peer): NetworkResult[] {
  client.peerOfConnection.delete(peer.connection);
  peer.status = "disconnected";
  peer.connection = 0;
  peer.backoffUntilUs = process.now + fromMs(backoffMs(process, client, peer.failures));
  peer.failures += 1;
  const failed = [...peer.inFlight, ...peer.waiting];
  peer.inFlight = [];
  peer.waiting = [];
  armTimer(process, client, peer);
  return failed.map(pending => failure(peer, pending));
}

function failure(peer: Peer, pending: PendingRequest): NetworkResult {
  return { api: pending.message.api, peer: peer.key, request: pending.message.body, response: null, context: pending.context };
}

/** Exponential from reconnect.backoff.ms to its maximum, with +-20 % (ExponentialBackoff.java), in whole milliseconds. */
function backoffMs(process: ProcessContext, client: NetworkClient, failures: number): number {
  const { reconnectBackoffMs, reconnectBackoffMaxMs } = client.settings;
  let backoff = reconnectBackoffMs;
  for (let attempt = 0; attempt < failures && backoff < reconnectBackoffMaxMs; attempt += 1) backoff *= 2;
  backoff = Math.min(backoff, reconnectBackoffMaxMs);
  const spread = Math.floor(backoff / 5);
  return backoff - spread + process.random("reconnect backoff", 2 * spread + 1);
}

/** The process's `onTimer` when the name is `networkTimerName(client)`. */
export function networkTimer(process: ProcessContext, client: NetworkClient, peerKey: string, sequence: number): NetworkResult[] {
  const peer = client.peers.get(peerKey);
  if (peer === undefined || peer.timer !== sequence) return [];
  peer.timer = 0;
  // The timer was armed by whatever came first: the oldest request is what it rings for.
  process.becauseOf((peer.inFlight[0] ?? peer.waiting[0])?.cause ?? -1);
  const expired = expire(process, client, peer);
  if (peer.status === "disconnected" && peer.waiting.length > 0 && peer.backoffUntilUs <= process.now) {
    beginConnecting(process, client, peer);
  }
  armTimer(process, client, peer);
  return expired;
}

function expire(process: ProcessContext, client: NetworkClient, peer: Peer): NetworkResult[] {
  const setupExpired = peer.status === "connecting" && peer.setupDeadlineUs <= process.now;
  const requestExpired = peer.inFlight.some(pending => pending.deadlineUs <= process.now);
  if (setupExpired || requestExpired) {
    process.close(peer.connection, setupExpired ? "connection setup timed out" : "request timed out");
    return disconnect(process, client, peer);
  }
  const expired = peer.waiting.filter(pending => pending.deadlineUs <= process.now);
  if (expired.length > 0) peer.waiting = peer.waiting.filter(pending => pending.deadlineUs > process.now);
  return expired.map(pending => failure(peer, pending));
}

/** One timer a peer, at the earliest of: back-off over, set-up time-out, oldest request's deadline. Armed late rather than often. */
function armTimer(process: ProcessContext, client: NetworkClient, peer: Peer): void {
  let at = Number.MAX_SAFE_INTEGER;
  if (peer.status === "disconnected" && peer.waiting.length > 0) at = peer.backoffUntilUs;
  if (peer.status === "connecting") at = peer.setupDeadlineUs;
  for (const pending of peer.inFlight) if (pending.deadlineUs < at) at = pending.deadlineUs;
  for (const pending of peer.waiting) if (pending.deadlineUs < at) at = pending.deadlineUs;
  if (at === Number.MAX_SAFE_INTEGER) return;
  if (peer.timer !== 0 && peer.timerAtUs <= at) return;
  if (peer.timer !== 0) process.cancel(peer.timer);
  peer.timerAtUs = Math.max(at, process.now);
  peer.timer = process.schedule(peer.timerAtUs - process.now, networkTimerName(client), peer.key);
}
