// The tree of znodes as one server holds it in memory: data, versions, statistics, children, ephemeral owners. Changes come as committed
// transactions only. Source: DataTree.java, DataNode.java (3.8.4). FIDELITY: ZK-TREE, ZK-CHILDREN-ORDER.
import { invariant } from "#engine/core/invariant-error.ts";
import { SharedValue } from "#engine/core/shared-value.ts";
import { utf8Length } from "#engine/protocol/schema.ts";
import { javaBucket } from "./java-hash.ts";
import type { ZnodeStat } from "./zookeeper-protocol.ts";

interface ZnodeFields {
  readonly data: string | null;
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  /** Creates below this znode; what a Stat shows as cversion follows from it. */
  readonly createdChildren: number;
  /** 0: not ephemeral. */
  readonly ephemeralOwner: number;
}

/** A znode; a change makes a new one, so checkpoints and images share them. */
export class Znode extends SharedValue implements ZnodeFields {
  readonly data: string | null;
  readonly dataLength: number;
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  readonly createdChildren: number;
  readonly ephemeralOwner: number;

  constructor(fields: ZnodeFields, dataLength?: number) {
    super();
    this.data = fields.data;
    this.dataLength = dataLength ?? (fields.data === null ? 0 : utf8Length(fields.data));
    this.czxid = fields.czxid;
    this.mzxid = fields.mzxid;
    this.pzxid = fields.pzxid;
    this.ctimeMs = fields.ctimeMs;
    this.mtimeMs = fields.mtimeMs;
    this.version = fields.version;
    this.createdChildren = fields.createdChildren;
    this.ephemeralOwner = fields.ephemeralOwner;
  }

  digestParts(): readonly (number | string)[] {
    return [this.data ?? "", this.czxid, this.mzxid, this.pzxid, this.version, this.createdChildren, this.ephemeralOwner];
  }
}

/** Plain data. `children`: names below a path, in the order of their creation. `dataBytes`: lengths of all paths and data (zk_approximate_data_size). */
export interface ZnodeTree {
  readonly nodes: Map<string, Znode>;
  readonly children: Map<string, Set<string>>;
  readonly ephemerals: Map<number, Set<string>>;
  dataBytes: number;
}

export const CONFIG_PATH = "/zookeeper/config";
/** Znodes that are there from the start and cannot be deleted (ZKDatabase.isSpecialPath). */
export const SPECIAL_PATHS: readonly string[] = ["/", "/zookeeper", "/zookeeper/quota", CONFIG_PATH];

/** The tree of a new ensemble; `configText` is the membership, as /zookeeper/config shows it. */
export function createTree(configText: string): ZnodeTree {
  const tree: ZnodeTree = { nodes: new Map(), children: new Map(), ephemerals: new Map(), dataBytes: 0 };
  for (const path of SPECIAL_PATHS) {
    const data = path === CONFIG_PATH ? configText : "";
    putNode(tree, path, new Znode({
      data, czxid: 0, mzxid: 0, pzxid: 0, ctimeMs: 0, mtimeMs: 0, version: 0, createdChildren: 0, ephemeralOwner: 0,
    }));
  }
  return tree;
}

/** Adds a znode as it stands, below its parent when it has one. */
export function putNode(tree: ZnodeTree, path: string, node: Znode): void {
  tree.nodes.set(path, node);
  tree.dataBytes += path.length + node.dataLength;
  if (node.ephemeralOwner !== 0) entryOf(tree.ephemerals, node.ephemeralOwner).add(path);
  if (path !== "/") entryOf(tree.children, parentOf(path)).add(nameOf(path));
}

function entryOf<K>(sets: Map<K, Set<string>>, key: K): Set<string> {
  let found = sets.get(key);
  if (found === undefined) sets.set(key, found = new Set());
  return found;
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function childCount(tree: ZnodeTree, path: string): number {
  return tree.children.get(path)?.size ?? 0;
}

export function createZnode(tree: ZnodeTree, path: string, change: {
  readonly data: string | null; readonly ephemeralOwner: number; readonly parentCversion: number; readonly zxid: number; readonly timeMs: number;
}): void {
  const { data, ephemeralOwner, zxid, timeMs } = change;
  const parentPath = parentOf(path);
  const parent = tree.nodes.get(parentPath);
  invariant(parent !== undefined && !tree.nodes.has(path), `znode ${path} cannot be created by ${zxid}`);
  tree.nodes.set(parentPath, new Znode({ ...parent, pzxid: zxid, createdChildren: Math.max(parent.createdChildren, change.parentCversion) }, parent.dataLength));
  putNode(tree, path, new Znode({
    data, czxid: zxid, mzxid: zxid, pzxid: zxid, ctimeMs: timeMs, mtimeMs: timeMs, version: 0, createdChildren: 0, ephemeralOwner,
  }));
}

/** Returns what was deleted. */
export function deleteZnode(tree: ZnodeTree, path: string, zxid: number): Znode {
  const node = tree.nodes.get(path);
  const parentPath = parentOf(path);
  const parent = tree.nodes.get(parentPath);
  invariant(node !== undefined && parent !== undefined, `znode ${path} cannot be deleted by ${zxid}`);
  tree.nodes.delete(path);
  tree.dataBytes -= path.length + node.dataLength;
  tree.children.delete(path);
  tree.children.get(parentPath)?.delete(nameOf(path));
  tree.nodes.set(parentPath, new Znode({ ...parent, pzxid: zxid }, parent.dataLength));
  if (node.ephemeralOwner !== 0) {
    const owned = tree.ephemerals.get(node.ephemeralOwner);
    owned?.delete(path);
    if (owned?.size === 0) tree.ephemerals.delete(node.ephemeralOwner);
  }
  return node;
}

export function setZnodeData(tree: ZnodeTree, path: string, change: {
  readonly data: string | null; readonly version: number; readonly zxid: number; readonly timeMs: number;
}): void {
  const before = tree.nodes.get(path);
  invariant(before !== undefined, `znode ${path} cannot be changed by ${change.zxid}`);
  const after = new Znode({ ...before, data: change.data, version: change.version, mzxid: change.zxid, mtimeMs: change.timeMs });
  tree.nodes.set(path, after);
  tree.dataBytes += after.dataLength - before.dataLength;
}

/** Stat of a znode that exists. DataNode.copyStat: cversion counts creates and deletes, so those still there count once. */
export function statOf(tree: ZnodeTree, path: string, node: Znode): ZnodeStat {
  const numChildren = childCount(tree, path);
  return {
    czxid: node.czxid, mzxid: node.mzxid, pzxid: node.pzxid, ctimeMs: node.ctimeMs, mtimeMs: node.mtimeMs, version: node.version,
    cversion: 2 * node.createdChildren - numChildren, aversion: 0, ephemeralOwner: node.ephemeralOwner, dataLength: node.dataLength, numChildren,
  };
}

/** Names of the children in the order of Java's HashSet of them: by bucket, then by creation. */
export function childrenOf(tree: ZnodeTree, path: string): string[] {
  const names = [...tree.children.get(path) ?? []];
  let buckets = 8;
  while (names.length > buckets * 3 / 4) buckets *= 2;
  const bucketOf = new Map(names.map(name => [name, javaBucket(name, buckets)]));
  return names.sort((a, b) => (bucketOf.get(a) ?? 0) - (bucketOf.get(b) ?? 0));
}
