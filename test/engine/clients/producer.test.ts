import { describe, expect, test } from "vitest";
import type { Command } from "#engine/cluster/commands.ts";
import { producerCounts, type ProducerState } from "#engine/clients/producer-state.ts";
import { decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { decodeUtf8 } from "#engine/protocol/utf8.ts";
import { batchesAt, brokerState, requestsOf, scriptedWorld } from "./scripted-broker.ts";
import { error, facts, inject, keyed, lead, ONE, open, outcome, run, send, sent, THREE, values, world } from "./producer-world.ts";

describe("send", () => {
  test("puts keyed records where Java puts them and answers in the order of the call", () => {
    const simulation = world();
    const call = send(simulation, [{ key: "customer-123", value: "a" }, { key: "customer-456", value: "b" }, { key: "customer-789", value: "c" }, { key: "user-1", value: "d" }]);
    run(simulation);
    expect(sent(simulation, call).map(({ partition, offset }) => [partition, offset])).toEqual([[0, 0], [1, 0], [1, 1], [2, 0]]);
    expect(values(batchesAt(simulation, 2, "orders", 1))).toEqual(["b", "c"]);
    expect(facts(simulation, "records-accepted")).toMatchObject([{ count: 4, partitions: [0, 1, 1, 2], keys: ["customer-123", "customer-456", "customer-789", "user-1"] }]);
    expect(facts(simulation, "batch-acknowledged").map(({ partition, count }) => [partition, count]).sort()).toEqual([[0, 1], [1, 2], [2, 1]]);
  });

  test("takes the partition that the record names, and an empty key is a key", () => {
    const simulation = world();
    const call = send(simulation, [{ key: "customer-123", value: "a", partition: 2 }, { key: "", value: "b" }]);
    run(simulation);
    expect(sent(simulation, call).map(({ partition }) => partition)).toEqual([2, 275646681 % 3]);
  });

  test("writes headers and timestamps as given", () => {
    const simulation = world();
    const call = send(simulation, [{ key: "customer-123", value: null, timestampMs: 42, headers: { trace: "x" } }]);
    run(simulation);
    const [record] = decodeRecords(batchesAt(simulation, 1, "orders", 0)[0] as RecordBatch);
    expect([record?.timestampMs, record?.value, record?.headers[0]?.[0]]).toEqual([42, null, "trace"]);
    expect(sent(simulation, call)[0]?.timestampMs).toBe(42);
  });

  test("answers with the order of the call for thousands of records over many batches", () => {
    const simulation = world();
    const call = send(simulation, keyed(5_000));
    run(simulation, 3);
    const answers = sent(simulation, call);
    const logs = [1, 2, 3].map((id, partition) => values(batchesAt(simulation, id, "orders", partition)));
    expect(answers.map(({ partition, offset }) => logs[partition]?.[offset])).toEqual(keyed(5_000).map(({ value }) => value));
  });

  test("with acks=0 ends as soon as it is on the wire, without offsets", () => {
    const simulation = world(THREE, { acks: "0" });
    const call = send(simulation, keyed(2));
    run(simulation, 0.01);
    expect(sent(simulation, call).map(({ offset }) => offset)).toEqual([-1, -1]);
    expect(facts(simulation, "producer-opened")).toMatchObject([{ acks: 0, idempotent: false }]);
    run(simulation);
    expect([1, 2, 3].flatMap((id, partition) => values(batchesAt(simulation, id, "orders", partition))).length).toBe(2);
  });

  test("a record that is too large is refused with Java's words, the others of the call are sent", () => {
    const simulation = world(ONE, { "max.request.size": 500 });
    const call = send(simulation, [{ key: null, value: "v".repeat(1000) }, { key: null, value: "small" }]);
    run(simulation);
    expect(error(simulation, call)).toEqual({
      name: "RecordTooLarge", retriable: false,
      message: "The message is 1086 bytes when serialized which is larger than 500, which is the value of the max.request.size configuration.",
    });
    expect(values(batchesAt(simulation, 1, "orders", 0))).toEqual(["small"]);
    expect(facts(simulation, "records-accepted")).toMatchObject([{ count: 1 }]);
  });

  test("waits for a topic that nobody knows, up to max.block.ms", () => {
    const simulation = world();
    const call = send(simulation, keyed(2), "nowhere");
    run(simulation, 59.9);
    expect(outcome(simulation, call)).toBeUndefined();
    run(simulation, 0.2);
    expect(error(simulation, call)).toMatchObject({ name: "Timeout", message: "Topic nowhere not present in metadata after 60000 ms." });
    // Asked for again and again, but with growing pauses of at most a second.
    const asked = [1, 2, 3].flatMap(id => requestsOf(simulation, id, "Metadata")).length;
    expect(asked).toBeGreaterThan(50);
    expect(asked).toBeLessThan(90);
  });

  test("waits for a partition that does not exist, with the words for that", () => {
    const simulation = world(THREE, { "max.block.ms": 2_000 });
    const call = send(simulation, [{ key: null, value: "x", partition: 7 }]);
    run(simulation, 3);
    expect(error(simulation, call).message).toBe("Partition 7 of topic orders with partition count 3 is not present in metadata after 2000 ms.");
  });

  test("goes on when the topic appears", () => {
    const simulation = world();
    const call = send(simulation, keyed(1), "later");
    run(simulation, 5);
    lead(simulation, { ...THREE, later: [{ leader: 2, epoch: 0 }] });
    run(simulation, 2);
    expect(sent(simulation, call)).toMatchObject([{ topic: "later", partition: 0, offset: 0 }]);
  });

  test("waits for buffer.memory and goes on as acknowledgements free it", () => {
    const simulation = world(ONE, { "buffer.memory": 65_536 });
    const call = send(simulation, Array.from({ length: 2_000 }, (_, index) => ({ key: null, value: `${index}`.padEnd(200, ".") })));
    run(simulation, 5);
    expect(sent(simulation, call).map(({ offset }) => offset)).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
    expect(facts(simulation, "records-accepted").length).toBeGreaterThan(3);
    expect((simulation.process("p").state as ProducerState).usedMemoryBytes).toBe(0);
  });

  test("gives up waiting for buffer.memory after max.block.ms", () => {
    const simulation = world(ONE, { "buffer.memory": 32_768, "max.block.ms": 1_000, "delivery.timeout.ms": 40_000 });
    inject(simulation, 1, { api: "Produce", swallow: true, remaining: 100 });
    const call = send(simulation, Array.from({ length: 40 }, () => ({ key: null, value: "v".repeat(1_000) })));
    run(simulation, 60);
    expect(error(simulation, call)).toMatchObject({ name: "BufferExhausted" });
    expect(error(simulation, call).message).toContain("Failed to allocate 16384 bytes within the configured max blocking time 1000 ms. Total memory: 32768 bytes.");
  });
});

describe("batches", () => {
  test("a burst of small records travels together, and linger.ms waits for more", () => {
    const simulation = world(ONE, { "linger.ms": 50 });
    send(simulation, keyed(3));
    run(simulation, 0.02);
    send(simulation, keyed(3, 3));
    run(simulation, 1);
    expect(batchesAt(simulation, 1, "orders", 0).map(({ recordCount }) => recordCount)).toEqual([6]);
  });

  test("are at most batch.size large, one a partition in each request, five requests in flight", () => {
    const simulation = world(ONE);
    inject(simulation, 1, { api: "Produce", swallow: true, remaining: 5 });
    send(simulation, Array.from({ length: 200 }, () => ({ key: null, value: "v".repeat(1_000) })));
    run(simulation, 1);
    const requests = requestsOf(simulation, 1, "Produce");
    expect(requests.length).toBe(5);
    for (const { topics } of requests) expect(topics[0]?.partitions[0]?.records[0]?.sizeBytes).toBeLessThanOrEqual(16_384);
    expect(requests.map(({ topics }) => topics[0]?.partitions[0]?.records[0]?.baseSequence)).toEqual([0, 16, 32, 48, 64]);
  });

  test("a batch that the leader finds too large is split and its records arrive in order", () => {
    const simulation = world(ONE, { "batch.size": 2_000, "linger.ms": 5 });
    inject(simulation, 1, { api: "Produce", error: "MESSAGE_TOO_LARGE", remaining: 1 });
    const call = send(simulation, keyed(40));
    run(simulation, 2);
    expect(sent(simulation, call).map(({ offset }) => offset)).toEqual(Array.from({ length: 40 }, (_, index) => index));
    expect(values(batchesAt(simulation, 1, "orders", 0))).toEqual(keyed(40).map(({ value }) => value));
    expect((simulation.process("p").state as ProducerState).usedMemoryBytes).toBe(0);
  });
});

describe("the sticky partitioner", () => {
  test("keeps all small unkeyed records of a producer on one partition", () => {
    const simulation = world();
    const calls: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      calls.push(send(simulation, [{ key: null, value: `one-${index}` }]));
      run(simulation, 0.2);
    }
    expect(new Set(calls.map(call => sent(simulation, call)[0]?.partition)).size).toBe(1);
  });

  test("of records of 1000 bytes, sent one by one, may switch after every 16", () => {
    const simulation = world();
    const partitions: number[] = [];
    for (let index = 0; index < 160; index += 1) {
      const call = send(simulation, [{ key: null, value: "x".repeat(1_000) }]);
      run(simulation, 0.05);
      partitions.push(sent(simulation, call)[0]?.partition ?? -1);
    }
    const switches = partitions.flatMap((partition, index) => index > 0 && partition !== partitions[index - 1] ? [index] : []);
    expect(switches.length).toBeGreaterThan(1);
    for (const at of switches) expect(at % 16).toBe(0);
  });

  test("in a burst stays for 32 records of 1000 bytes, so that no batch is left half full", () => {
    const simulation = world();
    const call = send(simulation, Array.from({ length: 320 }, () => ({ key: null, value: "x".repeat(1_000) })));
    run(simulation, 2);
    const partitions = sent(simulation, call).map(({ partition }) => partition);
    const switches = partitions.flatMap((partition, index) => index > 0 && partition !== partitions[index - 1] ? [index] : []);
    expect(switches.length).toBeGreaterThan(0);
    for (const at of switches) expect(at % 32).toBe(0);
  });

  test("chooses among partitions that have a leader", () => {
    const simulation = world({ orders: [{ leader: -1, epoch: 0 }, { leader: 2, epoch: 0 }, { leader: -1, epoch: 0 }] });
    const call = send(simulation, [{ key: null, value: "x" }]);
    run(simulation, 1);
    expect(sent(simulation, call)[0]?.partition).toBe(1);
  });

  test("with partitioner.ignore.keys also takes keyed records", () => {
    const simulation = world(THREE, { "partitioner.ignore.keys": true });
    const call = send(simulation, keyed(30));
    run(simulation);
    expect(new Set(sent(simulation, call).map(({ partition }) => partition)).size).toBe(1);
  });
});

describe("a workload", () => {
  test("sends by itself, keys in turn, until it has sent its records", () => {
    const simulation = scriptedWorld(ONE);
    open(simulation, {}, { topic: "orders", everyMs: 100, keys: ["a", "b", null], value: "order {n}", records: 4 });
    run(simulation, 3);
    const records = batchesAt(simulation, 1, "orders", 0).flatMap(batch => decodeRecords(batch));
    expect(records.map(({ key, value }) => [key === null ? null : decodeUtf8(key), decodeUtf8(value ?? new Uint8Array())]))
      .toEqual([["a", "order 1"], ["b", "order 2"], [null, "order 3"], ["a", "order 4"]]);
    expect(simulation.world.outcomes.length).toBe(0);
    expect(producerCounts(simulation.process("p").state as ProducerState)).toMatchObject({ accepted: 4, acknowledged: 4 });
  });

  test("waits in send() while the topic is missing instead of piling up", () => {
    const simulation = scriptedWorld({});
    open(simulation, {}, { topic: "orders", everyMs: 100, keys: [] });
    run(simulation, 10);
    lead(simulation, ONE);
    run(simulation, 1.5);
    expect(values(batchesAt(simulation, 1, "orders", 0))[0]).toBe("1");
    expect(batchesAt(simulation, 1, "orders", 0).length).toBeLessThan(20);
  });
});

describe("close", () => {
  test("waits for what was accepted, then the process ends", () => {
    const simulation = world(ONE, { "linger.ms": 10_000 });
    const call = send(simulation, keyed(2));
    run(simulation, 1);
    expect(outcome(simulation, call)).toBeUndefined();
    simulation.input("p", { do: "close-client", client: "p", call: 900 } satisfies Command);
    run(simulation, 1);
    expect(sent(simulation, call).length).toBe(2);
    expect(outcome(simulation, 900)).toMatchObject({ ok: true });
    expect(simulation.process("p").status).toBe("stopped");
    expect(facts(simulation, "client-closed").length).toBe(1);
  });
});

test("a run from a checkpoint in the middle of a burst ends in the same state", () => {
  const simulation = world(THREE, { "linger.ms": 20 });
  send(simulation, keyed(500));
  run(simulation, 0.01);
  const fork = simulation.fork();
  for (const copy of [simulation, fork]) {
    copy.input("p", { do: "send", producer: "p", topic: "orders", call: 77, records: keyed(500, 500) } satisfies Command);
    run(copy, 3);
  }
  expect(fork.digest()).toBe(simulation.digest());
  for (const id of [1, 2, 3]) expect(values(batchesAt(fork, id, "orders", id - 1))).toEqual(values(batchesAt(simulation, id, "orders", id - 1)));
  expect(brokerState(fork, 1).requests.length).toBe(brokerState(simulation, 1).requests.length);
});
