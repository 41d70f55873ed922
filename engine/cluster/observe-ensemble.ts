// The ensemble as its servers have it in memory: who leads, which sessions live, what is in the znodes; and what the znodes say of Kafka: topics,
// partitions, settings.
import { sortedConfigs } from "./fold-controller-facts.ts";
import { sortedSessions } from "./fold-zookeeper-facts.ts";
import { zooKeeperServerName } from "./node-names.ts";
import { committedDatabase, processOf, serverMemory } from "./observe-processes.ts";
import type { ClusterSpec, ZooKeeperServerSpec } from "./spec.ts";
import { readConfigZnode, readStateZnode, readTopicZnode } from "./topic-znodes.ts";
import type { EnsembleView, PartitionView, TopicView, ZooKeeperServerView } from "./view.ts";
import type { World } from "#engine/core/world.ts";
import { announcedRole } from "#engine/zookeeper/committed-tree.ts";
import type { ZnodeDatabase } from "#engine/zookeeper/znode-database.ts";
import { SPECIAL_PATHS } from "#engine/zookeeper/znode-tree.ts";
import { sessionText } from "#engine/zookeeper/zxid.ts";

/** Undefined in KRaft mode. Without a living server there are no znodes to be seen. */
export function observeEnsemble(world: World, spec: ClusterSpec): EnsembleView | undefined {
  if (spec.zookeeper === undefined) return undefined;
  const database = committedDatabase(world, spec);
  return {
    servers: spec.zookeeper.map(server => observeServer(world, server)),
    sessions: database === null ? [] : sortedSessions([...database.sessions].map(([id, { client }]) => ({ session: sessionText(id), client }))),
    znodes: database === null ? [] : observeZnodeViews(database),
  };
}

function observeServer(world: World, { id, host }: ZooKeeperServerSpec): ZooKeeperServerView {
  const name = zooKeeperServerName(id);
  const server = serverMemory(world, id);
  const status = processOf(world, name)?.status ?? "stopped";
  if (server === null) return { id, name, host, status, state: "none", epoch: 0, leader: -1 };
  // Until the ensemble has agreed on a history, a server that has made its choice still looks to everybody else as if it were looking.
  return { id, name, host, status, ...announcedRole(server) ?? { state: "none", epoch: 0, leader: -1 } };
}

/** In the order of paths, without those that every ensemble has. */
function observeZnodeViews({ tree }: ZnodeDatabase): EnsembleView["znodes"] {
  return [...tree.nodes].filter(([path]) => !SPECIAL_PATHS.includes(path))
    .map(([path, node]) => ({ path, version: node.version, ephemeral: node.ephemeralOwner !== 0, data: node.data }))
    .sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}

// ---- what the znodes say of Kafka

/** A partition as it is committed, without its logs. */
export type CommittedPartition = Omit<PartitionView, "topic" | "logs" | "highWatermark">;
export type TopicInZooKeeper = Omit<TopicView, "partitions"> & { readonly partitions: readonly CommittedPartition[] };

/** Topics in the order of their creation. */
export function topicsInZooKeeper(database: ZnodeDatabase): readonly TopicInZooKeeper[] {
  const names = [...database.tree.children.get("/brokers/topics") ?? []];
  return names.map(name => topicInZooKeeper(database, name)).filter(topic => topic !== null)
    .sort((a, b) => a.czxid - b.czxid).map(({ topic }) => topic);
}

function topicInZooKeeper({ tree }: ZnodeDatabase, name: string): { readonly czxid: number; readonly topic: TopicInZooKeeper } | null {
  const node = tree.nodes.get(`/brokers/topics/${name}`);
  if (node?.data === undefined || node.data === null) return null;
  const { topicId, partitions } = readTopicZnode(node.data);
  const configs = sortedConfigs(readConfigZnode(tree.nodes.get(`/config/topics/${name}`)?.data));
  return { czxid: node.czxid, topic: { name, topicId, configs, partitions: partitions.map((assignment, partition): CommittedPartition => {
    const state = tree.nodes.get(`/brokers/topics/${name}/partitions/${partition}/state`);
    return { partition, ...assignment, ...readStateZnode(state?.data, state?.version ?? -1) };
  }) } };
}
