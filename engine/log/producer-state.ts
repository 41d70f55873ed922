// What a partition remembers of its idempotent producers: the last five batches of each producer id, so that a retried batch is
// answered with its old offset and a gap is refused. Source: ProducerStateManager.java, ProducerAppendInfo.java,
// ProducerStateEntry.java (3.9). FIDELITY: LOG-PRODUCER-STATE.
import { NO_PRODUCER_ID, type RecordBatch } from "#engine/protocol/record-batch.ts";

/** A producer may have five requests in flight, so five batches suffice to know a retry. */
const BATCHES_KEPT = 5;
const SEQUENCE_COUNT = 2147483648;
const NO_SEQUENCE = -1;

export interface BatchMetadata {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly lastOffset: number;
  readonly offsetDelta: number;
  readonly timestampMs: number;
}

export interface ProducerStateEntry {
  producerEpoch: number;
  /** Oldest first, at most five. */
  batches: BatchMetadata[];
  lastTimestampMs: number;
}

/** By producer id. */
export type ProducerState = Map<number, ProducerStateEntry>;

export type SequenceVerdict =
  | { readonly is: "new" }
  | { readonly is: "duplicate"; readonly batch: BatchMetadata }
  | { readonly is: "refused"; readonly error: "OUT_OF_ORDER_SEQUENCE_NUMBER" | "INVALID_PRODUCER_EPOCH" };

const NEW: SequenceVerdict = { is: "new" };
const OUT_OF_ORDER: SequenceVerdict = { is: "refused", error: "OUT_OF_ORDER_SEQUENCE_NUMBER" };
const OLD_EPOCH: SequenceVerdict = { is: "refused", error: "INVALID_PRODUCER_EPOCH" };

/** What a leader does with a batch from a client. */
export function checkSequence(producers: ProducerState, batch: RecordBatch): SequenceVerdict {
  if (batch.producerId === NO_PRODUCER_ID) return NEW;
  const entry = producers.get(batch.producerId);
  if (entry === undefined) return NEW;
  const duplicate = findDuplicate(entry, batch);
  if (duplicate !== undefined) return { is: "duplicate", batch: duplicate };
  if (batch.producerEpoch < entry.producerEpoch) return OLD_EPOCH;
  if (batch.producerEpoch > entry.producerEpoch) return batch.baseSequence === 0 ? NEW : OUT_OF_ORDER;
  const last = entry.batches[entry.batches.length - 1];
  const lastSequence = last === undefined ? NO_SEQUENCE : last.lastSequence;
  // An entry without batches (all truncated away) takes up at any sequence.
  return lastSequence === NO_SEQUENCE || inSequence(lastSequence, batch.baseSequence) ? NEW : OUT_OF_ORDER;
}

function findDuplicate(entry: ProducerStateEntry, batch: RecordBatch): BatchMetadata | undefined {
  if (batch.producerEpoch !== entry.producerEpoch) return undefined;
  return entry.batches.find(kept => kept.firstSequence === batch.baseSequence && kept.lastSequence === batch.lastSequence);
}

function inSequence(last: number, next: number): boolean {
  return next === (last + 1) % SEQUENCE_COUNT;
}

/** Takes a batch into account that was appended: as a leader, as a follower, or while the log is read again after a start. */
export function noteAppended(producers: ProducerState, batch: RecordBatch): void {
  if (batch.producerId === NO_PRODUCER_ID) return;
  let entry = producers.get(batch.producerId);
  if (entry === undefined) {
    entry = { producerEpoch: batch.producerEpoch, batches: [], lastTimestampMs: batch.maxTimestampMs };
    producers.set(batch.producerId, entry);
  } else if (entry.producerEpoch !== batch.producerEpoch) {
    entry.producerEpoch = batch.producerEpoch;
    entry.batches = [];
  }
  entry.lastTimestampMs = batch.maxTimestampMs;
  entry.batches.push({
    firstSequence: batch.baseSequence, lastSequence: batch.lastSequence, lastOffset: batch.lastOffset,
    offsetDelta: batch.lastOffsetDelta, timestampMs: batch.maxTimestampMs,
  });
  if (entry.batches.length > BATCHES_KEPT) entry.batches.shift();
}

/** Forgets producers that have not written for `expirationMs` (producer.id.expiration.ms). */
export function removeExpiredProducers(producers: ProducerState, nowMs: number, expirationMs: number): void {
  for (const [producerId, entry] of producers) {
    if (nowMs - entry.lastTimestampMs >= expirationMs) producers.delete(producerId);
  }
}
