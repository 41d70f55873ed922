// Settings of a node's controller part, by Kafka's names with the defaults of 3.9, read from a node's overrides.
// Sources: KRaftConfigs.java, ReplicationConfigs.java, ServerLogConfigs.java.
import type { NodeRole } from "#engine/cluster/spec.ts";
import { type KafkaVersion, profileOf } from "#engine/protocol/version-profile.ts";

/** @property overrides settings by Kafka's names where they differ from the defaults. */
export interface KraftSettings {
  readonly nodeId: number;
  readonly host: string;
  readonly clusterId: string;
  readonly kafka: KafkaVersion;
  readonly roles: readonly NodeRole[];
  /** With a directory id: a voter that the cluster was formatted with, where the voters stand in the log. */
  readonly quorum: readonly { readonly nodeId: number; readonly host: string; readonly port: number; readonly directoryId?: string }[];
  readonly isQuorumDynamic: boolean;
  readonly storage?: "unformatted" | { readonly clusterId?: string; readonly nodeId?: number };
  readonly overrides: Readonly<Record<string, string | number | boolean>>;
}

export interface ControllerConfig {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly kafka: KafkaVersion;
  readonly brokerSessionTimeoutMs: number;
  readonly metadataMaxIdleIntervalMs: number;
  readonly autoLeaderRebalance: boolean;
  readonly leaderImbalanceCheckMs: number;
  readonly deleteTopicEnable: boolean;
  /** Settings of this node's own file: under the dynamic ones, over the defaults. */
  readonly overrides: KraftSettings["overrides"];
  readonly defaultPartitions: number;
  readonly defaultReplicationFactor: number;
  /** zookeeper.metadata.migration.enable (KIP-866). */
  readonly isMigrationEnabled: boolean;
}

export function numberSetting(settings: KraftSettings["overrides"], name: string, byDefault: number): number {
  const value = Number(settings[name] ?? byDefault);
  return Number.isSafeInteger(value) ? value : byDefault;
}

export function booleanSetting(settings: KraftSettings["overrides"], name: string, byDefault: boolean): boolean {
  return String(settings[name] ?? byDefault) === "true";
}

/** 4.x has no such setting. */
export function isMigrationEnabled({ kafka, overrides }: Pick<KraftSettings, "kafka" | "overrides">): boolean {
  return booleanSetting(overrides, "zookeeper.metadata.migration.enable", false) && !profileOf(kafka, "kraft").kraftOnly;
}

export function controllerConfig(settings: KraftSettings): ControllerConfig {
  const { overrides } = settings;
  return {
    nodeId: settings.nodeId, clusterId: settings.clusterId, kafka: settings.kafka, overrides,
    brokerSessionTimeoutMs: numberSetting(overrides, "broker.session.timeout.ms", 9000),
    metadataMaxIdleIntervalMs: numberSetting(overrides, "metadata.max.idle.interval.ms", 500),
    autoLeaderRebalance: booleanSetting(overrides, "auto.leader.rebalance.enable", true),
    leaderImbalanceCheckMs: 1000 * numberSetting(overrides, "leader.imbalance.check.interval.seconds", 300),
    deleteTopicEnable: booleanSetting(overrides, "delete.topic.enable", true),
    defaultPartitions: numberSetting(overrides, "num.partitions", 1),
    defaultReplicationFactor: numberSetting(overrides, "default.replication.factor", 1),
    isMigrationEnabled: isMigrationEnabled(settings),
  };
}
