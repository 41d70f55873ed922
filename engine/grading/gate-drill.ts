// The gate that every drill has to pass before learners see it: on each seed the solution passes, doing nothing fails, and every trap fails on
// the goal that it names.
import type { Drill } from "./define-drill.ts";
import { grade, type Verdict } from "./grade.ts";
import { doNothing, type DrillPlan, playPlan } from "./play-plan.ts";

export interface GateProblem { readonly seed: number; readonly plan: string; readonly problem: string; readonly verdict: Verdict }

/** Long enough for every fault to have shown all that it does. */
const NOTHING_MS = 60_000;

export function gateDrill(drill: Drill, solution: DrillPlan, traps: readonly DrillPlan[], seeds: readonly number[]): GateProblem[] {
  const problems: GateProblem[] = [];
  for (const seed of seeds) {
    const note = (plan: string, problem: string, verdict: Verdict): void => { problems.push({ seed, plan, problem, verdict }); };
    const solved = grade(drill, playPlan(drill, solution, seed));
    if (!solved.passed) note(solution.name, `the solution does not pass: ${unmet(solved)}`, solved);
    const idle = grade(drill, doNothing(drill, seed, NOTHING_MS));
    if (idle.passed) note("doing nothing", "doing nothing passes", idle);
    for (const trap of traps) {
      const verdict = grade(drill, playPlan(drill, trap, seed));
      const named = verdict.goals.find(goal => goal.goal === trap.breaks);
      if (named?.state !== "broken") note(trap.name, `the trap does not break "${trap.breaks ?? "(no goal is named)"}"`, verdict);
    }
  }
  return problems;
}

function unmet(verdict: Verdict): string {
  return verdict.goals.filter(goal => goal.state !== "met").map(goal => `${goal.goal} is ${goal.state} (${goal.detail})`).join("; ");
}
