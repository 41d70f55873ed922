// What a Kafka node's process is started with: the place that the spec gives it, changed by the lines of its server.properties that say where it
// belongs (process.roles, node.id, broker.rack, zookeeper.connect, controller.quorum.voters). A restart with other settings may move a node from
// ZooKeeper mode into KRaft, as a migration does.
import type { ConfigChanges } from "./commands.ts";
import { isController, nodeName, rolesOf } from "./node-names.ts";
import type { ClusterSpec, NodeRole, NodeSpec, Settings } from "./spec.ts";
import { BROKER_PORT, CONTROLLER_PORT, type KafkaNodeSettings, type QuorumVoter } from "#engine/broker/node-settings.ts";
import type { Endpoint } from "#engine/protocol/network-client.ts";
import { ZOOKEEPER_CLIENT_PORT } from "#engine/zookeeper/zookeeper-protocol.ts";

/** As `kafka-storage.sh random-uuid` would give it. */
const CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg";

export function nodeProcessSettings(spec: ClusterSpec, node: NodeSpec): KafkaNodeSettings {
  const roles = rolesOf(spec, node);
  const mode = roles.length === 0 ? "zookeeper" : "kraft";
  const settings: KafkaNodeSettings = {
    nodeId: node.id, host: node.host, rack: node.rack ?? null, clusterId: CLUSTER_ID, kafka: spec.kafka, mode, roles,
    quorum: mode === "kraft" ? votersOf(spec) : [], isQuorumDynamic: spec.quorum === "dynamic",
    zookeeperConnect: mode === "zookeeper" ? ensembleOf(spec) : [], overrides: {}, ...node.storage === undefined ? {} : { storage: node.storage },
  };
  return changedSettings(settings, { ...spec.settings, ...node.settings });
}

/**
 * controller.quorum.voters; of a dynamic quorum controller.quorum.bootstrap.servers, where those that start with the cluster have the directory
 * ids that their disks are formatted with.
 */
function votersOf(spec: ClusterSpec): QuorumVoter[] {
  return spec.nodes.filter(node => isController(spec, node)).map(({ id, host, startsLater }) => ({
    nodeId: id, host, port: CONTROLLER_PORT, ...spec.quorum === "dynamic" && startsLater !== true ? { directoryId: formattedDirectoryId(id) } : {},
  }));
}

/** 22 characters that are the text of a uuid, as kafka-storage.sh --initial-controllers takes them. */
function formattedDirectoryId(node: number): string {
  return `Controller${String(node).padStart(11, "0")}A`;
}

function ensembleOf(spec: ClusterSpec): Endpoint[] {
  return (spec.zookeeper ?? []).map(({ host }) => ({ host, port: ZOOKEEPER_CLIENT_PORT }));
}

/** Where a node listens: 9092 as a broker, 9093 as a controller. */
export function portsOf(spec: ClusterSpec, node: NodeSpec): readonly number[] {
  const roles = rolesOf(spec, node);
  return [...roles.length === 0 || roles.includes("broker") ? [BROKER_PORT] : [], ...roles.includes("controller") ? [CONTROLLER_PORT] : []];
}

export function nodeOfProcess(spec: ClusterSpec, process: string): NodeSpec | undefined {
  return spec.nodes.find(node => nodeName(spec, node) === process);
}

/** Settings with these changes, where null takes one away: what says where the node belongs is understood, everything is kept under its name. */
export function changedSettings(settings: KafkaNodeSettings, changes: ConfigChanges): KafkaNodeSettings {
  const roles = changes["process.roles"] === undefined ? settings.roles : readRoles(changes["process.roles"]);
  const nodeId = Number(changes["node.id"] ?? changes["broker.id"] ?? settings.nodeId);
  const rack = changes["broker.rack"];
  const connect = changes["zookeeper.connect"];
  const voters = changes["controller.quorum.voters"];
  return {
    ...settings, nodeId, roles, mode: roles.length === 0 ? "zookeeper" : "kraft",
    rack: rack === undefined ? settings.rack : rack === null ? null : String(rack),
    zookeeperConnect: connect === undefined ? settings.zookeeperConnect : readEndpoints(connect),
    quorum: voters === undefined ? settings.quorum : readVoters(voters),
    overrides: mergedSettings(settings.overrides, changes),
  };
}

export function mergedSettings(own: Settings, changes: ConfigChanges): Settings {
  const merged: Record<string, string | number | boolean> = {};
  for (const [name, value] of [...Object.entries(own), ...Object.entries(changes)]) {
    if (value === null) delete merged[name];
    else merged[name] = value;
  }
  return merged;
}

function partsOf(value: string | number | boolean | null): string[] {
  return value === null ? [] : String(value).split(",").map(part => part.trim()).filter(part => part !== "");
}

function readRoles(value: string | number | boolean | null): NodeRole[] {
  return partsOf(value).filter(part => part === "broker" || part === "controller");
}

/** "host:port,host:port". */
function readEndpoints(value: string | number | boolean | null): Endpoint[] {
  return partsOf(value).map(part => {
    const [host = "", port] = part.split(":");
    return { host, port: Number(port ?? ZOOKEEPER_CLIENT_PORT) };
  });
}

/** "id@host:port,id@host:port". */
function readVoters(value: string | number | boolean | null): QuorumVoter[] {
  return partsOf(value).map(part => {
    const [id = "", address = ""] = part.split("@");
    const [host = "", port] = address.split(":");
    return { nodeId: Number(id), host, port: Number(port ?? CONTROLLER_PORT) };
  });
}
