// Watches that clients have set through this server: each fires once, before the client can see what it announces. Source: WatchManager.java,
// DataTree.setWatches (3.8.4). FIDELITY: ZK-WATCHES.
import type { ZooKeeperFact } from "#engine/protocol/facts.ts";
import { sendToClient } from "./client-sending.ts";
import type { WatchTable } from "./client-connections-state.ts";
import { addMetric } from "./metrics.ts";
import type { Server } from "./server-state.ts";
import type { TreeChange } from "./znode-database.ts";
import { parentOf } from "./znode-tree.ts";
import type { WatchEventType, ZooKeeperRequest } from "./zookeeper-protocol.ts";

export function createWatchTable(): WatchTable {
  return { of: new Map(), paths: new Map() };
}

export function addWatch(table: WatchTable, path: string, connection: number): void {
  entryOf(table.of, path).add(connection);
  entryOf(table.paths, connection).add(path);
}

function entryOf<K, V>(sets: Map<K, Set<V>>, key: K): Set<V> {
  let found = sets.get(key);
  if (found === undefined) sets.set(key, found = new Set());
  return found;
}

/** The connection is gone, its watches with it. */
export function removeWatchesOf(table: WatchTable, connection: number): void {
  for (const path of table.paths.get(connection) ?? []) {
    const watchers = table.of.get(path);
    watchers?.delete(connection);
    if (watchers?.size === 0) table.of.delete(path);
  }
  table.paths.delete(connection);
}

/** Takes who watches a path. */
function takeWatchers(table: WatchTable, path: string): ReadonlySet<number> {
  const watchers = table.of.get(path);
  if (watchers === undefined) return NOBODY;
  table.of.delete(path);
  for (const connection of watchers) {
    const paths = table.paths.get(connection);
    paths?.delete(path);
    if (paths?.size === 0) table.paths.delete(connection);
  }
  return watchers;
}

const NOBODY: ReadonlySet<number> = new Set();

/** What a change of the tree fires, in ZooKeeper's order. */
export function fireWatches(server: Server, change: TreeChange["change"], path: string): void {
  const { dataWatches, childWatches } = server.state.clients;
  if (change === "changed") return announce(server, takeWatchers(dataWatches, path), "NodeDataChanged", path);
  if (change === "created") announce(server, takeWatchers(dataWatches, path), "NodeCreated", path);
  else {
    const told = takeWatchers(dataWatches, path);
    announce(server, told, "NodeDeleted", path);
    announce(server, new Set([...takeWatchers(childWatches, path)].filter(connection => !told.has(connection))), "NodeDeleted", path);
  }
  const parent = parentOf(path);
  announce(server, takeWatchers(childWatches, parent), "NodeChildrenChanged", parent);
}

function announce(server: Server, watchers: ReadonlySet<number>, event: WatchEventType, path: string): void {
  if (watchers.size > 0) addMetric(server.state.metrics, WATCH_METRICS[event], watchers.size);
  for (const connection of watchers) {
    const client = server.state.clients.open.get(connection);
    if (client === undefined) continue;
    server.process.trace<ZooKeeperFact>({ kind: "znode-watch", server: server.state.config.serverId, event, path, client: client.peer });
    sendToClient(server, client, { type: "watchEvent", event, path });
  }
}

const WATCH_METRICS = {
  NodeCreated: "node_created_watch_count", NodeDeleted: "node_deleted_watch_count", NodeDataChanged: "node_changed_watch_count",
  NodeChildrenChanged: "node_children_watch_count",
} as const;

/** A client has come with its watches: what has happened since `relativeZxid` fires at once, the others are set. */
export function setWatches(server: Server, connection: number, request: Extract<ZooKeeperRequest, { type: "setWatches" }>): void {
  const { tree } = server.state.database;
  const { dataWatches, childWatches } = server.state.clients;
  const only = new Set([connection]);
  for (const path of request.dataWatches) {
    const node = tree.nodes.get(path);
    if (node === undefined) announce(server, only, "NodeDeleted", path);
    else if (node.mzxid > request.relativeZxid) announce(server, only, "NodeDataChanged", path);
    else addWatch(dataWatches, path, connection);
  }
  for (const path of request.existWatches) {
    if (tree.nodes.has(path)) announce(server, only, "NodeCreated", path);
    else addWatch(dataWatches, path, connection);
  }
  for (const path of request.childWatches) {
    const node = tree.nodes.get(path);
    if (node === undefined) announce(server, only, "NodeDeleted", path);
    else if (node.pzxid > request.relativeZxid) announce(server, only, "NodeChildrenChanged", path);
    else addWatch(childWatches, path, connection);
  }
}
