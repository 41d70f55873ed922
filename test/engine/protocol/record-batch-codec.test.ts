import { describe, expect, test } from "vitest";
import { copyState } from "#engine/core/copy-state.ts";
import { appendToDraft, createDraft, NO_HEADERS, NO_STAMP, restamped, sealDraft } from "#engine/protocol/record-batch-builder.ts";
import { batchBytes, decodeRecords, isValidCrc, readBatch, RecordBatchBuilder, RecordCursor } from "#engine/protocol/record-batch-codec.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { decodeUtf8, encodeUtf8 } from "#engine/protocol/utf8.ts";
import recorded from "./recorded-batches.json";

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}

function texts(batch: RecordBatch): (string | null)[][] {
  return decodeRecords(batch).map(record => [record.key, record.value].map(field => field === null ? null : decodeUtf8(field)));
}

function read(bytes: Uint8Array): RecordBatch {
  const result = readBatch(bytes);
  if (!result.ok) throw new Error(`${result.error}: ${result.why}`);
  return result.batch;
}

describe("batches that real clients sent", () => {
  const plain = recorded.filter(({ step }) => !/gzip|snappy|lz4|zstd/.test(step));

  test.each(plain)("$client, $step: read, built again from its records, equal byte for byte", ({ hex }) => {
    const bytes = fromHex(hex);
    const batch = read(bytes);
    expect(isValidCrc(batch)).toBe(true);
    expect(batchBytes(batch)).toEqual(bytes);
    if (batch.attributes & 0x20) return;
    const builder = new RecordBatchBuilder();
    for (const record of decodeRecords(batch)) builder.append(record.timestampMs, record.key, record.value, record.headers);
    const { producerId, producerEpoch, baseSequence } = batch;
    const built = builder.build({ producerId, producerEpoch, baseSequence, transactional: (batch.attributes & 0x10) !== 0 });
    expect(batchBytes(built.placed(batch.baseOffset, batch.partitionLeaderEpoch))).toEqual(bytes);
    expect(built.crc).toBe(batch.crc);
  });

  test("keys, null values and headers are read as they were sent", () => {
    const sent = recorded.find(({ step }) => step === "produce headers, null value");
    const [record] = decodeRecords(read(fromHex(sent?.hex ?? "")));
    expect(decodeUtf8(record?.key ?? new Uint8Array())).toBe("k1");
    expect(record?.headers.length).toBeGreaterThan(0);
    expect(record?.timestampMs).toBe(1_700_000_000_000);
  });

  test.each(recorded.filter(({ step }) => /gzip|snappy|lz4|zstd/.test(step)))("$step is refused as compressed, not misread", ({ hex }) => {
    expect(readBatch(fromHex(hex))).toMatchObject({ ok: false, error: "UNSUPPORTED_COMPRESSION_TYPE" });
  });
});

describe("readBatch", () => {
  const whole = batchBytes(new RecordBatchBuilder().append(5, "k", "value").build());

  test("answers with an error as a value for bytes that are no batch", () => {
    expect(readBatch(whole.subarray(0, 40))).toMatchObject({ ok: false, error: "CORRUPT_MESSAGE" });
    expect(readBatch(whole.subarray(0, whole.length - 1))).toMatchObject({ ok: false, error: "CORRUPT_MESSAGE" });
    const oldMagic = whole.slice();
    oldMagic[16] = 1;
    expect(readBatch(oldMagic)).toMatchObject({ ok: false, error: "UNSUPPORTED_FOR_MESSAGE_FORMAT" });
  });

  test("reads one batch after the other", () => {
    const second = batchBytes(new RecordBatchBuilder().append(6, null, null).build().placed(1, 3));
    const both = new Uint8Array([...whole, ...second]);
    const first = readBatch(both);
    expect(first).toMatchObject({ ok: true, bytesRead: whole.length });
    const next = readBatch(both, whole.length);
    expect(next.ok && [next.batch.baseOffset, next.batch.partitionLeaderEpoch]).toEqual([1, 3]);
  });
});

describe("building a batch", () => {
  test("writes texts in place, also beyond ASCII, and timestamps that go back or far ahead", () => {
    const batch = new RecordBatchBuilder().append(1_000, "a", "ünïcode ✓ 😀").append(990, null, "").append(9_000_000_000_000, "é", null)
      .append(1_000, encodeUtf8("bytes"), encodeUtf8("x")).build();
    expect(texts(batch)).toEqual([["a", "ünïcode ✓ 😀"], [null, ""], ["é", null], ["bytes", "x"]]);
    expect(decodeRecords(batch).map(({ offset, timestampMs }) => [offset, timestampMs]))
      .toEqual([[0, 1_000], [1, 990], [2, 9_000_000_000_000], [3, 1_000]]);
    expect(batch.maxTimestampMs).toBe(9_000_000_000_000);
    expect(read(batchBytes(batch)).recordCount).toBe(4);
  });

  test("knows its exact size and refuses what would make it larger, except a first record", () => {
    const draft = createDraft();
    expect(appendToDraft(draft, 100, 0, null, "v".repeat(500), NO_HEADERS)).toBe(true);
    const { length } = draft;
    expect(appendToDraft(draft, 100, 0, null, "w", NO_HEADERS)).toBe(false);
    expect(draft.length).toBe(length);
    expect(sealDraft(draft, NO_STAMP).sizeBytes).toBe(length);

    const exact = createDraft();
    appendToDraft(exact, 100, 0, "k", "é", NO_HEADERS);
    const [one, limit] = [exact.length, exact.length + 10];
    expect(appendToDraft(exact, limit, 0, "k", "éé", NO_HEADERS)).toBe(false);
    expect(appendToDraft(exact, limit, 0, "k", "é", NO_HEADERS)).toBe(true);
    expect(exact.length).toBe(one + 10);
  });

  test("can go on in two copies of the same state without either seeing the other", () => {
    const draft = createDraft();
    appendToDraft(draft, 1_000, 0, "1", "both", NO_HEADERS);
    const copy = copyState(draft);
    appendToDraft(draft, 1_000, 0, "2", "original", NO_HEADERS);
    appendToDraft(copy, 1_000, 0, "2", "copy", NO_HEADERS);
    const third = copyState(draft);
    const sealed = sealDraft(draft, { ...NO_STAMP, producerId: 7, producerEpoch: 0, baseSequence: 0 });
    appendToDraft(third, 1_000, 0, "3", "third", NO_HEADERS);
    expect(texts(sealed)).toEqual([["1", "both"], ["2", "original"]]);
    expect(texts(sealDraft(copy, NO_STAMP))).toEqual([["1", "both"], ["2", "copy"]]);
    expect(texts(sealDraft(third, NO_STAMP))).toEqual([["1", "both"], ["2", "original"], ["3", "third"]]);
    expect(isValidCrc(sealed)).toBe(true);
  });

  test("a batch keeps its bytes when a copy of its draft is closed under another stamp", () => {
    const draft = createDraft();
    for (let index = 0; index < 12; index += 1) appendToDraft(draft, 10_000, 0, "key", "0123456789", NO_HEADERS);
    const copy = copyState(draft);
    const first = sealDraft(draft, { ...NO_STAMP, producerId: 1, producerEpoch: 0, baseSequence: 0 });
    const second = sealDraft(copy, { ...NO_STAMP, producerId: 2, producerEpoch: 0, baseSequence: 5 });
    expect([isValidCrc(first), isValidCrc(second)]).toEqual([true, true]);
    expect(read(batchBytes(first)).producerId).toBe(1);
  });

  test("a new stamp gives a new batch with the same records", () => {
    const batch = new RecordBatchBuilder().append(3, "k", "v").build({ producerId: 4, producerEpoch: 0, baseSequence: 9 });
    const again = restamped(batch, { producerId: 4, producerEpoch: 1, baseSequence: 0, transactional: false });
    expect([again.producerEpoch, again.baseSequence, isValidCrc(again), isValidCrc(batch)]).toEqual([1, 0, true, true]);
    expect(texts(again)).toEqual(texts(batch));
  });
});

test("a cursor reports records that are not sound instead of reading on", () => {
  const batch = new RecordBatchBuilder().append(0, "key", "value").build();
  const body = batch.body.slice();
  body[61] = 126;
  const cursor = new RecordCursor(new RecordBatch({ ...batch, body }, 0, -1));
  expect(cursor.next()).toBe(false);
  expect(cursor.isSound).toBe(false);
});
