// What a server answers from its own tree, without asking anybody. It may be behind the leader; `sync` first makes it catch up.
// Source: FinalRequestProcessor.java (3.8.4). FIDELITY: ZK-READS.
import type { ClientConnection, QueuedRequest } from "./client-connections-state.ts";
import { countFinished, sendToClient } from "./client-sending.ts";
import { isValidPath } from "./request-preparation.ts";
import type { Server } from "./server-state.ts";
import { addWatch, setWatches } from "./watches.ts";
import { childrenOf, statOf } from "./znode-tree.ts";
import type { ZooKeeperAnswer, ZooKeeperOperation } from "./zookeeper-protocol.ts";

export function answerRead(server: Server, client: ClientConnection, queued: QueuedRequest): void {
  const { request, xid } = queued;
  const zxid = server.state.database.lastProcessedZxid;
  countFinished(server, client, queued, zxid);
  // The answer belongs to the request that waited, not to what let it through.
  const { cause } = server.process;
  server.process.becauseOf(queued.cause);
  if (request.type === "ping") sendToClient(server, client, { type: "pong" });
  else if (request.type === "operation") sendToClient(server, client, { type: "answer", xid, zxid, answer: read(server, client, request.operation) });
  else if (request.type === "setWatches") {
    setWatches(server, client.connection, request);
    sendToClient(server, client, { type: "answer", xid, zxid, answer: { error: "OK" } });
  }
  server.process.becauseOf(cause);
}

function read(server: Server, client: ClientConnection, operation: ZooKeeperOperation): ZooKeeperAnswer {
  const { clients, database } = server.state;
  if (!("path" in operation) || !isValidPath(operation.path)) return { error: "BADARGUMENTS" };
  const { path } = operation;
  const node = database.tree.nodes.get(path);
  // Whether or not the znode is there: exists watches it.
  if (operation.op === "exists" && operation.watch) addWatch(clients.dataWatches, path, client.connection);
  if (operation.op === "sync") return { error: "OK", path };
  if (node === undefined) return { error: "NONODE" };
  const stat = statOf(database.tree, path, node);
  switch (operation.op) {
    case "getData":
      if (operation.watch) addWatch(clients.dataWatches, path, client.connection);
      return { error: "OK", data: node.data, stat };
    case "getChildren":
      if (operation.watch) addWatch(clients.childWatches, path, client.connection);
      return { error: "OK", children: childrenOf(database.tree, path), stat };
    default: return { error: "OK", stat };
  }
}
