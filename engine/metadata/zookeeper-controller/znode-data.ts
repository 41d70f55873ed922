// Kafka's znodes: where they are and what stands in them, with the key order of the JSON as a 3.9.1 cluster shows it (hash-map order of Scala).
// Source: ZkData.scala (3.9). FIDELITY: ZKC-ZNODES.
import { hashMapOrder, javaHash } from "#engine/metadata/java-random.ts";
import type { CreateMode, ZooKeeperWrite } from "#engine/zookeeper/zookeeper-protocol.ts";
import { hashMapOrderOfTexts } from "./scala-map-order.ts";

export const CONTROLLER_PATH = "/controller";
export const CONTROLLER_EPOCH_PATH = "/controller_epoch";
export const BROKER_IDS_PATH = "/brokers/ids";
export const TOPICS_PATH = "/brokers/topics";
export const DELETE_TOPICS_PATH = "/admin/delete_topics";
export const REASSIGN_PARTITIONS_PATH = "/admin/reassign_partitions";
export const PREFERRED_ELECTION_PATH = "/admin/preferred_replica_election";
export const CONFIG_CHANGES_PATH = "/config/changes";
export const ISR_CHANGE_PATH = "/isr_change_notification";
export const LOG_DIR_EVENT_PATH = "/log_dir_event_notification";
export const PRODUCER_ID_BLOCK_PATH = "/latest_producer_id_block";
export const CLUSTER_ID_PATH = "/cluster/id";
export const FEATURE_PATH = "/feature";

/** ZkData.PersistentZkPaths with their parents: every broker makes sure that they are there when it starts. */
export const TOP_LEVEL_PATHS: readonly string[] = [
  "/consumers", "/brokers", BROKER_IDS_PATH, TOPICS_PATH, "/config", CONFIG_CHANGES_PATH, "/admin", DELETE_TOPICS_PATH, "/brokers/seqid",
  ISR_CHANGE_PATH, PRODUCER_ID_BLOCK_PATH, LOG_DIR_EVENT_PATH, "/config/topics", "/config/clients", "/config/users", "/config/brokers", "/config/ips",
];

export function createNode(path: string, data: string | null, mode: CreateMode = "persistent"): Extract<ZooKeeperWrite, { op: "create" }> {
  return { op: "create", path, data, mode };
}

export function parsed(data: string | null | undefined): Record<string, unknown> | null {
  if (data === null || data === undefined || data === "") return null;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
  } catch {
    return null;
  }
}

// ---- controller

export function controllerNode(brokerId: number, nowMs: number): string {
  return `{"version":2,"brokerid":${brokerId},"timestamp":"${nowMs}","kraftControllerEpoch":-1}`;
}

/** The broker in `/controller`; -1 when there is none. */
export function controllerIdIn(data: string | null | undefined): number {
  const id = parsed(data)?.["brokerid"];
  return typeof id === "number" ? id : -1;
}

export const FEATURE_NODE = "{\"features\":{},\"version\":2,\"status\":1}";

// ---- brokers

export function brokerIdPath(brokerId: number): string {
  return `${BROKER_IDS_PATH}/${brokerId}`;
}

export interface BrokerInfo { readonly brokerId: number; readonly host: string; readonly port: number; readonly rack: string | null }

export function brokerNode(broker: BrokerInfo, nowMs: number): string {
  const rack = broker.rack === null ? "" : `"rack":${JSON.stringify(broker.rack)},`;
  return `{"features":{},"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},"endpoints":["PLAINTEXT://${broker.host}:${broker.port}"],`
    + `${rack}"jmx_port":-1,"port":${broker.port},"host":"${broker.host}","version":5,"timestamp":"${nowMs}"}`;
}

export function brokerIn(brokerId: number, data: string | null | undefined): BrokerInfo | null {
  const node = parsed(data);
  if (node === null) return null;
  const { host, port, rack } = node;
  return { brokerId, host: String(host), port: Number(port), rack: typeof rack === "string" ? rack : null };
}

export function clusterIdNode(clusterId: string): string {
  return `{"version":"1","id":"${clusterId}"}`;
}

// ---- topics

export function topicPath(topic: string): string {
  return `${TOPICS_PATH}/${topic}`;
}

export function partitionsPath(topic: string): string {
  return `${TOPICS_PATH}/${topic}/partitions`;
}

export function partitionPath(topic: string, partition: number): string {
  return `${TOPICS_PATH}/${topic}/partitions/${partition}`;
}

export function statePath(topic: string, partition: number): string {
  return `${TOPICS_PATH}/${topic}/partitions/${partition}/state`;
}

export function topicConfigPath(topic: string): string {
  return `/config/topics/${topic}`;
}

export function brokerConfigPath(broker: string): string {
  return `/config/brokers/${broker === "" ? "<default>" : broker}`;
}

export function deleteTopicPath(topic: string): string {
  return `${DELETE_TOPICS_PATH}/${topic}`;
}

/** KIP-455: the replicas that a reassignment adds stand first in `replicas`' target order, those it removes at the end. */
export interface ReplicaAssignment { readonly replicas: readonly number[]; readonly addingReplicas: readonly number[]; readonly removingReplicas: readonly number[] }
const NO_REPLICAS: ReplicaAssignment = { replicas: [], addingReplicas: [], removingReplicas: [] };
export interface TopicAssignment { readonly topicId: string; readonly partitions: readonly ReplicaAssignment[] }

export function topicNode(assignment: TopicAssignment): string {
  const lists = (of: (partition: ReplicaAssignment) => readonly number[], always: boolean): string => {
    const indexes = assignment.partitions.flatMap((partition, index) => always || of(partition).length > 0 ? [String(index)] : []);
    return hashMapOrderOfTexts(indexes).map(index => `"${index}":[${of(assignment.partitions[Number(index)] ?? NO_REPLICAS).join(",")}]`).join(",");
  };
  return `{"partitions":{${lists(partition => partition.replicas, true)}},"topic_id":"${assignment.topicId}",`
    + `"adding_replicas":{${lists(partition => partition.addingReplicas, false)}},`
    + `"removing_replicas":{${lists(partition => partition.removingReplicas, false)}},"version":3}`;
}

export function topicIn(data: string | null | undefined): TopicAssignment | null {
  const node = parsed(data);
  if (node === null) return null;
  const listsOf = (key: string): Readonly<Record<string, readonly number[]>> => (node[key] ?? {}) as Readonly<Record<string, readonly number[]>>;
  const replicas = listsOf("partitions");
  const adding = listsOf("adding_replicas");
  const removing = listsOf("removing_replicas");
  const partitions: ReplicaAssignment[] = [];
  for (const index of Object.keys(replicas).map(Number).sort((a, b) => a - b)) {
    partitions[index] = { replicas: replicas[index] ?? [], addingReplicas: adding[index] ?? [], removingReplicas: removing[index] ?? [] };
  }
  return { topicId: String(node["topic_id"] ?? ""), partitions };
}

// ---- partition state

/** @property partitionEpoch version of the znode. @property isRecovering LeaderRecoveryState RECOVERING: after an unclean election. */
export interface LeaderAndIsr {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
  readonly isRecovering: boolean;
  readonly partitionEpoch: number;
  readonly controllerEpoch: number;
}

export function stateNode(state: LeaderAndIsr): string {
  const recovery = state.isRecovering ? "\"leader_recovery_state\":1," : "";
  return `{"controller_epoch":${state.controllerEpoch},"leader":${state.leader},"version":1,${recovery}"leader_epoch":${state.leaderEpoch},`
    + `"isr":[${state.isr.join(",")}]}`;
}

export function stateIn(data: string | null | undefined, version: number): LeaderAndIsr | null {
  const node = parsed(data);
  if (node === null) return null;
  return {
    leader: Number(node["leader"]), leaderEpoch: Number(node["leader_epoch"]), isr: node["isr"] as readonly number[],
    isRecovering: node["leader_recovery_state"] === 1, partitionEpoch: version, controllerEpoch: Number(node["controller_epoch"]),
  };
}

// ---- settings and notifications

export type ConfigEntries = readonly (readonly [string, string])[];

/** Properties: the order of a Java hash map. */
export function configNode(configs: ConfigEntries): string {
  const values = new Map(configs);
  const ordered = hashMapOrder([...values.keys()], javaHash).map(name => [name, values.get(name) ?? ""] as const);
  return `{"version":1,"config":{${ordered.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}}`;
}

export function configIn(data: string | null | undefined): ConfigEntries {
  const config = parsed(data)?.["config"];
  return typeof config === "object" && config !== null ? Object.entries(config).map(([name, value]) => [name, String(value)] as const) : [];
}

/** `entity`: "topics/orders", "brokers/1", "brokers/<default>". */
export function configChangeNode(entity: string): string {
  return `{"version":2,"entity_path":"${entity}"}`;
}

/** Event 1: a log directory has failed. */
export function logDirEventNode(brokerId: number): string {
  return `{"version":1,"broker":${brokerId},"event":1}`;
}

export function producerIdBlockNode(brokerId: number, first: number, length: number): string {
  return `{"version":1,"broker":${brokerId},"block_start":"${first}","block_end":"${first + length - 1}"}`;
}

/** First id after the block in the znode; 0 when no block was given yet. */
export function nextProducerIdAfter(data: string | null | undefined): number {
  const end = parsed(data)?.["block_end"];
  return end === undefined ? 0 : Number(end) + 1;
}
