// Seven brokers, 420 partitions with three replicas each, 1,000 records a second over all of them: how many times faster than real time it runs.
import { performance } from "node:perf_hooks";
import type { BenchOutcome } from "./benches.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";

const BROKERS = 7;
const PARTITIONS = 420;
const PRODUCERS = 10;
/** One record each: a hundred a second of each producer. */
const EVERY_MS = 10;
const SECONDS = 10;

const spec: ClusterSpec = {
  kafka: "3.9", mode: "kraft",
  nodes: Array.from({ length: BROKERS }, (_, index) => ({ id: index + 1, host: `machine-${index + 1}` })),
  topics: [{ name: "events", partitions: PARTITIONS, replicationFactor: 3 }],
  producers: Array.from({ length: PRODUCERS }, (_, producer) => ({
    id: `producer-${producer + 1}`, settings: { "acks": "all" },
    workload: { topic: "events", everyMs: EVERY_MS, keys: Array.from({ length: 997 }, (_unused, key) => `${producer}-${key}`), value: "{n}", fromMs: 10_000 },
  })),
  consumers: [{ id: "reader", topic: "events", from: "beginning" }],
};

export function largeCluster(run: number): BenchOutcome {
  const cluster = Cluster.build(spec, 40 + run);
  cluster.runUntil(15_000_000);
  const before = cluster.eventsHandled;
  const began = performance.now();
  cluster.runUntil((15 + SECONDS) * 1_000_000);
  const tookS = (performance.now() - began) / 1_000;
  return { value: SECONDS / tookS, notes: [`${((cluster.eventsHandled - before) / SECONDS).toFixed(0)} events a virtual second`] };
}
