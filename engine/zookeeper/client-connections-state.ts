// The client side of one server, plain data: connections, what waits on them for its turn, and the watches set through them.
// Source: NIOServerCnxn.java, CommitProcessor.java, WatchManager.java, ServerStats.java (3.8.4).
import type { ExpiryQueue } from "./expiry-queue.ts";
import type { ZooKeeperRequest } from "./zookeeper-protocol.ts";

/** Requests of one connection are answered in their order: a read waits for the writes before it. */
export interface QueuedRequest { readonly request: ZooKeeperRequest; readonly xid: number; readonly receivedUs: number; readonly cause: number }

export interface ClientConnection {
  readonly connection: number;
  readonly peer: string;
  readonly host: string;
  readonly establishedMs: number;
  /** 0: no session yet. */
  sessionId: number;
  timeoutMs: number;
  /** The session's creation or validation is under way, or the session stands. */
  phase: "new" | "asking" | "established" | "closing";
  queue: QueuedRequest[];
  readonly stats: ConnectionStats;
}

/** Times in milliseconds. */
export interface ConnectionStats {
  received: number; sent: number; lastOperation: string; lastXid: number; lastZxid: number; lastResponseMs: number;
  lastLatencyMs: number; minLatencyMs: number; maxLatencyMs: number; latencies: number; latencySumMs: number;
}

/** `of`: by path, the connections; `paths`: by connection, the paths. */
export interface WatchTable { readonly of: Map<string, Set<number>>; readonly paths: Map<number, Set<string>> }

export interface ServerStats {
  received: number; sent: number; minLatencyMs: number; maxLatencyMs: number; latencies: number; latencySumMs: number;
  lastResponseBytes: number; minResponseBytes: number; maxResponseBytes: number;
}

export interface ClientConnections {
  readonly open: Map<number, ClientConnection>;
  /** Established sessions of this server: their connection. */
  readonly bySession: Map<number, number>;
  /** Connections nobody has been heard on expire with their session's time-out. */
  readonly expiry: ExpiryQueue;
  readonly dataWatches: WatchTable;
  readonly childWatches: WatchTable;
  stats: ServerStats;
}
