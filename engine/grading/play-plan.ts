// A plan plays a drill the way a learner would: it waits, looks, predicts, breaks and repairs. The solution of a drill and each of its
// traps (a plausible wrong answer) are plans; what comes out are the inputs of a run, which are then graded like anybody's.
import type { Drill, DrillFault } from "./define-drill.ts";
import { preludeInputs } from "./drill-inputs.ts";
import { faultCommand } from "./fault-command.ts";
import { factFeed } from "./replay-run.ts";
import { type Check, evaluateCheck } from "#engine/checks/check.ts";
import { RunHistory } from "#engine/checks/run-history.ts";
import { AuthorError } from "#engine/cluster/author-error.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command, Input } from "#engine/cluster/commands.ts";
import { foldChange, initialView } from "#engine/cluster/fold-facts.ts";
import type { ClusterView } from "#engine/cluster/view.ts";

export type PlanStep =
  | { readonly step: "wait"; readonly ms: number }
  /** Looks every 100 ms; goes on when it holds, or after `atMostMs`. */
  | { readonly step: "wait-until"; readonly check: Check; readonly atMostMs: number }
  | { readonly step: "fault"; readonly fault: string }
  | { readonly step: "predict"; readonly prediction: string; readonly answer: (view: ClusterView) => unknown }
  | { readonly step: "command"; readonly command: (view: ClusterView) => Command };

/** @property breaks for a trap: the goal on which it must fail. */
export interface DrillPlan { readonly name: string; readonly text: string; readonly breaks?: string; readonly steps: readonly PlanStep[] }

export interface PlayedRun { readonly seed: number; readonly inputs: readonly Input[]; readonly until: number }

const LOOK_US = 100_000;
/** Call numbers of faults begin here: a plan's own orders have small ones. */
const FAULT_CALLS = 1_000;

export function playPlan(drill: Drill, plan: DrillPlan, seed: number): PlayedRun {
  return new Player(drill, seed).play(plan);
}

/** Opens the drill and lets so much time pass: a learner who does nothing. */
export function doNothing(drill: Drill, seed: number, ms: number): PlayedRun {
  return { seed, inputs: preludeInputs(drill), until: ((drill.cluster.startMs ?? 0) + ms) * 1000 };
}

class Player {
  readonly #drill: Drill;
  readonly #cluster: Cluster;
  readonly #feed: () => void;
  readonly #history = new RunHistory();
  readonly #inputs: Input[] = [];
  readonly #seed: number;
  #view: ClusterView;

  constructor(drill: Drill, seed: number) {
    this.#drill = drill;
    this.#seed = seed;
    this.#view = initialView(drill.cluster);
    this.#cluster = Cluster.build(drill.cluster, seed);
    this.#feed = factFeed(this.#cluster, fact => {
      this.#history.add(fact);
      this.#view = foldChange(this.#view, fact);
    });
    for (const { at, command } of preludeInputs(drill)) {
      this.#runTo(at);
      this.#give(command);
    }
    this.#runTo((drill.cluster.startMs ?? 0) * 1000);
  }

  play(plan: DrillPlan): PlayedRun {
    for (const step of plan.steps) this.#take(step);
    return { seed: this.#seed, inputs: this.#inputs, until: this.#cluster.now };
  }

  #runTo(until: number): void {
    this.#cluster.runUntil(until);
    this.#feed();
  }

  #take(step: PlanStep): void {
    switch (step.step) {
      case "wait": return this.#runTo(this.#cluster.now + step.ms * 1000);
      case "wait-until": {
        const deadline = this.#cluster.now + step.atMostMs * 1000;
        while (this.#cluster.now < deadline && !evaluateCheck(step.check, this.#view, this.#history).holds) {
          this.#runTo(Math.min(deadline, this.#cluster.now + LOOK_US));
        }
        return;
      }
      case "fault": return this.#fault(step.fault);
      case "predict": return this.#give({ do: "predict", id: step.prediction, answer: step.answer(this.#view) });
      case "command": return this.#give(step.command(this.#view));
    }
  }

  #fault(id: string): void {
    const fault = this.#drill.faults.find(candidate => candidate.id === id) as DrillFault | undefined;
    const command = fault === undefined ? null : faultCommand(fault, this.#view, FAULT_CALLS + this.#inputs.length);
    if (command !== null) return this.#give(command);
    throw new AuthorError({
      code: "unknown-reference", where: `drill ${this.#drill.id}: fault ${id}`, what: "this fault cannot happen now", expected: "a fault with a victim",
      found: fault === undefined ? "no such fault" : "nobody to hit", cure: "Wait until somebody leads, or name another fault.",
    });
  }

  #give(command: Command): void {
    this.#cluster.apply(this.#inputs.length, command);
    this.#inputs.push({ at: this.#cluster.now, command });
    this.#runTo(this.#cluster.now);
  }
}
