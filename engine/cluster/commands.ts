// What a person, a cell, a drill or a fuzzer can do to a cluster: the inputs of a run. Plain data with a virtual time.
// Every command that answers later carries `call`, a number unique in the run; its answer is an Outcome.
import type { ZooKeeperOperation } from "#engine/zookeeper/zookeeper-protocol.ts";
import type { ConsumerSpec, ProducerSpec } from "./spec.ts";

/** A node by its id; a client or a ZooKeeper server by its name ("zookeeper-1"). */
export type Party = number | string;

/** Values by Kafka's names; null is Kafka's null. */
export type ConfigChanges = Readonly<Record<string, string | number | boolean | null>>;

export interface OutgoingRecord {
  readonly key: string | null;
  readonly value: string | null;
  /** Chosen by the partitioner when absent. */
  readonly partition?: number;
  readonly timestampMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Command =
  /** kill -9: nobody is told. The page's verb is "Unplug". */
  | { readonly do: "kill"; readonly node: Party }
  /** The machine loses power: as kill, and the page cache is gone. */
  | { readonly do: "power-loss"; readonly node: Party }
  /** SIGTERM: controlled shutdown, leaders move first. */
  | { readonly do: "shut-down"; readonly node: Party }
  | { readonly do: "pause"; readonly node: Party; readonly forMs?: number }
  | { readonly do: "resume"; readonly node: Party }
  /** Starts a stopped process from its disk; `settings` are merged into its own first (a null removes one). */
  | { readonly do: "restart"; readonly node: Party; readonly settings?: ConfigChanges }
  /** Nothing passes from `from` to `to` (and back, unless `oneWay`). */
  | { readonly do: "cut"; readonly from: readonly Party[]; readonly to: readonly Party[]; readonly oneWay?: boolean }
  /** Heals these links; all links when both lists are empty. */
  | { readonly do: "heal"; readonly from: readonly Party[]; readonly to: readonly Party[] }
  /** Loses the next requests or responses of an API by closing their connection. */
  | { readonly do: "drop"; readonly api: string; readonly direction: "request" | "response"; readonly from?: Party; readonly to?: Party; readonly count: number }
  | { readonly do: "open-producer"; readonly producer: ProducerSpec }
  | { readonly do: "open-consumer"; readonly consumer: ConsumerSpec }
  | { readonly do: "close-client"; readonly client: string; readonly call: number }
  | { readonly do: "send"; readonly producer: string; readonly topic: string; readonly records: readonly OutgoingRecord[]; readonly call: number }
  | { readonly do: "seek"; readonly consumer: string; readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly do: "read"; readonly topic: string; readonly partition: number; readonly from: number; readonly limit: number; readonly call: number }
  | {
    readonly do: "create-topic"; readonly topic: string; readonly partitions: number; readonly replicationFactor: number;
    readonly assignment?: readonly (readonly number[])[]; readonly configs?: ConfigChanges; readonly call: number;
  }
  /** `partitions` null: all. */
  | {
    readonly do: "elect-leaders"; readonly type: "preferred" | "unclean";
    readonly partitions: readonly { readonly topic: string; readonly partition: number }[] | null; readonly call: number;
  }
  | { readonly do: "delete-topics"; readonly topics: readonly string[]; readonly call: number }
  /** `partitions` is the new total. */
  | {
    readonly do: "create-partitions"; readonly topic: string; readonly partitions: number; readonly assignment?: readonly (readonly number[])[];
    readonly call: number;
  }
  /** `replicas` null cancels (KIP-455). */
  | {
    readonly do: "reassign"; readonly call: number;
    readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly replicas: readonly number[] | null }[];
  }
  | { readonly do: "list-reassignments"; readonly call: number }
  /** Incremental: null deletes a setting. `broker` "" is the cluster-wide default. */
  | {
    readonly do: "alter-configs"; readonly resource: { readonly topic: string } | { readonly broker: number | "" };
    readonly configs: ConfigChanges; readonly call: number;
  }
  | { readonly do: "describe-configs"; readonly resource: { readonly topic: string } | { readonly broker: number | "" }; readonly call: number }
  /** Limits (KIP-546) of an entity, which a client-id, a user or both name; null stands for the default of that kind. A limit null is taken away. */
  | {
    readonly do: "alter-client-quotas"; readonly entity: { readonly "client-id"?: string | null; readonly user?: string | null; readonly ip?: string | null };
    readonly changes: Readonly<Record<string, number | null>>; readonly call: number;
  }
  | { readonly do: "delete-records"; readonly topic: string; readonly partition: number; readonly beforeOffset: number; readonly call: number }
  | { readonly do: "describe-quorum"; readonly call: number }
  | { readonly do: "add-controller"; readonly node: number; readonly call: number }
  | { readonly do: "remove-controller"; readonly node: number; readonly call: number }
  /**
   * One request to one node over a connection of its own, without a client's retries. `body` as the message tables have it, less what has its
   * default; batches as `{ records: [{ key, value, timestampMs, headers }], producerId, producerEpoch, baseSequence }`. The answer is the body of the
   * response, or Disconnect, or Timeout.
   */
  | { readonly do: "request"; readonly to: number; readonly api: string; readonly body: unknown; readonly timeoutMs?: number; readonly clientId?: string; readonly call: number }
  /** One operation on the znodes, by a session of the operator's own. The answer is a ZooKeeperAnswer. */
  | { readonly do: "zookeeper"; readonly operation: ZooKeeperOperation; readonly server?: number; readonly call: number }
  | { readonly do: "four-letter-word"; readonly word: string; readonly server: number; readonly call: number }
  /** Faults of a machine's disk; the last one named holds. `bytesPerSecond`: how slow; null: as fast as ever. */
  | { readonly do: "slow-disk"; readonly node: Party; readonly bytesPerSecond: number | null }
  /** Nothing more than `capacityBytes` fits; null: as much as ever. */
  | { readonly do: "limit-disk"; readonly node: Party; readonly capacityBytes: number | null }
  /** Every access to this log directory fails from now on. */
  | { readonly do: "fail-log-directory"; readonly node: Party; readonly directory: string }
  /** Of a stopped node: cuts or overwrites bytes at the end of the active segment of a replica, as a power loss may. */
  | {
    readonly do: "damage-log"; readonly node: Party; readonly topic: string; readonly partition: number;
    readonly how: "cut-bytes" | "flip-byte" | "append-garbage" | "delete-index" | "append-zeros"; readonly bytes: number;
  }
  | { readonly do: "fetch-metadata"; readonly topics: readonly string[] | null; readonly call: number }
  | { readonly do: "list-offsets"; readonly topic: string; readonly timestampMs: number; readonly call: number }
  /** A learner's prediction: part of the run, stamped before the fault it speaks of. */
  | { readonly do: "predict"; readonly id: string; readonly answer: unknown };

/** A command with its moment in microseconds. */
export interface Input { readonly at: number; readonly command: Command }

/** What a client says when a call has failed; `name` is Kafka's (or the Java client's exception without "Exception"). */
export interface CallError {
  readonly name: string;
  readonly message: string;
  readonly retriable: boolean;
  /** What Java prints after "Caused by:", where the exception has a cause. */
  readonly cause?: string;
}

/**
 * The answer to a call. Values: send -> SentRecord[]; read -> RecordView[]; create-topic, create-partitions, alter-configs, alter-client-quotas,
 * add-controller, remove-controller -> null; elect-leaders, delete-topics, reassign -> an error for each ("NONE" for none); list-reassignments, describe-configs
 * -> lists; describe-quorum -> the quorum; request -> the body of the response; zookeeper -> ZooKeeperAnswer; four-letter-word -> its text.
 */
export type Outcome =
  | { readonly call: number; readonly at: number; readonly ok: true; readonly value: unknown }
  | { readonly call: number; readonly at: number; readonly ok: false; readonly error: CallError };

/** Where a record went, in the order of the call. `offset` -1 with acks=0. */
export interface SentRecord { readonly topic: string; readonly partition: number; readonly offset: number; readonly timestampMs: number }
