// Ten minutes with a hundred records a second and one crash, in a session: what a checkpoint and a rewind cost there.
import { performance } from "node:perf_hooks";
import type { BenchOutcome } from "./benches.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { newRun } from "#engine/host/run-file.ts";
import { Session } from "#engine/host/session.ts";

const SECOND = 1_000_000;
const END = 600 * SECOND;

const spec: ClusterSpec = {
  ...PRESETS["guides/three-nodes"] as ClusterSpec,
  topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }],
  producers: [{ id: "orders", workload: { topic: "user-events", everyMs: 10, keys: ["customer-123", "customer-456", "customer-789"], value: "event {n}" } }],
  consumers: [{ id: "reader", topic: "user-events" }],
};

interface BusyRun { checkpoint(): BenchOutcome; rewind(): BenchOutcome }
let busy: BusyRun | null = null;

/** Simulated once; both figures look at the same session. */
export function busyRun(): BusyRun {
  return busy ??= createBusyRun();
}

function createBusyRun(): BusyRun {
  const began = performance.now();
  const session = new Session(1, newRun(spec, 7));
  session.advance(300 * SECOND);
  session.command({ do: "kill", node: 1 }, 300 * SECOND);
  session.command({ do: "restart", node: 1 }, 330 * SECOND);
  session.advance(END);
  const took = performance.now() - began;
  const notes = [`${session.cluster.eventsHandled} events and ${session.cluster.simulation.world.trace.length} facts, simulated with checkpoints in ${took.toFixed(0)} ms`];
  return {
    checkpoint: () => {
      const times = Array.from({ length: 15 }, () => {
        const at = performance.now();
        session.cluster.snapshot();
        return performance.now() - at;
      }).sort((a, b) => a - b);
      return { value: times[7] ?? Number.NaN, notes };
    },
    // The slowest of moments all over the run, each from the head: a look at the past and back.
    rewind: () => {
      let slowest = 0;
      for (let part = 1; part <= 20; part += 1) {
        const at = performance.now();
        session.observe(Math.floor(END * part / 21));
        slowest = Math.max(slowest, performance.now() - at);
      }
      return { value: slowest, notes: ["the slowest of 20 moments all over the run"] };
    },
  };
}
