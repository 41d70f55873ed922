// What the znodes of Kafka say of topics: /brokers/topics/<topic> has the assignment, …/partitions/<n>/state who leads and who is in sync (its
// version is the partition epoch), /config/topics/<topic> the settings. Source: TopicZNode, TopicPartitionStateZNode, ConfigEntityZNode (ZkData.scala).
import type { PartitionView } from "./view.ts";

interface TopicJson {
  readonly topic_id?: string;
  readonly partitions: Readonly<Record<string, readonly number[]>>;
  readonly adding_replicas?: Readonly<Record<string, readonly number[]>>;
  readonly removing_replicas?: Readonly<Record<string, readonly number[]>>;
}

export type PartitionAssignment = Pick<PartitionView, "replicas" | "addingReplicas" | "removingReplicas">;
export type PartitionState = Pick<PartitionView, "leader" | "leaderEpoch" | "partitionEpoch" | "isr">;

/** `partitions` by number. */
export interface TopicInZnode { readonly topicId: string; readonly partitions: readonly PartitionAssignment[] }

export function readTopicZnode(data: string): TopicInZnode {
  const json = JSON.parse(data) as TopicJson;
  const count = Object.keys(json.partitions).length;
  return {
    topicId: json.topic_id ?? "",
    partitions: Array.from({ length: count }, (_, partition): PartitionAssignment => {
      const addingReplicas = json.adding_replicas?.[partition] ?? [];
      const removingReplicas = json.removing_replicas?.[partition] ?? [];
      return {
        replicas: json.partitions[partition] ?? [], ...addingReplicas.length > 0 ? { addingReplicas } : {},
        ...removingReplicas.length > 0 ? { removingReplicas } : {},
      };
    }),
  };
}

/** Before the first election, and when the znode is gone. */
export const NO_STATE: PartitionState = { leader: -1, leaderEpoch: -1, partitionEpoch: -1, isr: [] };

export function readStateZnode(data: string | null | undefined, version: number): PartitionState {
  if (data === null || data === undefined) return NO_STATE;
  const { leader, leader_epoch: leaderEpoch, isr } = JSON.parse(data) as { readonly leader: number; readonly leader_epoch: number; readonly isr: readonly number[] };
  return { leader, leaderEpoch, partitionEpoch: version, isr };
}

export function readConfigZnode(data: string | null | undefined): readonly (readonly [string, string])[] {
  if (data === null || data === undefined) return [];
  return Object.entries((JSON.parse(data) as { readonly config: Readonly<Record<string, string>> }).config);
}

/** What a path says something about; null for a path that says nothing of topics. */
export type TopicPath =
  | { readonly of: "topic" | "config"; readonly topic: string }
  | { readonly of: "state"; readonly topic: string; readonly partition: number };

const TOPICS = "/brokers/topics/";
const CONFIGS = "/config/topics/";

export function readTopicPath(path: string): TopicPath | null {
  if (path.startsWith(CONFIGS)) return { of: "config", topic: path.slice(CONFIGS.length) };
  if (!path.startsWith(TOPICS)) return null;
  const [topic = "", partitions, partition, state] = path.slice(TOPICS.length).split("/");
  if (partitions === undefined) return { of: "topic", topic };
  return state === "state" ? { of: "state", topic, partition: Number(partition) } : null;
}
