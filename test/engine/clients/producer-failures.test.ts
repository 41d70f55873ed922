import { describe, expect, test } from "vitest";
import { producerCounts, type ProducerState } from "#engine/clients/producer-state.ts";
import { batchesAt, scriptedWorld } from "./scripted-broker.ts";
import { error, facts, inject, keyed, lead, ONE, open, outcome, run, send, sent, values, warmUp, world } from "./producer-world.ts";

describe("idempotence", () => {
  test("an answer that is lost after the append leaves no duplicate", () => {
    const simulation = world(ONE);
    inject(simulation, 1, { api: "Produce", swallow: true, remaining: 1 });
    const call = send(simulation, keyed(3));
    run(simulation, 35);
    expect(sent(simulation, call).map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(values(batchesAt(simulation, 1, "orders", 0))).toEqual(["v0", "v1", "v2"]);
    expect(facts(simulation, "batch-retried")).toMatchObject([{ error: "NETWORK_EXCEPTION", attempt: 1 }]);
  });

  test("the same lost answer without idempotence writes the records twice", () => {
    const simulation = world(ONE, { "enable.idempotence": false });
    inject(simulation, 1, { api: "Produce", swallow: true, remaining: 1 });
    send(simulation, keyed(1));
    run(simulation, 35);
    expect(values(batchesAt(simulation, 1, "orders", 0))).toEqual(["v0", "v0"]);
  });

  test("keeps the order when the first of several requests in flight fails", () => {
    const simulation = world(ONE);
    warmUp(simulation);
    inject(simulation, 1, { api: "Produce", error: "NOT_ENOUGH_REPLICAS", remaining: 1 });
    const calls = [0, 1, 2, 3].map(index => send(simulation, [{ key: null, value: `v${index}` }]));
    run(simulation, 5);
    expect(values(batchesAt(simulation, 1, "orders", 0))).toEqual(["warm", "v0", "v1", "v2", "v3"]);
    expect(calls.map(call => sent(simulation, call)[0]?.offset)).toEqual([1, 2, 3, 4]);
    expect(new Set(facts(simulation, "batch-retried").map(({ error: name }) => name))).toEqual(new Set(["NOT_ENOUGH_REPLICAS", "OUT_OF_ORDER_SEQUENCE_NUMBER"]));
  });

  test("without idempotence the same failure swaps the order", () => {
    const simulation = world(ONE, { "enable.idempotence": false });
    warmUp(simulation);
    inject(simulation, 1, { api: "Produce", error: "NOT_ENOUGH_REPLICAS", remaining: 1 });
    [0, 1].forEach(index => send(simulation, [{ key: null, value: `v${index}` }]));
    run(simulation, 5);
    expect(values(batchesAt(simulation, 1, "orders", 0))).toEqual(["warm", "v1", "v0"]);
  });

  test("a batch that is refused for good bumps the epoch, and what follows starts at sequence 0", () => {
    const simulation = world(ONE);
    const first = send(simulation, keyed(1));
    run(simulation, 1);
    inject(simulation, 1, { api: "Produce", error: "INVALID_RECORD", remaining: 1 });
    const refused = send(simulation, keyed(1, 1));
    run(simulation, 1);
    const third = send(simulation, keyed(1, 2));
    run(simulation, 1);
    expect(sent(simulation, first)[0]?.offset).toBe(0);
    expect(error(simulation, refused)).toMatchObject({ name: "INVALID_RECORD", retriable: false, message: "This record has failed the validation on broker and hence will be rejected." });
    expect(sent(simulation, third)[0]?.offset).toBe(1);
    expect(batchesAt(simulation, 1, "orders", 0).map(({ producerEpoch, baseSequence }) => [producerEpoch, baseSequence])).toEqual([[0, 0], [1, 0]]);
    expect(facts(simulation, "batch-failed")).toMatchObject([{ error: "INVALID_RECORD", definite: true }]);
  });

  test("asks for a producer id until it gets one", () => {
    const simulation = scriptedWorld(ONE);
    for (const id of [1, 2, 3]) simulation.input(`broker-${id}`, { inject: { api: "InitProducerId", error: "REQUEST_TIMED_OUT", remaining: 2 } });
    open(simulation);
    const call = send(simulation, keyed(1));
    run(simulation, 5);
    expect(sent(simulation, call)[0]?.offset).toBe(0);
  });
});

describe("failures", () => {
  test("a leader that dies: records wait, metadata is asked for, the new leader gets them", () => {
    const simulation = world(ONE);
    simulation.crash("broker-1");
    const call = send(simulation, keyed(2));
    run(simulation, 5);
    expect(outcome(simulation, call)).toBeUndefined();
    lead(simulation, { orders: [{ leader: 2, epoch: 1 }] });
    run(simulation, 3);
    expect(values(batchesAt(simulation, 2, "orders", 0))).toEqual(["v0", "v1"]);
    expect(sent(simulation, call).length).toBe(2);
    expect(facts(simulation, "peer-unreachable")).toMatchObject([{ broker: 1 }]);
  });

  test("records expire after delivery.timeout.ms with Java's words", () => {
    const simulation = world({ orders: [{ leader: -1, epoch: 3 }] });
    const call = send(simulation, [{ key: "k", value: "v" }]);
    run(simulation, 119);
    expect(outcome(simulation, call)).toBeUndefined();
    run(simulation, 1.1);
    expect(error(simulation, call)).toMatchObject({ name: "Timeout", message: "Expiring 1 record(s) for orders-0:120000 ms has passed since batch creation" });
    expect(facts(simulation, "batch-failed")).toMatchObject([{ definite: true, count: 1 }]);
    expect(producerCounts(simulation.process("p").state as ProducerState)).toMatchObject({ accepted: 1, acknowledged: 0, failed: 1 });
  });

  test("with too few replicas the call ends in that time-out too, and nobody can tell apart what was tried", () => {
    const simulation = world(ONE, { "delivery.timeout.ms": 6_000, "request.timeout.ms": 3_000 });
    inject(simulation, 1, { api: "Produce", error: "NOT_ENOUGH_REPLICAS", remaining: 1_000 });
    const call = send(simulation, keyed(1));
    run(simulation, 7);
    expect(error(simulation, call)).toMatchObject({ name: "Timeout", message: "Expiring 1 record(s) for orders-0:6000 ms has passed since batch creation" });
    // 100 ms, 200, 400, 800, then a second each time, with 20 % of chance.
    expect(facts(simulation, "batch-retried").length).toBeGreaterThanOrEqual(7);
    expect(facts(simulation, "batch-retried").length).toBeLessThanOrEqual(11);
  });

  test("an expired batch that had been sent leaves doubt; afterwards the producer goes on under a new epoch without a gap", () => {
    const simulation = world(ONE, { "delivery.timeout.ms": 6_000, "request.timeout.ms": 3_000 });
    inject(simulation, 1, { api: "Produce", swallow: true, remaining: 3 });
    const lost = send(simulation, keyed(1));
    run(simulation, 8);
    expect(error(simulation, lost).name).toBe("Timeout");
    expect(facts(simulation, "batch-failed")).toMatchObject([{ definite: false }]);
    const next = send(simulation, keyed(1, 1));
    run(simulation, 4);
    expect(sent(simulation, next).length).toBe(1);
    expect(values(batchesAt(simulation, 1, "orders", 0)).filter(value => value === "v1")).toEqual(["v1"]);
  });

  test("a leader hint in the answer is followed at once (KIP-951)", () => {
    const simulation = world(ONE);
    lead(simulation, { orders: [{ leader: 2, epoch: 5 }] });
    inject(simulation, 1, { api: "Produce", error: "NOT_LEADER_OR_FOLLOWER", remaining: 1, hint: { leader: 2, epoch: 5 } });
    const call = send(simulation, keyed(1));
    run(simulation, 0.02);
    expect(sent(simulation, call)[0]?.offset).toBe(0);
    expect(batchesAt(simulation, 2, "orders", 0).length).toBe(1);
  });

  test("retries=0 fails at once, with the broker's error", () => {
    const simulation = world(ONE, { retries: 0 });
    inject(simulation, 1, { api: "Produce", error: "NOT_ENOUGH_REPLICAS", remaining: 1 });
    const call = send(simulation, keyed(1));
    run(simulation, 1);
    expect(error(simulation, call)).toMatchObject({ name: "NOT_ENOUGH_REPLICAS", retriable: true, message: "Messages are rejected since there are fewer in-sync replicas than required." });
    expect(facts(simulation, "producer-opened")).toMatchObject([{ idempotent: false }]);
  });

  test.each([
    [{ acks: "1", "enable.idempotence": true }, "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence."],
    [{ retries: 0, "enable.idempotence": true }, "Must set retries to non-zero when using the idempotent producer."],
    [{ "max.in.flight.requests.per.connection": 6, "enable.idempotence": true }, "Must set max.in.flight.requests.per.connection to at most 5 to use the idempotent producer."],
    [{ "delivery.timeout.ms": 1_000 }, "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms"],
  ])("settings that contradict each other (%j) are an error of every call", (overrides, message) => {
    const simulation = world(ONE, overrides);
    const call = send(simulation, keyed(1));
    run(simulation);
    expect(error(simulation, call)).toEqual({ name: "Config", message, retriable: false });
  });
});
