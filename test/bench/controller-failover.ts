// The controller's broker dies in ZooKeeper mode: virtual milliseconds from the crash to the last new leader, by the number of partitions (replication
// factor 3, leaders spread evenly), and what that costs this machine.
import { performance } from "node:perf_hooks";
import type { BenchOutcome } from "./benches.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import { observe } from "#engine/cluster/observe.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";

const DETECTED_WITHIN_US = 21_000_000;

interface Failover { readonly virtualMs: number; readonly wallMs: number; readonly leaderlessMs: number; readonly moved: number }

function failover(partitions: number, run: number): Failover {
  const spec: ClusterSpec = {
    ...PRESETS["guides/three-nodes-zookeeper"] as ClusterSpec, settings: { "auto.leader.rebalance.enable": false },
    topics: [{ name: "many", partitions, replicationFactor: 3 }],
  };
  const cluster = Cluster.build(spec, 70 + run);
  while (!cluster.isOpen) cluster.runUntil(cluster.now + 100_000);
  cluster.runUntil(cluster.now + 2_000_000);
  const { trace } = cluster.simulation.world;
  const known = trace.length;
  const dead = observe(cluster).activeController;
  const from = cluster.now;
  cluster.apply(0, { do: "kill", node: dead });
  const began = performance.now();
  const led = new Set<number>();
  let seen = known;
  let first = 0;
  let last = 0;
  // Every partition has a replica on the dead broker: each is written at least once; a third of them twice.
  while (led.size < partitions && cluster.now < from + 60_000_000) {
    cluster.runUntil(cluster.now + (cluster.now < from + DETECTED_WITHIN_US / 2 ? 1_000_000 : 50_000));
    for (; seen < trace.length; seen += 1) {
      const entry = trace.at(seen);
      const fact = entry?.fact as KafkaFact | undefined;
      if (entry === undefined || fact?.kind !== "partition-changed") continue;
      if (fact.leader === -1) {
        led.delete(fact.partition);
        if (first === 0) first = entry.at;
      } else led.add(fact.partition);
      last = entry.at;
    }
  }
  return { virtualMs: (last - from) / 1_000, wallMs: performance.now() - began, leaderlessMs: first === 0 ? 0 : (last - first) / 1_000, moved: led.size };
}

export function controllerFailover(partitions: number, run: number): BenchOutcome {
  const { virtualMs, wallMs, leaderlessMs } = failover(partitions, run);
  return { value: virtualMs, notes: [`leaderless for ${leaderlessMs.toFixed(0)} virtual ms, ${wallMs.toFixed(0)} ms of wall time`] };
}

export function controllerFailoverWall(partitions: number, run: number): BenchOutcome {
  const { virtualMs, wallMs } = failover(partitions, run);
  return { value: wallMs, notes: [`${virtualMs.toFixed(0)} virtual ms`] };
}
