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
  { do: "list-offsets", topic: "t", timestampMs: -1, call: 7 }, { do: "predict", id: "q", answer: { leader: 2 } },
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
        expected  one of "kill", "power-loss", "shut-down", "pause", "resume", "restart", "cut", "heal", "drop", "open-producer", "open-consumer", "close-client", "send", "seek", "read", "create-topic", "elect-leaders", "fetch-metadata", "list-offsets", "predict"
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
    ["an answer that is a novel", { do: "predict", id: "q", answer: "x".repeat(20_000) }, "too-large", "command.answer"],
    ["an answer that is no data", { do: "predict", id: "q", answer: undefined }, "missing-key", "command.answer"],
    ["text instead of a command", "kill 1", "wrong-kind", "command"],
  ])("with %s is refused", (_what, command, code, where) => {
    const error = errorOf(command);
    expect({ code: error.code, where: error.where }).toEqual({ code, where });
    for (const part of [error.expected, error.found, error.cure]) expect(part).not.toBe("");
  });
});
