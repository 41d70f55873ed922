// Settings of a node's controller part, by Kafka's names with the defaults of 3.9, and what of them the quorum uses.
// Sources: QuorumConfig.java, KRaftConfigs.java, ReplicationConfigs.java, ServerLogConfigs.java.
import type { NodeRole } from "#engine/cluster/spec.ts";
import type { RaftConfig } from "#engine/raft/raft-state.ts";

/** @property overrides settings by Kafka's names where they differ from the defaults. */
export interface KraftSettings {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly roles: readonly NodeRole[];
  readonly quorum: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly overrides: Readonly<Record<string, string | number | boolean>>;
}

export interface ControllerConfig {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly brokerSessionTimeoutMs: number;
  readonly metadataMaxIdleIntervalMs: number;
  readonly autoLeaderRebalance: boolean;
  readonly leaderImbalanceCheckMs: number;
  readonly uncleanLeaderElection: boolean;
  readonly defaultPartitions: number;
  readonly defaultReplicationFactor: number;
}

export function numberSetting(settings: KraftSettings["overrides"], name: string, byDefault: number): number {
  const value = Number(settings[name] ?? byDefault);
  return Number.isSafeInteger(value) ? value : byDefault;
}

export function booleanSetting(settings: KraftSettings["overrides"], name: string, byDefault: boolean): boolean {
  return String(settings[name] ?? byDefault) === "true";
}

export function raftConfig(settings: KraftSettings): RaftConfig {
  const { overrides } = settings;
  return {
    nodeId: settings.nodeId, clusterId: settings.clusterId, voters: settings.quorum.map(voter => voter.nodeId).sort((a, b) => a - b),
    bootstrap: settings.quorum,
    electionTimeoutMs: numberSetting(overrides, "controller.quorum.election.timeout.ms", 1000),
    electionBackoffMaxMs: numberSetting(overrides, "controller.quorum.election.backoff.max.ms", 1000),
    fetchTimeoutMs: numberSetting(overrides, "controller.quorum.fetch.timeout.ms", 2000),
    appendLingerMs: numberSetting(overrides, "controller.quorum.append.linger.ms", 25),
    requestTimeoutMs: numberSetting(overrides, "controller.quorum.request.timeout.ms", 2000),
    retryBackoffMs: numberSetting(overrides, "controller.quorum.retry.backoff.ms", 20),
  };
}

export function controllerConfig(settings: KraftSettings): ControllerConfig {
  const { overrides } = settings;
  return {
    nodeId: settings.nodeId, clusterId: settings.clusterId,
    brokerSessionTimeoutMs: numberSetting(overrides, "broker.session.timeout.ms", 9000),
    metadataMaxIdleIntervalMs: numberSetting(overrides, "metadata.max.idle.interval.ms", 500),
    autoLeaderRebalance: booleanSetting(overrides, "auto.leader.rebalance.enable", true),
    leaderImbalanceCheckMs: 1000 * numberSetting(overrides, "leader.imbalance.check.interval.seconds", 300),
    uncleanLeaderElection: booleanSetting(overrides, "unclean.leader.election.enable", false),
    defaultPartitions: numberSetting(overrides, "num.partitions", 1),
    defaultReplicationFactor: numberSetting(overrides, "default.replication.factor", 1),
  };
}
