// Plays a run again and hands over its facts, view by view. Everything that grades looks at a run through this.
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Input } from "#engine/cluster/commands.ts";
import { exportFact } from "#engine/cluster/export-fact.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { ViewFact } from "#engine/cluster/view.ts";
import type { TraceEntry } from "#engine/core/trace.ts";

export interface ReplayedRun { readonly spec: ClusterSpec; readonly seed: number; readonly inputs: readonly Input[]; readonly until: number }

/** Calls `onFact` with each fact but messages, in order. */
export function replayRun(run: ReplayedRun, onFact: (fact: ViewFact) => void): void {
  const cluster = Cluster.build(run.spec, run.seed);
  const feed = factFeed(cluster, onFact);
  run.inputs.forEach((input, index) => {
    if (input.at > run.until) return;
    cluster.runUntil(input.at);
    feed();
    cluster.apply(index, input.command);
  });
  cluster.runUntil(Math.max(run.until, cluster.now));
  feed();
}

/** A function that hands over what has been added to the trace since its last call. */
export function factFeed(cluster: Cluster, onFact: (fact: ViewFact) => void): () => void {
  let next = 0;
  return () => {
    const { trace } = cluster.simulation.world;
    for (; next < trace.length; next += 1) {
      const entry = trace.at(next) as TraceEntry;
      if (entry.fact.kind !== "message") onFact(exportFact(trace, entry));
    }
  };
}
