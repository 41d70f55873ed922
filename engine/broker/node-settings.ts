// What a node of the cluster is started with: its place, the quorum's voters, and the broker settings of server.properties with
// Kafka's defaults (ReplicationConfigs, ServerConfigs, ServerLogConfigs of 3.9). Settings that another part of the node reads
// (quorum, sessions, leader balance) are read there from the same overrides.
import type { NodeRole, Settings } from "#engine/cluster/spec.ts";
import type { Endpoint } from "#engine/protocol/network-client.ts";
import type { ClusterMode, KafkaVersion } from "#engine/protocol/version-profile.ts";

/**
 * `mode` is what server.properties says now: "zookeeper" without process.roles. `kafka` and `mode` name the version profile.
 * @property roles process.roles; empty in ZooKeeper mode. @property quorum the voters of controller.quorum.voters (or, when the quorum is dynamic,
 * of controller.quorum.bootstrap.servers); empty in ZooKeeper mode outside a migration. @property zookeeperConnect client ports of the ensemble.
 * @property overrides settings that differ from the defaults, by Kafka's names. @property storage how `kafka-storage.sh format` was run before the
 * first start: for this node when absent, else not at all, or with other ids.
 */
export interface KafkaNodeSettings {
  readonly nodeId: number;
  readonly host: string;
  readonly rack: string | null;
  readonly clusterId: string;
  readonly kafka: KafkaVersion;
  readonly mode: ClusterMode;
  readonly roles: readonly NodeRole[];
  readonly quorum: readonly QuorumVoter[];
  readonly isQuorumDynamic: boolean;
  readonly zookeeperConnect: readonly Endpoint[];
  readonly overrides: Settings;
  readonly storage?: "unformatted" | { readonly clusterId?: string; readonly nodeId?: number };
}
/**
 * @property port of the controller listener. @property directoryId makes it a voter that a dynamic quorum is formatted with; without, it is
 * only a bootstrap server.
 */
export interface QuorumVoter extends Endpoint { readonly nodeId: number; readonly directoryId?: string }

export const BROKER_PORT = 9092;
export const CONTROLLER_PORT = 9093;

/** Names and defaults of the whole numbers that the broker part reads. */
const NUMBERS = {
  "broker.heartbeat.interval.ms": 2_000,
  "broker.session.timeout.ms": 9_000,
  "default.replication.factor": 1,
  "fetch.max.bytes": 57_671_680,
  "log.segment.bytes": 1_073_741_824,
  "message.max.bytes": 1_048_588,
  "min.insync.replicas": 1,
  "num.io.threads": 8,
  "num.network.threads": 3,
  "num.partitions": 1,
  "producer.id.expiration.ms": 86_400_000,
  "queued.max.requests": 500,
  "replica.fetch.backoff.ms": 1_000,
  "replica.fetch.max.bytes": 1_048_576,
  "replica.fetch.min.bytes": 1,
  "replica.fetch.response.max.bytes": 10_485_760,
  "replica.fetch.wait.max.ms": 500,
  "replica.high.watermark.checkpoint.interval.ms": 5_000,
  "replica.lag.time.max.ms": 30_000,
  "replica.socket.timeout.ms": 30_000,
} as const;

const FLAGS = { "auto.create.topics.enable": true } as const;

type NumberName = keyof typeof NUMBERS;
type FlagName = keyof typeof FLAGS;
/** Typed broker settings, by Kafka's names. Plain data. */
export type BrokerSettings = Readonly<Record<NumberName, number>> & Readonly<Record<FlagName, boolean>>;

/** Overrides over defaults. A text stands for the number or truth value it spells, as in Kafka's files. */
export function brokerSettings(overrides: Settings): BrokerSettings {
  const settings: Record<string, number | boolean> = { ...NUMBERS, ...FLAGS };
  for (const name of Object.keys(NUMBERS)) {
    const value = overrides[name];
    if (value !== undefined) settings[name] = Number(value);
  }
  for (const name of Object.keys(FLAGS)) {
    const value = overrides[name];
    if (value !== undefined) settings[name] = value === true || value === "true";
  }
  return settings as unknown as BrokerSettings;
}
