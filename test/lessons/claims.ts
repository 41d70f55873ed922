/**
 * A claim's expression, evaluated beside the cell it speaks of. In scope: `result`, every name that the cell defines, `measure.name` for each
 * measured number, and `replacing("text", "other")`, the same cell with another text, run in a lesson of its own.
 */
import type { WalkedLesson } from '#src/drills/lesson-walk.ts';

export interface ClaimScope {
  readonly cell: string;
  readonly code: string;
  readonly walked: WalkedLesson;
  /** Runs the lesson up to the cell with other code in it, and gives the cell's result. */
  readonly rerun: (code: string) => Promise<unknown>;
}

/** Thrown inside an expression that asks for a run that has not been made yet. */
class NeedsRun extends Error {
  readonly code: string;

  constructor(code: string) {
    super('this cell has to be run with other code first');
    this.code = code;
  }
}

const RUNS_MAX = 8;

export async function evaluateClaim(expression: string, scope: ClaimScope): Promise<unknown> {
  const runs = new Map<string, unknown>();
  for (let run = 0; run <= RUNS_MAX; run += 1) {
    try {
      return evaluateOnce(expression, scope, runs);
    } catch (reason) {
      if (!(reason instanceof NeedsRun)) throw reason;
      runs.set(reason.code, await scope.rerun(reason.code));
    }
  }
  throw new Error(`the claim asks for more than ${RUNS_MAX} runs: ${expression}`);
}

function evaluateOnce(expression: string, scope: ClaimScope, runs: ReadonlyMap<string, unknown>): unknown {
  const cell = scope.walked.cells.get(scope.cell);
  const names: Record<string, unknown> = {
    ...cell?.gives,
    result: cell?.result,
    measure: Object.fromEntries([...scope.walked.measures].map(([name, measured]) => [name, measured.value])),
    replacing: replacer(scope.code, runs),
  };
  return new Function(...Object.keys(names), `"use strict"; return (${expression});`)(...Object.values(names));
}

interface Replaced { readonly result: unknown; readonly replacing: (text: string, by: string) => Replaced }

function replacer(code: string, runs: ReadonlyMap<string, unknown>): (text: string, by: string) => Replaced {
  return (text, by) => {
    if (!code.includes(text)) throw new Error(`the cell does not hold ${JSON.stringify(text)}`);
    const changed = code.replace(text, by);
    return {
      get result() {
        if (!runs.has(changed)) throw new NeedsRun(changed);
        return runs.get(changed);
      },
      replacing: replacer(changed, runs),
    };
  };
}
