import fc from "fast-check";
import { expect, test } from "vitest";
import { checkSequence, noteAppended, type ProducerState, removeExpiredProducers } from "#engine/log/producer-state.ts";
import { batchOf } from "./process-with-a-disk.ts";

function noted(...sequences: readonly number[]): ProducerState {
  const producers: ProducerState = new Map();
  sequences.forEach((baseSequence, index) => noteAppended(producers, batchOf(1, { producerId: 9, baseSequence }).placed(index, 0)));
  return producers;
}

test("the last five batches are known again, the sixth is out of order", () => {
  const producers = noted(0, 1, 2, 3, 4, 5);
  expect(checkSequence(producers, batchOf(1, { producerId: 9, baseSequence: 0 }))).toEqual({ is: "refused", error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
  for (const baseSequence of [1, 2, 3, 4, 5]) {
    expect(checkSequence(producers, batchOf(1, { producerId: 9, baseSequence }))).toMatchObject({ is: "duplicate", batch: { lastOffset: baseSequence } });
  }
  expect(checkSequence(producers, batchOf(1, { producerId: 9, baseSequence: 6 }))).toEqual({ is: "new" });
  expect(checkSequence(producers, batchOf(1, { producerId: 9, baseSequence: 7 }))).toEqual({ is: "refused", error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
});

test("after the largest sequence comes 0", () => {
  const producers = noted(2147483647);
  expect(checkSequence(producers, batchOf(1, { producerId: 9, baseSequence: 0 }))).toEqual({ is: "new" });
  expect(checkSequence(producers, batchOf(1, { producerId: 9, baseSequence: 1 })).is).toBe("refused");
});

test("a batch that spans the end of the sequence numbers is followed by the rest", () => {
  const producers: ProducerState = new Map();
  noteAppended(producers, batchOf(3, { producerId: 9, baseSequence: 2147483646 }).placed(0, 0));
  expect(checkSequence(producers, batchOf(1, { producerId: 9, baseSequence: 1 }))).toEqual({ is: "new" });
});

test("batches without a producer id are never duplicates", () => {
  const producers = noted(0);
  expect(checkSequence(producers, batchOf(1))).toEqual({ is: "new" });
  noteAppended(producers, batchOf(1).placed(3, 0));
  expect(producers.size).toBe(1);
});

test("a producer that retries and pipelines at most five batches never has one twice or out of order in the log", () => {
  const sends = fc.array(fc.record({ ahead: fc.nat(6), count: fc.integer({ min: 1, max: 3 }) }), { maxLength: 60 });
  fc.assert(fc.property(sends, list => {
    const producers: ProducerState = new Map();
    const log: number[] = [];
    const offsets = new Map<number, number>();
    let next = 0;
    const batches = Array.from({ length: 100 }, (_, index) => ({ index, baseSequence: 0, count: list[index % Math.max(1, list.length)]?.count ?? 1 }));
    for (const batch of batches) { batch.baseSequence = next; next += batch.count; }
    let acknowledged = 0;
    for (const { ahead } of list) {
      const sent = batches[Math.max(0, acknowledged + ahead - 5)];
      if (sent === undefined) continue;
      const batch = batchOf(sent.count, { producerId: 9, baseSequence: sent.baseSequence });
      const verdict = checkSequence(producers, batch);
      if (verdict.is === "new") {
        offsets.set(sent.index, log.length);
        noteAppended(producers, batch.placed(log.length, 0));
        for (let index = 0; index < sent.count; index += 1) log.push(sent.baseSequence + index);
        acknowledged = sent.index + 1;
      } else if (verdict.is === "duplicate") expect(verdict.batch.lastOffset - verdict.batch.offsetDelta).toBe(offsets.get(sent.index));
    }
    log.forEach((sequence, index) => { if (index > 0) expect(sequence).toBe((log[index - 1] ?? -1) + 1); });
  }));
});

test("a producer that has been silent for producer.id.expiration.ms is forgotten", () => {
  const producers = noted(0);
  removeExpiredProducers(producers, 1_000 + 86_399_999, 86_400_000);
  expect(producers.size).toBe(1);
  removeExpiredProducers(producers, 1_000 + 86_400_000, 86_400_000);
  expect(producers.size).toBe(0);
});
