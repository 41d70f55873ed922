// A drill as a typed value: a cluster, the faults that a learner lets happen, questions to answer before them, and goals over named checks.
// Grading is a pure replay of (drill, seed, inputs): see grade.ts. A drill's solution and its traps are plans: see play-plan.ts.
import { withCall } from "./drill-inputs.ts";
import type { Check } from "#engine/checks/check.ts";
import { AuthorError } from "#engine/cluster/author-error.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { duplicate, unknownReference } from "#engine/cluster/read-input.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { validateCommand } from "#engine/cluster/validate-command.ts";
import { validateSpec } from "#engine/cluster/validate-spec.ts";

/** Who is hit, found in the cluster at the moment of the fault. */
export type Victim =
  | { readonly node: number }
  | { readonly leaderOf: { readonly topic: string; readonly partition: number } }
  | { readonly activeController: true };

/** @property id as goals name it. @property text what happens, in one sentence. `command`: what happens is an order of the learner's own; see isFault. */
export type DrillFault =
  | { readonly id: string; readonly text: string; readonly do: "kill" | "power-loss" | "shut-down" | "pause"; readonly victim: Victim }
  | { readonly id: string; readonly text: string; readonly command: VerbCommand };

/** What had happened before the drill opens: milliseconds of the run, before its `startMs`. */
export interface Prelude { readonly atMs: number; readonly command: Command }

/** Something that a learner may do at the press of a button, besides what every shelf of the bench offers. `call` is filled in when it is pressed. */
export interface DrillVerb { readonly id: string; readonly text: string; readonly command: VerbCommand }
export type VerbCommand = Command extends infer C ? C extends { readonly call: number } ? Omit<C, "call"> : C : never;

/**
 * A question to be answered before `fault`: the answer is an input `predict` with this id. What is compared: these fields of the partition at its
 * first change after the fault. `logEnd`: where the log of its leader ended at that moment; what lies there and above in another log is lost.
 */
export interface PredictionQuestion {
  readonly id: string;
  readonly text: string;
  readonly fault: string;
  readonly about: { readonly topic: string; readonly partition: number };
  readonly fields: readonly ("leader" | "leaderEpoch" | "isr" | "logEnd")[];
}

interface GoalText { readonly id: string; readonly text: string }

/** `after`: a fault's id; the goal counts from that fault on, otherwise from the opening of the drill. */
export type Goal =
  | GoalText & { readonly goal: "always"; readonly check: Check; readonly after?: string }
  | GoalText & { readonly goal: "never"; readonly check: Check; readonly after?: string }
  /** Becomes true within so many virtual milliseconds. */
  | GoalText & { readonly goal: "within"; readonly check: Check; readonly withinMs: number; readonly after?: string }
  /** True when the run is handed in; with `after`, that fault must have happened. */
  | GoalText & { readonly goal: "at-end"; readonly check: Check; readonly after?: string }
  /** The answer was given before the fault, and the first change of the partition after it shows just that. */
  | GoalText & { readonly goal: "prediction"; readonly prediction: string };

export interface Drill {
  readonly id: string;
  readonly title: string;
  readonly cluster: ClusterSpec;
  readonly before?: readonly Prelude[];
  readonly verbs?: readonly DrillVerb[];
  readonly faults: readonly DrillFault[];
  readonly predictions: readonly PredictionQuestion[];
  readonly goals: readonly Goal[];
  /** From a nudge to nearly the answer. */
  readonly hints: readonly string[];
}

/** Checks that ids are unique and references lead somewhere. Throws AuthorError. */
export function defineDrill(drill: Drill): Drill {
  unique(drill.id, "faults", drill.faults);
  unique(drill.id, "predictions", drill.predictions);
  unique(drill.id, "goals", drill.goals);
  unique(drill.id, "verbs", drill.verbs ?? []);
  const faults = drill.faults.map(fault => fault.id);
  for (const question of drill.predictions) known(`drill ${drill.id}: predictions.${question.id}.fault`, question.fault, faults);
  for (const goal of drill.goals) {
    if (goal.goal === "prediction") {
      known(`drill ${drill.id}: goals.${goal.id}.prediction`, goal.prediction, drill.predictions.map(question => question.id));
    } else if (goal.after !== undefined) known(`drill ${drill.id}: goals.${goal.id}.after`, goal.after, faults);
  }
  validateSpec(drill.cluster, `drill ${drill.id}: cluster`);
  checkPrelude(drill);
  for (const fault of drill.faults) if ("command" in fault) validateCommand(withCall(fault, 1), `drill ${drill.id}: faults.${fault.id}.command`);
  for (const verb of drill.verbs ?? []) validateCommand(withCall(verb, 1), `drill ${drill.id}: verbs.${verb.id}.command`);
  return drill;
}

function checkPrelude(drill: Drill): void {
  let lastMs = 0;
  for (const [index, { atMs, command }] of (drill.before ?? []).entries()) {
    const where = `drill ${drill.id}: before[${index}]`;
    validateCommand(command, `${where}.command`);
    if (atMs >= lastMs && atMs < (drill.cluster.startMs ?? 0)) {
      lastMs = atMs;
      continue;
    }
    throw new AuthorError({
      code: "out-of-order", where: `${where}.atMs`, what: "what came before the drill comes in order and before its opening",
      expected: `a moment from ${lastMs} to ${(drill.cluster.startMs ?? 0) - 1} ms`, found: String(atMs), cure: "Move it, or open the drill later (cluster.startMs).",
    });
  }
}

function unique(drill: string, list: string, items: readonly { readonly id: string }[]): void {
  const ids = items.map(item => item.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw duplicate(`drill ${drill}: ${list}`, `"${twice}"`);
}

function known(where: string, id: string, ids: readonly string[]): void {
  if (!ids.includes(id)) throw unknownReference(where, `"${id}"`, ids);
}
