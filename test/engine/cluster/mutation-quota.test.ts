// Golden 31-quotas: controller_mutation_rate=2 lets three topics of ten partitions through at once, and then nothing more for a while.
import { expect, test } from "vitest";
import type { Command } from "#engine/cluster/commands.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { Operated } from "./operated-cluster.ts";

const REFUSED = { ok: false, error: { name: "THROTTLING_QUOTA_EXCEEDED", message: "The throttling quota has been exceeded." } };

function limited(): Operated {
  const operated = new Operated(PRESETS["guides/three-nodes"] as ClusterSpec);
  operated.value(call => ({ do: "alter-client-quotas", entity: { "client-id": "admin" }, changes: { controller_mutation_rate: 2 }, call }));
  return operated;
}

const create = (topic: string) => (call: number): Command => ({ do: "create-topic", topic, partitions: 10, replicationFactor: 1, call });

test("a client that has changed too much is refused until its tokens are back", () => {
  const operated = limited();
  for (const topic of ["m0", "m1", "m2"]) expect(operated.ask(create(topic), 0.2)).toMatchObject({ ok: true });
  expect(operated.ask(create("m3"), 0.2)).toMatchObject(REFUSED);
  expect(operated.view.topics.map(({ name }) => name).filter(name => name.startsWith("m"))).toEqual(["m0", "m1", "m2"]);
  operated.advance(5);
  expect(operated.ask(create("m3"), 0.2)).toMatchObject({ ok: true });
});

test("others are not held back, and the answer says how long to wait", () => {
  const operated = limited();
  const remove = (clientId: string, name: string) => (call: number): Command => ({
    do: "request", to: 1, api: "DeleteTopics", body: { topics: [{ name, topicId: "AAAAAAAAAAAAAAAAAAAAAA" }], timeoutMs: 1_000 }, clientId, call,
  });
  const grow = (clientId: string, count: number) => (call: number): Command => ({
    do: "request", to: 1, api: "CreatePartitions", body: { topics: [{ name: "m0", count, assignments: null }], timeoutMs: 1_000, validateOnly: false }, clientId, call,
  });
  expect(operated.ask(create("m0"), 0.2)).toMatchObject({ ok: true });
  expect(operated.value(grow("admin", 40), 0.2)).toMatchObject({ throttleTimeMs: 0, results: [{ error: "NONE" }] });
  const refused = operated.value(grow("admin", 41), 0.2) as { readonly throttleTimeMs: number };
  expect(refused).toMatchObject({ results: [{ error: "THROTTLING_QUOTA_EXCEEDED" }] });
  expect(refused.throttleTimeMs).toBeGreaterThan(8_000);
  expect(refused.throttleTimeMs).toBeLessThan(9_000);
  expect(operated.value(grow("somebody", 41), 0.2)).toMatchObject({ throttleTimeMs: 0, results: [{ error: "NONE" }] });
  expect(operated.value(remove("admin", "nope"), 0.2)).toMatchObject({ throttleTimeMs: 0, responses: [{ error: "UNKNOWN_TOPIC_OR_PARTITION" }] });
  expect(operated.value(remove("admin", "m0"), 0.2)).toMatchObject({ responses: [{ error: "THROTTLING_QUOTA_EXCEEDED", errorMessage: "The throttling quota has been exceeded." }] });
  expect(operated.value(remove("somebody", "m0"), 0.2)).toMatchObject({ responses: [{ error: "NONE" }] });
});
