// A record batch as a picture needs it: its header, and its first records as text. Decoding is remembered per batch body, which is
// immutable: the same bytes travel to every replica and consumer.
import { type BatchView, type RecordView, RECORDS_SHOWN_MAX } from "./view.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { RecordCursor } from "#engine/protocol/record-batch-codec.ts";
import { decodeUtf8 } from "#engine/protocol/utf8.ts";

interface ShownRecord {
  readonly offsetDelta: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
  readonly headers: readonly (readonly [string, string])[];
}

/** A pure function's memory, not state: what it gives depends on the bytes alone. */
const decodedBodies = new WeakMap<Uint8Array, readonly ShownRecord[]>();

export function batchView(batch: RecordBatch): BatchView {
  const shown = shownRecords(batch);
  const records: RecordView[] = shown.map(record => ({
    offset: batch.baseOffset + record.offsetDelta, leaderEpoch: batch.partitionLeaderEpoch,
    key: record.key, value: record.value, timestampMs: record.timestampMs, headers: record.headers,
  }));
  return {
    baseOffset: batch.baseOffset, count: batch.lastOffsetDelta + 1, leaderEpoch: batch.partitionLeaderEpoch,
    producerId: batch.producerId, producerEpoch: batch.producerEpoch, baseSequence: batch.baseSequence,
    sizeBytes: batch.sizeBytes, crc: batch.crc, records,
  };
}

function shownRecords(batch: RecordBatch): readonly ShownRecord[] {
  const known = decodedBodies.get(batch.body);
  if (known !== undefined) return known;
  const records: ShownRecord[] = [];
  const cursor = new RecordCursor(batch);
  while (records.length < RECORDS_SHOWN_MAX && cursor.next()) {
    records.push({
      offsetDelta: cursor.offset - batch.baseOffset,
      key: cursor.keyFrom === -1 ? null : decodeUtf8(cursor.bytes, cursor.keyFrom, cursor.keyTo),
      value: cursor.valueFrom === -1 ? null : decodeUtf8(cursor.bytes, cursor.valueFrom, cursor.valueTo),
      timestampMs: cursor.timestampMs,
      headers: cursor.headerCount === 0 ? [] : cursor.headers().map(([name, value]) =>
        [name, value === null ? "" : decodeUtf8(value, 0, value.length)] as const),
    });
  }
  decodedBodies.set(batch.body, records);
  return records;
}
