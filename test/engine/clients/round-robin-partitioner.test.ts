// RoundRobinPartitioner against recordings of the Java producer (family 01, topic user-events-unkeyed with three partitions).
import { expect, test } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Outcome, SentRecord } from "#engine/cluster/commands.ts";
import { SECOND } from "#engine/core/time.ts";

function partitions(settings: Readonly<Record<string, string | number>>, oneByOne: boolean, kafka: "3.9" | "4.3" = "3.9"): number[] {
  const cluster = Cluster.build({
    kafka, mode: "kraft", nodes: [{ id: 1, host: "h1" }], topics: [{ name: "user-events-unkeyed", partitions: 3, replicationFactor: 1 }],
    producers: [{ id: "p", settings: { "partitioner.class": "org.apache.kafka.clients.producer.RoundRobinPartitioner", ...settings } }],
  }, 1);
  for (let second = 1; second < 20 && !cluster.isOpen; second += 1) cluster.runUntil(second * SECOND);
  const values = Array.from({ length: 12 }, (_, index) => `rr-${index}`);
  const bursts = oneByOne ? values.map(value => [value]) : [values];
  bursts.forEach((burst, index) => {
    cluster.apply(index, { do: "send", producer: "p", topic: "user-events-unkeyed", call: index + 1, records: burst.map(value => ({ key: null, value })) });
    cluster.runUntil(cluster.now + SECOND);
  });
  const outcomes = [...cluster.outcomes].map(value => value as Outcome).filter(({ call }) => call >= 1 && call <= bursts.length);
  return outcomes.flatMap(outcome => outcome.ok ? (outcome.value as readonly SentRecord[]).map(({ partition }) => partition) : []);
}

test("one record at a time: in the order of the hash map, each record costing two of the counter", () => {
  expect(partitions({}, true)).toEqual([1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
});

test("4.3 asks once: simply in turn", () => {
  expect(partitions({}, true, "4.3")).toEqual([2, 1, 0, 2, 1, 0, 2, 1, 0, 2, 1, 0]);
});

test("a burst with linger.ms=50: one partition gets nothing", () => {
  expect(partitions({ "linger.ms": 50 }, false)).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
});
