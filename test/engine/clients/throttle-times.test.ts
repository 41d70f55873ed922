// What clients remember of quotas: as a recording of family 31, a producer with 20 kB a second and a consumer with 40 kB a second.
import { expect, test } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Outcome } from "#engine/cluster/commands.ts";
import type { ConsumerState } from "#engine/clients/consumer-state.ts";
import type { ProducerState } from "#engine/clients/producer-state.ts";
import { SECOND } from "#engine/core/time.ts";

test("a producer above its quota goes on, is told to wait, and remembers it; so does a consumer", () => {
  const cluster = Cluster.build({
    kafka: "3.9", mode: "kraft", nodes: [{ id: 1, host: "h1" }], topics: [{ name: "orders-quota", partitions: 1, replicationFactor: 1 }],
    producers: [{ id: "loader", settings: { "linger.ms": 0 } }],
  }, 1);
  for (let second = 1; second < 20 && !cluster.isOpen; second += 1) cluster.runUntil(second * SECOND);
  const ops = [["producer_byte_rate", 20_000], ["consumer_byte_rate", 40_000]].map(([key, value]) => ({ key, value, remove: false }));
  cluster.apply(0, { do: "request", to: 1, api: "AlterClientQuotas", call: 1, body: {
    entries: [{ entity: [{ entityType: "client-id", entityName: null }], ops }], validateOnly: false } });
  cluster.runUntil(cluster.now + SECOND);
  for (let record = 0; record < 40; record += 1) {
    cluster.apply(record + 1, { do: "send", producer: "loader", topic: "orders-quota", call: record + 2, records: [{ key: null, value: "x".repeat(10_000) }] });
    cluster.runUntil(cluster.now + SECOND / 10);
  }
  cluster.runUntil(cluster.now + 60 * SECOND);
  const { throttleTimes } = (cluster.simulation.process("loader").state as ProducerState).core;
  expect(throttleTimes.count).toBe(40);
  expect(throttleTimes.maxMs).toBeGreaterThan(0);
  expect(throttleTimes.totalMs).toBeGreaterThanOrEqual(throttleTimes.maxMs);
  expect([...cluster.outcomes].map(value => value as Outcome).filter(({ ok }) => !ok)).toEqual([]);
  cluster.apply(100, { do: "open-consumer", consumer: { id: "reader", topic: "orders-quota", from: "beginning", settings: { "max.partition.fetch.bytes": 30_000 } } });
  cluster.runUntil(cluster.now + 60 * SECOND);
  const reader = cluster.simulation.process("reader").state as ConsumerState;
  expect(reader.consumedRecords).toBe(40);
  expect(reader.core.throttleTimes.maxMs).toBeGreaterThan(0);
});
