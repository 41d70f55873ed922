// Reading record batches of magic 2, and the way between a batch and its bytes on the wire or in a file. Building: record-batch-builder.ts.
// Source: DefaultRecordBatch.java, DefaultRecord.java. FIDELITY: PROTO-COMPRESSION.
import { bodyCrc } from "./body-crc.ts";
import type { KafkaError } from "./errors.ts";
import { BATCH_OVERHEAD_BYTES, RecordBatch } from "./record-batch.ts";
import { writeInt32, writeInt64 } from "./record-batch-builder.ts";
import { decodeUtf8 } from "./utf8.ts";

export { type FieldBytes, type Headers, type ProducerStamp, RecordBatchBuilder } from "./record-batch-builder.ts";

export interface DecodedRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [string, Uint8Array | null])[];
}

const COMPRESSION_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const MAGIC = 2;

/**
 * Walks over the records of a batch without an allocation a record: `while (cursor.next()) …`. Key and value are ranges of `bytes`;
 * a `from` of -1 is null. Within one handler only; never in state.
 */
export class RecordCursor {
  readonly bytes: Uint8Array;
  offset = -1;
  timestampMs = -1;
  keyFrom = -1;
  keyTo = -1;
  valueFrom = -1;
  valueTo = -1;
  headerCount = 0;
  /** False after a record that is not one; `next` then gives false too. */
  isSound = true;
  #at = BATCH_OVERHEAD_BYTES;
  #headersAt = 0;
  #left: number;
  readonly #baseOffset: number;
  readonly #baseTimestampMs: number;
  /** With LogAppendTime all records carry the batch's maximum. */
  readonly #fixedTimestampMs: number;

  constructor(batch: RecordBatch) {
    this.bytes = batch.body;
    this.#left = batch.recordCount;
    this.#baseOffset = batch.baseOffset;
    this.#baseTimestampMs = batch.baseTimestampMs;
    this.#fixedTimestampMs = batch.attributes & LOG_APPEND_TIME ? batch.maxTimestampMs : -1;
    if (batch.attributes & COMPRESSION_MASK) this.#fail();
  }

  /** Goes to the next record; false after the last. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    const size = this.#varint();
    const end = this.#at + size;
    if (size < 0 || end > this.bytes.length) return this.#fail();
    this.#at += 1;
    const timestampDelta = this.#varint();
    this.timestampMs = this.#fixedTimestampMs === -1 ? this.#baseTimestampMs + timestampDelta : this.#fixedTimestampMs;
    this.offset = this.#baseOffset + this.#varint();
    const keyLength = this.#varint();
    this.keyFrom = keyLength < 0 ? -1 : this.#at;
    this.keyTo = keyLength < 0 ? -1 : this.#at += keyLength;
    const valueLength = this.#varint();
    this.valueFrom = valueLength < 0 ? -1 : this.#at;
    this.valueTo = valueLength < 0 ? -1 : this.#at += valueLength;
    this.headerCount = this.#varint();
    this.#headersAt = this.#at;
    if (this.#at > end || this.headerCount < 0) return this.#fail();
    if (this.headerCount === 0 ? this.#at !== end : !this.#skipHeaders(end)) return this.#fail();
    return true;
  }

  get isDone(): boolean { return this.#left === 0 && this.#at === this.bytes.length; }

  /** Headers of the present record. */
  headers(): [string, Uint8Array | null][] {
    const headers: [string, Uint8Array | null][] = [];
    const after = this.#at;
    this.#at = this.#headersAt;
    for (let index = 0; index < this.headerCount; index += 1) {
      const nameFrom = this.#field();
      const name = decodeUtf8(this.bytes, nameFrom, this.#at);
      const valueFrom = this.#field();
      headers.push([name, valueFrom === -1 ? null : this.bytes.subarray(valueFrom, this.#at)]);
    }
    this.#at = after;
    return headers;
  }

  /** Passes over a length and its bytes; where the bytes begin, -1 for null. */
  #field(): number {
    const length = this.#varint();
    if (length < 0) return -1;
    const from = this.#at;
    this.#at += length;
    return from;
  }

  #skipHeaders(end: number): boolean {
    for (let index = 0; index < this.headerCount; index += 1) {
      if (this.#field() === -1 || this.#at > end) return false;
      this.#field();
      if (this.#at > end) return false;
    }
    return this.#at === end;
  }

  #fail(): false {
    this.isSound = false;
    this.#left = 0;
    return false;
  }

  #varint(): number {
    const byte = this.bytes[this.#at] as number;
    this.#at += 1;
    return byte < 0x80 ? byte >> 1 ^ -(byte & 1) : this.#longVarint(byte & 0x7f);
  }

  #longVarint(first: number): number {
    let zigzag = first;
    let scale = 128;
    for (let taken = 1; taken < 10; taken += 1) {
      const byte = this.bytes[this.#at];
      this.#at += 1;
      if (byte === undefined) break;
      zigzag += (byte & 0x7f) * scale;
      if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      scale *= 128;
    }
    this.#at = this.bytes.length + 1;
    return -1;
  }
}

/** All records of a batch that `readBatch` or a builder made. Keys and values are views of the batch's bytes. */
export function decodeRecords(batch: RecordBatch): DecodedRecord[] {
  const records: DecodedRecord[] = [];
  const cursor = new RecordCursor(batch);
  const { bytes } = cursor;
  while (cursor.next()) {
    records.push({
      offset: cursor.offset, timestampMs: cursor.timestampMs,
      key: cursor.keyFrom === -1 ? null : bytes.subarray(cursor.keyFrom, cursor.keyTo),
      value: cursor.valueFrom === -1 ? null : bytes.subarray(cursor.valueFrom, cursor.valueTo),
      headers: cursor.headerCount === 0 ? [] : cursor.headers(),
    });
  }
  return records;
}

/** Whether the bytes are still what their writer summed up. Base offset and leader epoch lie outside the sum. */
export function isValidCrc(batch: RecordBatch): boolean {
  return bodyCrc(batch.body) === batch.crc;
}

/** The batch as it stands in a file or on the wire: with its base offset and leader epoch. */
export function batchBytes(batch: RecordBatch): Uint8Array {
  const bytes = batch.body.slice();
  writeInt64(bytes, 0, batch.baseOffset);
  writeInt32(bytes, 12, batch.partitionLeaderEpoch);
  return bytes;
}

export type ReadBatch =
  | { readonly ok: true; readonly batch: RecordBatch; readonly bytesRead: number }
  | { readonly ok: false; readonly error: KafkaError; readonly why: string };

function refused(error: KafkaError, why: string): ReadBatch {
  return { ok: false, error, why };
}

/** Reads one batch at `at`: its lengths, its CRC and the shape of its records are checked. */
export function readBatch(bytes: Uint8Array, at = 0): ReadBatch {
  const left = bytes.length - at;
  if (left < BATCH_OVERHEAD_BYTES) return refused("CORRUPT_MESSAGE", `${left} bytes are less than a batch header`);
  const size = int32At(bytes, at + 8) + 12;
  if (size < BATCH_OVERHEAD_BYTES || size > left) return refused("CORRUPT_MESSAGE", `batch length ${size - 12} with ${left} bytes left`);
  if (bytes[at + 16] !== MAGIC) return refused("UNSUPPORTED_FOR_MESSAGE_FORMAT", `magic ${String(bytes[at + 16])}, not ${MAGIC}`);
  const body = bytes.slice(at, at + size);
  const crc = bodyCrc(body);
  if (crc !== int32At(body, 17) >>> 0) return refused("CORRUPT_MESSAGE", "the CRC does not match");
  const batch = batchOf(body, crc);
  writeInt64(body, 0, 0);
  writeInt32(body, 12, -1);
  if ((batch.attributes & COMPRESSION_MASK) !== 0) {
    return refused("UNSUPPORTED_COMPRESSION_TYPE", `compression codec ${batch.attributes & COMPRESSION_MASK}`);
  }
  if (!isWellFormed(batch)) return refused("INVALID_RECORD", "the records do not fill the batch");
  return { ok: true, batch, bytesRead: size };
}

function batchOf(body: Uint8Array, crc: number): RecordBatch {
  return new RecordBatch({
    baseOffset: int64At(body, 0), partitionLeaderEpoch: int32At(body, 12), attributes: int16At(body, 21),
    lastOffsetDelta: int32At(body, 23), baseTimestampMs: int64At(body, 27), maxTimestampMs: int64At(body, 35),
    producerId: int64At(body, 43), producerEpoch: int16At(body, 51), baseSequence: int32At(body, 53), recordCount: int32At(body, 57),
    crc, body,
  }, int64At(body, 0), int32At(body, 12));
}

function isWellFormed(batch: RecordBatch): boolean {
  if (batch.recordCount < 0 || batch.lastOffsetDelta < 0) return false;
  const cursor = new RecordCursor(batch);
  while (cursor.next());
  return cursor.isSound && cursor.isDone;
}

function int16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24 | (bytes[at + 1] as number) << 16) >> 16;
}

function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) << 24 | (bytes[at + 1] as number) << 16 | (bytes[at + 2] as number) << 8 | (bytes[at + 3] as number);
}

function int64At(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) * 4294967296 + (int32At(bytes, at + 4) >>> 0);
}
