// The read model: the only thing that pictures, sentences, checks and graders may see. All of it is plain data.
// Two ways lead to it and must agree (a test compares them): `observe` reads the processes' state, `foldFact` adds up the facts of the
// trace. A page keeps the facts and can therefore show any moment without asking the engine.
import type {
  ClientFact, ControllerFact, NodeFact, OperatorFact, QuorumFact, RaftRole, ReplicaFact, ZooKeeperControllerFact, ZooKeeperFact,
} from "#engine/protocol/facts.ts";
import type { ClusterMode, KafkaVersion } from "#engine/protocol/version-profile.ts";
import type { CoreFact } from "#engine/core/trace.ts";

export interface RecordView {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
  readonly headers: readonly (readonly [string, string])[];
}

/** What of a batch is worth drawing: first records are spelled out, at most RECORDS_SHOWN_MAX. */
export interface BatchView {
  readonly baseOffset: number;
  readonly count: number;
  readonly leaderEpoch: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly sizeBytes: number;
  /** CRC-32C of the batch's bytes: tells two batches at the same offset apart. */
  readonly crc?: number;
  readonly records: readonly RecordView[];
}
export const RECORDS_SHOWN_MAX = 32;

/** A message on the wire, as a picture needs it. `summary` is what it is about, from its body. */
export interface MessageView {
  readonly kind: "message";
  readonly connection: number;
  readonly from: string;
  readonly to: string;
  /** "Produce request", "Fetch response", … */
  readonly tag: string;
  readonly bytes: number;
  readonly arrivesAt: number;
  readonly correlationId: number;
  readonly summary: MessageSummary;
}

export type MessageSummary =
  | { readonly about: "produce"; readonly acks: number; readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly batches: readonly BatchView[] }[] }
  | { readonly about: "produce-response"; readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly error: string; readonly baseOffset: number }[] }
  | { readonly about: "fetch"; readonly replica: number; readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly fetchOffset: number; readonly leaderEpoch: number }[] }
  | { readonly about: "fetch-response"; readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly error: string; readonly highWatermark: number; readonly batches: readonly BatchView[] }[] }
  /** Any other message: its errors (names other than NONE) and a few words. */
  | { readonly about: "other"; readonly errors: readonly string[]; readonly text: string };

/** A replica's log was appended to, with the records spelled out. */
export interface AppendedView {
  readonly kind: "log-appended"; readonly broker: number; readonly topic: string; readonly partition: number;
  readonly batch: BatchView; readonly asLeader: boolean;
}

type ExportedCoreFact = Exclude<CoreFact, { readonly kind: "message" }>;
type ExportedReplicaFact = Exclude<ReplicaFact, { readonly kind: "log-appended" }>;
export type ExportedFact =
  | ExportedCoreFact | MessageView | AppendedView | QuorumFact | ZooKeeperFact | ZooKeeperControllerFact | NodeFact | ControllerFact | ExportedReplicaFact | ClientFact | OperatorFact;

/** One entry of the trace as the page gets it. `id` grows; `cause` is the id of what led to it, -1 for none. `quiet`: routine traffic (heartbeats, empty fetches). */
export interface ViewFact {
  readonly id: number;
  readonly at: number;
  readonly process: string;
  readonly cause: number;
  readonly quiet: boolean;
  readonly fact: ExportedFact;
}

export type ProcessStatusView = "stopped" | "running" | "paused";

/** `belief` is what the active controller thinks; `status` is what is true. */
export interface NodeView {
  readonly id: number;
  readonly name: string;
  readonly host: string;
  readonly rack: string | null;
  readonly status: ProcessStatusView;
  /** Default: both. */
  readonly roles?: readonly ("broker" | "controller")[];
  readonly belief: "unregistered" | "fenced" | "unfenced" | "in-controlled-shutdown";
  readonly quorum: { readonly role: RaftRole; readonly epoch: number; readonly leader: number; readonly logEnd: number; readonly highWatermark: number };
}

/** A server of the ZooKeeper ensemble. `leader` -1: none known. `lastZxid` as (epoch, counter). */
export interface ZooKeeperServerView {
  readonly id: number;
  readonly name: string;
  readonly host: string;
  readonly status: ProcessStatusView;
  readonly state: "looking" | "following" | "leading" | "none";
  readonly epoch: number;
  readonly leader: number;
}

export interface SessionView { readonly session: string; readonly client: string }

/** The ensemble as a picture needs it; znodes as committed by its leader. */
export interface EnsembleView {
  readonly servers: readonly ZooKeeperServerView[];
  readonly sessions: readonly SessionView[];
  /** In order of paths. */
  readonly znodes: readonly { readonly path: string; readonly version: number; readonly ephemeral: boolean; readonly data: string | null }[];
}

export interface ReplicaView {
  readonly broker: number;
  /** What this broker itself believes; "none" before it has been told (or while it is stopped). */
  readonly role: "leader" | "follower" | "none";
  readonly leaderEpoch: number;
  readonly logStart: number;
  readonly logEnd: number;
  readonly highWatermark: number;
  /** From oldest to newest; only what was folded or asked for (see `recordsFrom` of observe). */
  readonly batches: readonly BatchView[];
}

export interface PartitionView {
  readonly topic: string;
  readonly partition: number;
  /** As committed in the metadata log. -1: nobody leads. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly number[];
  /** In assignment order. */
  readonly replicas: readonly number[];
  /** A reassignment that runs (KIP-455); absent or empty otherwise. */
  readonly addingReplicas?: readonly number[];
  readonly removingReplicas?: readonly number[];
  /** KIP-966, 4.x. */
  readonly eligibleLeaderReplicas?: readonly number[];
  readonly lastKnownLeaders?: readonly number[];
  /** In assignment order; one for each replica. */
  readonly logs: readonly ReplicaView[];
  /** Of the leader's log; of the most advanced live replica when nobody leads; 0 at first. */
  readonly highWatermark: number;
}

export interface TopicView { readonly name: string; readonly topicId: string; readonly configs: readonly (readonly [string, string])[]; readonly partitions: readonly PartitionView[] }

export interface ProducerView {
  readonly id: string; readonly status: ProcessStatusView; readonly acks: 0 | 1 | -1; readonly idempotent: boolean;
  readonly accepted: number; readonly acknowledged: number; readonly failed: number;
}
export interface ConsumerView {
  readonly id: string; readonly status: ProcessStatusView;
  readonly positions: readonly { readonly topic: string; readonly partition: number; readonly position: number }[];
}

export interface ClusterView {
  /** Virtual microseconds. */
  readonly at: number;
  readonly profile: { readonly kafka: KafkaVersion; readonly mode: ClusterMode };
  readonly nodes: readonly NodeView[];
  /** Present in ZooKeeper mode (and during a migration). */
  readonly ensemble?: EnsembleView;
  /** ZooKeeper mode: of the controller that was elected last; 0 before the first. */
  readonly controllerEpoch?: number;
  /** KRaft: the leader that a majority of the quorum can still have. ZooKeeper mode: the broker that /controller names. -1: nobody. */
  readonly activeController: number;
  readonly quorumEpoch: number;
  readonly topics: readonly TopicView[];
  readonly producers: readonly ProducerView[];
  readonly consumers: readonly ConsumerView[];
  /** Directions between hosts through which nothing passes. */
  readonly cuts: readonly { readonly from: string; readonly to: string }[];
}
