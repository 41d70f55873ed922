// Building record batches of magic 2: texts are encoded in place into one growing buffer, the header and the CRC are written when the
// batch is closed. An open batch (BatchDraft) is plain state of a producer; its buffer is shared by checkpoints in the manner of an
// append-only list: who writes on after somebody else has, takes a copy. Source: MemoryRecordsBuilder.java, DefaultRecord.java.
import { invariant } from "#engine/core/invariant-error.ts";
import { SharedValue } from "#engine/core/shared-value.ts";
import { takeBytes } from "./batch-memory.ts";
import { bodyCrc } from "./body-crc.ts";
import { BATCH_OVERHEAD_BYTES, NO_PRODUCER_ID, RecordBatch } from "./record-batch.ts";
import { encodeUtf8, writeAscii } from "./utf8.ts";
import { varintSize, writeVarint } from "./varint.ts";

export type FieldBytes = Uint8Array | string | null;
export type Headers = readonly (readonly [string, FieldBytes])[];

export const NO_HEADERS: Headers = [];
export const TRANSACTIONAL_ATTRIBUTE = 0x10;
/** Of one record without key, value and headers: length 5, attributes 1, timestamp delta 10, offset delta 5 (DefaultRecord.MAX_RECORD_OVERHEAD). */
export const RECORD_OVERHEAD_BYTES_MAX = 21;
const FIRST_CAPACITY_BYTES = 256;
const GROWTH = 8;
const SEALED = -1;

/** The bytes behind an open batch. `written`: how far its present owner has got; -1 when a finished batch keeps it. */
export class DraftBuffer extends SharedValue {
  readonly bytes: Uint8Array;
  written: number;

  constructor(bytes: Uint8Array, written: number) {
    super();
    this.bytes = bytes;
    this.written = written;
  }

  /** What has been written is told by the draft's counts and by the events before. */
  digestParts(): readonly number[] { return []; }
}

/** An open batch. @property length bytes so far, with the header that is written at the end. */
export interface BatchDraft {
  buffer: DraftBuffer;
  length: number;
  recordCount: number;
  baseTimestampMs: number;
  maxTimestampMs: number;
}

/** What the header says of the producer. `baseSequence` -1 and `producerId` -1: not idempotent. */
export interface ProducerStamp {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly transactional: boolean;
}
export const NO_STAMP: ProducerStamp = { producerId: NO_PRODUCER_ID, producerEpoch: -1, baseSequence: -1, transactional: false };

/** `capacityBytes`: more than the first few records need, when it is known that many follow. */
export function createDraft(capacityBytes: number = FIRST_CAPACITY_BYTES): BatchDraft {
  return {
    buffer: new DraftBuffer(takeBytes(Math.max(capacityBytes, BATCH_OVERHEAD_BYTES)), BATCH_OVERHEAD_BYTES), length: BATCH_OVERHEAD_BYTES,
    recordCount: 0, baseTimestampMs: -1, maxTimestampMs: -1,
  };
}

/**
 * Adds a record unless the batch would grow beyond `limitBytes`; the first record always fits. False when it did not.
 */
export function appendToDraft(
  draft: BatchDraft, limitBytes: number, timestampMs: number, key: FieldBytes, value: FieldBytes, headers: Headers,
): boolean {
  const first = draft.recordCount === 0;
  const timestampDelta = first ? 0 : timestampMs - draft.baseTimestampMs;
  const keyLength = key === null ? -1 : key.length;
  const valueLength = value === null ? -1 : value.length;
  const size = 1 + varintSize(timestampDelta) + varintSize(draft.recordCount)
    + varintSize(keyLength) + (keyLength < 0 ? 0 : keyLength) + varintSize(valueLength) + (valueLength < 0 ? 0 : valueLength)
    + headersSize(headers);
  const needed = draft.length + varintSize(size) + size;
  if (needed > limitBytes && !first) return false;
  if (draft.buffer.written !== draft.length || draft.buffer.bytes.length < needed) makeRoom(draft, needed, limitBytes);
  const bytes = draft.buffer.bytes;
  let at = writeVarint(bytes, draft.length, size);
  bytes[at] = 0;
  at = writeVarint(bytes, at + 1, timestampDelta);
  at = writeVarint(bytes, at, draft.recordCount);
  at = writeField(bytes, at, key, keyLength);
  if (at !== -1) at = writeField(bytes, at, value, valueLength);
  if (at === -1) return appendToDraft(draft, limitBytes, timestampMs, asBytes(key), asBytes(value), headers);
  at = writeHeaders(bytes, at, headers);
  draft.buffer.written = at;
  draft.length = at;
  draft.recordCount += 1;
  if (first) draft.baseTimestampMs = timestampMs;
  if (timestampMs > draft.maxTimestampMs) draft.maxTimestampMs = timestampMs;
  return true;
}

function asBytes(field: FieldBytes): Uint8Array | null {
  return typeof field === "string" ? encodeUtf8(field) : field;
}

/** -1 when a text was not ASCII: then its length was wrong too. */
function writeField(bytes: Uint8Array, at: number, field: FieldBytes, length: number): number {
  const position = writeVarint(bytes, at, length);
  if (typeof field === "string") return writeAscii(bytes, position, field);
  if (field === null) return position;
  bytes.set(field, position);
  return position + length;
}

/** Headers are rare: their texts may cost an allocation. */
function headersSize(headers: Headers): number {
  let size = varintSize(headers.length);
  for (const [name, value] of headers) {
    const nameLength = encodeUtf8(name).length;
    const valueLength = asBytes(value)?.length ?? -1;
    size += varintSize(nameLength) + nameLength + varintSize(valueLength) + Math.max(valueLength, 0);
  }
  return size;
}

function writeHeaders(bytes: Uint8Array, at: number, headers: Headers): number {
  let position = writeVarint(bytes, at, headers.length);
  for (const [name, value] of headers) {
    const nameBytes = encodeUtf8(name);
    const valueBytes = asBytes(value);
    position = writeField(bytes, position, nameBytes, nameBytes.length);
    position = writeField(bytes, position, valueBytes, valueBytes?.length ?? -1);
  }
  return position;
}

/** A buffer of its own with room for `needed` bytes: in few steps, but not beyond the limit unless one record needs it. */
function makeRoom(draft: BatchDraft, needed: number, limitBytes: number): void {
  const old = draft.buffer.bytes;
  const capacity = needed <= old.length ? old.length : Math.max(needed, Math.min(GROWTH * old.length, limitBytes));
  const bytes = takeBytes(capacity);
  bytes.set(old.subarray(0, draft.length));
  draft.buffer = new DraftBuffer(bytes, draft.length);
}

/** Closes the batch: writes the header and the CRC. The draft must not be written to any more. */
export function sealDraft(draft: BatchDraft, stamp: ProducerStamp): RecordBatch {
  invariant(draft.recordCount > 0, "a batch without records");
  if (draft.buffer.written !== draft.length) makeRoom(draft, draft.length, draft.length);
  const { length } = draft;
  const bytes = draft.buffer.bytes;
  // Much room left over is given back; otherwise the batch keeps the buffer.
  const keeps = 4 * length >= 3 * bytes.length;
  const body = keeps ? bytes.subarray(0, length) : bytes.slice(0, length);
  if (keeps) draft.buffer.written = SEALED;
  return withHeader(body, {
    recordCount: draft.recordCount, baseTimestampMs: draft.baseTimestampMs, maxTimestampMs: draft.maxTimestampMs, stamp,
  });
}

/** The same records under another stamp: a producer that has started over with a new epoch numbers its batches anew. */
export function restamped(batch: RecordBatch, stamp: ProducerStamp): RecordBatch {
  return withHeader(batch.body.slice(), {
    recordCount: batch.recordCount, baseTimestampMs: batch.baseTimestampMs, maxTimestampMs: batch.maxTimestampMs, stamp,
  });
}

interface HeaderFields {
  readonly recordCount: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly stamp: ProducerStamp;
}

function withHeader(body: Uint8Array, fields: HeaderFields): RecordBatch {
  const { recordCount, baseTimestampMs, maxTimestampMs, stamp } = fields;
  const attributes = stamp.transactional ? TRANSACTIONAL_ATTRIBUTE : 0;
  writeInt64(body, 0, 0);
  writeInt32(body, 8, body.length - 12);
  writeInt32(body, 12, -1);
  body[16] = 2;
  writeInt16(body, 21, attributes);
  writeInt32(body, 23, recordCount - 1);
  writeInt64(body, 27, baseTimestampMs);
  writeInt64(body, 35, maxTimestampMs);
  writeInt64(body, 43, stamp.producerId);
  writeInt16(body, 51, stamp.producerEpoch);
  writeInt32(body, 53, stamp.baseSequence);
  writeInt32(body, 57, recordCount);
  const crc = bodyCrc(body);
  writeInt32(body, 17, crc);
  return new RecordBatch({
    baseOffset: 0, partitionLeaderEpoch: -1, lastOffsetDelta: recordCount - 1, recordCount, baseTimestampMs, maxTimestampMs, attributes,
    producerId: stamp.producerId, producerEpoch: stamp.producerEpoch, baseSequence: stamp.baseSequence, crc, body,
  }, 0, -1);
}

export function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

export function writeInt64(bytes: Uint8Array, at: number, value: number): void {
  writeInt32(bytes, at, Math.floor(value / 4294967296));
  writeInt32(bytes, at + 4, value | 0);
}

/**
 * Builds one batch within a handler or a test. Not for state: there a BatchDraft stands.
 * @example new RecordBatchBuilder().append(0, "key", "value").build({})
 */
export class RecordBatchBuilder {
  readonly #draft = createDraft();

  append(timestampMs: number, key: FieldBytes, value: FieldBytes, headers: Headers = NO_HEADERS): this {
    appendToDraft(this.#draft, Number.MAX_SAFE_INTEGER, timestampMs, key, value, headers);
    return this;
  }

  get sizeBytes(): number { return this.#draft.length; }
  get recordCount(): number { return this.#draft.recordCount; }

  /** Whether a producer with this batch.size would begin another batch. */
  isFull(batchSize: number): boolean {
    return this.#draft.recordCount > 0 && this.#draft.length >= batchSize;
  }

  build(stamp: Partial<ProducerStamp> = {}): RecordBatch {
    return sealDraft(this.#draft, { ...NO_STAMP, ...stamp });
  }
}
