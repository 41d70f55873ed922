// The watches a client has set, by path: they fire once, and move along when the client reconnects to another server.
// Source: ZKWatchManager.java, WatchRegistration (3.8.4). FIDELITY: ZK-WATCHES.
import type { WatchEventType, ZooKeeperError, ZooKeeperOperation } from "./zookeeper-protocol.ts";

/** Data and exist watches fire for the znode itself, child watches for the list of its children. */
export interface ZooKeeperClientWatches { readonly data: Set<string>; readonly exist: Set<string>; readonly child: Set<string> }

export function createClientWatches(): ZooKeeperClientWatches {
  return { data: new Set(), exist: new Set(), child: new Set() };
}

export function hasWatches(watches: ZooKeeperClientWatches): boolean {
  return watches.data.size > 0 || watches.exist.size > 0 || watches.child.size > 0;
}

/** What a reconnecting client tells the server. */
export function watchesToSet(watches: ZooKeeperClientWatches): {
  readonly dataWatches: readonly string[]; readonly existWatches: readonly string[]; readonly childWatches: readonly string[];
} {
  return { dataWatches: [...watches.data], existWatches: [...watches.exist], childWatches: [...watches.child] };
}

/** Keeps the watch that an answered operation has set: the server sets it under the same conditions. */
export function keepWatchOf(watches: ZooKeeperClientWatches, operation: ZooKeeperOperation, error: ZooKeeperError): void {
  switch (operation.op) {
    case "exists":
      if (!operation.watch) return;
      if (error === "OK") watches.data.add(operation.path);
      else if (error === "NONODE") watches.exist.add(operation.path);
      return;
    case "getData":
      if (operation.watch && error === "OK") watches.data.add(operation.path);
      return;
    case "getChildren":
      if (operation.watch && error === "OK") watches.child.add(operation.path);
      return;
    default: return;
  }
}

export function forgetFiredWatch(watches: ZooKeeperClientWatches, event: WatchEventType, path: string): void {
  if (event === "NodeChildrenChanged") {
    watches.child.delete(path);
    return;
  }
  watches.data.delete(path);
  watches.exist.delete(path);
  if (event === "NodeDeleted") watches.child.delete(path);
}
