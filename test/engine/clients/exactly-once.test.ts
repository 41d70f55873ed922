// What idempotence promises, against every mixture of failures that passes: each record once, in the order of the calls.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ProducerState } from "#engine/clients/producer-state.ts";
import { batchesAt, type Injected } from "./scripted-broker.ts";
import { inject, keyed, ONE, outcome, run, send, sent, values, world } from "./producer-world.ts";

const failure: fc.Arbitrary<Injected> = fc.oneof(
  fc.constantFrom("NOT_ENOUGH_REPLICAS" as const, "NOT_LEADER_OR_FOLLOWER" as const, "CORRUPT_MESSAGE" as const)
    .map((error): Injected => ({ api: "Produce", error, remaining: 1 })),
  fc.constantFrom("REQUEST_TIMED_OUT" as const, "NOT_ENOUGH_REPLICAS_AFTER_APPEND" as const)
    .map((error): Injected => ({ api: "Produce", error, after: true, remaining: 1 })),
  fc.constant<Injected>({ api: "Produce", swallow: true, remaining: 1 }),
);
const step = fc.record({
  failures: fc.array(failure, { maxLength: 4 }), records: fc.integer({ min: 1, max: 40 }), waitMs: fc.constantFrom(0, 1, 3, 50, 400, 2_500),
});

describe("an idempotent producer", () => {
  test("writes each record once and in order, and tells the truth about offsets", () => {
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), steps => {
      const simulation = world(ONE, { "request.timeout.ms": 1_000, "batch.size": 400 });
      // A leader takes the first batch of an unknown producer at any sequence, so the promise begins with the first acknowledgement.
      const calls: { call: number; from: number; count: number }[] = [{ call: send(simulation, keyed(1)), from: 0, count: 1 }];
      run(simulation);
      let from = 1;
      for (const { failures, records, waitMs } of steps) {
        for (const entry of failures) inject(simulation, 1, entry);
        calls.push({ call: send(simulation, keyed(records, from)), from, count: records });
        from += records;
        run(simulation, waitMs / 1_000);
      }
      run(simulation, 60);
      expect(values(batchesAt(simulation, 1, "orders", 0))).toEqual(keyed(from).map(({ value }) => value));
      for (const { call, from: first, count } of calls) {
        expect(sent(simulation, call).map(({ offset }) => offset)).toEqual(Array.from({ length: count }, (_, index) => first + index));
      }
      expect((simulation.process("p").state as ProducerState).usedMemoryBytes).toBe(0);
    }), { numRuns: 60 });
  });

  test("answers every call and gives all memory back when batches expire; what it calls written is where it says", () => {
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), steps => {
      const simulation = world(ONE, { "request.timeout.ms": 400, "delivery.timeout.ms": 900, "batch.size": 400 });
      const calls: { call: number; from: number }[] = [];
      let from = 0;
      for (const { failures, records, waitMs } of steps) {
        for (const entry of failures) inject(simulation, 1, entry);
        calls.push({ call: send(simulation, keyed(records, from)), from });
        from += records;
        run(simulation, waitMs / 1_000);
      }
      run(simulation, 30);
      const written = values(batchesAt(simulation, 1, "orders", 0));
      for (const { call, from: first } of calls) {
        expect(outcome(simulation, call)).toBeDefined();
        if (outcome(simulation, call)?.ok !== true) continue;
        const answers = sent(simulation, call);
        expect(answers.map(({ offset }) => written[offset])).toEqual(answers.map((_, index) => `v${first + index}`));
      }
      const { usedMemoryBytes, accepted, acknowledged, failed } = simulation.process("p").state as ProducerState;
      expect([usedMemoryBytes, acknowledged + failed]).toEqual([0, accepted]);
    }), { numRuns: 60 });
  });
});
