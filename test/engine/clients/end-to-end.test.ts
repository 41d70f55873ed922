// The clients against real brokers: what a producer is told has to agree with what lies in the log, whatever dies meanwhile.
import { describe, expect, test } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Outcome } from "#engine/cluster/commands.ts";
import type { ClusterSpec, ProducerSpec, TopicSpec } from "#engine/cluster/spec.ts";
import type { RecordView } from "#engine/cluster/view.ts";
import { SECOND } from "#engine/core/time.ts";
import type { ClientFact } from "#engine/protocol/facts.ts";
import { consumerCounts, type ConsumerState } from "#engine/clients/consumer-state.ts";
import { producerCounts, type ProducerState } from "#engine/clients/producer-state.ts";

const RECORDS = 1_500;

function cluster(producer: Partial<ProducerSpec>, topic: Partial<TopicSpec>, seed: number): Cluster {
  const spec: ClusterSpec = {
    kafka: "3.9", mode: "kraft", nodes: [1, 2, 3].map(id => ({ id, host: `h${id}` })), settings: { "auto.leader.rebalance.enable": false },
    topics: [{ name: "orders", assignment: [[2, 3, 1]], configs: { "min.insync.replicas": 2 }, ...topic }],
    producers: [{ id: "p", ...producer }], consumers: [{ id: "c", topic: "orders", from: "beginning", checksum: true }],
  };
  const built = Cluster.build(spec, seed);
  for (let second = 1; second < 30 && !built.isOpen; second += 1) built.runUntil(second * SECOND);
  expect(built.isOpen).toBe(true);
  return built;
}

function run(built: Cluster, seconds: number): void {
  built.runUntil(built.now + Math.round(seconds * SECOND));
}

let nextInput = 0;
function read(built: Cluster): RecordView[] {
  const call = 1_000 + nextInput;
  built.apply(nextInput++, { do: "read", topic: "orders", partition: 0, from: 0, limit: 1_000_000, call });
  run(built, 2);
  const outcome = [...built.outcomes].map(value => value as Outcome).find(found => found.call === call);
  if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome));
  return outcome.value as RecordView[];
}

function factsOf<K extends ClientFact["kind"]>(built: Cluster, process: string, kind: K): Extract<ClientFact, { readonly kind: K }>[] {
  return [...built.simulation.world.trace].filter(entry => entry.process === process && entry.fact.kind === kind)
    .map(entry => entry.fact as Extract<ClientFact, { readonly kind: K }>);
}

function counts(built: Cluster): ReturnType<typeof producerCounts> {
  return producerCounts(built.simulation.process("p").state as ProducerState);
}

const LOAD = { topic: "orders", everyMs: 5, keys: ["k"], value: "order {n}", records: RECORDS };
const ORDERS = Array.from({ length: RECORDS }, (_, index) => `order ${index + 1}`);

describe("a leader dies under load", () => {
  test.each([1, 2, 3])("idempotent, acks=all: everything once, in order (seed %i)", seed => {
    const built = cluster({ workload: LOAD }, {}, seed);
    run(built, 3);
    built.apply(nextInput++, { do: "kill", node: 2 });
    run(built, 40);
    expect(counts(built)).toMatchObject({ accepted: RECORDS, acknowledged: RECORDS, failed: 0 });
    const records = read(built);
    expect(records.map(({ value }) => value)).toEqual(ORDERS);
    expect(records.map(({ offset }) => offset)).toEqual(ORDERS.map((_, index) => index));
    expect(factsOf(built, "p", "peer-unreachable")).toMatchObject([{ broker: 2 }]);
    expect(consumerCounts(built.simulation.process("c").state as ConsumerState).records).toBe(RECORDS);
  });

  test("answers that are lost on the way make no duplicates", () => {
    const built = cluster({ workload: LOAD }, {}, 4);
    run(built, 1);
    for (let time = 0; time < 5; time += 1) {
      built.apply(nextInput++, { do: "drop", api: "Produce", direction: "response", count: 1 });
      run(built, 1);
    }
    run(built, 20);
    expect(read(built).map(({ value }) => value)).toEqual(ORDERS);
    expect(factsOf(built, "p", "batch-retried").length).toBeGreaterThanOrEqual(5);
  });

  test("without idempotence the same losses write records twice", () => {
    const built = cluster({ workload: LOAD, settings: { "enable.idempotence": false } }, {}, 4);
    run(built, 1);
    for (let time = 0; time < 5; time += 1) {
      built.apply(nextInput++, { do: "drop", api: "Produce", direction: "response", count: 1 });
      run(built, 1);
    }
    run(built, 20);
    const values = read(built).map(({ value }) => value);
    expect(new Set(values).size).toBe(RECORDS);
    expect(values.length).toBeGreaterThan(RECORDS);
  });

  test("every acknowledged offset holds the record it was told for", () => {
    const built = cluster({}, { assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }, 5);
    run(built, 1);
    const records = Array.from({ length: 3_000 }, (_, index) => ({ key: `key-${index}`, value: `v${index}` }));
    built.apply(nextInput++, { do: "send", producer: "p", topic: "orders", call: 1, records });
    run(built, 0.003);
    built.apply(nextInput++, { do: "kill", node: 1 });
    run(built, 40);
    const outcome = [...built.outcomes].map(value => value as Outcome).find(({ call }) => call === 1);
    const answers = outcome?.ok === true ? outcome.value as { partition: number; offset: number }[] : [];
    const logs = [0, 1, 2].map(partition => {
      const call = 50 + partition;
      built.apply(nextInput++, { do: "read", topic: "orders", partition, from: 0, limit: 100_000, call });
      run(built, 2);
      const found = [...built.outcomes].map(value => value as Outcome).find(answer => answer.call === call);
      if (found?.ok !== true) throw new Error(`partition ${partition}: ${JSON.stringify(found)}`);
      return found.value as RecordView[];
    });
    expect(answers.map(({ partition, offset }) => logs[partition]?.[offset]?.value)).toEqual(records.map(({ value }) => value));
    expect(logs.flat().length).toBe(records.length);
  });
});

function answerTo(built: Cluster, call: number): Outcome | undefined {
  return [...built.outcomes].map(value => value as Outcome).find(found => found.call === call);
}

describe("when a send cannot succeed", () => {
  test("too few in-sync replicas: acks=all ends in the time-out that Java tells, and nothing is in the log", () => {
    const built = cluster({ settings: { "delivery.timeout.ms": 6_000, "request.timeout.ms": 5_000 } }, { configs: { "min.insync.replicas": 3 } }, 6);
    built.apply(nextInput++, { do: "kill", node: 3 });
    run(built, 40);
    built.apply(nextInput++, { do: "send", producer: "p", topic: "orders", call: 2, records: [{ key: "k", value: "v" }] });
    run(built, 10);
    expect(answerTo(built, 2)).toMatchObject({ ok: false, error: {
      name: "Timeout", message: "Expiring 1 record(s) for orders-0:6000 ms has passed since batch creation",
    } });
    expect(new Set(factsOf(built, "p", "batch-retried").map(({ error }) => error))).toEqual(new Set(["NOT_ENOUGH_REPLICAS"]));
    expect(factsOf(built, "p", "batch-failed")).toMatchObject([{ definite: true }]);
    expect(read(built)).toEqual([]);
  });

  test("a leader that is cut off from the others, but not from the producer: the new leader gets every record once", () => {
    const built = cluster({ workload: LOAD }, {}, 7);
    run(built, 2);
    built.apply(nextInput++, { do: "cut", from: [1, 3], to: [2] });
    run(built, 40);
    built.apply(nextInput++, { do: "heal", from: [], to: [] });
    run(built, 40);
    expect(counts(built)).toMatchObject({ accepted: RECORDS, acknowledged: RECORDS, failed: 0 });
    expect(read(built).map(({ value }) => value)).toEqual(ORDERS);
  });

  test("a record that the leader finds too large fails alone; what follows goes on under a new epoch", () => {
    const built = cluster({}, { configs: { "max.message.bytes": 1_000 } }, 8);
    built.apply(nextInput++, { do: "send", producer: "p", topic: "orders", call: 3, records: [{ key: "k", value: "v".repeat(5_000) }] });
    run(built, 2);
    expect(answerTo(built, 3)).toMatchObject({ ok: false, error: { name: "MESSAGE_TOO_LARGE", retriable: false } });
    built.apply(nextInput++, { do: "send", producer: "p", topic: "orders", call: 4, records: [{ key: "k", value: "small" }] });
    run(built, 2);
    expect(answerTo(built, 4)).toMatchObject({ ok: true, value: [{ partition: 0, offset: 0 }] });
  });

  test("a burst whose batch is too large for the topic is split and arrives in order", () => {
    const built = cluster({}, { configs: { "max.message.bytes": 1_000 } }, 9);
    const records = Array.from({ length: 30 }, (_, index) => ({ key: "k", value: `${index}`.padEnd(300, ".") }));
    built.apply(nextInput++, { do: "send", producer: "p", topic: "orders", call: 5, records });
    run(built, 3);
    expect(answerTo(built, 5)).toMatchObject({ ok: true, value: records.map((_, offset) => ({ offset })) });
    expect(read(built).map(({ value }) => value)).toEqual(records.map(({ value }) => value));
  });
});

describe("time and copies", () => {
  test("a fork in the middle of everything ends in the same state", () => {
    const built = cluster({ workload: LOAD }, {}, 10);
    run(built, 2);
    built.apply(0, { do: "kill", node: 2 });
    run(built, 3.3337);
    const fork = built.fork();
    run(built, 20);
    run(fork, 20);
    expect(fork.digest()).toBe(built.digest());
  });
});
