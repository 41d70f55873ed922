// A batch as compaction leaves it: fewer records with the offsets they had, the last offset and the sequence numbers of the whole; with tombstones in it
// a time from which they may go (KIP-534), which stands in the place of the base timestamp.
// Source: MemoryRecords.filterBatch, MemoryRecordsBuilder.java, DefaultRecordBatch.writeEmptyHeader (3.9). FIDELITY: LOG-COMPACTION.
import { bodyCrc } from "#engine/protocol/body-crc.ts";
import { BATCH_OVERHEAD_BYTES, RecordBatch } from "#engine/protocol/record-batch.ts";
import { writeInt16, writeInt32, writeInt64 } from "#engine/protocol/record-batch-builder.ts";
import { type DecodedRecord, decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import { encodeUtf8 } from "#engine/protocol/utf8.ts";
import { varintSize, writeVarint } from "#engine/protocol/varint.ts";

export const DELETE_HORIZON_ATTRIBUTE = 0x40;
const CONTROL_ATTRIBUTE = 0x20;
const LOG_APPEND_TIME_ATTRIBUTE = 0x08;
const NO_TIMESTAMP = -1;
const EMPTY = new Uint8Array(0);

/** What the filter decides: whether a record stays, and whether the batch stays when none of its records does. */
export interface BatchFilter {
  retains(batch: RecordBatch, record: DecodedRecord): boolean;
  readonly retainsEmpty: boolean;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
}

/** -1: none is set. */
export function deleteHorizonMs(batch: RecordBatch): number {
  return (batch.attributes & DELETE_HORIZON_ATTRIBUTE) === 0 ? NO_TIMESTAMP : batch.baseTimestampMs;
}

/** The same object when nothing had to change; null when nothing is left. Control batches are kept as they are. */
export function compactedBatch(batch: RecordBatch, filter: BatchFilter): { readonly batch: RecordBatch | null; readonly retained: number } {
  if ((batch.attributes & CONTROL_ATTRIBUTE) !== 0) return { batch, retained: batch.recordCount };
  const records = decodeRecords(batch);
  const retained = records.filter(record => filter.retains(batch, record));
  if (retained.length === 0) return { batch: filter.retainsEmpty ? rewritten(batch, [], NO_TIMESTAMP) : null, retained: 0 };
  const known = deleteHorizonMs(batch);
  const needsHorizon = known === NO_TIMESTAMP && retained.some(record => record.value === null);
  if (retained.length === records.length && !needsHorizon) return { batch, retained: retained.length };
  return { batch: rewritten(batch, retained, needsHorizon ? filter.nowMs + filter.deleteRetentionMs : known), retained: retained.length };
}

function rewritten(batch: RecordBatch, records: readonly DecodedRecord[], horizonMs: number): RecordBatch {
  const [first] = records;
  const stampsOnAppend = (batch.attributes & LOG_APPEND_TIME_ATTRIBUTE) !== 0;
  const baseTimestampMs = horizonMs !== NO_TIMESTAMP ? horizonMs : first?.timestampMs ?? NO_TIMESTAMP;
  const maxTimestampMs = first === undefined || stampsOnAppend ? batch.maxTimestampMs : records.reduce((newest, record) => Math.max(newest, record.timestampMs), NO_TIMESTAMP);
  const attributes = horizonMs !== NO_TIMESTAMP ? batch.attributes | DELETE_HORIZON_ATTRIBUTE : batch.attributes & ~DELETE_HORIZON_ATTRIBUTE;
  const sizes = records.map(record => recordSize(record, batch.baseOffset, baseTimestampMs));
  const body = new Uint8Array(sizes.reduce((sum, size) => sum + varintSize(size) + size, BATCH_OVERHEAD_BYTES));
  let at = BATCH_OVERHEAD_BYTES;
  records.forEach((record, index) => { at = writeRecord(body, at, record, sizes[index] ?? 0, batch.baseOffset, baseTimestampMs); });
  const { lastOffsetDelta, producerId, producerEpoch, baseSequence } = batch;
  writeInt64(body, 0, 0);
  writeInt32(body, 8, body.length - 12);
  writeInt32(body, 12, -1);
  body[16] = 2;
  writeInt16(body, 21, attributes);
  writeInt32(body, 23, lastOffsetDelta);
  writeInt64(body, 27, baseTimestampMs);
  writeInt64(body, 35, maxTimestampMs);
  writeInt64(body, 43, producerId);
  writeInt16(body, 51, producerEpoch);
  writeInt32(body, 53, baseSequence);
  writeInt32(body, 57, records.length);
  const crc = bodyCrc(body);
  writeInt32(body, 17, crc);
  return new RecordBatch({
    baseOffset: 0, partitionLeaderEpoch: -1, lastOffsetDelta, recordCount: records.length, baseTimestampMs, maxTimestampMs, attributes, producerId,
    producerEpoch, baseSequence, crc, body,
  }, batch.baseOffset, batch.partitionLeaderEpoch);
}

function fieldSize(bytes: Uint8Array | null): number {
  return bytes === null ? varintSize(-1) : varintSize(bytes.length) + bytes.length;
}

function recordSize(record: DecodedRecord, baseOffset: number, baseTimestampMs: number): number {
  let size = 1 + varintSize(record.timestampMs - baseTimestampMs) + varintSize(record.offset - baseOffset) + fieldSize(record.key) + fieldSize(record.value)
    + varintSize(record.headers.length);
  for (const [name, value] of record.headers) size += fieldSize(encodeUtf8(name)) + fieldSize(value);
  return size;
}

function writeRecord(body: Uint8Array, from: number, record: DecodedRecord, size: number, baseOffset: number, baseTimestampMs: number): number {
  let at = writeVarint(body, from, size);
  body[at] = 0;
  at = writeVarint(body, at + 1, record.timestampMs - baseTimestampMs);
  at = writeVarint(body, at, record.offset - baseOffset);
  at = writeField(body, at, record.key);
  at = writeField(body, at, record.value);
  at = writeVarint(body, at, record.headers.length);
  for (const [name, value] of record.headers) at = writeField(body, writeField(body, at, encodeUtf8(name)), value);
  return at;
}

function writeField(body: Uint8Array, from: number, bytes: Uint8Array | null): number {
  const at = writeVarint(body, from, bytes === null ? -1 : bytes.length);
  body.set(bytes ?? EMPTY, at);
  return at + (bytes?.length ?? 0);
}
