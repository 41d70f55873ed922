// Records become batches: one queue of batches a partition, records added to the last one while it has room, memory taken from
// buffer.memory. Source: KafkaProducer.doSend, RecordAccumulator.append, ProducerBatch.tryAppend. FIDELITY: CLIENT-SEND-CALL.
import type { CallError, OutgoingRecord } from "#engine/cluster/commands.ts";
import { toMs } from "#engine/core/time.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { partitionForKey } from "#engine/protocol/murmur2.ts";
import { appendToDraft, createDraft, type Headers, NO_HEADERS, RECORD_OVERHEAD_BYTES_MAX } from "#engine/protocol/record-batch-builder.ts";
import { BATCH_OVERHEAD_BYTES } from "#engine/protocol/record-batch.ts";
import { utf8BytesOf } from "#engine/protocol/utf8.ts";
import { varintSize } from "#engine/protocol/varint.ts";
import type { TopicMetadata } from "./client-metadata.ts";
import { roundRobinPartition } from "./round-robin-partitioner.ts";
import { stickyAppended, stickyPartition } from "./producer-partitioner.ts";
import {
  activate, type PartitionQueue, type ProducerBatch, type ProducerState, type ProducerTopic, queueOf, RUN_ORDER_STEP, type SendCall,
  UNKNOWN_OFFSET, WORKLOAD_CALL,
} from "./producer-state.ts";

/** Why a call does not go on. */
export type Blocked =
  | { readonly on: "nothing" }
  | { readonly on: "partition"; readonly partition: number }
  | { readonly on: "memory"; readonly bytes: number };

const NOT_BLOCKED: Blocked = { on: "nothing" };
const QUEUE_LIST_MIN = 64;

/** One burst of a call: what the loop over its records needs. */
interface Burst {
  readonly process: ProcessContext;
  readonly state: ProducerState;
  readonly topic: ProducerTopic;
  readonly metadata: TopicMetadata;
  readonly call: SendCall;
  readonly timestampMs: number;
  /** By partition: saves a look-up a record. Null when so few follow that the list would cost more. */
  readonly queues: (PartitionQueue | undefined)[] | null;
  readonly chosen: number[];
  readonly keys: (string | null)[];
}

/** The partitions and keys of the records that went on, -1 for one that was refused; and what stopped the call. */
export interface BurstResult { readonly chosen: readonly number[]; readonly keys: readonly (string | null)[]; readonly blocked: Blocked }

/** Puts as many records of the call into batches as memory allows. */
export function appendRecords(
  process: ProcessContext, state: ProducerState, topic: ProducerTopic, metadata: TopicMetadata, call: SendCall,
): BurstResult {
  const records = call.records.list;
  const queues = records.length - call.next < QUEUE_LIST_MIN ? null : [];
  const burst: Burst = { process, state, topic, metadata, call, timestampMs: toMs(process.now), queues, chosen: [], keys: [] };
  const { chosen, keys } = burst;
  const partitionCount = metadata.partitions.length;
  const { ignoreKeys, isRoundRobin } = state.config;
  while (call.next < records.length) {
    const record = records[call.next] as OutgoingRecord;
    let blocked: Blocked | null;
    if (record.partition !== undefined) {
      if (record.partition >= partitionCount) return { chosen, keys, blocked: { on: "partition", partition: record.partition } };
      blocked = appendTo(burst, record, record.partition);
    } else if (isRoundRobin) {
      blocked = appendRoundRobin(burst, record);
    } else if (record.key !== null && !ignoreKeys) {
      blocked = appendTo(burst, record, partitionForKey(record.key, partitionCount));
    } else {
      blocked = appendSticky(burst, record);
    }
    if (blocked !== null) return { chosen, keys, blocked };
    keys.push(record.key);
    call.next += 1;
  }
  return { chosen, keys, blocked: NOT_BLOCKED };
}

function appendTo(burst: Burst, record: OutgoingRecord, partition: number): Blocked | null {
  const queue = burst.queues === null ? queueOf(burst.topic, partition) : burst.queues[partition] ??= queueOf(burst.topic, partition);
  const last = queue.waiting[queue.waiting.length - 1];
  if (last !== undefined && !last.isClosed && tryAppend(burst, last, record)) {
    burst.chosen.push(partition);
    return null;
  }
  return appendNewBatch(burst, queue, record);
}

/** A partitioner of the application's choice may be asked again when the record would begin a new batch. */
function appendRoundRobin(burst: Burst, record: OutgoingRecord): Blocked | null {
  const { topic, metadata } = burst;
  const next = (): number => {
    const partition = roundRobinPartition(topic.name, metadata.partitions, topic.roundRobinCounter);
    topic.roundRobinCounter += 1;
    return partition;
  };
  const partition = next();
  const queue = queueOf(topic, partition);
  const last = queue.waiting[queue.waiting.length - 1];
  if (last === undefined || last.isClosed || !tryAppend(burst, last, record)) {
    return appendTo(burst, record, burst.state.core.settings.profile.asksPartitionerAgain ? next() : partition);
  }
  burst.chosen.push(partition);
  return null;
}

/** The partitioner may change its mind when a batch is full, before memory for the next one is taken. */
function appendSticky(burst: Burst, record: OutgoingRecord): Blocked | null {
  const { process, state, topic, metadata } = burst;
  const { batchSizeBytes } = state.config;
  let partition = stickyPartition(process, topic, metadata);
  let queue = queueOf(topic, partition);
  if (areAllFull(queue, batchSizeBytes)) {
    stickyAppended(process, topic, metadata, { bytes: 0, batchSizeBytes, enableSwitch: true });
    queue = queueOf(topic, partition = topic.sticky.partition);
  }
  let last = queue.waiting[queue.waiting.length - 1];
  const before = last?.draft?.length ?? 0;
  if (last === undefined || last.isClosed || !tryAppend(burst, last, record)) {
    if (areAllFull(queue, batchSizeBytes)) {
      stickyAppended(process, topic, metadata, { bytes: 0, batchSizeBytes, enableSwitch: true });
      // Another partition may have a batch with room.
      if (topic.sticky.partition !== partition) return appendSticky(burst, record);
    }
    const open = state.nextBatchId;
    const blocked = appendNewBatch(burst, queue, record);
    if (blocked !== null || state.nextBatchId === open) return blocked;
    last = queue.waiting[queue.waiting.length - 1] as ProducerBatch;
    stickyAppended(process, topic, metadata, {
      bytes: last.draft?.length ?? 0, batchSizeBytes, enableSwitch: areAllFull(queue, batchSizeBytes),
    });
    return null;
  }
  burst.chosen.push(partition);
  stickyAppended(process, topic, metadata, {
    bytes: (last.draft?.length ?? 0) - before, batchSizeBytes, enableSwitch: areAllFull(queue, batchSizeBytes),
  });
  return null;
}

/** Only the last batch may have room. */
function areAllFull(queue: PartitionQueue, batchSizeBytes: number): boolean {
  const last = queue.waiting[queue.waiting.length - 1];
  return last === undefined || isFull(last, batchSizeBytes);
}

export function isFull(batch: ProducerBatch, batchSizeBytes: number): boolean {
  return batch.isClosed || batch.draft === null || batch.draft.length >= batchSizeBytes;
}

/** False when the batch has no room: it takes no more records then. */
function tryAppend(burst: Burst, batch: ProducerBatch, record: OutgoingRecord): boolean {
  const { draft } = batch;
  const timestampMs = record.timestampMs ?? burst.timestampMs;
  const limitBytes = burst.state.config.batchSizeBytes;
  if (draft === null || !appendToDraft(draft, limitBytes, timestampMs, record.key, record.value, headersOf(record))) {
    batch.isClosed = true;
    return false;
  }
  batch.recordCount += 1;
  burst.state.accepted += 1;
  if (burst.call.call !== WORKLOAD_CALL) addToRun(burst, batch);
  return true;
}

function headersOf({ headers }: OutgoingRecord): Headers {
  return headers === undefined ? NO_HEADERS : Object.entries(headers);
}

/** Remembers for the answer to the call where its records lie. */
function addToRun({ call, timestampMs }: Burst, batch: ProducerBatch): void {
  call.open += 1;
  const part = batch.parts[batch.parts.length - 1];
  if (part !== undefined && part.call === call.call) {
    const run = call.runs[part.run];
    if (run !== undefined && run.timestampMs === timestampMs) {
      run.count += 1;
      return;
    }
  }
  batch.parts.push({ call: call.call, run: call.runs.length });
  call.runs.push({
    order: call.runs.length * RUN_ORDER_STEP, partition: batch.partition, timestampMs, count: 1, baseOffset: UNKNOWN_OFFSET, logAppendTimeMs: -1,
  });
}

function appendNewBatch(burst: Burst, queue: PartitionQueue, record: OutgoingRecord): Blocked | null {
  const { process, state, topic, call } = burst;
  const { batchSizeBytes, bufferMemoryBytes } = state.config;
  const sizeBytes = serializedSizeBytes(record);
  const refusal = refusalOf(state, sizeBytes);
  if (refusal !== null) {
    call.error ??= refusal;
    burst.chosen.push(-1);
    return null;
  }
  const memoryBytes = Math.max(batchSizeBytes, sizeBytes);
  if (state.usedMemoryBytes + memoryBytes > bufferMemoryBytes) return { on: "memory", bytes: memoryBytes };
  state.usedMemoryBytes += memoryBytes;
  const before = queue.waiting[queue.waiting.length - 1];
  const capacityBytes = before?.isClosed === true && before.draft !== null ? batchSizeBytes : undefined;
  const batch: ProducerBatch = {
    id: state.nextBatchId, topic: topic.name, partition: queue.partition, createdUs: process.now, cause: process.cause, draft: createDraft(capacityBytes), sealed: null,
    recordCount: 0, isClosed: false, memoryBytes, parts: [], attempts: 0, retryAtUs: 0, leaderEpoch: -1, attemptsAtLeaderChange: -1,
    baseSequence: -1, producerId: -1, producerEpoch: -1, hasSequenceBeenReset: false, mayBeWritten: false,
  };
  state.nextBatchId += 1;
  queue.waiting.push(batch);
  activate(topic, queue);
  tryAppend(burst, batch, record);
  burst.chosen.push(queue.partition);
  return null;
}

/** An upper bound, as the Java client computes it (AbstractRecords.estimateSizeInBytesUpperBound). */
function serializedSizeBytes(record: OutgoingRecord): number {
  const sizeOf = (text: string | null): number => {
    if (text === null) return 1;
    const bytes = utf8BytesOf(text);
    return varintSize(bytes) + bytes;
  };
  let size = BATCH_OVERHEAD_BYTES + RECORD_OVERHEAD_BYTES_MAX + sizeOf(record.key) + sizeOf(record.value);
  const headers = Object.entries(record.headers ?? {});
  size += varintSize(headers.length);
  for (const [name, value] of headers) size += sizeOf(name) + sizeOf(value);
  return size;
}

/** KafkaProducer.ensureValidRecordSize. */
function refusalOf(state: ProducerState, sizeBytes: number): CallError | null {
  const { maxRequestSizeBytes, bufferMemoryBytes } = state.config;
  const start = `The message is ${sizeBytes} bytes when serialized which is larger than`;
  if (sizeBytes > maxRequestSizeBytes) {
    return {
      name: "RecordTooLarge", retriable: false,
      message: `${start} ${maxRequestSizeBytes}, which is the value of the max.request.size configuration.`,
    };
  }
  if (sizeBytes > bufferMemoryBytes) {
    return {
      name: "RecordTooLarge", retriable: false,
      message: `${start} the total memory buffer you have configured with the buffer.memory configuration.`,
    };
  }
  return null;
}
