import { describe, expect, test } from "vitest";
import type { Command } from "#engine/cluster/commands.ts";
import type { Simulation } from "#engine/core/simulation.ts";
import { SECOND } from "#engine/core/time.ts";
import { crc32c } from "#engine/protocol/crc32c.ts";
import type { ClientFact } from "#engine/protocol/facts.ts";
import { encodeUtf8 } from "#engine/protocol/utf8.ts";
import { consumerCounts, consumerPositions, type ConsumerProcessSettings, type ConsumerState } from "#engine/clients/consumer-state.ts";
import { BOOTSTRAP, brokerState, type Injected, type Leadership, requestsOf, scriptedWorld } from "./scripted-broker.ts";

const TWO: Readonly<Record<string, readonly Leadership[]>> = { orders: [{ leader: 1, epoch: 0 }, { leader: 2, epoch: 0 }] };

function world(records = 10, topics = TWO): Simulation {
  const simulation = scriptedWorld(topics);
  simulation.addProcess("p", "producer", "host-p", [], { clientId: "p", bootstrap: BOOTSTRAP, overrides: {} });
  simulation.start("p");
  run(simulation);
  produce(simulation, records);
  return simulation;
}

function produce(simulation: Simulation, records: number, partitions = 2): void {
  simulation.input("p", { do: "send", producer: "p", topic: "orders", call: 1,
    records: Array.from({ length: records }, (_, index) => ({ key: null, value: `v${index}`, partition: index % partitions })) } satisfies Command);
  run(simulation);
}

function open(simulation: Simulation, settings: Partial<ConsumerProcessSettings> = {}): void {
  simulation.addProcess("c", "consumer", "host-c", [], {
    clientId: "c", bootstrap: BOOTSTRAP, overrides: {}, topic: "orders", partitions: null, from: "beginning", ...settings,
  } satisfies ConsumerProcessSettings);
  simulation.start("c");
  run(simulation);
}

function run(simulation: Simulation, seconds = 1): void {
  simulation.runUntil(simulation.world.now + Math.round(seconds * SECOND));
}

function state(simulation: Simulation): ConsumerState { return simulation.process("c").state as ConsumerState; }
function positions(simulation: Simulation): number[] { return consumerPositions(state(simulation)).map(({ position }) => position); }

function facts<K extends ClientFact["kind"]>(simulation: Simulation, kind: K): Extract<ClientFact, { readonly kind: K }>[] {
  return [...simulation.world.trace].filter(entry => entry.process === "c" && entry.fact.kind === kind).map(entry => entry.fact as Extract<ClientFact, { readonly kind: K }>);
}

function inject(simulation: Simulation, broker: number, entry: Injected): void {
  simulation.input(`broker-${broker}`, { inject: entry });
  simulation.runUntil(simulation.world.now);
}

describe("a consumer", () => {
  test("reads all partitions from the beginning and tells where it stands", () => {
    const simulation = world();
    open(simulation);
    expect(positions(simulation)).toEqual([5, 5]);
    expect(facts(simulation, "consumer-opened")).toMatchObject([{ assignment: [{ partition: 0, position: -1 }, { partition: 1, position: -1 }] }]);
    expect(facts(simulation, "position-reset").map(({ offset, why }) => [offset, why])).toEqual([[0, "seek"], [0, "seek"]]);
    expect(facts(simulation, "records-consumed").sort((a, b) => a.partition - b.partition)).toMatchObject([
      { partition: 0, fromOffset: 0, nextOffset: 5, fromBroker: 1 }, { partition: 1, fromOffset: 0, nextOffset: 5, fromBroker: 2 },
    ]);
    expect(consumerCounts(state(simulation)).records).toBe(10);
  });

  test("reads only what is new when it starts at the end, and gets it without waiting for the next poll", () => {
    const simulation = world();
    open(simulation, { from: "end" });
    expect(positions(simulation)).toEqual([5, 5]);
    expect(facts(simulation, "records-consumed")).toEqual([]);
    const before = simulation.world.now;
    produce(simulation, 2);
    expect(positions(simulation)).toEqual([6, 6]);
    const consumedAt = [...simulation.world.trace].filter(({ fact }) => fact.kind === "records-consumed").map(({ at }) => at - before);
    expect(Math.max(...consumedAt)).toBeLessThan(20_000);
  });

  test("reads the partitions it was given from the offset it was given, also from within a batch", () => {
    const simulation = world();
    open(simulation, { partitions: [1], from: 3 });
    expect(consumerPositions(state(simulation))).toEqual([{ topic: "orders", partition: 1, position: 5 }]);
    expect(consumerCounts(state(simulation)).records).toBe(2);
    expect(facts(simulation, "position-reset")).toEqual([]);
  });

  test("sums up every value it has read", () => {
    const simulation = world();
    open(simulation, { checksum: true, partitions: [0] });
    expect(consumerCounts(state(simulation))).toMatchObject({ records: 5, checksum: crc32c(encodeUtf8("v0v2v4v6v8")) });
  });

  test("long-polls: an idle partition costs about two requests a second", () => {
    const simulation = world();
    open(simulation, { partitions: [0] });
    const before = requestsOf(simulation, 1, "Fetch").length;
    run(simulation, 10);
    expect(requestsOf(simulation, 1, "Fetch").length - before).toBeGreaterThanOrEqual(19);
    expect(requestsOf(simulation, 1, "Fetch").length - before).toBeLessThanOrEqual(20);
  });

  test("goes where it is told to by a seek", () => {
    const simulation = world();
    open(simulation);
    simulation.input("c", { do: "seek", consumer: "c", topic: "orders", partition: 0, offset: 1 } satisfies Command);
    run(simulation);
    expect(facts(simulation, "position-reset").at(-1)).toMatchObject({ partition: 0, offset: 1, why: "seek" });
    expect(facts(simulation, "records-consumed").at(-1)).toMatchObject({ partition: 0, fromOffset: 1, nextOffset: 5 });
    expect(consumerCounts(state(simulation)).records).toBe(14);
  });

  test("beyond the log it is reset as auto.offset.reset says", () => {
    const simulation = world();
    open(simulation, { partitions: [0], from: 99, overrides: { "auto.offset.reset": "earliest" } });
    expect(facts(simulation, "position-reset")).toMatchObject([{ offset: 0, why: "OFFSET_OUT_OF_RANGE" }]);
    expect(positions(simulation)).toEqual([5]);
  });

  test("by default the reset goes to the end", () => {
    const simulation = world();
    open(simulation, { partitions: [0], from: 99 });
    expect(facts(simulation, "position-reset")).toMatchObject([{ offset: 5, why: "OFFSET_OUT_OF_RANGE" }]);
  });

  test("with auto.offset.reset=none it stops there until somebody seeks", () => {
    const simulation = world();
    open(simulation, { partitions: [0], from: 99, overrides: { "auto.offset.reset": "none" } });
    expect(state(simulation).partitions.get(0)?.error?.name).toBe("OffsetOutOfRange");
    const before = requestsOf(simulation, 1, "Fetch").length;
    run(simulation, 5);
    expect(requestsOf(simulation, 1, "Fetch").length).toBe(before);
    simulation.input("c", { do: "seek", consumer: "c", topic: "orders", partition: 0, offset: 4 } satisfies Command);
    run(simulation);
    expect(positions(simulation)).toEqual([5]);
  });

  test.each(["NOT_LEADER_OR_FOLLOWER", "FENCED_LEADER_EPOCH", "UNKNOWN_LEADER_EPOCH"] as const)("%s is tried again, not at once and not for ever", error => {
    const simulation = world();
    open(simulation, { partitions: [0] });
    const before = requestsOf(simulation, 1, "Fetch").length;
    inject(simulation, 1, { api: "Fetch", error, remaining: 5 });
    produce(simulation, 1, 1);
    run(simulation, 4);
    expect(positions(simulation)).toEqual([6]);
    expect(requestsOf(simulation, 1, "Fetch").length - before).toBeLessThan(25);
  });

  test("follows the leader to another broker and reads on without a gap", () => {
    const simulation = world();
    open(simulation, { partitions: [0] });
    const moved = { orders: [{ leader: 3, epoch: 1 }, { leader: 2, epoch: 0 }] };
    simulation.input("broker-3", { logs: brokerState(simulation, 1).logs });
    simulation.crash("broker-1");
    run(simulation, 2);
    for (const id of [2, 3]) simulation.input(`broker-${id}`, { topics: moved });
    produce(simulation, 1, 1);
    run(simulation, 3);
    expect(positions(simulation)).toEqual([6]);
    expect(facts(simulation, "records-consumed").at(-1)).toMatchObject({ fromOffset: 5, nextOffset: 6, fromBroker: 3 });
    expect(facts(simulation, "peer-unreachable")).toMatchObject([{ broker: 1 }]);
    expect(requestsOf(simulation, 3, "Fetch")[0]?.topics[0]?.partitions[0]?.currentLeaderEpoch).toBe(1);
  });

  test("waits for a topic that does not exist yet", () => {
    const simulation = scriptedWorld({});
    open(simulation);
    run(simulation, 3);
    for (const id of [1, 2, 3]) simulation.input(`broker-${id}`, { topics: TWO });
    run(simulation, 3);
    expect(positions(simulation)).toEqual([0, 0]);
  });

  test("ends when it is closed", () => {
    const simulation = world();
    open(simulation);
    simulation.input("c", { do: "close-client", client: "c", call: 5 } satisfies Command);
    run(simulation);
    expect(simulation.process("c").status).toBe("stopped");
    expect(facts(simulation, "client-closed").length).toBe(1);
    expect(simulation.world.outcomes.last).toMatchObject({ call: 5, ok: true });
  });
});
