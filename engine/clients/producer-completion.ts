// What becomes of a batch: acknowledged, sent again, split, or failed; and what that means for the calls whose records it holds.
// Source: Sender.completeBatch, Sender.failBatch, RecordAccumulator.splitAndReenqueue, ProducerBatch.done. FIDELITY: CLIENT-PRODUCER.
import type { CallError, Outcome } from "#engine/cluster/commands.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { isInvalidMetadata, type KafkaError } from "#engine/protocol/errors.ts";
import { appendToDraft, createDraft } from "#engine/protocol/record-batch-builder.ts";
import { decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import { traceClient } from "./client-core.ts";
import { requestUpdate, retryBackoffUs } from "./client-metadata.ts";
import { brokerError, timeoutError } from "./error-texts.ts";
import { mayRetry, requeue, sequenceAcknowledged, sequenceGivenUp, sequenceRefused } from "./producer-idempotence.ts";
import type { BatchPart, PartitionQueue, ProducerBatch, ProducerState, Run, SendCall } from "./producer-state.ts";
import { SendOutcome } from "./send-outcome.ts";

/** A partition's part of a Produce response; `leader` as KIP-951 tells it. */
export interface BatchAnswer {
  readonly error: KafkaError;
  readonly errorMessage: string | null;
  readonly baseOffset: number;
  readonly logAppendTimeMs: number;
}

export function batchAnswered(
  process: ProcessContext, state: ProducerState, queue: PartitionQueue, batch: ProducerBatch, answer: BatchAnswer,
): void {
  const { error } = answer;
  takeFromWire(queue, batch);
  if (error === "NONE" || error === "DUPLICATE_SEQUENCE_NUMBER") {
    acknowledge(process, state, queue, batch, answer);
  } else if (error === "MESSAGE_TOO_LARGE" && batch.recordCount > 1) {
    split(state, queue, batch);
  } else if (!hasReachedDeliveryTimeout(process, state, batch) && batch.attempts < state.config.retries && mayRetry(state, queue, batch, error)) {
    retry(process, state, queue, batch, error);
  } else {
    if (batch.attempts < state.config.retries) sequenceRefused(state, queue, batch);
    else sequenceGivenUp(state, queue, batch);
    fail(process, state, batch, { error, reason: brokerError(error, answer.errorMessage), definite: isDefinite(batch, error) });
  }
  if (isInvalidMetadata(error)) requestUpdate(state.core.metadata);
}

function takeFromWire(queue: PartitionQueue, batch: ProducerBatch): void {
  queue.inFlight.splice(queue.inFlight.indexOf(batch), 1);
}

/** Errors after which the records may be in the log all the same. */
function leavesDoubt(error: KafkaError): boolean {
  return error === "NETWORK_EXCEPTION" || error === "REQUEST_TIMED_OUT" || error === "NOT_ENOUGH_REPLICAS_AFTER_APPEND"
    || error === "UNKNOWN_SERVER_ERROR";
}

function isDefinite(batch: ProducerBatch, error: KafkaError): boolean {
  return !batch.mayBeWritten && !leavesDoubt(error);
}

function acknowledge(process: ProcessContext, state: ProducerState, queue: PartitionQueue, batch: ProducerBatch, answer: BatchAnswer): void {
  sequenceAcknowledged(queue, batch);
  // A duplicate that the leader remembers only as such: the records are there, where is not known.
  const baseOffset = answer.error === "NONE" ? answer.baseOffset : -1;
  state.acknowledged += batch.recordCount;
  traceClient(process, {
    kind: "batch-acknowledged", client: state.core.settings.clientId, topic: batch.topic, partition: batch.partition, baseOffset,
    count: batch.recordCount, producerId: batch.producerId, baseSequence: batch.baseSequence,
  });
  release(state, batch);
  let offset = baseOffset;
  for (const part of batch.parts) {
    const run = runOf(state, part);
    if (run === null) continue;
    run.baseOffset = offset;
    run.logAppendTimeMs = answer.logAppendTimeMs;
    if (offset >= 0) offset += run.count;
    settle(process, state, part, run.count);
  }
}

function release(state: ProducerState, batch: ProducerBatch): void {
  state.usedMemoryBytes -= batch.memoryBytes;
}

function runOf(state: ProducerState, { call, run }: BatchPart): Run | null {
  return state.calls.get(call)?.runs[run] ?? null;
}

function retry(process: ProcessContext, state: ProducerState, queue: PartitionQueue, batch: ProducerBatch, error: KafkaError): void {
  batch.attempts += 1;
  batch.mayBeWritten ||= leavesDoubt(error);
  batch.retryAtUs = process.now + retryBackoffUs(process, state.core.settings.retryBackoff, batch.attempts - 1);
  requeue(queue, batch);
  traceClient(process, {
    kind: "batch-retried", client: state.core.settings.clientId, topic: batch.topic, partition: batch.partition, count: batch.recordCount,
    error, attempt: batch.attempts,
  });
  batch.cause = process.cause;
}

interface Failure { readonly error: KafkaError; readonly reason: CallError; readonly definite: boolean }

function fail(process: ProcessContext, state: ProducerState, batch: ProducerBatch, { error, reason, definite }: Failure): void {
  state.failed += batch.recordCount;
  traceClient(process, {
    kind: "batch-failed", client: state.core.settings.clientId, topic: batch.topic, partition: batch.partition, count: batch.recordCount,
    error, message: reason.message, definite,
  });
  release(state, batch);
  for (const part of batch.parts) {
    const call = state.calls.get(part.call);
    const run = call?.runs[part.run];
    if (call === undefined || run === undefined) continue;
    call.error ??= reason;
    settle(process, state, part, run.count);
  }
}

export function hasReachedDeliveryTimeout(process: ProcessContext, state: ProducerState, batch: ProducerBatch): boolean {
  return process.now - batch.createdUs >= fromMs(state.config.deliveryTimeoutMs);
}

const UNANSWERED = ". The request has not been sent, or no server response has been received yet.";

/** delivery.timeout.ms has passed. `isOnWire`: it was sent, and may yet be answered; the answer will find nobody. */
export function expire(process: ProcessContext, state: ProducerState, queue: PartitionQueue, batch: ProducerBatch, isOnWire: boolean): void {
  if (isOnWire) takeFromWire(queue, batch);
  else queue.waiting.splice(queue.waiting.indexOf(batch), 1);
  const elapsedMs = toMs(process.now - batch.createdUs);
  const message = `Expiring ${batch.recordCount} record(s) for ${batch.topic}-${batch.partition}:${elapsedMs} ms has passed since batch creation`
    + (state.core.settings.profile.tellsMoreInClientTexts ? UNANSWERED : "");
  sequenceGivenUp(state, queue, batch);
  fail(process, state, batch, { error: "REQUEST_TIMED_OUT", reason: timeoutError(message), definite: !isOnWire && !batch.mayBeWritten });
}

/**
 * The leader found the batch too large: its records go again, with the sequences they had, in batches of at most batch.size; one by one
 * if it was no larger than that (Java would send the same batch again until delivery.timeout.ms).
 */
function split(state: ProducerState, queue: PartitionQueue, batch: ProducerBatch): void {
  const { sealed } = batch;
  if (sealed === null) return;
  const limitBytes = sealed.sizeBytes > state.config.batchSizeBytes ? state.config.batchSizeBytes : 1;
  const parts = batch.parts.flatMap(part => splitRun(state, part));
  const smaller: ProducerBatch[] = [];
  let sequence = batch.baseSequence;
  for (const [index, { timestampMs, key, value, headers }] of decodeRecords(sealed).entries()) {
    let last = smaller[smaller.length - 1];
    if (last?.draft == null || !appendToDraft(last.draft, limitBytes, timestampMs, key, value, headers)) {
      const draft = createDraft();
      appendToDraft(draft, limitBytes, timestampMs, key, value, headers);
      last = {
        ...batch, id: state.nextBatchId, draft, sealed: null, recordCount: 0, isClosed: true, parts: [], baseSequence: sequence, memoryBytes: 0,
      };
      state.nextBatchId += 1;
      smaller.push(last);
    }
    last.recordCount += 1;
    if (sequence !== -1) sequence += 1;
    const origin = parts[index];
    if (origin !== undefined) last.parts.push(origin);
  }
  // All of the memory stays with the last one, so that what was taken is given back once.
  for (let index = smaller.length - 1; index >= 0; index -= 1) {
    requeue(queue, { ...smaller[index] as ProducerBatch, memoryBytes: index === smaller.length - 1 ? batch.memoryBytes : 0 });
  }
}

/** A run for every record, so that each may come to lie in another batch. */
function splitRun(state: ProducerState, { call, run }: BatchPart): BatchPart[] {
  const runs = state.calls.get(call)?.runs;
  const whole = runs?.[run];
  if (runs === undefined || whole === undefined) return [];
  const { count } = whole;
  whole.count = 1;
  const parts: BatchPart[] = [{ call, run }];
  for (let extra = 1; extra < count; extra += 1) {
    parts.push({ call, run: runs.length });
    runs.push({ ...whole, order: whole.order + extra });
  }
  return parts;
}

// ---- calls

/** `count` more records of a call have met their fate. */
function settle(process: ProcessContext, state: ProducerState, part: BatchPart, count: number): void {
  const call = state.calls.get(part.call);
  if (call === undefined) return;
  call.open -= count;
  finishIfDone(process, state, call);
}

/** Answers the call when nothing of it is open. */
export function finishIfDone(process: ProcessContext, state: ProducerState, call: SendCall): void {
  if (call.open > 0 || call.next < call.records.list.length) return;
  state.calls.delete(call.call);
  const answer: Outcome = call.error === null ? new SendOutcome(call, process.now) : { call: call.call, at: process.now, ok: false, error: call.error };
  process.outcome(answer);
}
