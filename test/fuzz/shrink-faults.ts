// Finds a smaller list of faults that still shows a finding: whole stretches are left out first, then single faults (delta debugging).
import type { Fault, FuzzPlan } from "./fuzz-plan.ts";
import { type FuzzResult, fuzzRun } from "./fuzz-run.ts";

const TRIES_MAX = 80;

/** The name of a check: what stands before the colon. */
export function findingName(what: string): string {
  return what.slice(0, what.indexOf(":") === -1 ? what.length : what.indexOf(":"));
}

/** The smallest run that was found to break the same check first. */
export function shrinkFaults(result: FuzzResult): FuzzResult {
  const [first] = result.findings;
  if (first === undefined) return result;
  const name = findingName(first.what);
  let best = result;
  let tries = 0;
  const stillBreaks = (faults: readonly Fault[]): boolean => {
    if (tries >= TRIES_MAX) return false;
    tries += 1;
    const plan: FuzzPlan = { ...result.plan, faults };
    const tried = fuzzRun(plan);
    if (!tried.findings.some(finding => findingName(finding.what) === name)) return false;
    best = tried;
    return true;
  };
  for (let chunk = best.plan.faults.length >> 1; chunk >= 1; chunk = chunk >> 1) {
    for (let from = 0; from < best.plan.faults.length;) {
      const { faults } = best.plan;
      if (!stillBreaks([...faults.slice(0, from), ...faults.slice(from + chunk)])) from += chunk;
    }
  }
  return best;
}
