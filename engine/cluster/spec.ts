// What a cluster is made of, as a lesson, a drill, a run file or a test writes it down. Everything that is not named has Kafka's default.
import type { LinkSettings } from "#engine/core/network.ts";
import type { ClusterMode, KafkaVersion } from "#engine/protocol/version-profile.ts";

/** A setting by Kafka's name, as Kafka's files write it. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

export type NodeRole = "broker" | "controller";

/**
 * @property id node id, 1 to 1000. @property roles process.roles in KRaft mode, default both; in ZooKeeper mode every node is a broker and
 * any of them may become controller. @property settings of this node alone. @property startsLater it exists but nobody starts it: it comes by `restart`.
 */
export interface NodeSpec {
  readonly id: number;
  readonly host: string;
  readonly rack?: string;
  readonly roles?: readonly NodeRole[];
  readonly settings?: Settings;
  readonly startsLater?: boolean;
  /** What is on its disk before the first start: formatted for this cluster and node, unless told otherwise. */
  readonly storage?: "unformatted" | { readonly clusterId?: string; readonly nodeId?: number };
}

/** A server of the ZooKeeper ensemble: its myid and host. Its process is named `zookeeper-<id>`. `settings`: of zoo.cfg (tickTime, initLimit, syncLimit, 4lw.commands.whitelist, …). */
export interface ZooKeeperServerSpec { readonly id: number; readonly host: string; readonly settings?: Settings }

export interface TopicSpec {
  readonly name: string;
  /** Either an assignment (partition -> replicas, first is preferred) or counts. */
  readonly assignment?: readonly (readonly number[])[];
  readonly partitions?: number;
  readonly replicationFactor?: number;
  readonly configs?: Settings;
}

/** A producer process. With `workload` it sends by itself. */
export interface ProducerSpec {
  readonly id: string;
  readonly host?: string;
  /** Kafka's producer settings: acks, linger.ms, batch.size, enable.idempotence, … */
  readonly settings?: Settings;
  readonly workload?: {
    readonly topic: string;
    readonly everyMs: number;
    /** Keys in turn; null is no key. */
    readonly keys: readonly (string | null)[];
    /** Value of the n-th record: `value` with {n} replaced. */
    readonly value?: string;
    /** Milliseconds after the start of the cluster; default 0. */
    readonly fromMs?: number;
    /** Stops after so many records. */
    readonly records?: number;
  };
}

/** A consumer process that reads assigned partitions (no group). */
export interface ConsumerSpec {
  readonly id: string;
  readonly host?: string;
  readonly settings?: Settings;
  readonly topic: string;
  /** Default: all partitions. */
  readonly partitions?: readonly number[];
  /** Default: "end", as auto.offset.reset=latest. */
  readonly from?: "beginning" | "end" | number;
  /** Sums up the bytes of every value that is read. */
  readonly checksum?: boolean;
}

export interface ClusterSpec {
  readonly kafka: KafkaVersion;
  /** How the cluster starts; a migration (KIP-866) may change it while it runs. */
  readonly mode: ClusterMode;
  readonly nodes: readonly NodeSpec[];
  /** In ZooKeeper mode: the ensemble. */
  readonly zookeeper?: readonly ZooKeeperServerSpec[];
  /**
   * KRaft: "static" names the voters in controller.quorum.voters (the default); "dynamic" formats the controllers with an initial voter set
   * and reaches them by controller.quorum.bootstrap.servers (KIP-853).
   */
  readonly quorum?: "static" | "dynamic";
  /** Broker and controller settings that differ from the defaults, for all nodes. */
  readonly settings?: Settings;
  readonly topics?: readonly TopicSpec[];
  readonly producers?: readonly ProducerSpec[];
  readonly consumers?: readonly ConsumerSpec[];
  readonly link?: Partial<LinkSettings>;
  /** A page opens at this moment, with everything before it already run. Milliseconds. */
  readonly startMs?: number;
}
