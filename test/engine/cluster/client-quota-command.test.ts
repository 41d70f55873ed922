import { expect, test } from "vitest";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { validateCommand } from "#engine/cluster/validate-command.ts";
import { Operated } from "./operated-cluster.ts";

test("an operator limits clients: Kafka judges entities and limits, and brokers know them at once", () => {
  const operated = new Operated(PRESETS["guides/three-nodes"] as ClusterSpec);
  expect(operated.value(call => ({ do: "alter-client-quotas", entity: { "client-id": "loader" }, changes: { producer_byte_rate: 20_000, consumer_byte_rate: 40_000 }, call }))).toBeNull();
  expect(operated.value(call => ({ do: "alter-client-quotas", entity: { "client-id": "loader" }, changes: { consumer_byte_rate: null }, call }))).toBeNull();
  const described = (call: number) => ({
    do: "request", to: 2, api: "DescribeClientQuotas", body: { components: [{ entityType: "client-id", matchType: 2, match: null }], strict: true }, call,
  } as const);
  expect(operated.value(described)).toMatchObject({ entries: [{ entity: [{ entityType: "client-id", entityName: "loader" }], values: [{ key: "producer_byte_rate", value: 20_000 }] }] });
  expect(operated.ask(call => ({ do: "alter-client-quotas", entity: { "client-id": "loader" }, changes: { producer_byte_rate: -5 }, call })))
    .toMatchObject({ ok: false, error: { name: "INVALID_REQUEST", message: "Quota producer_byte_rate must be greater than 0" } });
});

test("a limit that is no number is the author's error", () => {
  const wrong = { do: "alter-client-quotas", entity: { "client-id": null }, changes: { producer_byte_rate: "20000" }, call: 1 };
  expect(() => validateCommand(wrong)).toThrow(/a limit is a number/);
  expect(() => validateCommand({ ...wrong, entity: { group: "g" }, changes: {} })).toThrow(/group/);
});
