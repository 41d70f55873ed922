// What an operator says to one server directly, without a client's retries: a bare request of Kafka's protocol over a connection of its own,
// operations on znodes in a session of the operator's (as zkCli.sh has one), four-letter words. Part of the admin client's process.
// FIDELITY: CLIENT-RAW-REQUEST, CLIENT-OPERATOR-SESSION.
import type { CallError, Command, Outcome } from "#engine/cluster/commands.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { Api, ResponseMessage } from "#engine/protocol/messages.ts";
import {
  createNetworkClient, type Endpoint, type NetworkClient, networkClosed, networkConnected, networkDisconnect, networkReceived, type NetworkResult,
  networkSend, networkTimer, networkTimerName,
} from "#engine/protocol/network-client.ts";
import {
  createZooKeeperClient, restartZooKeeperSession, type ZooKeeperClient, zooKeeperClosed, zooKeeperConnected, type ZooKeeperEvent, zooKeeperReceived,
  zooKeeperSend, zooKeeperTimer,
} from "#engine/zookeeper/zookeeper-client.ts";
import { zooKeeperRequestBytes, zooKeeperRequestTag } from "#engine/zookeeper/zookeeper-message-bytes.ts";
import type { ZooKeeperRequest, ZooKeeperResponse } from "#engine/zookeeper/zookeeper-protocol.ts";
import { requestBody, responseView } from "./raw-request.ts";

/** A machine that the operator knows by its number. */
export interface KnownServer extends Endpoint { readonly id: number }

interface DirectRequest { readonly call: number; readonly deadlineUs: number; readonly network: NetworkClient }
interface WordCall { readonly call: number; readonly word: string; readonly connection: number; readonly timer: number; isSent: boolean }

/** Plain data. */
export interface DirectState {
  readonly nodes: readonly KnownServer[];
  readonly ensemble: readonly KnownServer[];
  requests: DirectRequest[];
  words: WordCall[];
  /** One that takes any server (key 0), and one for each server that was named. */
  readonly sessions: Map<number, ZooKeeperClient>;
}

export type DirectCommand = Extract<Command, { readonly do: "request" | "zookeeper" | "four-letter-word" }>;

const ANY_SERVER = 0;
const PEER = "server";
const REQUEST_TIMEOUT_MS = 30_000;
/** zkCli.sh: -timeout. */
const SESSION_TIMEOUT_MS = 30_000;
/** A tool such as nc waits as long as its user does. */
const WORD_TIMEOUT_US = 5_000_000;
const WORD_TIMER = "four-letter word";

export function createDirect(nodes: readonly KnownServer[], ensemble: readonly KnownServer[]): DirectState {
  return { nodes, ensemble, requests: [], words: [], sessions: new Map() };
}

export function directCommand(process: ProcessContext, direct: DirectState, command: DirectCommand): void {
  switch (command.do) {
    case "request": return sendRequest(process, direct, command);
    case "zookeeper": return askZooKeeper(process, direct, command);
    case "four-letter-word": return sendWord(process, direct, command);
  }
}

function answer(process: ProcessContext, call: number, value: unknown): void {
  const outcome: Outcome = { call, at: process.now, ok: true, value };
  process.outcome(outcome);
}

function fail(process: ProcessContext, call: number, error: CallError): void {
  const outcome: Outcome = { call, at: process.now, ok: false, error };
  process.outcome(outcome);
}

function unknownServer(process: ProcessContext, call: number, what: string): void {
  fail(process, call, { name: "IllegalArgument", message: `there is no ${what}`, retriable: false });
}

// ---- a bare request

function sendRequest(process: ProcessContext, direct: DirectState, command: DirectCommand & { readonly do: "request" }): void {
  const node = direct.nodes.find(({ id }) => id === command.to);
  if (node === undefined) return unknownServer(process, command.call, `node ${command.to}`);
  const timeoutMs = command.timeoutMs ?? REQUEST_TIMEOUT_MS;
  const network = createNetworkClient(`request ${command.call}`, {
    clientId: command.clientId ?? process.name, reconnectBackoffMs: timeoutMs, reconnectBackoffMaxMs: timeoutMs, connectionSetupTimeoutMs: timeoutMs,
  });
  direct.requests.push({ call: command.call, deadlineUs: process.now + fromMs(timeoutMs), network });
  const api = command.api as Api;
  const body = requestBody(api, command.body, Math.floor(process.now / 1000));
  networkSend(process, network, PEER, { host: node.host, port: node.port }, { api, body, timeoutMs, context: null });
}

function takeResult(process: ProcessContext, direct: DirectState, request: DirectRequest, results: readonly NetworkResult[]): void {
  const result = results[0];
  if (result === undefined) return;
  direct.requests = direct.requests.filter(other => other !== request);
  if (result.response !== null) {
    networkDisconnect(process, request.network, PEER, "the request is answered");
    return answer(process, request.call, responseView(result.response));
  }
  if (process.now >= request.deadlineUs) return fail(process, request.call, { name: "Timeout", message: "The request timed out.", retriable: true });
  // NetworkClientUtils.sendAndReceive.
  fail(process, request.call, { name: "Disconnect", message: "The connection was disconnected before the response was read", retriable: true });
}

// ---- znodes

function askZooKeeper(process: ProcessContext, direct: DirectState, command: DirectCommand & { readonly do: "zookeeper" }): void {
  const key = command.server ?? ANY_SERVER;
  const servers = direct.ensemble.filter(({ id }) => key === ANY_SERVER || id === key);
  if (servers.length === 0) return unknownServer(process, command.call, key === ANY_SERVER ? "ZooKeeper" : `ZooKeeper server ${key}`);
  let session = direct.sessions.get(key);
  if (session === undefined) {
    session = createZooKeeperClient(`operator ${key}`, {
      servers: servers.map(({ host, port }) => ({ host, port })), sessionTimeoutMs: SESSION_TIMEOUT_MS, connectionTimeoutMs: SESSION_TIMEOUT_MS,
    });
    direct.sessions.set(key, session);
  }
  if (session.status === "expired" || session.status === "closed") restartZooKeeperSession(process, session);
  zooKeeperSend(process, session, command.operation, command.call);
}

function takeEvents(process: ProcessContext, events: readonly ZooKeeperEvent[]): void {
  for (const event of events) if (event.is === "answer") answer(process, event.context as number, event.answer);
}

// ---- four-letter words

function sendWord(process: ProcessContext, direct: DirectState, command: DirectCommand & { readonly do: "four-letter-word" }): void {
  const server = direct.ensemble.find(({ id }) => id === command.server);
  if (server === undefined) return unknownServer(process, command.call, `ZooKeeper server ${command.server}`);
  const connection = process.connect(server.host, server.port);
  const timer = process.schedule(WORD_TIMEOUT_US, WORD_TIMER, command.call);
  direct.words.push({ call: command.call, word: command.word, connection, timer, isSent: false });
}

function wordEnded(process: ProcessContext, direct: DirectState, word: WordCall): void {
  direct.words = direct.words.filter(other => other !== word);
  process.cancel(word.timer);
}

// ---- what happens to the process; each says whether it was meant

export function directConnected(process: ProcessContext, direct: DirectState, connection: number): boolean {
  const word = direct.words.find(other => other.connection === connection);
  if (word !== undefined) {
    const request: ZooKeeperRequest = { type: "fourLetterWord", word: word.word };
    process.send(connection, zooKeeperRequestTag(request), request, zooKeeperRequestBytes(request));
    word.isSent = true;
    return true;
  }
  for (const session of direct.sessions.values()) if (zooKeeperConnected(process, session, connection)) return true;
  for (const { network } of direct.requests) {
    if (!network.peerOfConnection.has(connection)) continue;
    networkConnected(process, network, connection);
    return true;
  }
  return false;
}

export function directReceived(process: ProcessContext, direct: DirectState, connection: number, message: unknown): boolean {
  const word = direct.words.find(other => other.connection === connection);
  if (word !== undefined) {
    const response = message as ZooKeeperResponse;
    if (response.type !== "fourLetterAnswer") return true;
    wordEnded(process, direct, word);
    process.close(connection, "the word is answered");
    answer(process, word.call, response.text);
    return true;
  }
  for (const session of direct.sessions.values()) {
    const events = zooKeeperReceived(process, session, connection, message as ZooKeeperResponse);
    if (events === null) continue;
    takeEvents(process, events);
    return true;
  }
  for (const request of direct.requests) {
    if (!request.network.peerOfConnection.has(connection)) continue;
    const result = networkReceived(request.network, connection, message as ResponseMessage);
    if (result !== null) takeResult(process, direct, request, [result]);
    return true;
  }
  return false;
}

export function directClosed(process: ProcessContext, direct: DirectState, connection: number): boolean {
  const word = direct.words.find(other => other.connection === connection);
  if (word !== undefined) {
    wordEnded(process, direct, word);
    // A word that is none: the server hangs up without an answer.
    if (word.isSent) answer(process, word.call, "");
    else fail(process, word.call, { name: "Connect", message: "Connection refused", retriable: true });
    return true;
  }
  for (const session of direct.sessions.values()) {
    const events = zooKeeperClosed(process, session, connection);
    if (events === null) continue;
    takeEvents(process, events);
    return true;
  }
  for (const request of direct.requests) {
    const results = networkClosed(process, request.network, connection);
    if (results === null) continue;
    takeResult(process, direct, request, results);
    return true;
  }
  return false;
}

export function directTimer(process: ProcessContext, direct: DirectState, name: string, payload: unknown, sequence: number): boolean {
  if (name === WORD_TIMER) {
    const word = direct.words.find(({ timer }) => timer === sequence);
    if (word === undefined) return true;
    direct.words = direct.words.filter(other => other !== word);
    process.close(word.connection, "no answer");
    fail(process, word.call, { name: "SocketTimeout", message: "Read timed out", retriable: true });
    return true;
  }
  for (const session of direct.sessions.values()) {
    const events = zooKeeperTimer(process, session, name, sequence);
    if (events === null) continue;
    takeEvents(process, events);
    return true;
  }
  for (const request of direct.requests) {
    if (networkTimerName(request.network) !== name) continue;
    takeResult(process, direct, request, networkTimer(process, request.network, payload as string, sequence));
    return true;
  }
  // Of a request that has been answered meanwhile.
  return name.startsWith("network request ");
}
