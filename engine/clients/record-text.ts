// Records as people read them: keys, values and headers as text.
import type { RecordView } from "#engine/cluster/view.ts";
import { type DecodedRecord, decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { decodeUtf8 } from "#engine/protocol/utf8.ts";

/** The records of a batch with offsets in [from, to). */
export function recordViews(batch: RecordBatch, from: number, to: number): RecordView[] {
  const views: RecordView[] = [];
  for (const record of decodeRecords(batch)) {
    if (record.offset >= from && record.offset < to) views.push(recordView(record, batch.partitionLeaderEpoch));
  }
  return views;
}

function recordView(record: DecodedRecord, leaderEpoch: number): RecordView {
  return {
    offset: record.offset, leaderEpoch, key: textOf(record.key), value: textOf(record.value), timestampMs: record.timestampMs,
    headers: record.headers.map(([name, value]) => [name, textOf(value) ?? ""] as const),
  };
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decodeUtf8(bytes);
}
