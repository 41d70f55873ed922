import { describe, expect, test } from "vitest";
import { AuthorError } from "#engine/cluster/author-error.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import { validateSpec } from "#engine/cluster/validate-spec.ts";

const nodes = [{ id: 1, host: "a" }, { id: 2, host: "b" }, { id: 3, host: "c" }];
const good = {
  kafka: "3.9", mode: "kraft", nodes,
  settings: { "broker.session.timeout.ms": 6000, "unclean.leader.election.enable": "false" },
  topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1]], configs: { "min.insync.replicas": 2 } }, { name: "audit", partitions: 2, replicationFactor: 3 }],
  producers: [{ id: "orders", settings: { "acks": "all" }, workload: { topic: "user-events", everyMs: 100, keys: ["a", null], value: "n {n}" } }],
  consumers: [{ id: "reader", topic: "user-events", from: "beginning" }],
  link: { latencyUs: 500 }, startMs: 5000,
};

function errorOf(spec: unknown): AuthorError {
  try {
    validateSpec(spec);
  } catch (error) {
    if (error instanceof AuthorError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a cluster spec", () => {
  test("that is sound is taken as it is", () => {
    expect(validateSpec(good)).toBe(good);
    for (const preset of Object.values(PRESETS)) expect(validateSpec(preset)).toBe(preset);
  });

  test("with an unknown key is refused with the place, the known keys and a guess", () => {
    expect(errorOf({ ...good, topcs: [] }).message).toMatchInlineSnapshot(`
      "spec: unknown key "topcs"
        expected  one of "kafka", "mode", "nodes", "settings", "topics", "producers", "consumers", "link", "startMs"
        found     "topcs"
        cure      Did you mean "topics"?"
    `);
  });

  test("with a misspelt setting names the setting that was meant", () => {
    expect(errorOf({ ...good, settings: { "broker.sesion.timeout.ms": 6000 } }).message).toMatchInlineSnapshot(`
      "spec.settings["broker.sesion.timeout.ms"]: "broker.sesion.timeout.ms" is not a broker or controller setting that is modelled here
        expected  one of the 32 modelled settings, such as "auto.create.topics.enable"
        found     "broker.sesion.timeout.ms"
        cure      Did you mean "broker.session.timeout.ms"?"
    `);
  });

  test.each([
    ["no nodes", { ...good, nodes: [] }, "too-large", "spec.nodes"],
    ["ten nodes", { ...good, nodes: Array.from({ length: 10 }, (_, index) => ({ id: index + 1, host: `h${index}` })) }, "too-large", "spec.nodes"],
    ["two nodes of one id", { ...good, nodes: [{ id: 1, host: "a" }, { id: 1, host: "b" }] }, "duplicate", "spec.nodes[1].id"],
    ["two nodes on one host", { ...good, nodes: [{ id: 1, host: "a" }, { id: 2, host: "a" }] }, "duplicate", "spec.nodes[1].host"],
    ["a node id of 0", { ...good, nodes: [{ id: 0, host: "a" }] }, "out-of-range", "spec.nodes[0].id"],
    ["a fractional node id", { ...good, nodes: [{ id: 1.5, host: "a" }] }, "wrong-kind", "spec.nodes[0].id"],
    ["another Kafka", { ...good, kafka: "4.3" }, "unknown-value", "spec.kafka"],
    ["no mode", { ...good, mode: undefined }, "missing-key", "spec.mode"],
    ["a list instead of an object", [], "wrong-kind", "spec"],
    ["a topic name with a space", { ...good, topics: [{ name: "user events" }] }, "wrong-format", "spec.topics[0].name"],
    ["a topic twice", { kafka: "3.9", mode: "kraft", nodes, topics: [{ name: "a" }, { name: "a" }] }, "duplicate", "spec.topics[1].name"],
    ["a replica on no node", { ...good, topics: [{ name: "user-events", assignment: [[1, 4]] }] }, "unknown-reference", "spec.topics[0].assignment[0][1]"],
    ["a replica twice", { ...good, topics: [{ name: "user-events", assignment: [[1, 1]] }] }, "duplicate", "spec.topics[0].assignment[0][1]"],
    ["assignment and counts", { ...good, topics: [{ name: "user-events", assignment: [[1]], partitions: 1 }] }, "duplicate", "spec.topics[0].partitions"],
    ["more replicas than nodes", { ...good, topics: [{ name: "user-events", replicationFactor: 4 }] }, "out-of-range", "spec.topics[0].replicationFactor"],
    ["a million partitions", { ...good, topics: [{ name: "user-events", partitions: 1_000_000 }] }, "out-of-range", "spec.topics[0].partitions"],
    ["too many partitions in all", { kafka: "3.9", mode: "kraft", nodes, topics: [{ name: "a", partitions: 600 }, { name: "b", partitions: 600 }] }, "too-large", "spec.topics[1]"],
    ["a workload on no topic", { ...good, producers: [{ id: "p", workload: { topic: "nowhere", everyMs: 1, keys: [null] } }] }, "unknown-reference", "spec.producers[0].workload.topic"],
    ["a workload that never waits", { ...good, producers: [{ id: "p", workload: { topic: "user-events", everyMs: 0, keys: [null] } }] }, "out-of-range", "spec.producers[0].workload.everyMs"],
    ["a consumer of no topic", { ...good, consumers: [{ id: "c", topic: "nowhere" }] }, "unknown-reference", "spec.consumers[0].topic"],
    ["two clients of one name", { ...good, consumers: [{ id: "orders", topic: "user-events" }] }, "duplicate", "spec.consumers[0].id"],
    ["a client with a broker's name", { ...good, consumers: [{ id: "broker-1", topic: "user-events" }] }, "duplicate", "spec.consumers[0].id"],
    ["acks of 2", { ...good, producers: [{ id: "p", settings: { acks: 2 } }] }, "unknown-value", "spec.producers[0].settings[\"acks\"]"],
    ["idempotence with acks=1", { ...good, producers: [{ id: "p", settings: { "enable.idempotence": true, "acks": 1 } }] }, "out-of-range", "spec.producers[0].settings[\"acks\"]"],
    ["a setting of the wrong kind", { ...good, settings: { "broker.session.timeout.ms": "soon" } }, "wrong-kind", "spec.settings[\"broker.session.timeout.ms\"]"],
    ["a Kafka setting that is not modelled", { ...good, settings: { "log.cleaner.threads": 2 } }, "unknown-key", "spec.settings[\"log.cleaner.threads\"]"],
    ["a link of no speed", { ...good, link: { bytesPerSecond: 0 } }, "out-of-range", "spec.link.bytesPerSecond"],
    ["a start next year", { ...good, startMs: 31_536_000_000 }, "out-of-range", "spec.startMs"],
  ])("with %s is refused", (_what, spec, code, where) => {
    const error = errorOf(spec);
    expect({ code: error.code, where: error.where }).toEqual({ code, where });
    for (const part of [error.expected, error.found, error.cure]) expect(part).not.toBe("");
  });
});
