// What a learner reads when a cell cannot go on: where, what was expected, what was found, the cure. Plain data.

/** Stable names; tests and tools match on these, never on the wording. */
export type CellProblemCode =
  | 'cell-syntax'
  | 'cell-import'
  | 'cell-unknown-name'
  | 'cell-forbidden-name'
  | 'cell-duplicate-name'
  | 'cell-circular'
  | 'cell-needs-failed'
  | 'cell-argument'
  | 'cell-threw'
  | 'cell-kafka-error'
  | 'cell-endless'
  | 'cell-stuck'
  | 'cell-budget'
  | 'cell-stopped'
  | 'cell-kernel';

export interface CellProblem {
  readonly code: CellProblemCode;
  readonly cell: string;
  /** One-based, in the cell's text; null when no single line is meant. */
  readonly line: number | null;
  readonly column: number | null;
  /** One clause: what is the case. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
  /** The cure as a change of the text, when it can be made by pressing a button. */
  readonly edit: { readonly from: string; readonly to: string } | null;
}

/** One line per part, as the other tools of the course print it. */
export function problemText(problem: CellProblem): string {
  const place = problem.line === null ? '' : `:${problem.line}${problem.column === null ? '' : `:${problem.column}`}`;
  return [
    `cell ${problem.cell}${place}: ${problem.what}`,
    `  expected  ${problem.expected}`,
    `  found     ${problem.found}`,
    `  cure      ${problem.cure}`,
  ].join('\n');
}

/** Thrown inside a cell by its API when an argument has the wrong shape. */
export class CellArgumentError extends Error {
  override readonly name = 'CellArgumentError';
  readonly expected: string;
  readonly found: string;
  readonly cure: string;

  constructor(problem: { readonly what: string; readonly expected: string; readonly found: string; readonly cure: string }) {
    super(problem.what);
    this.expected = problem.expected;
    this.found = problem.found;
    this.cure = problem.cure;
  }
}
