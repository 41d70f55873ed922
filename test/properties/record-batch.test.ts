import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchBytes, decodeRecords, isValidCrc, readBatch, RecordBatchBuilder } from "#engine/protocol/record-batch-codec.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { encodeUtf8 } from "#engine/protocol/utf8.ts";

const bytes = fc.uint8Array({ maxLength: 300 });
const field = fc.oneof(fc.constant(null), bytes, fc.string({ unit: "binary", maxLength: 200 }));
const record = fc.record({
  timestampMs: fc.oneof(fc.integer({ min: 0, max: 2 ** 45 }), fc.integer({ min: 0, max: 1000 })), key: field, value: field,
  headers: fc.array(fc.tuple(fc.string({ maxLength: 5 }), field), { maxLength: 3 }),
});
const records = fc.array(record, { minLength: 1, maxLength: 20 });
const stamp = fc.record({
  producerId: fc.integer({ min: -1, max: 2 ** 40 }), producerEpoch: fc.integer({ min: -1, max: 32767 }),
  baseSequence: fc.integer({ min: -1, max: 2147483647 }), transactional: fc.boolean(),
});

function asBytes(value: Uint8Array | string | null): Uint8Array | null {
  return typeof value === "string" ? encodeUtf8(value) : value;
}

function build(list: readonly { timestampMs: number; key: Uint8Array | string | null; value: Uint8Array | string | null;
  headers: [string, Uint8Array | string | null][] }[], as: Parameters<RecordBatchBuilder["build"]>[0]): RecordBatch {
  const builder = new RecordBatchBuilder();
  for (const { timestampMs, key, value, headers } of list) builder.append(timestampMs, key, value, headers);
  const size = builder.sizeBytes;
  const batch = builder.build(as);
  expect(batch.sizeBytes).toBe(size);
  return batch;
}

describe("a record batch", () => {
  test("gives back what was put into it, before and after its way over the wire", () => {
    fc.assert(fc.property(records, stamp, fc.integer({ min: 0, max: 2 ** 50 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }), (list, as, offset, epoch) => {
      const batch = build(list, as).placed(offset, epoch);
      const expected = list.map(({ timestampMs, key, value, headers }, index) => ({
        offset: offset + index, timestampMs, key: asBytes(key), value: asBytes(value),
        headers: headers.map(([name, content]) => [name, asBytes(content)]),
      }));
      expect(decodeRecords(batch)).toEqual(expected);
      const onTheWire = batchBytes(batch);
      const arrived = readBatch(onTheWire);
      if (!arrived.ok) throw new Error(arrived.why);
      expect({ ...arrived.batch, body: null }).toEqual({ ...batch, body: null });
      expect(decodeRecords(arrived.batch)).toEqual(expected);
      expect(batchBytes(arrived.batch)).toEqual(onTheWire);
    }));
  });

  test("has a CRC that any changed byte from the CRC on breaks", () => {
    fc.assert(fc.property(records, stamp, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, as, where, change) => {
      const batch = build(list, as);
      expect(isValidCrc(batch)).toBe(true);
      const body = batch.body.slice();
      const at = 21 + where % (body.length - 21);
      body[at] = (body[at] ?? 0) ^ change;
      expect(isValidCrc(new RecordBatch({ ...batch, body }, 0, -1))).toBe(false);
      expect(readBatch(body).ok).toBe(false);
      expect(isValidCrc(new RecordBatch({ ...batch, crc: (batch.crc ^ change) >>> 0 }, 0, -1))).toBe(false);
    }));
  });

  test("is the same with another base offset and leader epoch: they lie outside the CRC", () => {
    fc.assert(fc.property(records, fc.integer({ min: 0, max: 2 ** 50 }), (list, offset) => {
      const batch = build(list, {});
      expect(isValidCrc(batch.placed(offset, 7))).toBe(true);
      expect(batch.placed(offset, 7).body).toBe(batch.body);
    }));
  });
});
