// A producer's memory as plain data: calls of send(), topics with their queues of batches, producer id and sequences.
// Source: RecordAccumulator.java, ProducerBatch.java, TransactionManager.java, BuiltInPartitioner.java.
import type { CallError, Command, OutgoingRecord } from "#engine/cluster/commands.ts";
import { SharedValue } from "#engine/core/shared-value.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import type { BatchDraft } from "#engine/protocol/record-batch-builder.ts";
import type { ClientCore } from "./client-core.ts";
import type { ProducerConfig, ProducerProcessSettings } from "./producer-settings.ts";

export type SendCommand = Extract<Command, { readonly do: "send" }>;
export type Workload = NonNullable<ProducerProcessSettings["workload"]>;

/** Call number of what the workload sends: nobody waits for an answer. */
export const WORKLOAD_CALL = 0;

/** The records of a call, shared by reference: they may be a million. */
export class OutgoingRecords extends SharedValue {
  readonly list: readonly OutgoingRecord[];

  constructor(list: readonly OutgoingRecord[]) {
    super();
    this.list = list;
  }

  digestParts(): readonly number[] { return [this.list.length]; }
}

/** Records of one call that lie together in one batch. What became of them: `baseOffset` -2 while nobody knows. */
export interface Run {
  /** Runs of one partition in the order of the call. */
  readonly order: number;
  readonly partition: number;
  readonly timestampMs: number;
  count: number;
  baseOffset: number;
  logAppendTimeMs: number;
}
export const UNKNOWN_OFFSET = -2;
/** Room for a run to be split into runs of one record without changing the order. */
export const RUN_ORDER_STEP = 1_048_576;

/** Where the partitioner put a stretch of a call's records, in their order; -1 for a record that was refused. Shared by reference. */
export class ChosenPartitions extends SharedValue {
  readonly list: readonly number[];

  constructor(list: readonly number[]) {
    super();
    this.list = list;
  }

  digestParts(): readonly number[] { return [this.list.length]; }
}

/** One call of send(). */
export interface SendCall {
  readonly call: number;
  readonly topic: string;
  readonly records: OutgoingRecords;
  /** Index of the first record that is not in a batch yet. */
  next: number;
  /** When its wait for metadata or memory ends (max.block.ms); -1 when it does not wait. */
  blockedUntilUs: number;
  /** A batch refers to them by index. */
  readonly runs: Run[];
  readonly chosen: ChosenPartitions[];
  /** Records whose fate is open. */
  open: number;
  /** The first failure. */
  error: CallError | null;
}

/** A part of a batch: run `run` of call `call`. */
export interface BatchPart { readonly call: number; readonly run: number }

export interface ProducerBatch {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly createdUs: number;
  /** Trace entry of what last happened to it: why it goes when its time has come. */
  cause: number;
  /** While records are added; null from the moment it is closed. */
  draft: BatchDraft | null;
  sealed: RecordBatch | null;
  recordCount: number;
  /** No more records, though it may not be sealed yet. */
  isClosed: boolean;
  /** Taken from buffer.memory. */
  readonly memoryBytes: number;
  readonly parts: BatchPart[];
  attempts: number;
  /** When it may be sent again. */
  retryAtUs: number;
  /** The leader's epoch when it was last looked at, and at which attempt that changed: a new leader is tried without waiting. */
  leaderEpoch: number;
  attemptsAtLeaderChange: number;
  /** -1 before it was first sent by an idempotent producer. */
  baseSequence: number;
  producerId: number;
  producerEpoch: number;
  hasSequenceBeenReset: boolean;
  /** An attempt ended without telling whether the records were written. */
  mayBeWritten: boolean;
}

export interface PartitionQueue {
  readonly partition: number;
  /** Among the queues of the topic. */
  readonly order: number;
  isActive: boolean;
  /** To be sent, first in front. */
  waiting: ProducerBatch[];
  /** On the wire, in the order they were sent. */
  inFlight: ProducerBatch[];
  // ---- idempotence
  nextSequence: number;
  lastAckedSequence: number;
  /** Under which id and epoch the sequences of this partition run; -1 before the first. */
  producerId: number;
  producerEpoch: number;
  /** A batch that had been sent was given up: nobody knows which sequence the leader expects. */
  isUnresolved: boolean;
  /** The next epoch starts the sequences of this partition at 0. */
  mustRestart: boolean;
}

/** `partition` -1: not chosen yet. */
export interface StickyPartition { partition: number; producedBytes: number }
/** Weights of the adaptive partitioner: cumulative sums; null for a uniform choice. */
export interface LoadStatistics { readonly partitions: readonly number[]; readonly cumulative: readonly number[] }

export interface ProducerTopic {
  readonly name: string;
  /** By partition. */
  readonly queues: Map<number, PartitionQueue>;
  /** Partitions with batches, in the order in which their queues were made: what the sender looks at in each round. */
  active: number[];
  readonly sticky: StickyPartition;
  /** Of the round robin partitioner. */
  roundRobinCounter: number;
  load: LoadStatistics | null;
}

export interface Idempotence {
  /** -1 before a broker has given one. */
  producerId: number;
  producerEpoch: number;
  isRequested: boolean;
  /** Not before this moment. */
  retryAtUs: number;
  attempts: number;
  mustBumpEpoch: boolean;
}

export interface WorkloadProgress { readonly workload: Workload; sent: number }

export interface ProducerState {
  readonly core: ClientCore;
  readonly config: ProducerConfig;
  /** Set when the settings contradict each other: nothing is ever sent. */
  readonly configError: CallError | null;
  readonly idempotence: Idempotence;
  readonly topics: Map<string, ProducerTopic>;
  /** By call number. */
  readonly calls: Map<number, SendCall>;
  /** Calls with records that are not in a batch yet, oldest first. */
  pending: number[];
  nextBatchId: number;
  usedMemoryBytes: number;
  /** Rotates over partitions, so that none starves when a request is full. */
  readonly drainIndex: Map<number, number>;
  /** When each broker last could take a request, and last got one (partitioner.availability.timeout.ms). */
  readonly nodeReadyUs: Map<number, { readyUs: number; drainedUs: number }>;
  progress: WorkloadProgress | null;
  /** The call of close(), null while open. */
  closing: number | null;
  accepted: number;
  acknowledged: number;
  failed: number;
}

/** What a view needs of a producer. */
export interface ProducerCounts {
  readonly accepted: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly acks: 0 | 1 | -1;
  readonly idempotent: boolean;
}

export function producerCounts(state: ProducerState): ProducerCounts {
  const { accepted, acknowledged, failed, config } = state;
  return { accepted, acknowledged, failed, acks: config.acks, idempotent: config.isIdempotent };
}

export function queueOf(topic: ProducerTopic, partition: number): PartitionQueue {
  const found = topic.queues.get(partition);
  if (found !== undefined) return found;
  const queue: PartitionQueue = {
    partition, order: topic.queues.size, isActive: false, waiting: [], inFlight: [], nextSequence: 0, lastAckedSequence: -1, producerId: -1, producerEpoch: -1, isUnresolved: false,
    mustRestart: false,
  };
  topic.queues.set(partition, queue);
  return queue;
}

/** The queue has got a batch. */
export function activate(topic: ProducerTopic, queue: PartitionQueue): void {
  if (queue.isActive) return;
  queue.isActive = true;
  const { active } = topic;
  let at = active.length;
  while (at > 0 && (topic.queues.get(active[at - 1] as number)?.order ?? -1) > queue.order) at -= 1;
  if (at === active.length) active.push(queue.partition);
  else active.splice(at, 0, queue.partition);
}

/** Queues with batches, or whose sequences are in doubt; the others are left out from now on. */
export function activeQueues(topic: ProducerTopic): PartitionQueue[] {
  const queues: PartitionQueue[] = [];
  for (const partition of topic.active) {
    const queue = topic.queues.get(partition);
    if (queue === undefined) continue;
    queue.isActive = queue.waiting.length > 0 || queue.inFlight.length > 0 || queue.isUnresolved;
    if (queue.isActive) queues.push(queue);
  }
  if (queues.length < topic.active.length) topic.active = queues.map(({ partition }) => partition);
  return queues;
}

export function topicOf(state: ProducerState, name: string): ProducerTopic {
  const found = state.topics.get(name);
  if (found !== undefined) return found;
  const topic: ProducerTopic = { name, queues: new Map(), active: [], sticky: { partition: -1, producedBytes: 0 }, roundRobinCounter: 0, load: null };
  state.topics.set(name, topic);
  return topic;
}
