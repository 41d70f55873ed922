// The benchmarks by name, with their targets.
import { execFileSync } from "node:child_process";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { largeCluster } from "./large-cluster.ts";
import { bootToTopic, ZOOKEEPER_BOOT } from "./boot-kraft.ts";
import { controllerFailover, controllerFailoverWall, type Mode, mostMsOf } from "./controller-failover.ts";
import { recordsThroughTheCluster } from "./records-throughput.ts";
import { busyRun } from "./busy-run.ts";
import { whereTheTimeGoes } from "./where-time-goes.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";

export interface BenchOutcome { readonly value: number; readonly notes?: readonly string[] }
export interface Bench {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly target: number;
  readonly runs?: number;
  /** Runs that do not count. */
  readonly warmUps?: number;
  run(run: number): BenchOutcome | Promise<BenchOutcome>;
  /** Where the time goes, from one more run that does not count. */
  explain?(): string;
}

const THREE_NODES = PRESETS["guides/three-nodes"] as ClusterSpec;
const THREE_NODES_ZOOKEEPER = PRESETS["guides/three-nodes-zookeeper"] as ClusterSpec;
const USER_EVENTS = { name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] };

function timed(body: () => void): number {
  const began = performance.now();
  body();
  return performance.now() - began;
}

/** A hundred timers, each armed again when it rings: nothing but the loop. */
function eventLoop(): BenchOutcome {
  const timers: ProcessKind = {
    kind: "timers",
    start: context => {
      for (let index = 0; index < 100; index += 1) context.schedule(1 + index * 7, "tick", 100 + index * 13);
      return {};
    },
    onTimer: (context, _state, name, payload) => { context.schedule(payload as number, name, payload); },
    onMessage: () => {}, onConnected: () => {}, onAccepted: () => {}, onClosed: () => {}, onInput: () => {},
  };
  const simulation = Simulation.create(1, ["a"], new Map([["timers", timers]]));
  simulation.addProcess("timers", "timers", "a", [], null);
  simulation.start("timers");
  simulation.runUntil(1_000_000);
  const before = simulation.world.eventsHandled;
  const took = timed(() => { simulation.runUntil(20_000_000); });
  return { value: (simulation.world.eventsHandled - before) / took * 1000 };
}

/** In a process of its own, so that nothing is compiled yet: from the first statement after loading the modules. */
function bootCold(): BenchOutcome {
  const script = fileURLToPath(new URL("./boot-cold.ts", import.meta.url));
  return { value: Number(execFileSync(process.execPath, ["--no-warnings", script], { encoding: "utf8" })) };
}

function bootWarm(spec?: ClusterSpec): BenchOutcome {
  for (let warmUp = 0; warmUp < 30; warmUp += 1) bootToTopic(warmUp, spec);
  const times = Array.from({ length: 21 }, (_, seed) => timed(() => { bootToTopic(100 + seed, spec); })).sort((a, b) => a - b);
  return { value: times[10] ?? Number.NaN };
}

/** Ten minutes of a cluster that nobody uses, trace on, no event skipped. */
function idleTenMinutes(run: number, spec: ClusterSpec): BenchOutcome {
  const cluster = Cluster.build({ ...spec, topics: [USER_EVENTS] }, 10 + run);
  cluster.runUntil(10_000_000);
  const before = cluster.eventsHandled;
  const took = timed(() => { cluster.runUntil(610_000_000); });
  return { value: took, notes: [`${cluster.eventsHandled - before} events, ${((cluster.eventsHandled - before) / 600).toFixed(0)} a virtual second`] };
}

const MODES: readonly Mode[] = ["zookeeper", "kraft"];

function failoverBenches(mode: Mode): readonly Bench[] {
  return [
    ...[10, 300, 1_500].map((partitions): Bench => ({
      name: `controller-failover-${mode}-${partitions}`, unit: "virtual ms", better: "lower", target: mostMsOf(mode, partitions),
      run: run => controllerFailover(mode, partitions, run),
    })),
    { name: `controller-failover-${mode}-10000`, unit: "ms", better: "lower", target: 3_000, run: run => controllerFailoverWall(mode, 10_000, run) },
  ];
}

export const BENCHES: readonly Bench[] = [
  { name: "event-loop", unit: "events/s", better: "higher", target: 3_000_000, runs: 5, warmUps: 1, run: eventLoop },
  { name: "boot-kraft-3", unit: "ms", better: "lower", target: 20, run: () => bootWarm() },
  { name: "boot-zookeeper-3", unit: "ms", better: "lower", target: 60, run: () => bootWarm(ZOOKEEPER_BOOT) },
  { name: "boot-kraft-3-cold", unit: "ms", better: "lower", target: 150, runs: 5, run: bootCold },
  { name: "records-rf3-acks-all", unit: "records/s", better: "higher", target: 2_000_000, runs: 5, warmUps: 1, run: recordsThroughTheCluster,
    explain: () => whereTheTimeGoes(() => { recordsThroughTheCluster(-9); }) },
  { name: "idle-10-minutes", unit: "ms", better: "lower", target: 150, runs: 5, warmUps: 2, run: run => idleTenMinutes(run, THREE_NODES) },
  { name: "idle-10-minutes-zookeeper", unit: "ms", better: "lower", target: 150, runs: 5, warmUps: 2, run: run => idleTenMinutes(run, THREE_NODES_ZOOKEEPER) },
  ...MODES.flatMap(failoverBenches),
  { name: "large-cluster", unit: "x real time", better: "higher", target: 20, runs: 5, warmUps: 2, run: largeCluster },
  { name: "checkpoint", unit: "ms", better: "lower", target: 5, run: () => busyRun().checkpoint() },
  { name: "rewind", unit: "ms", better: "lower", target: 100, run: () => busyRun().rewind() },
  // Its module brings a browser along.
  { name: "kill-to-stage", unit: "ms", better: "lower", target: 100, run: async () => (await import("./kill-to-stage.ts")).killToStage() },
];
