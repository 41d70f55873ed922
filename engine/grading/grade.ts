// Grading: the run is played again from (drill, seed, inputs), and each goal is judged on what the cluster really did. A verdict cites the
// facts that decided it, so that a timeline can jump to them.
import type { Drill, DrillFault, Goal } from "./define-drill.ts";
import { preludeInputs } from "./drill-inputs.ts";
import { isFault } from "./fault-command.ts";
import { gradePrediction, type PredictionRecord } from "./grade-prediction.ts";
import { replayRun } from "./replay-run.ts";
import { evaluateCheck } from "#engine/checks/check.ts";
import { RunHistory } from "#engine/checks/run-history.ts";
import type { Command, Input } from "#engine/cluster/commands.ts";
import { foldChange, initialView } from "#engine/cluster/fold-facts.ts";
import type { ClusterView, ViewFact } from "#engine/cluster/view.ts";
import { invariant } from "#engine/core/invariant-error.ts";

export interface Evidence { readonly factId: number; readonly at: number; readonly text: string }
export type GoalState = "met" | "broken" | "open";
export interface GoalVerdict { readonly goal: string; readonly text: string; readonly state: GoalState; readonly detail: string; readonly evidence: readonly Evidence[] }
export interface Verdict { readonly drill: string; readonly passed: boolean; readonly until: number; readonly goals: readonly GoalVerdict[] }

/** What happened to a drill's fault. */
export interface FaultRecord { readonly factId: number; readonly at: number; readonly victim: number; readonly viewBefore: ClusterView }

/** A goal while the run is being played. */
interface Watched { readonly goal: Goal; state: GoalState; detail: string; evidence: Evidence[]; begunAt: number }

/**
 * Grades a run as it stands at `until`. `final` (the default): as handed in, so that every goal is met or broken. Otherwise a goal that
 * still can go either way is open.
 */
export function grade(
  drill: Drill, run: { readonly seed: number; readonly inputs: readonly Input[]; readonly until: number }, final = true,
): Verdict {
  const grader = new Grader(drill);
  replayRun({ ...run, spec: drill.cluster, inputs: withPrelude(drill, run.inputs) }, fact => { grader.add(fact); });
  const goals = grader.verdicts(run.until, final);
  return { drill: drill.id, passed: goals.every(goal => goal.state === "met"), until: run.until, goals };
}

/** A run of the drill begins with what had happened before; only what comes after the opening is the learner's. */
function withPrelude(drill: Drill, inputs: readonly Input[]): readonly Input[] {
  if (drill.before === undefined) return inputs;
  const openedAt = (drill.cluster.startMs ?? 0) * 1000;
  return [...preludeInputs(drill), ...inputs.filter(input => input.at >= openedAt)];
}

/** The same, fed with facts as they come: for a page that shows progress without a replay. */
export class Grader {
  readonly #drill: Drill;
  readonly #history = new RunHistory();
  readonly #faults = new Map<string, FaultRecord>();
  readonly #predictions = new Map<string, PredictionRecord>();
  readonly #watched: Watched[];
  #view: ClusterView;

  constructor(drill: Drill) {
    this.#drill = drill;
    this.#view = initialView(drill.cluster);
    this.#watched = drill.goals.map(goal => ({ goal, state: "open", detail: "", evidence: [], begunAt: -1 }));
  }

  add(fact: ViewFact): void {
    if (fact.fact.kind === "message") return;
    const before = this.#view;
    this.#history.add(fact);
    this.#view = { ...foldChange(before, fact), at: fact.at };
    if (fact.fact.kind === "command" && fact.fact.refused === undefined) this.#command(fact, fact.fact.command as Command, before);
    if (fact.fact.kind === "partition-changed") {
      for (const prediction of this.#predictions.values()) prediction.partitionChanged(fact, fact.fact, this.#faults.get(prediction.question.fault), before);
    }
    for (const watched of this.#watched) this.#watch(watched, fact);
  }

  #command(fact: ViewFact, command: Command, before: ClusterView): void {
    // Two faults may read the same ("the leader dies", twice): one deed is one of them, in the order of the story.
    const happened = this.#drill.faults.find(fault => !this.#faults.has(fault.id) && isFault(fault, command, before));
    if (happened !== undefined) this.#faulted(happened, fact, command, before);
    if (command.do !== "predict") return;
    const question = this.#drill.predictions.find(candidate => candidate.id === command.id);
    if (question === undefined) return;
    this.#predictionOf(question.id).answered(fact, command.answer, this.#faults.has(question.fault));
  }

  #faulted(fault: DrillFault, fact: ViewFact, command: Command, viewBefore: ClusterView): void {
    const victim = "node" in command && typeof command.node === "number" ? command.node : Number(("node" in command ? String(command.node) : "").replace("broker-", ""));
    this.#faults.set(fault.id, { factId: fact.id, at: fact.at, victim, viewBefore });
    for (const question of this.#drill.predictions) if (question.fault === fault.id) this.#predictionOf(question.id);
  }

  #predictionOf(id: string): PredictionRecord {
    const known = this.#predictions.get(id);
    if (known !== undefined) return known;
    const question = this.#drill.predictions.find(candidate => candidate.id === id);
    invariant(question !== undefined, `no prediction "${id}" in drill ${this.#drill.id}`);
    const fresh = gradePrediction(question);
    this.#predictions.set(id, fresh);
    return fresh;
  }

  /** From when on a goal counts; -1: not yet. */
  #startOf(goal: Goal): number {
    if (goal.goal === "prediction") return 0;
    if (goal.after !== undefined) return this.#faults.get(goal.after)?.at ?? -1;
    return (this.#drill.cluster.startMs ?? 0) * 1000;
  }

  #watch(watched: Watched, fact: ViewFact): void {
    const { goal } = watched;
    if (goal.goal === "prediction" || goal.goal === "at-end" || watched.state !== "open") return;
    const start = this.#startOf(goal);
    // The instant of the fault itself is not over before the victim has stopped.
    if (start === -1 || fact.at < start || goal.after !== undefined && fact.at === start) return;
    watched.begunAt = start;
    if (goal.goal === "within" && fact.at > start + goal.withinMs * 1000) return;
    const result = evaluateCheck(goal.check, this.#view, this.#history);
    const wanted = goal.goal === "always" ? !result.holds : result.holds;
    if (!wanted) return;
    watched.state = goal.goal === "within" ? "met" : "broken";
    watched.detail = result.detail;
    watched.evidence = [{ factId: fact.id, at: fact.at, text: result.detail || goal.text }];
  }

  verdicts(until: number, final: boolean): GoalVerdict[] {
    return this.#watched.map(watched => ({ goal: watched.goal.id, text: watched.goal.text, ...this.#conclude(watched, until, final) }));
  }

  #conclude(watched: Watched, until: number, final: boolean): { state: GoalState; detail: string; evidence: readonly Evidence[] } {
    const { goal } = watched;
    if (goal.goal === "prediction") return this.#concludePrediction(goal.prediction, final);
    if (watched.state !== "open") return { state: watched.state, detail: watched.detail, evidence: watched.evidence };
    const start = this.#startOf(goal);
    if (start === -1) return { state: final ? "broken" : "open", detail: "the fault has not happened", evidence: [] };
    if (goal.goal === "within") {
      const over = until > start + goal.withinMs * 1000;
      const { detail } = evaluateCheck(goal.check, this.#view, this.#history);
      return { state: over || final ? "broken" : "open", detail: over ? `not within ${goal.withinMs / 1000} s` : detail || "not yet", evidence: this.#faultEvidence(goal.after) };
    }
    if (goal.goal === "at-end") {
      const result = evaluateCheck(goal.check, this.#view, this.#history);
      const state = result.holds ? "met" : final ? "broken" : "open";
      return { state, detail: result.detail, evidence: result.evidence.map(factId => ({ factId, at: until, text: result.detail })) };
    }
    return { state: final ? "met" : "open", detail: goal.goal === "always" ? (final ? "it has held throughout" : "it has held so far") : (final ? "it has never happened" : "it has not happened so far"), evidence: [] };
  }

  #concludePrediction(id: string, final: boolean): { state: GoalState; detail: string; evidence: readonly Evidence[] } {
    const question = this.#drill.predictions.find(candidate => candidate.id === id);
    const fault = question === undefined ? undefined : this.#faults.get(question.fault);
    if (fault === undefined) return { state: final ? "broken" : "open", detail: "the fault has not happened", evidence: [] };
    return this.#predictionOf(id).verdict(fault, final);
  }

  #faultEvidence(id: string | undefined): Evidence[] {
    const fault = id === undefined ? undefined : this.#faults.get(id);
    return fault === undefined ? [] : [{ factId: fault.factId, at: fault.at, text: "the fault happened" }];
  }
}
