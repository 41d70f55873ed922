// What ZooKeeper's servers tell: who leads the ensemble, which sessions live, what is in the znodes. Which broker is in service, which one is the
// controller, which topics there are and who leads what, is said by znodes.
import { sortedConfigs } from "./fold-controller-facts.ts";
import { zooKeeperServerName } from "./node-names.ts";
import { newPartition, newReplica, updatePartition, withHighWatermark } from "./partition-view.ts";
import type { ZooKeeperServerSpec } from "./spec.ts";
import { type PartitionAssignment, readConfigZnode, readStateZnode, readTopicPath, readTopicZnode } from "./topic-znodes.ts";
import type { ClusterView, EnsembleView, NodeView, PartitionView, ProcessStatusView, SessionView, TopicView, ZooKeeperServerView } from "./view.ts";
import type { ZooKeeperFact } from "#engine/protocol/facts.ts";

export const CONTROLLER_PATH = "/controller";
export const CONTROLLER_EPOCH_PATH = "/controller_epoch";
const BROKER_IDS_PATH = "/brokers/ids/";

type Znode = EnsembleView["znodes"][number];
type ZnodeFact = ZooKeeperFact & { readonly kind: "znode" };

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
    case "znode": return foldTopicZnode(withZnodes(view, ensemble, changedZnodes(ensemble.znodes, fact), fact.path), fact);
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

function changedZnodes(znodes: readonly Znode[], fact: ZnodeFact): readonly Znode[] {
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

// ---- topics, as the znodes have them

/** From the moment on that a migration's KRaft controller holds /controller, its own decisions count. */
function isKraftInCharge(view: ClusterView): boolean {
  const controller = view.ensemble === undefined ? -1 : controllerInZooKeeper(view.ensemble);
  return view.nodes.some(node => node.id === controller && node.roles?.includes("controller") === true);
}

function foldTopicZnode(view: ClusterView, fact: ZnodeFact): ClusterView {
  const path = readTopicPath(fact.path);
  if (path === null || isKraftInCharge(view)) return view;
  const data = fact.change === "deleted" ? null : fact.data;
  switch (path.of) {
    case "topic": return data === null ? { ...view, topics: view.topics.filter(({ name }) => name !== path.topic) } : withTopic(view, path.topic, data);
    case "state":
      return updatePartition(view, path.topic, path.partition, partition =>
        withHighWatermark({ ...partition, ...readStateZnode(data, fact.version) }, view.nodes));
    case "config": {
      const configs = sortedConfigs(readConfigZnode(data));
      return { ...view, topics: view.topics.map(topic => topic.name === path.topic ? { ...topic, configs } : topic) };
    }
  }
}

function withTopic(view: ClusterView, name: string, data: string): ClusterView {
  const { topicId, partitions } = readTopicZnode(data);
  const before = view.topics.find(topic => topic.name === name);
  const topic: TopicView = {
    name, topicId, configs: before?.configs ?? sortedConfigs(readConfigZnode(znodeAt(view.ensemble?.znodes ?? [], `/config/topics/${name}`)?.data)),
    partitions: partitions.map((assignment, index) => withAssignment(before?.partitions[index] ?? newPartition(name, index), assignment, view)),
  };
  return { ...view, topics: before === undefined ? [...view.topics, topic] : view.topics.map(other => other === before ? topic : other) };
}

function withAssignment({ addingReplicas: _adding, removingReplicas: _removing, ...partition }: PartitionView, assignment: PartitionAssignment, view: ClusterView): PartitionView {
  const logs = assignment.replicas.map(broker => partition.logs.find(log => log.broker === broker) ?? newReplica(broker));
  return withHighWatermark({ ...partition, ...assignment, logs }, view.nodes);
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
