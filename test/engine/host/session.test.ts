import { describe, expect, test } from "vitest";
import { AuthorError } from "#engine/cluster/author-error.ts";
import { foldFact, initialView } from "#engine/cluster/fold-facts.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { EngineApi, RunFile } from "#engine/host/api.ts";
import { createEngine } from "#engine/host/in-process.ts";
import { writeRunFile } from "#engine/cluster/run-file.ts";
import { newRun, readRunFile } from "#engine/host/run-file.ts";
import { FactStore } from "#src/session/fact-store.ts";
import { comparable } from "../../simulation/compare-views.ts";

const SECOND = 1_000_000;
const spec: ClusterSpec = {
  ...PRESETS["guides/three-nodes"] as ClusterSpec,
  startMs: 4000,
  topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { "min.insync.replicas": "2" } }],
  producers: [{ id: "orders", workload: { topic: "user-events", everyMs: 50, keys: ["customer-123", "customer-456", null], value: "event {n}" } }],
  consumers: [{ id: "reader", topic: "user-events", from: "beginning" }],
};

function opened(run: RunFile = newRun(spec, 7)): { engine: EngineApi; session: number } {
  const engine = createEngine();
  return { engine, session: engine.open(run).session };
}

describe("a session", () => {
  test("opens at the moment that the spec names, with the topics made and the clients at work", () => {
    const { engine, session } = opened();
    const view = engine.observe(session, 4 * SECOND);
    expect(view.topics.map(topic => topic.name)).toEqual(["user-events"]);
    expect(view.producers).toMatchObject([{ id: "orders", status: "running", acks: -1, idempotent: true }]);
    expect(view.producers[0]?.acknowledged).toBeGreaterThan(10);
    expect(view.consumers[0]?.positions.length).toBe(3);
    expect(view.nodes.map(node => node.belief)).toEqual(["unfenced", "unfenced", "unfenced"]);
  });

  test("a saved run, opened again, has the same digest and the same facts", () => {
    const { engine, session } = opened();
    engine.command(session, { do: "kill", node: 1 }, 6 * SECOND);
    engine.command(session, { do: "cut", from: [2], to: [3], oneWay: true }, 9 * SECOND);
    engine.command(session, { do: "restart", node: 1 }, 9 * SECOND);
    engine.advance(session, 30 * SECOND);
    const again = engine.open(readRunFile(writeRunFile(engine.run(session)))).session;
    expect(engine.digest(again)).toBe(engine.digest(session));
    expect(engine.facts(again, 0, true)).toEqual(engine.facts(session, 0, true));
  });

  test("a run takes the same course however it is cut into steps", () => {
    const { engine, session } = opened();
    const other = engine.open(newRun(spec, 7)).session;
    for (const at of [4.1, 4.2, 5.05, 7, 7, 11.3]) {
      engine.advance(session, Math.round(at * SECOND));
      engine.facts(session, 0);
      engine.observe(session, 4 * SECOND);
    }
    engine.advance(other, 11_300_000);
    expect(engine.digest(session)).toBe(engine.digest(other));
  });

  test("another seed takes another course", () => {
    const { engine, session } = opened();
    const other = engine.open(newRun(spec, 8)).session;
    expect(engine.digest(other)).not.toBe(engine.digest(session));
  });

  test("the same instant takes several commands in their order, live as in a replay", () => {
    const { engine, session } = opened();
    for (const node of [1, 2, 3]) engine.command(session, { do: "power-loss", node }, 5 * SECOND);
    for (const node of [1, 2, 3]) engine.command(session, { do: "restart", node }, 5 * SECOND);
    engine.advance(session, 25 * SECOND);
    expect(engine.digest(engine.open(engine.run(session)).session)).toBe(engine.digest(session));
  });
});

describe("going back", () => {
  test("a command in the simulated past throws the look-ahead away and is exact", () => {
    const { engine, session } = opened();
    engine.advance(session, 20 * SECOND);
    const info = engine.command(session, { do: "kill", node: 1 }, 8 * SECOND);
    expect(info).toMatchObject({ head: 8 * SECOND, lane: 0 });
    expect(info.lanes).toHaveLength(1);
    engine.advance(session, 20 * SECOND);
    const direct = engine.open(newRun(spec, 7)).session;
    engine.command(direct, { do: "kill", node: 1 }, 8 * SECOND);
    engine.advance(direct, 20 * SECOND);
    expect(engine.digest(session)).toBe(engine.digest(direct));
  });

  test("inputs that lay beyond stay in a lane of their own, to which one can return", () => {
    const { engine, session } = opened();
    engine.command(session, { do: "kill", node: 1 }, 8 * SECOND);
    engine.advance(session, 25 * SECOND);
    const first = engine.digest(session);
    const info = engine.command(session, { do: "kill", node: 2 }, 6 * SECOND);
    expect(info).toMatchObject({ lane: 1, head: 6 * SECOND, lanes: [{ id: 0, until: 25 * SECOND }, { id: 1, parent: 0, forkedAt: 6 * SECOND }] });
    engine.advance(session, 22 * SECOND);
    const second = engine.digest(session);
    expect(second).not.toBe(first);
    expect(engine.openLane(session, 0)).toMatchObject({ lane: 0, head: 25 * SECOND });
    expect(engine.digest(session)).toBe(first);
    expect(engine.openLane(session, 1)).toMatchObject({ lane: 1, head: 22 * SECOND });
    expect(engine.digest(session)).toBe(second);
    expect(() => engine.openLane(session, 9)).toThrow(AuthorError);
  });

  test("a look at the past changes nothing at the head", () => {
    const { engine, session } = opened();
    engine.command(session, { do: "kill", node: 3 }, 7 * SECOND);
    engine.advance(session, 30 * SECOND);
    const before = engine.digest(session);
    expect(engine.observe(session, 6 * SECOND).nodes[2]?.status).toBe("running");
    expect(engine.observe(session, 7 * SECOND).nodes[2]?.status).toBe("stopped");
    expect(engine.digest(session)).toBe(before);
    expect(engine.facts(session, 0).reset).toBe(false);
  });

  test("a page that follows by deltas has, after all turns, just the facts of the run", () => {
    const { engine, session } = opened();
    const history = new FactStore();
    let seen = 0;
    const sync = (): boolean => {
      const delta = engine.facts(session, history.nextId, false, seen);
      seen = delta.history;
      history.apply(delta);
      return delta.reset;
    };
    sync();
    engine.advance(session, 12 * SECOND);
    expect(sync()).toBe(false);
    engine.command(session, { do: "kill", node: 1 }, 8 * SECOND);
    engine.advance(session, 20 * SECOND);
    // Another reader that asks in between takes nothing away from the one who keeps facts.
    expect(engine.facts(session, 0).reset).toBe(false);
    engine.facts(session, 5_000);
    expect(sync()).toBe(true);
    engine.command(session, { do: "kill", node: 2 }, 6 * SECOND);
    engine.advance(session, 15 * SECOND);
    sync();
    engine.openLane(session, 0);
    sync();
    expect(history.all).toEqual(engine.facts(session, 0).facts);
  });

  test("a refused command says why and changes nothing, not even the look-ahead", () => {
    const { engine, session } = opened();
    engine.command(session, { do: "kill", node: 1 }, 5 * SECOND);
    engine.advance(session, 20 * SECOND);
    const before = engine.digest(session);
    const info = engine.command(session, { do: "kill", node: 1 }, 10 * SECOND);
    expect(info.refused).toEqual({ code: "not-running", message: "\"broker-1\" is already stopped" });
    expect(info.head).toBe(20 * SECOND);
    expect(engine.digest(session)).toBe(before);
    expect(engine.run(session).inputs).toHaveLength(1);
    for (const [command, code] of [
      [{ do: "restart", node: 2 }, "not-stopped"], [{ do: "resume", node: 2 }, "not-paused"], [{ do: "pause", node: 1 }, "not-running"],
      [{ do: "kill", node: 9 }, "no-such-process"], [{ do: "cut", from: [1], to: [1] }, "same-host"],
      [{ do: "open-producer", producer: { id: "orders" } }, "name-taken"], [{ do: "shut-down", node: "orders" }, "wrong-kind"],
    ] as const) {
      expect(engine.command(session, command, 20 * SECOND).refused?.code).toBe(code);
    }
    expect(engine.digest(session)).toBe(before);
  });

  test("a refused call has an answer, since somebody waits for it", () => {
    const { engine, session } = opened();
    const call = engine.nextCall(session);
    engine.command(session, { do: "send", producer: "nobody", topic: "user-events", records: [{ key: null, value: "x" }], call }, 5 * SECOND);
    expect(engine.advanceToOutcome(session, 6 * SECOND)).toMatchObject({ now: 5 * SECOND, outcomes: [{ call, ok: false, error: { name: "IllegalState" } }] });
    expect(engine.digest(engine.open(engine.run(session)).session)).toBe(engine.digest(session));
  });
});

describe("calls", () => {
  test("a send stops time at the moment its answer arrives", () => {
    const { engine, session } = opened();
    const call = engine.nextCall(session);
    const records = ["customer-123", "customer-456", "customer-789"].map(key => ({ key, value: "hello" }));
    engine.command(session, { do: "send", producer: "orders", topic: "user-events", records, call }, 5 * SECOND);
    const { now, outcomes } = engine.advanceToOutcome(session, 60 * SECOND);
    expect(now).toBeGreaterThan(5 * SECOND);
    expect(now).toBeLessThan(5.1 * SECOND);
    expect(outcomes).toMatchObject([{ call, ok: true, value: [{ partition: 0 }, { partition: 1 }, { partition: 1 }] }]);
    expect(engine.advanceToOutcome(session, 5.2 * SECOND)).toEqual({ now: 5.2 * SECOND, outcomes: [] });
  });

  test("what was sent can be read back, and the reason of every fact leads to the person who sent it", () => {
    const { engine, session } = opened();
    const call = engine.nextCall(session);
    engine.command(session, { do: "send", producer: "orders", topic: "user-events", records: [{ key: "customer-123", value: "find me" }], call }, 5 * SECOND);
    const [sent] = engine.advanceToOutcome(session, 60 * SECOND).outcomes;
    const { offset } = (sent?.ok === true ? sent.value as { offset: number }[] : [])[0] ?? { offset: -1 };
    const read = engine.nextCall(session);
    engine.command(session, { do: "read", topic: "user-events", partition: 0, from: offset, limit: 1, call: read }, 6 * SECOND);
    expect(engine.advanceToOutcome(session, 60 * SECOND).outcomes).toMatchObject([{ call: read, ok: true, value: [{ offset, key: "customer-123", value: "find me" }] }]);
    const appended = engine.facts(session, 0).facts.find(entry => entry.fact.kind === "log-appended"
      && entry.fact.batch.records.some(record => record.value === "find me"));
    const chain = engine.why(session, appended?.id ?? -1);
    expect(chain[0]).toEqual(appended);
    expect(chain.at(-1)?.fact).toMatchObject({ kind: "command", command: { do: "send" } });
  });

  test("clients opened in the run work, and closing one answers", () => {
    const { engine, session } = opened();
    engine.command(session, { do: "open-producer", producer: { id: "extra", settings: { acks: 1 } } }, 5 * SECOND);
    const call = engine.nextCall(session);
    engine.command(session, { do: "send", producer: "extra", topic: "user-events", records: [{ key: "k", value: "v" }], call }, 5 * SECOND);
    expect(engine.advanceToOutcome(session, 9 * SECOND).outcomes).toMatchObject([{ ok: true }]);
    const close = engine.nextCall(session);
    engine.command(session, { do: "close-client", client: "extra", call: close }, 6 * SECOND);
    expect(engine.advanceToOutcome(session, 9 * SECOND).outcomes).toMatchObject([{ call: close, ok: true }]);
    expect(engine.observe(session, 9 * SECOND).producers).toMatchObject([{ id: "orders", status: "running" }, { id: "extra", status: "stopped" }]);
  });

  test("a pause for a while ends by itself", () => {
    const { engine, session } = opened();
    engine.command(session, { do: "pause", node: 2, forMs: 1500 }, 5 * SECOND);
    expect(engine.observe(session, 6.4 * SECOND).nodes[1]?.status).toBe("paused");
    expect(engine.observe(session, 6.5 * SECOND).nodes[1]?.status).toBe("running");
  });
});

describe("a fork", () => {
  test("without changes is the same world, and goes its own way", () => {
    const { engine, session } = opened();
    engine.command(session, { do: "kill", node: 1 }, 6 * SECOND);
    engine.advance(session, 20 * SECOND);
    const fork = engine.fork(session, 8 * SECOND, {});
    expect(fork.head).toBe(8 * SECOND);
    engine.command(fork.session, { do: "restart", node: 1 }, 9 * SECOND);
    engine.advance(fork.session, 20 * SECOND);
    expect(engine.observe(fork.session, 20 * SECOND).nodes[0]?.status).toBe("running");
    expect(engine.observe(session, 20 * SECOND).nodes[0]?.status).toBe("stopped");
  });

  test("with other settings has them from the beginning", () => {
    const { engine, session } = opened();
    const fork = engine.fork(session, 5 * SECOND, { settings: { "broker.session.timeout.ms": 3000 }, producers: { orders: { acks: 1 } } });
    expect(engine.run(fork.session).spec.settings).toEqual({ "broker.session.timeout.ms": 3000 });
    expect(engine.observe(fork.session, 5 * SECOND).producers[0]).toMatchObject({ acks: 1, idempotent: false });
    expect(() => engine.fork(session, 5 * SECOND, { settings: { "no.such.setting": 1 } })).toThrow("no.such.setting");
  });
});

describe("a fork in another profile", () => {
  test("has the same past on the same machines, in KRaft or with a ZooKeeper server beside each broker", () => {
    const { engine, session } = opened();
    const zookeeper = engine.fork(session, 8 * SECOND, { profile: { kafka: "3.9", mode: "zookeeper" } });
    const view = engine.observe(zookeeper.session, 8 * SECOND);
    expect(view.profile).toEqual({ kafka: "3.9", mode: "zookeeper" });
    expect(view.ensemble?.servers.map(({ host }) => host)).toEqual(view.nodes.slice(0, 3).map(({ host }) => host));
    expect(view.topics.map(({ name }) => name)).toEqual(engine.observe(session, 8 * SECOND).topics.map(({ name }) => name));
    const back = engine.fork(zookeeper.session, 8 * SECOND, { profile: { kafka: "3.9", mode: "kraft" } });
    expect(engine.run(back.session).spec).toEqual(engine.run(session).spec);
    expect(engine.observe(back.session, 8 * SECOND)).toEqual(engine.observe(session, 8 * SECOND));
    expect(() => engine.fork(session, 8 * SECOND, { profile: { kafka: "4.3", mode: "zookeeper" } })).toThrow("Kafka 4 has no ZooKeeper mode");
  });
});

describe("the engine refuses", () => {
  test("sessions that do not exist, moments that are none, and more sessions than a page needs", () => {
    const { engine, session } = opened();
    expect(() => engine.advance(99, 1)).toThrow("there is no session 99");
    expect(() => engine.advance(session, 1.5)).toThrow("1.5 is not a moment of a run");
    expect(() => engine.advance(session, 1e15)).toThrow("is not a moment of a run");
    expect(() => engine.command(session, { do: "explode" } as never, 5 * SECOND)).toThrow("command.do");
    engine.close(session);
    expect(() => engine.digest(session)).toThrow("there is no session");
  });

  test("a topic that the cluster refuses, with the words of the broker", () => {
    const engine = createEngine();
    const bad = { ...spec, topics: [{ name: "t", partitions: 1, replicationFactor: 3, configs: { "min.insync.replicas": 0 } }], producers: [], consumers: [] };
    expect(() => engine.open(newRun(bad, 1))).toThrow("spec.topics[0]");
  });
});

test("the facts of a run add up to what is observed, at any moment", () => {
  const { engine, session } = opened();
  engine.command(session, { do: "kill", node: 1 }, 6 * SECOND);
  engine.advance(session, 20 * SECOND);
  const { facts } = engine.facts(session, 0);
  for (const seconds of [20, 3, 17.25, 0, 6, 5.999999, 12, 12, 1.7, 19]) {
    const at = Math.round(seconds * SECOND);
    let view = initialView(spec);
    for (const fact of facts) if (fact.at <= at) view = foldFact(view, fact);
    const observed = engine.observe(session, at);
    if (observed.activeController !== -1) expect(comparable({ ...view, at }, true)).toEqual(comparable(observed, true));
  }
});
