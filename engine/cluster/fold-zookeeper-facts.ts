// What ZooKeeper's servers tell: who leads the ensemble, which sessions live, what is in the znodes. Which broker is in service, and which one is
// the controller, is said by znodes.
import { zooKeeperServerName } from "./node-names.ts";
import type { ZooKeeperServerSpec } from "./spec.ts";
import type { ClusterView, EnsembleView, NodeView, ProcessStatusView, SessionView, ZooKeeperServerView } from "./view.ts";
import type { ZooKeeperFact } from "#engine/protocol/facts.ts";

export const CONTROLLER_PATH = "/controller";
export const CONTROLLER_EPOCH_PATH = "/controller_epoch";
const BROKER_IDS_PATH = "/brokers/ids/";

type Znode = EnsembleView["znodes"][number];

export function newEnsemble(servers: readonly ZooKeeperServerSpec[]): EnsembleView {
  return { servers: servers.map(newServer), sessions: [], znodes: [] };
}

function newServer({ id, host }: ZooKeeperServerSpec): ZooKeeperServerView {
  return { id, name: zooKeeperServerName(id), host, status: "stopped", state: "none", epoch: 0, leader: -1 };
}

export function foldZooKeeperFact(view: ClusterView, fact: Exclude<ZooKeeperFact, { readonly kind: "znode-watch" }>): ClusterView {
  const { ensemble } = view;
  if (ensemble === undefined) return view;
  switch (fact.kind) {
    case "zookeeper-state":
      return withServer(view, fact.server, server => ({ ...server, state: fact.state, epoch: fact.epoch, leader: fact.leader }));
    case "zookeeper-session": {
      const others = ensemble.sessions.filter(({ session }) => session !== fact.session);
      const sessions = fact.change === "created" ? sortedSessions([...others, { session: fact.session, client: fact.client }]) : others;
      return { ...view, ensemble: { ...ensemble, sessions } };
    }
    case "znode": return withZnodes(view, ensemble, changedZnodes(ensemble.znodes, fact), fact.path);
  }
}

/** In the order of their numbers. */
export function sortedSessions(sessions: readonly SessionView[]): readonly SessionView[] {
  return [...sessions].sort((a, b) => a.session < b.session ? -1 : a.session > b.session ? 1 : 0);
}

function withServer(view: ClusterView, id: number, change: (server: ZooKeeperServerView) => ZooKeeperServerView): ClusterView {
  const { ensemble } = view;
  if (ensemble === undefined) return view;
  return { ...view, ensemble: { ...ensemble, servers: ensemble.servers.map(server => server.id === id ? change(server) : server) } };
}

/** A server that has ended, or has just begun, has no role yet. */
export function setServerStatus(view: ClusterView, name: string, status: ProcessStatusView): ClusterView {
  const server = view.ensemble?.servers.find(candidate => candidate.name === name);
  if (server === undefined) return view;
  const forgets = status === "stopped" || server.status === "stopped";
  return withServer(view, server.id, before => forgets ? { ...before, status, state: "none", leader: -1 } : { ...before, status });
}

function changedZnodes(znodes: readonly Znode[], fact: ZooKeeperFact & { readonly kind: "znode" }): readonly Znode[] {
  const at = placeOf(znodes, fact.path);
  const changed = znodes.slice();
  const isThere = znodes[at]?.path === fact.path;
  if (fact.change === "deleted") {
    if (isThere) changed.splice(at, 1);
  } else changed.splice(at, isThere ? 1 : 0, { path: fact.path, version: fact.version, ephemeral: fact.ephemeral, data: fact.data });
  return changed;
}

/** Index of the path, or where it belongs: binary search. */
function placeOf(znodes: readonly Znode[], path: string): number {
  let low = 0;
  let high = znodes.length;
  while (low < high) {
    const middle = low + high >> 1;
    if ((znodes[middle] as Znode).path < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

function znodeAt(znodes: readonly Znode[], path: string): Znode | undefined {
  const znode = znodes[placeOf(znodes, path)];
  return znode?.path === path ? znode : undefined;
}

/** The view with other znodes, and what `path` says of brokers and controllers. */
function withZnodes(view: ClusterView, ensemble: EnsembleView, znodes: readonly Znode[], path: string): ClusterView {
  const changed: ClusterView = { ...view, ensemble: { ...ensemble, znodes } };
  if (path === CONTROLLER_EPOCH_PATH) return { ...changed, controllerEpoch: controllerEpochIn(changed.ensemble) };
  if (!path.startsWith(BROKER_IDS_PATH) || view.profile.mode !== "zookeeper") return changed;
  return { ...changed, nodes: view.nodes.map(node => path === `${BROKER_IDS_PATH}${node.id}` ? { ...node, belief: beliefIn(znodes, node.id) } : node) };
}

/** In ZooKeeper mode a broker is in service while its znode exists. */
export function beliefIn(znodes: EnsembleView["znodes"], broker: number): NodeView["belief"] {
  return znodeAt(znodes, `${BROKER_IDS_PATH}${broker}`) === undefined ? "unregistered" : "unfenced";
}

export function controllerEpochIn(ensemble: EnsembleView | undefined): number {
  return Number(znodeAt(ensemble?.znodes ?? [], CONTROLLER_EPOCH_PATH)?.data ?? 0);
}

/** The node that /controller names; -1 when there is no such znode. */
export function controllerInZooKeeper(ensemble: EnsembleView): number {
  const data = znodeAt(ensemble.znodes, CONTROLLER_PATH)?.data ?? null;
  if (data === null) return -1;
  const id = /"brokerid":\s*(-?\d+)/.exec(data)?.[1];
  return id === undefined ? -1 : Number(id);
}
