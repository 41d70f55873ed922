// Quotas of clients against a recording of Apache Kafka 3.9.1 (family 31): a burst is free, then the wait is what brings the rate back.
import { expect, test } from "vitest";
import { SECOND } from "#engine/core/time.ts";
import { batchOf, ClusterWorld } from "./kafka-cluster-world.ts";

function worldWithQuotas(values: Readonly<Record<string, number>>): ClusterWorld {
  const world = new ClusterWorld([1]).boot();
  world.createTopic("orders-quota", [[1]]);
  const ops = Object.entries(values).map(([key, value]) => ({ key, value, remove: false }));
  const { entries } = world.call(1, "AlterClientQuotas", { entries: [{ entity: [{ entityType: "client-id", entityName: "test" }], ops }], validateOnly: false });
  expect(entries[0]?.error).toBe("NONE");
  world.until("the quota is known", () => world.node(1).broker.image.clientQuotas.size > 0);
  return world;
}

const body = (bytes: number) => "x".repeat(bytes);

test("90 kB at once pass a quota of 20 kB a second, as much again has to wait", () => {
  const world = worldWithQuotas({ producer_byte_rate: 20_000 });
  const send = (bytes: number): number => world.call(1, "Produce", world.produceBody("orders-quota", batchOf([body(bytes)]), 1)).throttleTimeMs;
  expect([10_000, 10_000, 50_000, 10_000].map(send)).toEqual([0, 0, 0, 0]);
  world.run(2);
  expect(send(10_000)).toBe(0);
  world.run(10);
  expect([send(10_000), send(10_000)]).toEqual([0, 0]);
  for (let sent = 0; sent < 17; sent += 1) send(10_000);
  const [first = 0, second = 0] = [send(10_000), send(10_000)];
  expect(first).toBeGreaterThan(0);
  // Each request takes its bytes divided by the quota: half a second.
  expect(second - first).toBeGreaterThan(480);
  expect(second - first).toBeLessThan(530);
});

test("a fetch beyond the quota is answered at once with nothing and the time to wait, and counts for nothing", () => {
  const world = worldWithQuotas({ consumer_byte_rate: 40_000 });
  world.produce(1, "orders-quota", batchOf([body(50_000), body(50_000), body(10_000)]), 1);
  const fetch = () => world.call(1, "Fetch", world.fetchBody("orders-quota", 0));
  for (let round = 0; round < 3; round += 1) expect(fetch()).toMatchObject({ throttleTimeMs: 0, topics: [{ partitions: [{ error: "NONE" }] }] });
  const throttled = fetch();
  expect(throttled).toMatchObject({ error: "NONE", topics: [] });
  // As recorded: 1044 ms for four times 110 kB.
  expect(throttled.throttleTimeMs).toBeGreaterThan(900);
  expect(throttled.throttleTimeMs).toBeLessThan(1_150);
  expect(fetch().throttleTimeMs).toBeLessThanOrEqual(throttled.throttleTimeMs + 10);
});

test("the next request of a throttled connection is read when the time is over", () => {
  const world = worldWithQuotas({ producer_byte_rate: 1_000 });
  const connection = world.connect(1);
  const asked = [world.ask(connection, "Produce", world.produceBody("orders-quota", batchOf([body(10_500)]), 1)),
    world.ask(connection, "Produce", world.produceBody("orders-quota", batchOf([body(10)]), 1))] as const;
  world.until("both are answered", () => world.answer(asked[1]) !== undefined, 60);
  const waitMs = world.answer<"Produce">(asked[0])?.throttleTimeMs ?? 0;
  expect(waitMs).toBeGreaterThan(0);
  expect(world.answeredAtUs(asked[1]) - world.answeredAtUs(asked[0])).toBeGreaterThanOrEqual(waitMs / 1_000 * SECOND);
});

test("request_percentage makes wait a second at most", () => {
  const world = worldWithQuotas({ request_percentage: 0.01 });
  const connection = world.connect(1);
  const waits: number[] = [];
  for (let round = 0; round < 60; round += 1) {
    const asked = world.ask(connection, "ListOffsets", { replicaId: -1, isolationLevel: 0, topics: [] });
    world.until("answered", () => world.answer(asked) !== undefined);
    waits.push(world.answer<"ListOffsets">(asked)?.throttleTimeMs ?? -1);
  }
  expect(waits[0]).toBe(0);
  expect(Math.max(...waits)).toBeGreaterThan(0);
  expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
});
