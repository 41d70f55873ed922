// What Kafka's processes write into the trace: the vocabulary of pictures, sentences, diagrams, checks and grades.
// A fact is recorded at the moment it becomes true, by the process for which it becomes true. Offsets, epochs and ids as Kafka counts them.
import type { KafkaError } from "./errors.ts";
import type { RecordBatch } from "./record-batch.ts";

export type RaftRole = "unattached" | "candidate" | "leader" | "follower" | "resigned" | "observer";

export type PartitionChangeReason =
  | "created" | "broker-fenced" | "broker-unfenced" | "controlled-shutdown" | "isr-shrunk" | "isr-expanded"
  | "preferred-election" | "automatic-preferred-election" | "unclean-election";

interface OfReplica { readonly broker: number; readonly topic: string; readonly partition: number }

export type QuorumFact =
  | { readonly kind: "raft-role"; readonly node: number; readonly role: RaftRole; readonly epoch: number; readonly leader: number }
  | { readonly kind: "raft-log"; readonly node: number; readonly logEnd: number; readonly highWatermark: number };

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
    readonly reason: PartitionChangeReason };

export type ReplicaFact =
  | OfReplica & { readonly kind: "log-opened"; readonly logStart: number; readonly logEnd: number; readonly highWatermark: number }
  | OfReplica & { readonly kind: "became-leader"; readonly leaderEpoch: number; readonly epochStartOffset: number }
  | OfReplica & { readonly kind: "became-follower"; readonly leaderEpoch: number; readonly leader: number }
  | OfReplica & { readonly kind: "log-appended"; readonly batch: RecordBatch; readonly asLeader: boolean }
  | OfReplica & { readonly kind: "log-truncated"; readonly from: number; readonly to: number }
  | OfReplica & { readonly kind: "high-watermark"; readonly offset: number }
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

export type KafkaFact = QuorumFact | ControllerFact | ReplicaFact | ClientFact | OperatorFact;
