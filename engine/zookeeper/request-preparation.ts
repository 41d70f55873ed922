// From a request to a transaction: the leader checks versions, parents and names against the tree as it will be when everything proposed has been
// applied, so that requests can follow each other without waiting. Source: PrepRequestProcessor.java, PathUtils.java (3.8.4).
// FIDELITY: ZK-PREPARATION.
import type { OrderedOperation } from "./quorum-messages.ts";
import type { Leading, ZnodeChange } from "./server-state.ts";
import type { TransactionBody } from "./transactions.ts";
import type { ZnodeDatabase } from "./znode-database.ts";
import { childCount, parentOf, SPECIAL_PATHS } from "./znode-tree.ts";
import type { ZooKeeperError, ZooKeeperWrite } from "./zookeeper-protocol.ts";

/** What a check sees: the tree of the leader under the changes that are proposed. */
export interface Preparation {
  readonly database: ZnodeDatabase;
  readonly changes: Leading["changes"];
  readonly zxid: number;
  readonly sessionId: number;
}

interface Failure { readonly error: ZooKeeperError }

/** The transaction's body. An operation that cannot be carried out becomes an "error" transaction, which is proposed like any other. */
export function prepare(preparation: Preparation, operation: OrderedOperation): TransactionBody {
  switch (operation.op) {
    case "createSession": return { type: "createSession", timeoutMs: operation.timeoutMs, client: operation.client };
    case "closeSession": return { type: "closeSession", paths: takeEphemerals(preparation), silentForUs: operation.silentForUs };
    case "multi": return prepareMulti(preparation, operation.operations);
    default: return errorOr(prepareWrite(preparation, operation));
  }
}

function errorOr(prepared: TransactionBody | Failure): TransactionBody {
  return "error" in prepared ? { type: "error", error: prepared.error } : prepared;
}

/** All parts, or after the first that fails nothing at all: then what the parts before it would have changed is forgotten. */
function prepareMulti(preparation: Preparation, operations: readonly ZooKeeperWrite[]): TransactionBody {
  const before = new Map(preparation.changes);
  const parts: TransactionBody[] = [];
  let failed = false;
  for (const operation of operations) {
    if (failed) {
      parts.push({ type: "error", error: "RUNTIMEINCONSISTENCY" });
      continue;
    }
    const part = errorOr(prepareWrite(preparation, operation));
    failed = part.type === "error";
    parts.push(part);
  }
  if (failed) {
    preparation.changes.clear();
    for (const [path, change] of before) preparation.changes.set(path, change);
  }
  return { type: "multi", parts };
}

function prepareWrite(preparation: Preparation, write: ZooKeeperWrite): TransactionBody | Failure {
  switch (write.op) {
    case "create": return prepareCreate(preparation, write);
    case "delete": return prepareDelete(preparation, write.path, write.version);
    case "setData": return prepareSetData(preparation, write);
    case "check": return prepareCheck(preparation, write.path, write.version);
  }
}

function prepareCreate(preparation: Preparation, write: Extract<ZooKeeperWrite, { op: "create" }>): TransactionBody | Failure {
  const sequential = write.mode === "persistent-sequential" || write.mode === "ephemeral-sequential";
  // A sequential name may end with the slash of its parent: the number follows.
  if (!isValidPath(sequential ? `${write.path}1` : write.path)) return { error: "BADARGUMENTS" };
  const parentPath = parentOf(write.path);
  const parent = changeOf(preparation, parentPath);
  if (!parent.exists) return { error: "NONODE" };
  const path = sequential ? write.path + String(parent.createdChildren).padStart(10, "0") : write.path;
  if (changeOf(preparation, path).exists) return { error: "NODEEXISTS" };
  if (parent.ephemeralOwner !== 0) return { error: "NOCHILDRENFOREPHEMERALS" };
  const ephemeral = write.mode === "ephemeral" || write.mode === "ephemeral-sequential";
  const parentCversion = parent.createdChildren + 1;
  setChange(preparation, parentPath, { ...parent, createdChildren: parentCversion, childCount: parent.childCount + 1 });
  setChange(preparation, path, {
    zxid: preparation.zxid, exists: true, version: 0, createdChildren: 0, childCount: 0, ephemeralOwner: ephemeral ? preparation.sessionId : 0,
  });
  return { type: "create", path, data: write.data, ephemeral, parentCversion };
}

function prepareDelete(preparation: Preparation, path: string, version: number): TransactionBody | Failure {
  if (!isValidPath(path) || SPECIAL_PATHS.includes(path)) return { error: "BADARGUMENTS" };
  const parentPath = parentOf(path);
  const parent = changeOf(preparation, parentPath);
  const node = changeOf(preparation, path);
  if (!parent.exists || !node.exists) return { error: "NONODE" };
  if (version !== -1 && version !== node.version) return { error: "BADVERSION" };
  if (node.childCount > 0) return { error: "NOTEMPTY" };
  setChange(preparation, parentPath, { ...parent, childCount: parent.childCount - 1 });
  setChange(preparation, path, { ...node, exists: false, ephemeralOwner: 0 });
  return { type: "delete", path };
}

function prepareSetData(preparation: Preparation, write: Extract<ZooKeeperWrite, { op: "setData" }>): TransactionBody | Failure {
  if (!isValidPath(write.path)) return { error: "BADARGUMENTS" };
  const node = changeOf(preparation, write.path);
  if (!node.exists) return { error: "NONODE" };
  if (write.version !== -1 && write.version !== node.version) return { error: "BADVERSION" };
  const version = node.version + 1;
  setChange(preparation, write.path, { ...node, version });
  return { type: "setData", path: write.path, data: write.data, version };
}

function prepareCheck(preparation: Preparation, path: string, version: number): TransactionBody | Failure {
  if (!isValidPath(path)) return { error: "BADARGUMENTS" };
  const node = changeOf(preparation, path);
  if (!node.exists) return { error: "NONODE" };
  return version !== -1 && version !== node.version ? { error: "BADVERSION" } : { type: "check", path, version };
}

/** The ephemeral znodes that the session owns when everything proposed so far has been applied. */
function takeEphemerals(preparation: Preparation): string[] {
  const { database, changes, sessionId } = preparation;
  const paths = new Set(database.tree.ephemerals.get(sessionId));
  for (const [path, change] of changes) {
    if (change.exists && change.ephemeralOwner === sessionId) paths.add(path);
    else paths.delete(path);
  }
  for (const path of paths) {
    const node = changeOf(preparation, path);
    const parentPath = parentOf(path);
    const parent = changeOf(preparation, parentPath);
    setChange(preparation, parentPath, { ...parent, childCount: parent.childCount - 1 });
    setChange(preparation, path, { ...node, exists: false, ephemeralOwner: 0 });
  }
  return [...paths];
}

// ---- the tree as it will be

const NOTHING: ZnodeChange = { zxid: 0, exists: false, version: 0, createdChildren: 0, childCount: 0, ephemeralOwner: 0 };

function changeOf(preparation: Preparation, path: string): ZnodeChange {
  const pending = preparation.changes.get(path);
  if (pending !== undefined) return pending;
  const { tree } = preparation.database;
  const node = tree.nodes.get(path);
  if (node === undefined) return NOTHING;
  const { version, createdChildren, ephemeralOwner } = node;
  return { zxid: 0, exists: true, version, createdChildren, childCount: childCount(tree, path), ephemeralOwner };
}

function setChange(preparation: Preparation, path: string, change: ZnodeChange): void {
  preparation.changes.set(path, { ...change, zxid: preparation.zxid });
}

/** Forgets what has been applied. */
export function forgetChanges(changes: Leading["changes"], upToZxid: number): void {
  for (const [path, change] of changes) if (change.zxid <= upToZxid) changes.delete(path);
}

/** PathUtils.validatePath. */
export function isValidPath(path: string): boolean {
  if (path === "/") return true;
  if (!path.startsWith("/") || path.endsWith("/")) return false;
  return path.slice(1).split("/").every(name => name !== "" && name !== "." && name !== "..");
}
