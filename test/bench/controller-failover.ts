// The active controller and a broker are killed at one moment: virtual milliseconds until the last partition of that broker has a leader again, by the
// number of partitions (replication factor 3, leaders spread evenly), held against what Apache Kafka 3.9.1 needed; and what that costs this machine.
// ZooKeeper: the controller is that broker. KRaft: three dedicated controllers, so that both die.
import { performance } from "node:perf_hooks";
import type { BenchOutcome } from "./benches.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import { observe } from "#engine/cluster/observe.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec, TopicSpec } from "#engine/cluster/spec.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";

export type Mode = "zookeeper" | "kraft";

/**
 * Milliseconds of a real cluster on one machine with two cores (three brokers, three ZooKeeper servers or three dedicated controllers, heaps of 384 MB,
 * auto.leader.rebalance.enable=false, SIGKILL), in two repeats: until the last leader, and how long partitions had none.
 */
const REAL: Readonly<Record<Mode, Readonly<Record<number, { readonly lastLeaderMs: readonly [number, number]; readonly leaderlessMs: readonly [number, number] }>>>> = {
  zookeeper: {
    10: { lastLeaderMs: [18_509, 15_072], leaderlessMs: [65, 179] },
    300: { lastLeaderMs: [19_159, 14_588], leaderlessMs: [370, 350] },
    1_500: { lastLeaderMs: [21_256, 14_760], leaderlessMs: [2_466, 1_244] },
  },
  kraft: {
    10: { lastLeaderMs: [13_147, 12_822], leaderlessMs: [0, 0] },
    300: { lastLeaderMs: [12_553, 11_250], leaderlessMs: [0, 0] },
    1_500: { lastLeaderMs: [13_475, 12_570], leaderlessMs: [0, 0] },
  },
};

const PRESET: Readonly<Record<Mode, string>> = { zookeeper: "guides/three-nodes-zookeeper", kraft: "guides/three-brokers-three-controllers" };
/** A controller that is no broker takes none with it: this one dies too. */
const BROKER = 1;

/** A KRaft controller refuses to create more than 10,000 records at once: one a topic, one a partition. */
const PARTITIONS_OF_A_TOPIC = 5_000;

function topicsOf(partitions: number): readonly TopicSpec[] {
  return Array.from({ length: Math.ceil(partitions / PARTITIONS_OF_A_TOPIC) }, (_, index) =>
    ({ name: `many-${index + 1}`, partitions: Math.min(partitions, PARTITIONS_OF_A_TOPIC), replicationFactor: 3 }));
}

interface Failover { readonly virtualMs: number; readonly wallMs: number; readonly leaderlessMs: number }

function failover(mode: Mode, partitions: number, run: number): Failover {
  const spec: ClusterSpec = {
    ...PRESETS[PRESET[mode]] as ClusterSpec, settings: { "auto.leader.rebalance.enable": false },
    topics: topicsOf(partitions),
  };
  const cluster = Cluster.build(spec, 70 + run);
  while (!cluster.isOpen) cluster.runUntil(cluster.now + 100_000);
  cluster.runUntil(cluster.now + 2_000_000);
  const { trace } = cluster.simulation.world;
  let seen = trace.length;
  const view = observe(cluster);
  const deadBroker = mode === "zookeeper" ? view.activeController : BROKER;
  const from = cluster.now;
  for (const node of new Set([view.activeController, deadBroker])) cluster.apply(0, { do: "kill", node });
  const led = new Set<string>();
  let first = 0;
  let last = 0;
  const began = performance.now();
  // The dead broker had a replica of every partition, so each changes; those that it led change twice in ZooKeeper mode.
  while (led.size < partitions) {
    if (cluster.now > from + 60_000_000) throw new Error(`${partitions - led.size} of ${partitions} partitions without a leader a minute after the crash`);
    cluster.runUntil(cluster.now + 50_000);
    for (; seen < trace.length; seen += 1) {
      const entry = trace.at(seen);
      const fact = entry?.fact as KafkaFact | undefined;
      if (entry === undefined || fact?.kind !== "partition-changed") continue;
      if (fact.leader === -1) {
        led.delete(`${fact.topic}-${fact.partition}`);
        if (first === 0) first = entry.at;
      } else if (fact.leader !== deadBroker) led.add(`${fact.topic}-${fact.partition}`);
      last = entry.at;
    }
  }
  return { virtualMs: (last - from) / 1_000, wallMs: performance.now() - began, leaderlessMs: first === 0 ? 0 : (last - first) / 1_000 };
}

/** Twice what the slower repeat of a real cluster needed, the most that the figure may be. */
export function mostMsOf(mode: Mode, partitions: number): number {
  return 2 * Math.max(...REAL[mode][partitions]?.lastLeaderMs ?? []);
}

/** @throws Error when it is over in less than half of what the quicker repeat of a real cluster needed: that is no nearer to the truth. */
export function controllerFailover(mode: Mode, partitions: number, run: number): BenchOutcome {
  const { virtualMs, wallMs, leaderlessMs } = failover(mode, partitions, run);
  const real = REAL[mode][partitions];
  if (real === undefined) throw new Error(`no recording of ${partitions} partitions`);
  const least = Math.min(...real.lastLeaderMs) / 2;
  if (virtualMs < least) throw new Error(`over after ${virtualMs.toFixed(0)} virtual ms, a real cluster needs at least ${(2 * least).toFixed(0)}`);
  return {
    value: virtualMs,
    notes: [`leaderless for ${leaderlessMs.toFixed(0)} virtual ms, ${wallMs.toFixed(0)} ms of wall time; `
      + `a real cluster: ${real.lastLeaderMs.join(" and ")} ms, leaderless for ${real.leaderlessMs.join(" and ")} ms`],
  };
}

/** For sizes that only the machine feels. */
export function controllerFailoverWall(mode: Mode, partitions: number, run: number): BenchOutcome {
  const { virtualMs, wallMs, leaderlessMs } = failover(mode, partitions, run);
  return { value: wallMs, notes: [`${virtualMs.toFixed(0)} virtual ms, leaderless for ${leaderlessMs.toFixed(0)}`] };
}
