import { describe, expect, test } from "vitest";
import { AuthorError } from "#engine/cluster/author-error.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { validateCommand } from "#engine/cluster/validate-command.ts";

const commands: readonly Command[] = [
  { do: "kill", node: 1 }, { do: "power-loss", node: 2 }, { do: "shut-down", node: 3 }, { do: "pause", node: "orders", forMs: 100 },
  { do: "resume", node: 1 }, { do: "restart", node: 1 }, { do: "cut", from: [1], to: [2, "orders"], oneWay: true }, { do: "heal", from: [], to: [] },
  { do: "drop", api: "Produce", direction: "response", count: 1, to: "orders" },
  { do: "open-producer", producer: { id: "p" } }, { do: "open-consumer", consumer: { id: "c", topic: "t", partitions: [0], from: 5 } },
  { do: "close-client", client: "p", call: 1 },
  { do: "send", producer: "p", topic: "t", call: 2, records: [{ key: "k", value: null }, { key: null, value: "v", partition: 1, headers: { a: "b" } }] },
  { do: "seek", consumer: "c", topic: "t", partition: 0, offset: 0 }, { do: "read", topic: "t", partition: 0, from: 0, limit: 10, call: 3 },
  { do: "create-topic", topic: "t", partitions: 3, replicationFactor: 3, call: 4, configs: { "min.insync.replicas": "2" } },
  { do: "elect-leaders", type: "preferred", partitions: null, call: 5 }, { do: "fetch-metadata", topics: null, call: 6 },
  { do: "list-offsets", topic: "t", timestampMs: -1, call: 7 },
  { do: "restart", node: "zookeeper-1", settings: { tickTime: 3000, initLimit: null } },
  { do: "delete-topics", topics: ["t", ""], call: 8 }, { do: "create-partitions", topic: "t", partitions: 6, assignment: [[1], [2]], call: 9 },
  { do: "reassign", partitions: [{ topic: "t", partition: 0, replicas: [2, 3] }, { topic: "t", partition: 1, replicas: null }], call: 10 },
  { do: "list-reassignments", call: 11 }, { do: "alter-configs", resource: { broker: "" }, configs: { "log.retention.ms": null, "min.insync.replicas": 2 }, call: 12 },
  { do: "describe-configs", resource: { topic: "t" }, call: 13 }, { do: "delete-records", topic: "t", partition: 0, beforeOffset: -1, call: 14 },
  { do: "describe-quorum", call: 15 }, { do: "add-controller", node: 104, call: 16 }, { do: "remove-controller", node: 101, call: 17 },
  {
    do: "request", to: 1, api: "ListOffsets", call: 18, timeoutMs: 1000,
    body: { replicaId: -1, isolationLevel: 0, topics: [{ name: "t", partitions: [{ partition: 0, currentLeaderEpoch: -1, timestamp: -1 }] }] },
  },
  { do: "request", to: 1, api: "Produce", call: 19, body: { acks: -1, topics: [{ name: "t", partitions: [{ index: 0, records: [{ records: [{ key: null, value: "v" }] }] }] }] } },
  { do: "zookeeper", operation: { op: "multi", operations: [{ op: "check", path: "/a", version: 1 }, { op: "delete", path: "/a", version: -1 }] }, server: 2, call: 20 },
  { do: "zookeeper", operation: { op: "getData", path: "/controller", watch: false }, call: 21 },
  { do: "four-letter-word", word: "srvr", server: 1, call: 22 }, { do: "slow-disk", node: 1, bytesPerSecond: 1_000_000 },
  { do: "limit-disk", node: 1, capacityBytes: null }, { do: "fail-log-directory", node: 1, directory: "/data-1" },
  { do: "damage-log", node: 1, topic: "t", partition: 0, how: "cut-bytes", bytes: 12 },
  { do: "predict", id: "q", answer: { leader: 2 } },
];

function errorOf(command: unknown): AuthorError {
  try {
    validateCommand(command);
  } catch (error) {
    if (error instanceof AuthorError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a command", () => {
  test.each(commands.map(command => [command.do, command] as const))("%s is taken as it is, and no other key with it", (_verb, command) => {
    expect(validateCommand(command)).toBe(command);
    expect(errorOf({ ...command, nonsense: 1 }).code).toBe("unknown-key");
  });

  test("that nobody knows is refused with a guess", () => {
    expect(errorOf({ do: "kil", node: 1 }).message).toMatchInlineSnapshot(`
      "command.do: unknown value "kil"
        expected  one of "kill", "power-loss", "shut-down", "pause", "resume", "restart", "cut", "heal", "drop", "open-producer", "open-consumer", "close-client", "send", "seek", "read", "create-topic", "elect-leaders", "fetch-metadata", "list-offsets", "delete-topics", "create-partitions", "reassign", "list-reassignments", "alter-configs", "describe-configs", "alter-client-quotas", "delete-records", "describe-quorum", "add-controller", "remove-controller", "request", "zookeeper", "four-letter-word", "slow-disk", "limit-disk", "fail-log-directory", "damage-log", "predict"
        found     "kil"
        cure      Did you mean "kill"?"
    `);
  });

  test.each([
    ["no node", { do: "kill" }, "missing-key", "command.node"],
    ["a node that is no name", { do: "kill", node: "../etc" }, "wrong-format", "command.node"],
    ["a pause of no time", { do: "pause", node: 1, forMs: 0 }, "out-of-range", "command.forMs"],
    ["a cut with one side", { do: "cut", from: [], to: [1] }, "too-large", "command.from"],
    ["an api that does not exist", { do: "drop", api: "Prodce", direction: "request", count: 1 }, "unknown-value", "command.api"],
    ["no records", { do: "send", producer: "p", topic: "t", records: [], call: 1 }, "too-large", "command.records"],
    ["a key that is a number", { do: "send", producer: "p", topic: "t", records: [{ key: 1, value: "" }], call: 1 }, "wrong-kind", "command.records[0].key"],
    ["a value of two megabytes", { do: "send", producer: "p", topic: "t", records: [{ key: null, value: "x".repeat(2_000_000) }], call: 1 }, "too-large", "command.records[0].value"],
    ["a missing value", { do: "send", producer: "p", topic: "t", records: [{ key: null }], call: 1 }, "missing-key", "command.records[0].value"],
    ["no call", { do: "fetch-metadata", topics: null }, "missing-key", "command.call"],
    ["a call of the opening", { do: "fetch-metadata", topics: null, call: -1 }, "out-of-range", "command.call"],
    ["a negative offset", { do: "read", topic: "t", partition: 0, from: -1, limit: 1, call: 1 }, "out-of-range", "command.from"],
    ["a node id of 1001", { do: "kill", node: 1001 }, "out-of-range", "command.node"],
    ["a replica with a fractional id", { do: "reassign", partitions: [{ topic: "t", partition: 0, replicas: [1.5] }], call: 1 }, "wrong-kind", "command.partitions[0].replicas[0]"],
    ["no partitions to reassign", { do: "reassign", partitions: [], call: 1 }, "too-large", "command.partitions"],
    ["an unknown key in a partition", { do: "reassign", partitions: [{ topic: "t", partition: 0, replica: [1] }], call: 1 }, "unknown-key", "command.partitions[0]"],
    ["a million partitions", { do: "create-partitions", topic: "t", partitions: 1_000_000, call: 1 }, "out-of-range", "command.partitions"],
    ["a resource that is both", { do: "describe-configs", resource: { topic: "t", broker: 1 }, call: 1 }, "duplicate", "command.resource"],
    ["a resource that is nothing", { do: "describe-configs", resource: {}, call: 1 }, "missing-key", "command.resource"],
    ["a setting that is a list", { do: "alter-configs", resource: { topic: "t" }, configs: { a: [1] }, call: 1 }, "wrong-kind", "command.configs[\"a\"]"],
    ["a request of an unknown api", { do: "request", to: 1, api: "Fetsch", body: {}, call: 1 }, "unknown-value", "command.api"],
    ["a request field that does not exist", { do: "request", to: 1, api: "Metadata", body: { topcs: null }, call: 1 }, "unknown-key", "command.body"],
    ["a request field that is too large", { do: "request", to: 1, api: "Produce", body: { acks: 40_000 }, call: 1 }, "out-of-range", "command.body.acks"],
    ["a request field of the wrong kind", { do: "request", to: 1, api: "Metadata", body: { topics: [{ name: 7 }] }, call: 1 }, "wrong-kind", "command.body.topics[0].name"],
    ["a request without a body", { do: "request", to: 1, api: "Metadata", call: 1 }, "wrong-kind", "command.body"],
    ["a path without a slash", { do: "zookeeper", operation: { op: "getData", path: "controller", watch: false }, call: 1 }, "wrong-format", "command.operation.path"],
    ["an unknown operation", { do: "zookeeper", operation: { op: "destroy", path: "/a" }, call: 1 }, "unknown-value", "command.operation.op"],
    ["a multi in a multi", { do: "zookeeper", operation: { op: "multi", operations: [{ op: "multi", operations: [] }] }, call: 1 }, "unknown-value", "command.operation.operations[0].op"],
    ["a word of five letters", { do: "four-letter-word", word: "hello", server: 1, call: 1 }, "too-large", "command.word"],
    ["a server of 0", { do: "four-letter-word", word: "ruok", server: 0, call: 1 }, "out-of-range", "command.server"],
    ["a disk of no speed", { do: "slow-disk", node: 1, bytesPerSecond: 0 }, "out-of-range", "command.bytesPerSecond"],
    ["a damage that nobody knows", { do: "damage-log", node: 1, topic: "t", partition: 0, how: "burn", bytes: 1 }, "unknown-value", "command.how"],
    ["an answer that is a novel", { do: "predict", id: "q", answer: "x".repeat(20_000) }, "too-large", "command.answer"],
    ["an answer that is no data", { do: "predict", id: "q", answer: undefined }, "missing-key", "command.answer"],
    ["text instead of a command", "kill 1", "wrong-kind", "command"],
  ])("with %s is refused", (_what, command, code, where) => {
    const error = errorOf(command);
    expect({ code: error.code, where: error.where }).toEqual({ code, where });
    for (const part of [error.expected, error.found, error.cure]) expect(part).not.toBe("");
  });
});
