// What Kafka's processes write into the trace: the vocabulary of pictures, sentences, diagrams, checks and grades.
// A fact is recorded at the moment it becomes true, by the process for which it becomes true. Offsets, epochs and ids as Kafka counts them.
import type { KafkaError } from "./errors.ts";
import type { RecordBatch } from "./record-batch.ts";

export type RaftRole = "unattached" | "prospective" | "candidate" | "leader" | "follower" | "resigned" | "observer";

export type PartitionChangeReason =
  | "created" | "broker-fenced" | "broker-unfenced" | "controlled-shutdown" | "isr-shrunk" | "isr-expanded"
  | "preferred-election" | "automatic-preferred-election" | "unclean-election"
  | "reassignment-started" | "reassignment-completed" | "reassignment-cancelled" | "eligible-leader-replicas" | "partitions-added" | "log-directory-failed"
  /** ZooKeeper mode: a broker's session has ended, or it is back. */
  | "broker-gone" | "broker-back" | "controller-failover";

interface OfReplica { readonly broker: number; readonly topic: string; readonly partition: number }

export type QuorumFact =
  | { readonly kind: "raft-role"; readonly node: number; readonly role: RaftRole; readonly epoch: number; readonly leader: number }
  | { readonly kind: "raft-log"; readonly node: number; readonly logEnd: number; readonly highWatermark: number };

/** ZooKeeper servers, told by themselves; sessions and znodes by the server that leads, when the transaction is committed. */
export type ZooKeeperFact =
  | { readonly kind: "zookeeper-state"; readonly server: number; readonly state: "looking" | "following" | "leading"; readonly epoch: number; readonly leader: number }
  /** `session` as hexadecimal text, `client` the name of the process that opened it. `silentForUs`: of an expired one, since it was last heard. */
  | { readonly kind: "zookeeper-session"; readonly session: string; readonly change: "created" | "expired" | "closed"; readonly client: string; readonly silentForUs?: number }
  | { readonly kind: "znode"; readonly path: string; readonly change: "created" | "changed" | "deleted"; readonly version: number; readonly data: string | null; readonly ephemeral: boolean }
  | { readonly kind: "znode-watch"; readonly server: number; readonly event: string; readonly path: string; readonly client: string };

/** ZooKeeper mode: who is controller, and who has found out that it is not any more. Told by the broker concerned. */
export type ZooKeeperControllerFact =
  | { readonly kind: "controller-elected"; readonly broker: number; readonly controllerEpoch: number }
  | { readonly kind: "controller-resigned"; readonly broker: number; readonly controllerEpoch: number; readonly why: string }
  /** A broker has refused a request of an old controller. */
  | { readonly kind: "controller-fenced"; readonly broker: number; readonly controllerEpoch: number; readonly requestEpoch: number; readonly api: string };

/** What the active controller has decided, recorded when the record is committed in the metadata log. */
export type ControllerFact =
  | { readonly kind: "broker-registered"; readonly broker: number; readonly brokerEpoch: number }
  | { readonly kind: "broker-unfenced"; readonly broker: number }
  /** `silentForUs`: since its last heartbeat; 0 when it asked to be fenced. */
  | { readonly kind: "broker-fenced"; readonly broker: number; readonly silentForUs: number }
  | { readonly kind: "broker-in-controlled-shutdown"; readonly broker: number }
  | { readonly kind: "topic-created"; readonly topic: string; readonly topicId: string; readonly partitions: number;
    readonly configs: readonly (readonly [string, string])[] }
  | { readonly kind: "partition-changed"; readonly topic: string; readonly partition: number; readonly replicas: readonly number[];
    readonly isr: readonly number[]; readonly leader: number; readonly leaderEpoch: number; readonly partitionEpoch: number;
    /** Absent when empty: replicas that a reassignment adds and removes (KIP-455), eligible leader replicas (KIP-966). */
    readonly addingReplicas?: readonly number[]; readonly removingReplicas?: readonly number[];
    readonly eligibleLeaderReplicas?: readonly number[]; readonly lastKnownLeaders?: readonly number[];
    readonly reason: PartitionChangeReason }
  | { readonly kind: "topic-deleted"; readonly topic: string; readonly topicId: string }
  | { readonly kind: "topic-configured"; readonly topic: string; readonly configs: readonly (readonly [string, string])[] }
  | { readonly kind: "voters-changed"; readonly voters: readonly number[]; readonly change: "added" | "removed"; readonly node: number };

export type ReplicaFact =
  | OfReplica & { readonly kind: "log-opened"; readonly logStart: number; readonly logEnd: number; readonly highWatermark: number }
  | OfReplica & { readonly kind: "became-leader"; readonly leaderEpoch: number; readonly epochStartOffset: number }
  | OfReplica & { readonly kind: "became-follower"; readonly leaderEpoch: number; readonly leader: number }
  | OfReplica & { readonly kind: "log-appended"; readonly batch: RecordBatch; readonly asLeader: boolean }
  | OfReplica & { readonly kind: "log-truncated"; readonly from: number; readonly to: number }
  | OfReplica & { readonly kind: "high-watermark"; readonly offset: number }
  /** A new active segment; the older ones are closed. */
  | OfReplica & { readonly kind: "segment-rolled"; readonly baseOffset: number }
  /** `why`: retention by time or size, delete-records, or because the leader's log begins later. */
  | OfReplica & { readonly kind: "segments-deleted"; readonly count: number; readonly logStart: number; readonly why: "retention-time" | "retention-size" | "log-start-offset" }
  /** What compaction has left: records removed below `to`. */
  | OfReplica & { readonly kind: "log-compacted"; readonly to: number; readonly recordsBefore: number; readonly recordsAfter: number }
  | OfReplica & { readonly kind: "log-deleted" }
  | OfReplica & { readonly kind: "isr-proposed"; readonly change: "shrink" | "expand"; readonly isr: readonly number[] };

export type ClientFact =
  | { readonly kind: "producer-opened"; readonly client: string; readonly acks: 0 | 1 | -1; readonly idempotent: boolean }
  | { readonly kind: "consumer-opened"; readonly client: string;
    readonly assignment: readonly { readonly topic: string; readonly partition: number; readonly position: number }[] }
  | { readonly kind: "client-closed"; readonly client: string }
  /** One call of send(): `partitions` of its records in their order (-1 where the sticky partitioner decides later), keys as text. */
  | { readonly kind: "records-accepted"; readonly client: string; readonly call: number; readonly topic: string; readonly count: number;
    readonly keys: readonly (string | null)[]; readonly partitions: readonly number[] }
  | { readonly kind: "batch-acknowledged"; readonly client: string; readonly topic: string; readonly partition: number;
    readonly baseOffset: number; readonly count: number; readonly producerId: number; readonly baseSequence: number }
  | { readonly kind: "batch-retried"; readonly client: string; readonly topic: string; readonly partition: number; readonly count: number;
    readonly error: KafkaError; readonly attempt: number }
  /** `definite`: the records are surely not in the log. */
  | { readonly kind: "batch-failed"; readonly client: string; readonly topic: string; readonly partition: number; readonly count: number;
    readonly error: KafkaError; readonly message: string; readonly definite: boolean }
  | { readonly kind: "metadata-refreshed"; readonly client: string }
  | { readonly kind: "peer-unreachable"; readonly client: string; readonly broker: number }
  | { readonly kind: "records-consumed"; readonly client: string; readonly topic: string; readonly partition: number;
    readonly fromOffset: number; readonly nextOffset: number; readonly fromBroker: number }
  | { readonly kind: "position-reset"; readonly client: string; readonly topic: string; readonly partition: number; readonly offset: number;
    readonly why: KafkaError | "seek" };

/** What a person did: the input that everything after it may be caused by. `refused`: why it did not fit the moment; then nothing was done. */
export type OperatorFact = { readonly kind: "command"; readonly input: number; readonly command: { readonly do: string }; readonly refused?: string };

/** What a node says before it ends by itself, as the real one logs it. */
export type NodeFact =
  /** A line of its log that recordings compare; `logger` is the class that Kafka prints behind it. */
  | { readonly kind: "node-log"; readonly node: number; readonly level: "INFO" | "WARN" | "ERROR"; readonly text: string; readonly logger: string }
  | { readonly kind: "node-failed"; readonly node: number; readonly exitCode: number; readonly text: string }
  | { readonly kind: "log-directory-failed"; readonly broker: number; readonly directory: string; readonly why: string };

export type KafkaFact = QuorumFact | ZooKeeperFact | ZooKeeperControllerFact | NodeFact | ControllerFact | ReplicaFact | ClientFact | OperatorFact;
