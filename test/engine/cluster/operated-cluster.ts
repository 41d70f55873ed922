// A cluster in a test, with an operator who waits for answers, and the comparison of what its facts add up to with what is observed.
import { expect } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command, Outcome } from "#engine/cluster/commands.ts";
import { exportFacts } from "#engine/cluster/export-fact.ts";
import { foldFact, initialView } from "#engine/cluster/fold-facts.ts";
import { observe } from "#engine/cluster/observe.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { ClusterView, TopicView } from "#engine/cluster/view.ts";
import { comparable, isMetadataSettled } from "../../simulation/compare-views.ts";

const SECOND = 1_000_000;

/** A cluster with a hand that waits for answers. */
export class Operated {
  readonly cluster: Cluster;
  #input = 0;
  #call = 0;

  constructor(spec: ClusterSpec, seed = 7) {
    this.cluster = Cluster.build(spec, seed);
    this.advance(15);
  }

  advance(seconds: number): void {
    this.cluster.runUntil(this.cluster.now + Math.round(seconds * SECOND));
  }

  do(command: Command): void {
    const refusal = this.cluster.apply(this.#input, command);
    this.#input += 1;
    if (refusal !== null) throw new Error(refusal.message);
  }

  /** The answer to a command that has one. */
  ask(command: (call: number) => Command, seconds = 5): Outcome {
    this.#call += 1;
    const call = this.#call;
    this.do(command(call));
    this.advance(seconds);
    const outcome = (this.cluster.outcomes.slice(0) as Outcome[]).find(candidate => candidate.call === call);
    if (outcome === undefined) throw new Error(`no answer to call ${call} in ${seconds} s`);
    return outcome;
  }

  value(command: (call: number) => Command, seconds = 5): unknown {
    const outcome = this.ask(command, seconds);
    if (!outcome.ok) throw new Error(`${outcome.error.name}: ${outcome.error.message}`);
    return outcome.value;
  }

  get view(): ClusterView { return observe(this.cluster); }

  topic(name: string): TopicView {
    const found = this.view.topics.find(topic => topic.name === name);
    if (found === undefined) throw new Error(`no topic ${name}`);
    return found;
  }

  expectFoldedAsObserved(): void {
    const observed = this.view;
    let folded = initialView(this.cluster.spec);
    for (const fact of exportFacts(this.cluster.simulation.world.trace, 0, true)) folded = foldFact(folded, fact);
    const settled = isMetadataSettled(observed);
    expect(comparable({ ...folded, at: observed.at }, settled)).toEqual(comparable(observed, settled));
  }
}
