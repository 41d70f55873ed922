import { describe, expect, test } from "vitest";
import type { CallError, Command, Outcome } from "#engine/cluster/commands.ts";
import type { Settings } from "#engine/cluster/spec.ts";
import type { RecordView } from "#engine/cluster/view.ts";
import type { Simulation } from "#engine/core/simulation.ts";
import { SECOND } from "#engine/core/time.ts";
import { BOOTSTRAP, type Injected, type Leadership, requestsOf, scriptedWorld } from "./scripted-broker.ts";

const TWO: Readonly<Record<string, readonly Leadership[]>> = { orders: [{ leader: 2, epoch: 4 }, { leader: 3, epoch: 0 }] };

function world(topics = TWO, overrides: Settings = {}): Simulation {
  const simulation = scriptedWorld(topics);
  simulation.addProcess("admin", "admin", "host-admin", [], { clientId: "admin", bootstrap: BOOTSTRAP, overrides });
  simulation.start("admin");
  run(simulation);
  return simulation;
}

function run(simulation: Simulation, seconds = 1): void {
  simulation.runUntil(simulation.world.now + Math.round(seconds * SECOND));
}

function inject(simulation: Simulation, broker: number, entry: Injected): void {
  simulation.input(`broker-${broker}`, { inject: entry });
  simulation.runUntil(simulation.world.now);
}

function ask(simulation: Simulation, command: Command, seconds = 1): unknown {
  const found = tryTo(simulation, command, seconds);
  if (found?.ok !== true) throw new Error(JSON.stringify(found));
  return found.value;
}

function tryTo(simulation: Simulation, command: Command, seconds = 1): Outcome | undefined {
  simulation.input("admin", command);
  run(simulation, seconds);
  return simulation.world.outcomes.last as Outcome | undefined;
}

function failure(simulation: Simulation, command: Command, seconds = 1): CallError {
  const found = tryTo(simulation, command, seconds);
  if (found?.ok !== false) throw new Error(JSON.stringify(found));
  return found.error;
}

const CREATE: Command = { do: "create-topic", topic: "new", partitions: 3, replicationFactor: 2, configs: { "min.insync.replicas": 2 }, call: 1 };
const READ: Command = { do: "read", topic: "orders", partition: 0, from: 0, limit: 100, call: 2 };

describe("creating a topic", () => {
  test("asks the controller, with counts and configs as texts", () => {
    const simulation = world();
    expect(ask(simulation, CREATE)).toBeNull();
    expect(requestsOf(simulation, 1, "CreateTopics")).toMatchObject([{
      topics: [{ name: "new", numPartitions: 3, replicationFactor: 2, assignments: [], configs: [{ name: "min.insync.replicas", value: "2" }] }], timeoutMs: 30_000,
    }]);
  });

  test("with an assignment leaves the counts to it", () => {
    const simulation = world();
    ask(simulation, { ...CREATE, assignment: [[1, 2], [2, 3]] });
    expect(requestsOf(simulation, 1, "CreateTopics")[0]?.topics[0]).toMatchObject({
      numPartitions: -1, replicationFactor: -1, assignments: [{ partition: 0, brokers: [1, 2] }, { partition: 1, brokers: [2, 3] }],
    });
  });

  test("answers with the broker's error and its words", () => {
    const simulation = world();
    inject(simulation, 1, { api: "CreateTopics", error: "TOPIC_ALREADY_EXISTS", remaining: 1 });
    expect(failure(simulation, CREATE)).toEqual({ name: "TOPIC_ALREADY_EXISTS", message: "broker says TOPIC_ALREADY_EXISTS", retriable: false });
  });

  test("asks again after a wrong controller", () => {
    const simulation = world();
    inject(simulation, 1, { api: "CreateTopics", error: "NOT_CONTROLLER", remaining: 2 });
    expect(ask(simulation, CREATE, 2)).toBeNull();
    expect(requestsOf(simulation, 1, "CreateTopics").length).toBe(3);
  });

  test("ends after default.api.timeout.ms with Java's words", () => {
    const simulation = world();
    for (const id of [1, 2, 3]) simulation.pause(`broker-${id}`);
    expect(failure(simulation, CREATE, 61)).toMatchObject({ name: "Timeout", retriable: true });
    expect((simulation.world.outcomes.last as { error: CallError }).error.message)
      .toMatch(/^Call\(callName=createTopics, deadlineMs=61000, tries=\d+, nextAllowedTryMs=\d+\) timed out at 61000 after \d+ attempt\(s\)$/);
  });

  test("says so when it never found a node", () => {
    const simulation = scriptedWorld(TWO);
    for (const id of [1, 2, 3]) simulation.crash(`broker-${id}`);
    simulation.addProcess("admin", "admin", "host-admin", [], { clientId: "admin", bootstrap: BOOTSTRAP, overrides: { "default.api.timeout.ms": 5_000 } });
    simulation.start("admin");
    expect(failure(simulation, CREATE, 6)).toEqual({ name: "Timeout", message: "Timed out waiting for a node assignment. Call: createTopics", retriable: true });
  });
});

describe("asking", () => {
  test("metadata comes with leaders, replicas and errors by name", () => {
    const simulation = world({ ...TWO, broken: [{ leader: -1, epoch: 2 }] });
    expect(ask(simulation, { do: "fetch-metadata", topics: null, call: 3 })).toMatchObject({
      controllerId: 1, brokers: [{ nodeId: 1 }, { nodeId: 2 }, { nodeId: 3 }],
      topics: [
        { name: "orders", error: "NONE", partitions: [{ partition: 0, leader: 2, leaderEpoch: 4, replicas: [1, 2, 3], isr: [1, 2, 3], error: "NONE" }, { partition: 1, leader: 3 }] },
        { name: "broken", partitions: [{ partition: 0, leader: -1, error: "LEADER_NOT_AVAILABLE" }] },
      ],
    });
    expect(ask(simulation, { do: "fetch-metadata", topics: ["gone"], call: 4 })).toMatchObject({ topics: [{ name: "gone", error: "UNKNOWN_TOPIC_OR_PARTITION" }] });
  });

  test("offsets come from every leader, in the order of the partitions", () => {
    const simulation = world();
    expect(ask(simulation, { do: "list-offsets", topic: "orders", timestampMs: -1, call: 5 })).toMatchObject([{ partition: 0, offset: 0 }, { partition: 1, offset: 0 }]);
    expect(requestsOf(simulation, 2, "ListOffsets").length).toBe(1);
    expect(requestsOf(simulation, 3, "ListOffsets").length).toBe(1);
  });

  test("an election's results are answered one by one", () => {
    const simulation = world();
    expect(ask(simulation, { do: "elect-leaders", type: "preferred", partitions: [{ topic: "orders", partition: 0 }, { topic: "orders", partition: 1 }], call: 6 }))
      .toEqual([0, 1].map(partition => ({ topic: "orders", partition, error: "ELECTION_NOT_NEEDED", errorMessage: null })));
    expect(requestsOf(simulation, 1, "ElectLeaders")).toMatchObject([{ electionType: 0, topicPartitions: [{ topic: "orders", partitions: [0, 1] }] }]);
  });
});

describe("reading records", () => {
  function filled(): Simulation {
    const simulation = world();
    simulation.addProcess("p", "producer", "host-p", [], { clientId: "p", bootstrap: BOOTSTRAP, overrides: {} });
    simulation.start("p");
    run(simulation);
    simulation.input("p", { do: "send", producer: "p", topic: "orders", call: 90,
      records: Array.from({ length: 300 }, (_, index) => ({ key: index === 1 ? null : `k${index}`, value: index === 2 ? null : `${index} ✓`.padEnd(200, "."), partition: 0, timestampMs: 7, headers: { h: "x" } })) } satisfies Command);
    run(simulation);
    return simulation;
  }

  test("gives them as text, as many as were asked for", () => {
    const simulation = filled();
    const records = ask(simulation, { ...READ, from: 0, limit: 3 }) as RecordView[];
    expect(records.map(({ offset, key, timestampMs, headers, leaderEpoch }) => [offset, key, timestampMs, headers, leaderEpoch])).toEqual([
      [0, "k0", 7, [["h", "x"]], 4], [1, null, 7, [["h", "x"]], 4], [2, "k2", 7, [["h", "x"]], 4],
    ]);
    expect(records[0]?.value).toBe("0 ✓".padEnd(200, "."));
    expect(records[2]?.value).toBeNull();
  });

  test("begins within a batch and ends at the end of the log", () => {
    const simulation = filled();
    const records = ask(simulation, { ...READ, from: 250, limit: 1_000 }) as RecordView[];
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 50 }, (_, index) => 250 + index));
    expect(ask(simulation, { ...READ, from: 300 })).toEqual([]);
  });

  test("an offset outside the log and a topic that is not there are errors", () => {
    const simulation = filled();
    expect(failure(simulation, { ...READ, from: 301 })).toEqual({
      name: "OFFSET_OUT_OF_RANGE", message: "The requested offset is not within the range of offsets maintained by the server.", retriable: false,
    });
    expect(failure(simulation, { ...READ, topic: "gone" }, 61)).toMatchObject({ name: "Timeout" });
  });

  test("waits for a leader", () => {
    const simulation = world({ orders: [{ leader: -1, epoch: 0 }] });
    simulation.input("admin", READ);
    run(simulation, 5);
    expect(simulation.world.outcomes.length).toBe(0);
    for (const id of [1, 2, 3]) simulation.input(`broker-${id}`, { topics: { orders: [{ leader: 3, epoch: 1 }] } });
    run(simulation, 2);
    expect(simulation.world.outcomes.last).toMatchObject({ ok: true, value: [] });
  });
});
