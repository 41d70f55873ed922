// Producer id, epoch and sequence numbers: what keeps order and forbids duplicates while up to five requests are in flight and some are
// sent again. Batches that have a sequence are those on the wire and those that wait to be sent again.
// Source: TransactionManager.java, TxnPartitionEntry.java (the parts without transactions). FIDELITY: CLIENT-IDEMPOTENCE.
import type { ProcessContext } from "#engine/core/process.ts";
import { isRetriable, type KafkaError } from "#engine/protocol/errors.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import { restamped, sealDraft } from "#engine/protocol/record-batch-builder.ts";
import { NO_PRODUCER_ID, type RecordBatch } from "#engine/protocol/record-batch.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import { leastLoadedNode, NEVER_US, send } from "./client-core.ts";
import { retryBackoffUs } from "./client-metadata.ts";
import { activeQueues, type PartitionQueue, type ProducerBatch, type ProducerState } from "./producer-state.ts";

const NO_SEQUENCE = -1;
const EPOCH_MAX = 32767;
const SEQUENCE_BOUND = 2147483648;
const TRANSACTION_TIMEOUT_NONE_MS = 2147483647;

/** Marks a request for a producer id; batches have a context of their own. */
export const PRODUCER_ID_CONTEXT = "producer id";

/** Asks any broker for a producer id when there is none. Returns when to look again. */
export function requestProducerId(process: ProcessContext, state: ProducerState): number {
  const { idempotence, config, core } = state;
  if (!config.isIdempotent || idempotence.producerId !== NO_PRODUCER_ID || idempotence.isRequested) return NEVER_US;
  if (idempotence.retryAtUs > process.now) return idempotence.retryAtUs;
  const node = leastLoadedNode(process, core);
  if (node === null) {
    idempotence.retryAtUs = process.now + retryBackoffUs(process, core.settings.retryBackoff, 0);
    return idempotence.retryAtUs;
  }
  idempotence.isRequested = true;
  send(process, core, node, {
    api: "InitProducerId", timeoutMs: core.settings.requestTimeoutMs, context: PRODUCER_ID_CONTEXT,
    body: { transactionalId: null, transactionTimeoutMs: TRANSACTION_TIMEOUT_NONE_MS, producerId: NO_PRODUCER_ID, producerEpoch: -1 },
  });
  return NEVER_US;
}

/** `response` null: the connection broke. Any error is asked again: a producer without an id cannot do anything else. */
export function producerIdAnswered(process: ProcessContext, state: ProducerState, response: ResponseOf<"InitProducerId"> | null): void {
  const { idempotence, core } = state;
  idempotence.isRequested = false;
  if (response === null || response.error !== "NONE") {
    idempotence.attempts += 1;
    idempotence.retryAtUs = process.now + retryBackoffUs(process, core.settings.retryBackoff, idempotence.attempts - 1);
    return;
  }
  idempotence.attempts = 0;
  idempotence.producerId = response.producerId;
  idempotence.producerEpoch = response.producerEpoch;
}

export function hasSequence(batch: ProducerBatch): boolean {
  return batch.baseSequence !== NO_SEQUENCE;
}

function lastSequenceOf(batch: ProducerBatch): number {
  return (batch.baseSequence + batch.recordCount - 1) % SEQUENCE_BOUND;
}

function hasSequencedBatches(queue: PartitionQueue): boolean {
  return queue.inFlight.length > 0 || queue.waiting.length > 0 && hasSequence(queue.waiting[0] as ProducerBatch);
}

function sequencedBatches(queue: PartitionQueue): ProducerBatch[] {
  return [...queue.inFlight, ...queue.waiting.filter(hasSequence)].sort((a, b) => a.baseSequence - b.baseSequence);
}

function isStale({ idempotence }: ProducerState, queue: PartitionQueue): boolean {
  return queue.producerId !== idempotence.producerId || queue.producerEpoch !== idempotence.producerEpoch;
}

/** RecordAccumulator.shouldStopDrainBatchesForPartition. */
export function mustHoldBack(state: ProducerState, queue: PartitionQueue, first: ProducerBatch): boolean {
  if (!state.config.isIdempotent) return false;
  if (state.idempotence.producerId === NO_PRODUCER_ID) return true;
  if (!hasSequence(first)) return queue.isUnresolved || hasSequencedBatches(queue) && isStale(state, queue);
  // Sent again: only as the oldest of those that are not acknowledged, so that the leader sees no gap.
  return sequencedBatches(queue)[0] !== first;
}

/** Gives the batch its place in the order, closes it, and returns what goes on the wire. */
export function sealForSending(state: ProducerState, queue: PartitionQueue, batch: ProducerBatch): RecordBatch {
  const { config, idempotence } = state;
  if (config.isIdempotent && !hasSequence(batch)) {
    if (isStale(state, queue) && !hasSequencedBatches(queue)) restartSequences(state, queue);
    batch.producerId = idempotence.producerId;
    batch.producerEpoch = idempotence.producerEpoch;
    batch.baseSequence = queue.nextSequence;
    queue.nextSequence = (queue.nextSequence + batch.recordCount) % SEQUENCE_BOUND;
  }
  const { producerId, producerEpoch, baseSequence } = batch;
  const stamp = { producerId, producerEpoch, baseSequence, transactional: false };
  if (batch.sealed === null) {
    invariant(batch.draft !== null, "a batch has neither bytes nor a draft");
    batch.sealed = sealDraft(batch.draft, stamp);
    batch.draft = null;
    batch.isClosed = true;
  } else if (!isStampedAs(batch.sealed, batch)) {
    batch.sealed = restamped(batch.sealed, stamp);
  }
  return batch.sealed;
}

function isStampedAs(sealed: RecordBatch, { producerId, producerEpoch, baseSequence }: ProducerBatch): boolean {
  return sealed.producerId === producerId && sealed.producerEpoch === producerEpoch && sealed.baseSequence === baseSequence;
}

/** From 0 under the present id and epoch: all batches that have a sequence are numbered anew, in their order. */
function restartSequences(state: ProducerState, queue: PartitionQueue): void {
  const { producerId, producerEpoch } = state.idempotence;
  let sequence = 0;
  for (const batch of sequencedBatches(queue)) {
    batch.producerId = producerId;
    batch.producerEpoch = producerEpoch;
    batch.baseSequence = sequence;
    batch.hasSequenceBeenReset = true;
    sequence += batch.recordCount;
  }
  queue.nextSequence = sequence;
  queue.lastAckedSequence = -1;
  queue.producerId = producerId;
  queue.producerEpoch = producerEpoch;
}

function requestEpochBump(state: ProducerState, queue: PartitionQueue): void {
  state.idempotence.mustBumpEpoch = true;
  queue.mustRestart = true;
}

/** What Java's sender does before each round: a new epoch if one was asked for, and partitions whose gap has resolved. */
export function settleSequences(state: ProducerState): void {
  if (!state.config.isIdempotent) return;
  for (const topic of state.topics.values()) {
    for (const queue of activeQueues(topic)) if (queue.isUnresolved) resolve(state, queue);
  }
  const { idempotence } = state;
  if (!idempotence.mustBumpEpoch || idempotence.producerId === NO_PRODUCER_ID) return;
  idempotence.mustBumpEpoch = false;
  if (idempotence.producerEpoch === EPOCH_MAX) idempotence.producerId = NO_PRODUCER_ID;
  else idempotence.producerEpoch += 1;
  for (const topic of state.topics.values()) {
    for (const queue of topic.queues.values()) {
      if (!queue.mustRestart) continue;
      queue.mustRestart = false;
      queue.isUnresolved = false;
      restartSequences(state, queue);
    }
  }
}

/** Once nothing is under way, the last acknowledged sequence tells whether the batch that was given up had been written. */
function resolve(state: ProducerState, queue: PartitionQueue): void {
  if (hasSequencedBatches(queue)) return;
  queue.isUnresolved = false;
  if (!isNextSequence(queue, queue.nextSequence)) requestEpochBump(state, queue);
}

function isNextSequence(queue: PartitionQueue, sequence: number): boolean {
  return sequence === (queue.lastAckedSequence + 1) % SEQUENCE_BOUND;
}

/** TransactionManager.canRetry; without idempotence the error alone decides. */
export function mayRetry(state: ProducerState, queue: PartitionQueue, batch: ProducerBatch, error: KafkaError): boolean {
  if (!state.config.isIdempotent) return isRetriable(error);
  if (error === "OUT_OF_ORDER_SEQUENCE_NUMBER") {
    const isBehindAnother = batch.hasSequenceBeenReset || !isNextSequence(queue, batch.baseSequence);
    if (queue.isUnresolved || !isBehindAnother) requestEpochBump(state, queue);
    return true;
  }
  if (error === "UNKNOWN_PRODUCER_ID") {
    if (!batch.hasSequenceBeenReset) requestEpochBump(state, queue);
    return true;
  }
  return isRetriable(error);
}

export function sequenceAcknowledged(queue: PartitionQueue, batch: ProducerBatch): void {
  if (hasSequence(batch)) queue.lastAckedSequence = Math.max(queue.lastAckedSequence, lastSequenceOf(batch));
}

/** A batch was refused for good: its sequences will never be used, so the partition starts over under a new epoch. */
export function sequenceRefused(state: ProducerState, queue: PartitionQueue, batch: ProducerBatch): void {
  if (state.config.isIdempotent && hasSequence(batch)) requestEpochBump(state, queue);
}

/** A batch was given up without an answer. */
export function sequenceGivenUp(state: ProducerState, queue: PartitionQueue, batch: ProducerBatch): void {
  if (state.config.isIdempotent && hasSequence(batch)) queue.isUnresolved = true;
}

/** Back to the front, but behind older ones that wait to be sent again as well (RecordAccumulator.insertInSequenceOrder). */
export function requeue(queue: PartitionQueue, batch: ProducerBatch): void {
  const isOlder = (other: ProducerBatch): boolean => hasSequence(other) && other.baseSequence < batch.baseSequence;
  const at = hasSequence(batch) ? queue.waiting.findIndex(other => !isOlder(other)) : 0;
  queue.waiting.splice(at === -1 ? queue.waiting.length : at, 0, batch);
}
