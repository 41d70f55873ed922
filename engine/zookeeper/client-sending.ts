// Everything a server sends to its clients goes through here, so that what it says about itself (`stat`, `cons`, `mntr`) is counted.
// Source: NIOServerCnxn.sendResponse, ServerStats.java, AvgMinMaxCounter.java (3.8.4). FIDELITY: ZK-WORDS.
import { toMs } from "#engine/core/time.ts";
import type { ClientConnection, ConnectionStats, QueuedRequest, ServerStats } from "./client-connections-state.ts";
import { addMetric, countMetric } from "./metrics.ts";
import type { Server } from "./server-state.ts";
import { RESPONSE_TAGS, zooKeeperResponseBytes } from "./zookeeper-message-bytes.ts";
import type { ZooKeeperResponse } from "./zookeeper-protocol.ts";

export function createServerStats(): ServerStats {
  return {
    received: 0, sent: 0, minLatencyMs: 0, maxLatencyMs: 0, latencies: 0, latencySumMs: 0,
    lastResponseBytes: -1, minResponseBytes: -1, maxResponseBytes: -1,
  };
}

export function createConnectionStats(): ConnectionStats {
  return {
    received: 0, sent: 0, lastOperation: "NA", lastXid: -1, lastZxid: -1, lastResponseMs: 0,
    lastLatencyMs: 0, minLatencyMs: 0, maxLatencyMs: 0, latencies: 0, latencySumMs: 0,
  };
}

export function sendToClient(server: Server, client: ClientConnection, response: ZooKeeperResponse): void {
  const bytes = zooKeeperResponseBytes(response);
  const { stats } = server.state.clients;
  stats.sent += 1;
  client.stats.sent += 1;
  if (response.type === "answer" || response.type === "pong" || response.type === "watchEvent") {
    // ServerCnxn.serialize: without the length in front.
    const size = bytes - 4;
    stats.lastResponseBytes = size;
    stats.minResponseBytes = stats.minResponseBytes < 0 ? size : Math.min(stats.minResponseBytes, size);
    stats.maxResponseBytes = Math.max(stats.maxResponseBytes, size);
    countMetric(server.state.metrics, "response_bytes", size);
  }
  server.process.send(client.connection, RESPONSE_TAGS[response.type], response, bytes);
}

/** FinalRequestProcessor.updateStats: what a finished request adds. */
export function countFinished(server: Server, client: ClientConnection, queued: QueuedRequest, lastZxid: number): void {
  const latencyMs = toMs(server.process.now - queued.receivedUs);
  addLatency(server.state.clients.stats, latencyMs);
  addMetric(server.state.metrics, isUpdate(queued) ? "updatelatency" : "readlatency", latencyMs);
  const { stats } = client;
  addLatency(stats, latencyMs);
  stats.lastLatencyMs = latencyMs;
  stats.lastOperation = operationName(queued);
  stats.lastXid = queued.xid;
  stats.lastZxid = lastZxid;
  stats.lastResponseMs = toMs(server.process.now);
}

function addLatency(stats: ServerStats | ConnectionStats, latencyMs: number): void {
  stats.minLatencyMs = stats.latencies === 0 ? latencyMs : Math.min(stats.minLatencyMs, latencyMs);
  stats.maxLatencyMs = Math.max(stats.maxLatencyMs, latencyMs);
  stats.latencies += 1;
  stats.latencySumMs += latencyMs;
}

function isUpdate({ request }: QueuedRequest): boolean {
  if (request.type !== "operation") return request.type === "closeSession" || request.type === "connect" && request.sessionId === 0;
  const { op } = request.operation;
  return op === "create" || op === "delete" || op === "setData" || op === "multi";
}

const NAMES = {
  create: "CREA", delete: "DELE", setData: "SETD", exists: "EXIS", getData: "GETD", getChildren: "GETC", sync: "SYNC", multi: "MULT",
} as const;

/** As `cons` prints the last operation of a connection. */
function operationName({ request }: QueuedRequest): string {
  switch (request.type) {
    case "operation": return NAMES[request.operation.op];
    case "ping": return "PING";
    case "connect": return "SESS";
    case "setWatches": return "SETW";
    case "closeSession": return "CLOS";
    case "fourLetterWord": return "NA";
  }
}
