// The part that producer, consumer and admin share: connections, metadata refresh, the choice of a node, one timer for all deadlines.
// Source: NetworkClient.java (leastLoadedNode, DefaultMetadataUpdater).
import type { ProcessContext } from "#engine/core/process.ts";
import type { ClientFact } from "#engine/protocol/facts.ts";
import type { Api, RequestOf, ResponseMessage, ResponseOf } from "#engine/protocol/messages.ts";
import {
  createNetworkClient, type Endpoint, inFlightCount, isBackingOff, type NetworkClient, networkClosed, networkConnect, networkConnected,
  networkReceived, type NetworkResult, networkSend, networkTimer, networkTimerName,
} from "#engine/protocol/network-client.ts";
import {
  type ClientMetadata, createClientMetadata, metadataArrived, metadataDueUs, metadataFailed, requestUpdate,
} from "./client-metadata.ts";
import { type ClientProcessSettings, clientProfile, type ClientSettings, readClientSettings, readNetworkSettings, textSetting } from "./client-settings.ts";

export const NEVER_US = Number.MAX_SAFE_INTEGER;
export const WAKE_TIMER = "wake";

export interface ClientCore {
  readonly settings: ClientSettings;
  readonly bootstrap: readonly Endpoint[];
  readonly network: NetworkClient;
  readonly metadata: ClientMetadata;
  readonly allowAutoTopicCreation: boolean;
  /** With no known broker in reach, begin again at the bootstrap servers (KIP-899). */
  readonly canRebootstrap: boolean;
  /** Keys of peers whose connection was lost and not yet opened again. */
  readonly lostPeers: Set<string>;
  /** Of the answers to Produce or Fetch: the metrics produce-throttle-time and fetch-throttle-time, over the whole life. */
  readonly throttleTimes: { count: number; totalMs: number; maxMs: number };
  /** The armed timer; 0 for none. */
  wakeTimer: number;
  wakeAtUs: number;
}

export interface Node { readonly key: string; readonly endpoint: Endpoint }

export function createClientCore(
  settings: ClientProcessSettings, { allowAutoTopicCreation }: { readonly allowAutoTopicCreation: boolean },
): ClientCore {
  return {
    canRebootstrap: textSetting(settings.overrides, "metadata.recovery.strategy", clientProfile(settings.kafka).tellsMoreInClientTexts ? "rebootstrap" : "none") === "rebootstrap",
    settings: readClientSettings(settings), bootstrap: settings.bootstrap.map(({ host, port }) => ({ host, port })),
    network: createNetworkClient("client", readNetworkSettings(settings)),
    metadata: createClientMetadata(), allowAutoTopicCreation, lostPeers: new Set(), throttleTimes: { count: 0, totalMs: 0, maxMs: 0 }, wakeTimer: 0, wakeAtUs: NEVER_US,
  };
}

export function traceClient(process: ProcessContext, fact: ClientFact): void {
  process.trace(fact);
}

export function nodeOf(core: ClientCore, broker: number): Node | null {
  const endpoint = core.metadata.brokers.get(broker);
  return endpoint === undefined ? null : { key: String(broker), endpoint };
}

/** All brokers, or the bootstrap servers before the first answer. */
function nodesOf(core: ClientCore): Node[] {
  if (!core.metadata.isBootstrapped) return core.bootstrap.map(endpoint => ({ key: `${endpoint.host}:${endpoint.port}`, endpoint }));
  return [...core.metadata.brokers].map(([id, endpoint]) => ({ key: String(id), endpoint }));
}

/**
 * The node with the least to do: an idle connection first, then the least busy one, then one that is being opened, then any that may be
 * tried, from a random start. Null while all are backing off.
 */
export function leastLoadedNode(process: ProcessContext, core: ClientCore): Node | null {
  const node = leastLoadedOf(process, core);
  if (node !== null || !core.canRebootstrap || !core.metadata.isBootstrapped) return node;
  core.metadata.isBootstrapped = false;
  requestUpdate(core.metadata);
  return leastLoadedOf(process, core);
}

function leastLoadedOf(process: ProcessContext, core: ClientCore): Node | null {
  const nodes = nodesOf(core);
  if (nodes.length === 0) return null;
  const start = process.random("least loaded node", nodes.length);
  let best: Node | null = null;
  let bestRank = NEVER_US;
  for (let step = 0; step < nodes.length; step += 1) {
    const node = nodes[(start + step) % nodes.length] as Node;
    const rank = rankOf(process, core, node);
    if (rank >= bestRank) continue;
    best = node;
    bestRank = rank;
  }
  return best;
}

/** Above every number of requests in flight. */
const CONNECTING_RANK = 1_000_000;

function rankOf(process: ProcessContext, core: ClientCore, { key }: Node): number {
  const peer = core.network.peers.get(key);
  if (peer?.status === "ready") return inFlightCount(core.network, key);
  if (peer?.status === "connecting") return CONNECTING_RANK;
  // The one that was tried longest ago: all that back off are left out.
  return isBackingOff(core.network, key, process.now) ? NEVER_US : CONNECTING_RANK + 1 + (peer?.backoffUntilUs ?? 0);
}

/** When the first node that backs off may be tried again. */
function nextNodeUs(process: ProcessContext, core: ClientCore): number {
  let at = NEVER_US;
  for (const { key } of nodesOf(core)) at = Math.min(at, core.network.peers.get(key)?.backoffUntilUs ?? process.now);
  return Math.max(at, process.now + 1);
}

export function send<A extends Api>(
  process: ProcessContext, core: ClientCore, node: Node,
  request: { readonly api: A; readonly body: RequestOf<A>; readonly timeoutMs: number; readonly context: unknown },
): void {
  networkSend(process, core.network, node.key, node.endpoint, request);
}

/** The broker when it is connected; begins to connect when it is not. */
export function connectedNode(process: ProcessContext, core: ClientCore, broker: number): Node | null {
  const node = nodeOf(core, broker);
  if (node === null || core.network.peers.get(node.key)?.status === "ready") return node;
  networkConnect(process, core.network, node.key, node.endpoint);
  return null;
}

/** When the first broker that backs off may be tried again. */
export function nextConnectUs(process: ProcessContext, core: ClientCore): number {
  let nextUs = NEVER_US;
  for (const { status, backoffUntilUs } of core.network.peers.values()) {
    if (status === "disconnected" && backoffUntilUs > process.now) nextUs = Math.min(nextUs, backoffUntilUs);
  }
  return nextUs;
}

/** Asks for metadata when that is due. Returns when to look again. */
export function refreshMetadata(process: ProcessContext, core: ClientCore): number {
  const { metadata, settings } = core;
  const dueUs = metadataDueUs(metadata, settings.metadataMaxAgeMs);
  if (dueUs > process.now) return dueUs;
  const node = leastLoadedNode(process, core);
  if (node === null) return nextNodeUs(process, core);
  metadata.isInFlight = true;
  metadata.isUpdateNeeded = false;
  send(process, core, node, {
    api: "Metadata", timeoutMs: settings.requestTimeoutMs, context: null,
    body: { topics: [...metadata.wanted].map(name => ({ name })), allowAutoTopicCreation: core.allowAutoTopicCreation },
  });
  return NEVER_US;
}

/** Takes a result of the shared metadata request; false when it is none. */
export function tookMetadata(process: ProcessContext, core: ClientCore, result: NetworkResult): boolean {
  if (result.api !== "Metadata" || result.context !== null) return false;
  const { metadata, settings } = core;
  if (result.response === null) {
    requestUpdate(metadata);
    metadataFailed(process, metadata, settings.retryBackoff);
    return true;
  }
  metadataArrived(process, metadata, result.response as ResponseOf<"Metadata">, settings.retryBackoff);
  traceClient(process, { kind: "metadata-refreshed", client: settings.clientId });
  return true;
}

// ---- the process's handlers, as far as they are the same for all clients

export function clientConnected(process: ProcessContext, core: ClientCore, connection: number): void {
  const key = core.network.peerOfConnection.get(connection);
  if (key !== undefined) core.lostPeers.delete(key);
  networkConnected(process, core.network, connection);
}

export function clientReceived(core: ClientCore, connection: number, message: unknown): NetworkResult | null {
  return networkReceived(core.network, connection, message as ResponseMessage);
}

export function clientClosed(process: ProcessContext, core: ClientCore, connection: number): NetworkResult[] {
  const key = core.network.peerOfConnection.get(connection);
  const results = networkClosed(process, core.network, connection);
  if (key !== undefined) lost(process, core, key);
  return results ?? [];
}

/** Results of a timer of the connections; null when the timer is another one. */
export function clientTimer(
  process: ProcessContext, core: ClientCore, name: string, payload: unknown, sequence: number,
): NetworkResult[] | null {
  if (name !== networkTimerName(core.network)) return null;
  const key = payload as string;
  const wasOpen = core.network.peers.get(key)?.connection ?? 0;
  const results = networkTimer(process, core.network, key, sequence);
  if (wasOpen !== 0 && core.network.peers.get(key)?.status === "disconnected") lost(process, core, key);
  return results;
}

/** A lost connection may mean that what the client knows is old. */
function lost(process: ProcessContext, core: ClientCore, key: string): void {
  const { metadata, settings } = core;
  if (!metadata.isInFlight && metadataDueUs(metadata, settings.metadataMaxAgeMs) <= process.now) {
    metadataFailed(process, metadata, settings.retryBackoff);
  }
  requestUpdate(metadata);
  if (core.lostPeers.has(key)) return;
  core.lostPeers.add(key);
  if (!key.includes(":")) traceClient(process, { kind: "peer-unreachable", client: settings.clientId, broker: Number(key) });
}

/** What a broker says of its quotas in an answer. */
export function noteThrottleTime({ throttleTimes }: ClientCore, throttleTimeMs: number): void {
  throttleTimes.count += 1;
  throttleTimes.totalMs += throttleTimeMs;
  if (throttleTimeMs > throttleTimes.maxMs) throttleTimes.maxMs = throttleTimeMs;
}

/** Arms the wake-up unless an earlier one is armed. */
export function wakeAt(process: ProcessContext, core: ClientCore, atUs: number): void {
  if (atUs === NEVER_US) return;
  const at = Math.max(atUs, process.now);
  if (core.wakeTimer !== 0) {
    if (core.wakeAtUs <= at) return;
    process.cancel(core.wakeTimer);
  }
  core.wakeAtUs = at;
  core.wakeTimer = process.schedule(at - process.now, WAKE_TIMER);
}

/** True when the timer is the wake-up. */
export function woke(core: ClientCore, name: string, sequence: number): boolean {
  if (name !== WAKE_TIMER || sequence !== core.wakeTimer) return false;
  core.wakeTimer = 0;
  core.wakeAtUs = NEVER_US;
  return true;
}
