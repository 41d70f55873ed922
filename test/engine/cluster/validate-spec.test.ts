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

  test("of Kafka 4 with ZooKeeper is told that there is none", () => {
    expect(errorOf({ ...good, kafka: "4.3", mode: "zookeeper" }).message).toMatchInlineSnapshot(`
      "spec.mode: Kafka 4 has no ZooKeeper mode
        expected  "kafka" and "mode" as one of the profiles 3.9 zookeeper, 3.9 kraft, 4.3 kraft
        found     "4.3" and "zookeeper"
        cure      Did you mean "3.9 zookeeper"?"
    `);
  });

  test("may have servers and brokers on the same machines, an even number of voters, and a controller beside a broker", () => {
    const servers = [{ id: 1, host: "a", settings: { tickTime: 2000 } }, { id: 2, host: "b" }];
    const zookeeper = { ...good, mode: "zookeeper", zookeeper: servers };
    expect(validateSpec(zookeeper)).toBe(zookeeper);
    const dedicated = { ...good, nodes: [...nodes.map(node => ({ ...node, roles: ["broker"] })), { id: 101, host: "a", roles: ["controller"] }, { id: 102, host: "b", roles: ["controller"] }] };
    expect(validateSpec(dedicated)).toBe(dedicated);
  });

  test("with more replicas than brokers is told in Kafka's words", () => {
    const error = errorOf({ ...good, topics: [{ name: "user-events", replicationFactor: 4 }] });
    expect(error.message).toContain("replication factor 4 is larger than the number of brokers");
  });

  test("with an unknown key is refused with the place, the known keys and a guess", () => {
    expect(errorOf({ ...good, topcs: [] }).message).toMatchInlineSnapshot(`
      "spec: unknown key "topcs"
        expected  one of "kafka", "mode", "nodes", "zookeeper", "quorum", "settings", "topics", "producers", "consumers", "link", "startMs"
        found     "topcs"
        cure      Did you mean "topics"?"
    `);
  });

  test("with a misspelt setting names the setting that was meant", () => {
    expect(errorOf({ ...good, settings: { "broker.sesion.timeout.ms": 6000 } }).message).toMatchInlineSnapshot(`
      "spec.settings["broker.sesion.timeout.ms"]: "broker.sesion.timeout.ms" is not a broker or controller setting that is modelled here
        expected  a modelled setting, such as "min.insync.replicas"
        found     "broker.sesion.timeout.ms"
        cure      Did you mean "broker.session.timeout.ms"?"
    `);
  });

  test.each([
    ["no nodes", { ...good, nodes: [] }, "too-large", "spec.nodes"],
    ["31 nodes", { ...good, nodes: Array.from({ length: 31 }, (_, index) => ({ id: index + 1, host: `h${index}` })) }, "too-large", "spec.nodes"],
    ["two nodes of one id", { ...good, nodes: [{ id: 1, host: "a" }, { id: 1, host: "b" }] }, "duplicate", "spec.nodes[1].id"],
    ["two nodes on one host", { ...good, nodes: [{ id: 1, host: "a" }, { id: 2, host: "a" }] }, "duplicate", "spec.nodes[1].host"],
    ["a node id of 0", { ...good, nodes: [{ id: 0, host: "a" }] }, "out-of-range", "spec.nodes[0].id"],
    ["a fractional node id", { ...good, nodes: [{ id: 1.5, host: "a" }] }, "wrong-kind", "spec.nodes[0].id"],
    ["another Kafka", { ...good, kafka: "2.8" }, "unknown-value", "spec.kafka"],
    ["a version that is a number", { ...good, kafka: 3.9 }, "unknown-value", "spec.kafka"],
    ["no version", { ...good, kafka: undefined }, "missing-key", "spec.kafka"],
    ["no mode", { ...good, mode: undefined }, "missing-key", "spec.mode"],
    ["Kafka 4 with ZooKeeper", { ...good, kafka: "4.3", mode: "zookeeper" }, "unknown-value", "spec.mode"],
    ["brokers alone", { ...good, nodes: nodes.map(node => ({ ...node, roles: ["broker"] })) }, "missing-key", "spec.nodes"],
    ["controllers alone", { ...good, nodes: nodes.map(node => ({ ...node, roles: ["controller"] })) }, "missing-key", "spec.nodes"],
    ["nodes that all start later", { ...good, nodes: nodes.map(node => ({ ...node, startsLater: true })) }, "missing-key", "spec.nodes"],
    ["an unknown role", { ...good, nodes: [{ id: 1, host: "a", roles: ["boss"] }] }, "unknown-value", "spec.nodes[0].roles[0]"],
    ["a role twice", { ...good, nodes: [{ id: 1, host: "a", roles: ["broker", "broker"] }] }, "duplicate", "spec.nodes[0].roles[1]"],
    ["no role at all", { ...good, nodes: [{ id: 1, host: "a", roles: [] }] }, "too-large", "spec.nodes[0].roles"],
    ["a node setting that nobody knows", { ...good, nodes: [{ id: 1, host: "a", settings: { "num.portals": 1 } }] }, "unknown-key", "spec.nodes[0].settings[\"num.portals\"]"],
    ["an unknown kind of quorum", { ...good, quorum: "elastic" }, "unknown-value", "spec.quorum"],
    ["ZooKeeper servers in KRaft mode", { ...good, zookeeper: [{ id: 1, host: "a" }] }, "unknown-key", "spec.zookeeper"],
    ["ZooKeeper mode without servers", { ...good, mode: "zookeeper" }, "missing-key", "spec.zookeeper"],
    ["ZooKeeper mode with an empty ensemble", { ...good, mode: "zookeeper", zookeeper: [] }, "too-large", "spec.zookeeper"],
    ["a broker with roles in ZooKeeper mode", { ...good, mode: "zookeeper", zookeeper: [{ id: 1, host: "a" }], nodes: [{ id: 1, host: "a", roles: ["broker"] }] }, "unknown-value", "spec.nodes[0].roles"],
    ["two ZooKeeper servers of one id", { ...good, mode: "zookeeper", zookeeper: [{ id: 1, host: "a" }, { id: 1, host: "b" }] }, "duplicate", "spec.zookeeper[1].id"],
    ["two ZooKeeper servers on one host", { ...good, mode: "zookeeper", zookeeper: [{ id: 1, host: "a" }, { id: 2, host: "a" }] }, "duplicate", "spec.zookeeper[1].host"],
    ["a myid of 256", { ...good, mode: "zookeeper", zookeeper: [{ id: 256, host: "a" }] }, "out-of-range", "spec.zookeeper[0].id"],
    ["a ZooKeeper setting that nobody knows", { ...good, mode: "zookeeper", zookeeper: [{ id: 1, host: "a", settings: { "ticktime": 1 } }] }, "unknown-key", "spec.zookeeper[0].settings[\"ticktime\"]"],
    ["a replica on a controller", {
      ...good, nodes: [...nodes, { id: 101, host: "d", roles: ["controller"] }], topics: [{ name: "user-events", assignment: [[1, 101]] }],
    }, "unknown-reference", "spec.topics[0].assignment[0][1]"],
    ["a replica on a broker that starts later", {
      ...good, nodes: [...nodes, { id: 4, host: "d", startsLater: true }], topics: [{ name: "user-events", assignment: [[1, 4]] }],
    }, "unknown-reference", "spec.topics[0].assignment[0][1]"],
    ["a list instead of an object", [], "wrong-kind", "spec"],
    ["a topic name with a space", { ...good, topics: [{ name: "user events" }] }, "wrong-format", "spec.topics[0].name"],
    ["a topic twice", { kafka: "3.9", mode: "kraft", nodes, topics: [{ name: "a" }, { name: "a" }] }, "duplicate", "spec.topics[1].name"],
    ["a replica on no node", { ...good, topics: [{ name: "user-events", assignment: [[1, 4]] }] }, "unknown-reference", "spec.topics[0].assignment[0][1]"],
    ["a replica twice", { ...good, topics: [{ name: "user-events", assignment: [[1, 1]] }] }, "duplicate", "spec.topics[0].assignment[0][1]"],
    ["assignment and counts", { ...good, topics: [{ name: "user-events", assignment: [[1]], partitions: 1 }] }, "duplicate", "spec.topics[0].partitions"],
    ["more replicas than nodes", { ...good, topics: [{ name: "user-events", replicationFactor: 4 }] }, "out-of-range", "spec.topics[0].replicationFactor"],
    ["a million partitions", { ...good, topics: [{ name: "user-events", partitions: 1_000_000 }] }, "out-of-range", "spec.topics[0].partitions"],
    ["too many partitions in all", { kafka: "3.9", mode: "kraft", nodes, topics: [{ name: "a", partitions: 6000 }, { name: "b", partitions: 6000 }] }, "too-large", "spec.topics[1]"],
    ["a workload on no topic", { ...good, producers: [{ id: "p", workload: { topic: "nowhere", everyMs: 1, keys: [null] } }] }, "unknown-reference", "spec.producers[0].workload.topic"],
    ["a workload that never waits", { ...good, producers: [{ id: "p", workload: { topic: "user-events", everyMs: 0, keys: [null] } }] }, "out-of-range", "spec.producers[0].workload.everyMs"],
    ["a consumer of no topic", { ...good, consumers: [{ id: "c", topic: "nowhere" }] }, "unknown-reference", "spec.consumers[0].topic"],
    ["two clients of one name", { ...good, consumers: [{ id: "orders", topic: "user-events" }] }, "duplicate", "spec.consumers[0].id"],
    ["a client with a ZooKeeper server's name", { ...good, consumers: [{ id: "zookeeper-1", topic: "user-events" }] }, "duplicate", "spec.consumers[0].id"],
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
