// What a server knows: the tree, the sessions, and which transaction it has applied last; and how a transaction changes it. An image is all of
// it at one moment, for the disk and for a follower too far behind. Source: ZKDatabase.java, DataTree.processTxn (3.8.4). FIDELITY: ZK-TREE.
import { SharedValue } from "#engine/core/shared-value.ts";
import type { Transaction, TransactionBody } from "./transactions.ts";
import { createTree, createZnode, deleteZnode, putNode, setZnodeData, statOf, type Znode, type ZnodeTree } from "./znode-tree.ts";
import type { ZooKeeperAnswer, ZooKeeperError } from "./zookeeper-protocol.ts";
import { type EnsembleMember, type ServerConfig } from "./zookeeper-settings.ts";
import { ZOOKEEPER_ELECTION_PORT, ZOOKEEPER_QUORUM_PORT } from "./zookeeper-protocol.ts";

/** A session as the transactions tell it. */
export interface SessionRecord { readonly timeoutMs: number; readonly client: string }

export interface ZnodeDatabase {
  readonly tree: ZnodeTree;
  readonly sessions: Map<number, SessionRecord>;
  lastProcessedZxid: number;
}

/** What a transaction has changed, in order: what watches and facts are made of. */
export interface TreeChange {
  readonly change: "created" | "changed" | "deleted";
  readonly path: string;
  readonly version: number;
  readonly data: string | null;
  readonly ephemeral: boolean;
}

/** The members of an ensemble, as `conf` and /zookeeper/config print them. */
export function membershipText(servers: readonly EnsembleMember[]): string {
  const lines = servers.map(({ id, host }) => `server.${id}=${host}:${ZOOKEEPER_QUORUM_PORT}:${ZOOKEEPER_ELECTION_PORT}:participant`);
  return [...lines, "version=0"].join("\n");
}

export function createDatabase(config: ServerConfig): ZnodeDatabase {
  return { tree: createTree(membershipText(config.servers)), sessions: new Map(), lastProcessedZxid: 0 };
}

/** Applies a committed transaction. Its zxid must be above everything applied before. */
export function applyTransaction(database: ZnodeDatabase, transaction: Transaction): TreeChange[] {
  const changes: TreeChange[] = [];
  database.lastProcessedZxid = transaction.zxid;
  applyBody(database, transaction, transaction.body, changes);
  return changes;
}

function applyBody(database: ZnodeDatabase, transaction: Transaction, body: TransactionBody, changes: TreeChange[]): void {
  const { tree } = database;
  const { zxid, timeMs } = transaction;
  switch (body.type) {
    case "create":
      createZnode(tree, body.path, {
        data: body.data, ephemeralOwner: body.ephemeral ? transaction.sessionId : 0, parentCversion: body.parentCversion, zxid, timeMs,
      });
      changes.push({ change: "created", path: body.path, version: 0, data: body.data, ephemeral: body.ephemeral });
      return;
    case "delete":
      changes.push(deleted(body.path, deleteZnode(tree, body.path, zxid)));
      return;
    case "setData": {
      setZnodeData(tree, body.path, { data: body.data, version: body.version, zxid, timeMs });
      const ephemeral = tree.nodes.get(body.path)?.ephemeralOwner !== 0;
      changes.push({ change: "changed", path: body.path, version: body.version, data: body.data, ephemeral });
      return;
    }
    case "multi":
      if (!body.parts.some(part => part.type === "error")) for (const part of body.parts) applyBody(database, transaction, part, changes);
      return;
    case "createSession":
      database.sessions.set(transaction.sessionId, { timeoutMs: body.timeoutMs, client: body.client });
      return;
    case "closeSession":
      database.sessions.delete(transaction.sessionId);
      for (const path of body.paths) if (tree.nodes.has(path)) changes.push(deleted(path, deleteZnode(tree, path, zxid)));
      return;
    case "check": case "error": return;
  }
}

function deleted(path: string, node: Znode): TreeChange {
  return { change: "deleted", path, version: node.version, data: node.data, ephemeral: node.ephemeralOwner !== 0 };
}

/** What the client is told, right after the transaction was applied. */
export function answerOf(database: ZnodeDatabase, body: TransactionBody): ZooKeeperAnswer {
  switch (body.type) {
    case "create": return { error: "OK", path: body.path };
    case "setData": {
      const node = database.tree.nodes.get(body.path);
      return node === undefined ? { error: "OK" } : { error: "OK", stat: statOf(database.tree, body.path, node) };
    }
    case "error": return { error: body.error };
    case "multi": return multiAnswer(database, body.parts);
    case "delete": case "check": case "createSession": case "closeSession": return { error: "OK" };
  }
}

/** Of a multi that failed, each part has an error: OK for those before the one that failed, RUNTIMEINCONSISTENCY for those after. */
function multiAnswer(database: ZnodeDatabase, parts: readonly TransactionBody[]): ZooKeeperAnswer {
  const failed = parts.find(part => part.type === "error");
  if (failed === undefined) return { error: "OK", results: parts.map(part => answerOf(database, part)) };
  const error: ZooKeeperError = failed.type === "error" ? failed.error : "OK";
  return { error, results: parts.map(part => ({ error: part.type === "error" ? part.error : "OK" })) };
}

/** Everything at one moment; immutable. */
export class DatabaseImage extends SharedValue {
  readonly zxid: number;
  readonly nodes: readonly (readonly [string, Znode])[];
  readonly sessions: readonly (readonly [number, SessionRecord])[];
  readonly sizeBytes: number;

  constructor(database: ZnodeDatabase) {
    super();
    this.zxid = database.lastProcessedZxid;
    this.nodes = [...database.tree.nodes];
    this.sessions = [...database.sessions];
    // A record of a snapshot: path, data, acl reference, StatPersisted.
    this.sizeBytes = database.tree.dataBytes + this.nodes.length * (4 + 4 + 8 + 60) + this.sessions.length * 12;
  }

  digestParts(): readonly (number | string)[] {
    return [this.zxid, this.nodes.length, this.sessions.length, this.sizeBytes];
  }
}

export function databaseOf(image: DatabaseImage): ZnodeDatabase {
  const tree: ZnodeTree = { nodes: new Map(), children: new Map(), ephemerals: new Map(), dataBytes: 0 };
  for (const [path, node] of image.nodes) putNode(tree, path, node);
  return { tree, sessions: new Map(image.sessions), lastProcessedZxid: image.zxid };
}
