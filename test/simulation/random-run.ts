// A random life of a cluster: seeded workloads and faults, first without mercy (safety), then healed and left alone (liveness). Every fact
// goes through the invariants as it is recorded. Deterministic in its seed.
import { RunHistory } from "#engine/checks/run-history.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command, Input } from "#engine/cluster/commands.ts";
import { foldChange, initialView } from "#engine/cluster/fold-facts.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { validateCommand } from "#engine/cluster/validate-command.ts";
import { validateSpec } from "#engine/cluster/validate-spec.ts";
import type { ClusterView, ViewFact } from "#engine/cluster/view.ts";
import { createStream, drawBelow, type RandomStream } from "#engine/core/random.ts";
import { factFeed } from "#engine/grading/replay-run.ts";

const SECOND = 1_000_000;
export const TOPIC = "user-events";

export interface RandomRun {
  readonly seed: number;
  readonly cluster: Cluster;
  readonly history: RunHistory;
  readonly inputs: readonly Input[];
  readonly view: ClusterView;
  readonly counts: Readonly<Record<string, number>>;
}

export interface RandomRunOptions {
  readonly safetySeconds: number;
  readonly livenessSeconds: number;
  /** Called after every stretch, with the folded view at that moment. */
  readonly onStretch?: (cluster: Cluster, view: ClusterView) => void;
  /** A broken world for the canary: sees every fact before the checks and may change it. */
  readonly mutate?: (fact: ViewFact) => ViewFact;
}

export function randomSpec(seed: number): ClusterSpec {
  const stream = createStream(seed, "spec");
  const pick = <T>(list: readonly T[]): T => list[drawBelow(stream, list.length)] as T;
  return validateSpec({
    kafka: "3.9", mode: "kraft",
    nodes: [{ id: 1, host: "cpu-node1" }, { id: 2, host: "cpu-node2" }, { id: 3, host: "worker-node3" }],
    settings: { "replica.lag.time.max.ms": pick([5_000, 10_000, 30_000]) },
    topics: [{ name: TOPIC, partitions: pick([1, 2, 3]), replicationFactor: 3, configs: { "min.insync.replicas": pick([1, 2]) } }],
    producers: [
      { id: "careful", settings: { "linger.ms": pick([0, 5]), "delivery.timeout.ms": 40_000, "request.timeout.ms": 10_000 },
        workload: { topic: TOPIC, everyMs: pick([20, 50, 100]), keys: ["customer-123", "customer-456", "customer-789", null], value: "careful {n}" } },
      { id: "hasty", settings: { "acks": 1, "delivery.timeout.ms": 20_000, "request.timeout.ms": 10_000 },
        workload: { topic: TOPIC, everyMs: pick([70, 150]), keys: ["a", null], value: "hasty {n}" } },
    ],
    consumers: [{ id: "reader", topic: TOPIC, from: "beginning" }],
  });
}

export function randomRun(seed: number, options: RandomRunOptions): RandomRun {
  const spec = randomSpec(seed);
  const cluster = Cluster.build(spec, seed);
  const history = new RunHistory();
  const counts: Record<string, number> = {};
  let view = initialView(spec);
  const feed = factFeed(cluster, entry => {
    const fact = options.mutate === undefined ? entry : options.mutate(entry);
    counts[fact.fact.kind] = (counts[fact.fact.kind] ?? 0) + 1;
    history.add(fact);
    view = { ...foldChange(view, fact), at: fact.at };
  });
  const run: { -readonly [K in keyof RandomRun]: RandomRun[K] } = { seed, cluster, history, inputs: [], view, counts };
  const inputs: Input[] = [];
  run.inputs = inputs;
  const runTo = (at: number): void => {
    cluster.runUntil(at);
    feed();
    run.view = view = { ...view, at };
    options.onStretch?.(cluster, view);
  };
  const give = (command: Command): void => {
    validateCommand(command);
    // As in every run: what happens at this instant because of the last input happens before the next one.
    cluster.runUntil(cluster.now);
    inputs.push({ at: cluster.now, command });
    const refusal = cluster.apply(inputs.length - 1, command);
    counts[refusal === null ? `did ${command.do}` : "refused"] = (counts[refusal === null ? `did ${command.do}` : "refused"] ?? 0) + 1;
  };
  unsafe(seed, cluster, options.safetySeconds, runTo, give);
  heal(cluster, runTo, give);
  runTo(cluster.now + options.livenessSeconds * SECOND);
  return run;
}

/** Faults at random moments, from a quarter of a second to six seconds apart. */
function unsafe(seed: number, cluster: Cluster, seconds: number, runTo: (at: number) => void, give: (command: Command) => void): void {
  const stream = createStream(seed, "faults");
  runTo(4 * SECOND);
  const end = cluster.now + seconds * SECOND;
  while (cluster.now < end) {
    give(randomFault(stream, cluster));
    runTo(Math.min(end, cluster.now + SECOND / 4 + drawBelow(stream, 24) * SECOND / 4));
  }
}

function randomFault(stream: RandomStream, cluster: Cluster): Command {
  const node = 1 + drawBelow(stream, 3);
  const other = 1 + (node + drawBelow(stream, 2)) % 3;
  const { status } = cluster.simulation.process(`broker-${node}`);
  const dice = drawBelow(stream, 100);
  if (status === "stopped" && dice < 65) return { do: "restart", node };
  if (status === "paused" && dice < 60) return { do: "resume", node };
  if (dice < 15) return { do: "kill", node };
  if (dice < 25) return { do: "power-loss", node };
  if (dice < 38) return { do: "shut-down", node };
  if (dice < 50) return { do: "pause", node, forMs: 200 + 100 * drawBelow(stream, 200) };
  if (dice < 60) return { do: "cut", from: [node], to: [other] };
  if (dice < 67) return { do: "cut", from: [node], to: [other, "careful"], oneWay: true };
  if (dice < 82) return { do: "heal", from: [], to: [] };
  if (dice < 90) {
    const api = (["Produce", "Fetch", "AlterPartition", "BrokerHeartbeat", "FetchMetadata"] as const)[drawBelow(stream, 5)] ?? "Fetch";
    return { do: "drop", api, direction: drawBelow(stream, 2) === 0 ? "request" : "response", count: 1 + drawBelow(stream, 3) };
  }
  if (dice < 95) return { do: "elect-leaders", type: "preferred", partitions: null, call: 1000 + cluster.simulation.world.outcomes.length };
  return { do: "restart", node };
}

function heal(cluster: Cluster, runTo: (at: number) => void, give: (command: Command) => void): void {
  give({ do: "heal", from: [], to: [] });
  cluster.simulation.world.network.drops.length = 0;
  for (const node of [1, 2, 3]) {
    const { status } = cluster.simulation.process(`broker-${node}`);
    if (status === "paused") give({ do: "resume", node });
  }
  // A controlled shutdown that was under way may wait for a controller, and end only after the others are back.
  for (let round = 0; round < 3; round += 1) {
    runTo(cluster.now + 15 * SECOND);
    for (const node of [1, 2, 3]) if (cluster.simulation.process(`broker-${node}`).status === "stopped") give({ do: "restart", node });
  }
}
