// What a client and a ZooKeeper server say to each other, as typed messages: sessions, operations on znodes, watches. The bytes are counted as
// jute would write them, not written. Source: zookeeper.jute, ZooDefs.java, KeeperException.java (3.8.4).
// FIDELITY: ZK-PROTOCOL.

/** Names of KeeperException.Code. */
export type ZooKeeperError =
  | "OK" | "NONODE" | "NODEEXISTS" | "BADVERSION" | "NOTEMPTY" | "NOCHILDRENFOREPHEMERALS" | "BADARGUMENTS" | "SESSIONEXPIRED"
  | "SESSIONMOVED" | "CONNECTIONLOSS" | "RUNTIMEINCONSISTENCY" | "NOTREADONLY";

/** Stat of a znode. Zxids and times are numbers; times in milliseconds. `ephemeralOwner` 0: not ephemeral. */
export interface ZnodeStat {
  readonly czxid: number; readonly mzxid: number; readonly pzxid: number;
  readonly ctimeMs: number; readonly mtimeMs: number;
  readonly version: number; readonly cversion: number; readonly aversion: number;
  readonly ephemeralOwner: number; readonly dataLength: number; readonly numChildren: number;
}

export type CreateMode = "persistent" | "ephemeral" | "persistent-sequential" | "ephemeral-sequential";

/** Operations that change the tree; they can stand in a multi. `version` -1: any. `data` null: no bytes at all. */
export type ZooKeeperWrite =
  | { readonly op: "create"; readonly path: string; readonly data: string | null; readonly mode: CreateMode }
  | { readonly op: "delete"; readonly path: string; readonly version: number }
  | { readonly op: "setData"; readonly path: string; readonly data: string | null; readonly version: number }
  | { readonly op: "check"; readonly path: string; readonly version: number };

export type ZooKeeperRead =
  | { readonly op: "exists"; readonly path: string; readonly watch: boolean }
  | { readonly op: "getData"; readonly path: string; readonly watch: boolean }
  | { readonly op: "getChildren"; readonly path: string; readonly watch: boolean }
  | { readonly op: "sync"; readonly path: string };

export type ZooKeeperOperation =
  | Exclude<ZooKeeperWrite, { readonly op: "check" }> | ZooKeeperRead
  | { readonly op: "multi"; readonly operations: readonly ZooKeeperWrite[] };

/** Answer to one operation. `path`: what was created (with its sequence number). `results`: of a multi, in its order. */
export interface ZooKeeperAnswer {
  readonly error: ZooKeeperError;
  readonly path?: string;
  readonly data?: string | null;
  readonly stat?: ZnodeStat;
  readonly children?: readonly string[];
  readonly results?: readonly ZooKeeperAnswer[];
}

export type WatchEventType = "NodeCreated" | "NodeDeleted" | "NodeDataChanged" | "NodeChildrenChanged";

/** From a client to the client port. A four-letter word needs no session. */
export type ZooKeeperRequest =
  | { readonly type: "connect"; readonly sessionId: number; readonly password: string; readonly timeoutMs: number; readonly lastZxidSeen: number }
  | { readonly type: "operation"; readonly xid: number; readonly operation: ZooKeeperOperation }
  | { readonly type: "ping" }
  | { readonly type: "closeSession"; readonly xid: number }
  | { readonly type: "setWatches"; readonly relativeZxid: number; readonly dataWatches: readonly string[]; readonly existWatches: readonly string[]; readonly childWatches: readonly string[] }
  | { readonly type: "fourLetterWord"; readonly word: string };

/** From the server. `sessionId` 0 in an answer to "connect": the session has expired. */
export type ZooKeeperResponse =
  | { readonly type: "connected"; readonly sessionId: number; readonly password: string; readonly timeoutMs: number }
  | { readonly type: "answer"; readonly xid: number; readonly zxid: number; readonly answer: ZooKeeperAnswer }
  | { readonly type: "pong" }
  | { readonly type: "watchEvent"; readonly event: WatchEventType; readonly path: string }
  | { readonly type: "fourLetterAnswer"; readonly text: string };

export const ZOOKEEPER_CLIENT_PORT = 2181;
export const ZOOKEEPER_QUORUM_PORT = 2888;
export const ZOOKEEPER_ELECTION_PORT = 3888;
