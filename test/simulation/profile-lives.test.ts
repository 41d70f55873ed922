// Random lives in every profile: faults of any process, and an operator at work. What the facts add up to is what is observed, the invariants hold,
// and at the end, healed and left alone, the cluster is whole again.
import { describe, expect, test } from "vitest";
import { evaluateCheck } from "#engine/checks/check.ts";
import { RunHistory } from "#engine/checks/run-history.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command, Party } from "#engine/cluster/commands.ts";
import { foldChange, initialView } from "#engine/cluster/fold-facts.ts";
import { observe } from "#engine/cluster/observe.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { validateCommand } from "#engine/cluster/validate-command.ts";
import type { ClusterView } from "#engine/cluster/view.ts";
import { createStream, drawBelow, type RandomStream } from "#engine/core/random.ts";
import { factFeed } from "#engine/grading/replay-run.ts";
import { comparable, isMetadataSettled } from "./compare-views.ts";

const SECOND = 1_000_000;
const SEEDS = [1, 2, 3, 4] as const;

class Life {
  readonly cluster: Cluster;
  readonly history = new RunHistory();
  readonly done: string[] = [];
  compared = 0;
  #view: ClusterView;
  #inputs = 0;
  readonly #feed: () => void;
  readonly #stream: RandomStream;

  constructor(preset: string, seed: number) {
    const spec: ClusterSpec = {
      ...PRESETS[preset] as ClusterSpec,
      topics: [{ name: "user-events", partitions: 3, replicationFactor: 3, configs: { "min.insync.replicas": 2 } }],
      producers: [{ id: "web-1", workload: { topic: "user-events", everyMs: 100, keys: ["customer-123", null] } }],
      consumers: [{ id: "reader", topic: "user-events", from: "beginning" }],
    };
    this.cluster = Cluster.build(spec, seed);
    this.#stream = createStream(seed, "faults");
    this.#view = initialView(spec);
    this.#feed = factFeed(this.cluster, fact => {
      this.history.add(fact);
      this.#view = { ...foldChange(this.#view, fact), at: fact.at };
    });
  }

  get servers(): readonly Party[] {
    return [...this.cluster.spec.nodes.map(({ id }) => id), ...(this.cluster.spec.zookeeper ?? []).map(({ id }) => `zookeeper-${id}`)];
  }

  runFor(seconds: number): void {
    this.cluster.runUntil(this.cluster.now + Math.round(seconds * SECOND));
    this.#feed();
    const observed = observe(this.cluster);
    const settled = isMetadataSettled(observed);
    expect(comparable({ ...this.#view, at: observed.at }, settled), this.done.join("\n")).toEqual(comparable(observed, settled));
    if (settled) this.compared += 1;
  }

  give(command: Command): void {
    validateCommand(command);
    const refusal = this.cluster.apply(this.#inputs, command);
    this.#inputs += 1;
    if (refusal === null) this.done.push(`${this.cluster.now / SECOND} s ${JSON.stringify(command)}`);
  }

  pick<T>(list: readonly T[]): T { return list[drawBelow(this.#stream, list.length)] as T; }

  statusOf(party: Party): string {
    const names = typeof party === "number" ? [`broker-${party}`, `controller-${party}`] : [party];
    return this.cluster.simulation.world.processes.find(({ name }) => names.includes(name))?.status ?? "";
  }

  randomCommand(): Command {
    const node = this.pick(this.servers);
    const dice = drawBelow(this.#stream, 100);
    if (this.statusOf(node) === "stopped" && dice < 70) return { do: "restart", node };
    if (this.statusOf(node) === "paused" && dice < 70) return { do: "resume", node };
    const other = this.pick(this.servers.filter(party => party !== node));
    if (dice < 18) return { do: this.pick(["kill", "power-loss", "shut-down"] as const), node };
    if (dice < 30) return { do: "pause", node, forMs: 500 + 500 * drawBelow(this.#stream, 40) };
    if (dice < 42) return { do: "cut", from: [node], to: [other], oneWay: dice < 35 };
    if (dice < 62) return { do: "heal", from: [], to: [] };
    const call = 1_000 + this.#inputs;
    const topic = this.pick(["orders", "audit"]);
    if (dice < 70) return { do: "create-topic", topic, partitions: 2, replicationFactor: 2, call };
    if (dice < 75) return { do: "delete-topics", topics: [topic], call };
    if (dice < 80) return { do: "create-partitions", topic, partitions: 3 + drawBelow(this.#stream, 3), call };
    if (dice < 85) return { do: "alter-configs", resource: { topic }, configs: { "min.insync.replicas": this.pick([1, 2, null]) }, call };
    if (dice < 93) return { do: "reassign", partitions: [{ topic, partition: 0, replicas: this.pick([[1, 2], [2, 3], [3, 1], null]) }], call };
    return { do: "elect-leaders", type: "preferred", partitions: null, call };
  }

  heal(): void {
    this.give({ do: "heal", from: [], to: [] });
    for (const party of this.servers) if (this.statusOf(party) === "paused") this.give({ do: "resume", node: party });
    // A controlled shutdown that was under way may end only when the others are back.
    for (let round = 0; round < 4; round += 1) {
      this.runFor(15);
      for (const party of this.servers) if (this.statusOf(party) === "stopped") this.give({ do: "restart", node: party });
    }
    for (let step = 0; step < 6; step += 1) this.runFor(15);
  }

  get view(): ClusterView { return this.#view; }
}

describe.each(["guides/three-nodes-4.3", "guides/three-nodes-zookeeper", "guides/three-brokers-three-controllers"])("%s", preset => {
  test.each(SEEDS)("seed %i: folded as observed, safe, and whole again in the end", seed => {
    const life = new Life(preset, seed);
    life.runFor(10);
    for (let step = 0; step < 25; step += 1) {
      life.give(life.randomCommand());
      life.runFor(0.5 + 0.5 * (step % 5));
    }
    life.heal();
    const why = life.done.join("\n");
    expect(life.compared, why).toBeGreaterThan(10);
    expect(life.history.violations, why).toEqual([]);
    expect(evaluateCheck({ check: "no-acknowledged-loss" }, life.view, life.history), why).toMatchObject({ holds: true });
    for (const check of ["all-nodes-running", "active-controller", "has-leader", "fully-replicated"] as const) {
      expect(evaluateCheck({ check }, life.view, life.history), `${check}\n${why}`).toMatchObject({ holds: true });
    }
  });
});
