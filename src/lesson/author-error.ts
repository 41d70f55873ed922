/**
 * The error for a person's text: a lesson, a part file, the glossary.
 *
 * It says where, what was expected, what was found and what to do. The wording is snapshot-tested in
 * test/src/lesson, because the message is the whole user interface of an author who made a mistake.
 */

/** Stable names for what can be wrong; tests and tools match on these, never on the wording. */
export type AuthorErrorCode =
  | 'front-matter-missing'
  | 'yaml-syntax'
  | 'unknown-key'
  | 'missing-key'
  | 'wrong-kind'
  | 'unknown-fence'
  | 'fence-indented'
  | 'fence-unclosed'
  | 'fence-attribute'
  | 'fence-empty'
  | 'duplicate-id'
  | 'unknown-reference'
  | 'claim-without-expression'
  | 'measured-number-typed'
  | 'measured-nothing'
  | 'missing-block'
  | 'missing-file'
  | 'unknown-lesson'
  | 'unknown-fidelity-id'
  | 'folder-name';

export interface AuthorProblem {
  readonly code: AuthorErrorCode;
  /** Path from the root of the repository, with forward slashes. */
  readonly file: string;
  /** One-based; 1 when the whole file is meant. */
  readonly line: number;
  /** One-based; left out when the line says enough. */
  readonly column?: number;
  /** One clause: what is the case. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
}

export class AuthorError extends Error {
  override readonly name = 'AuthorError';
  readonly code: AuthorErrorCode;
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
  readonly expected: string;
  readonly found: string;
  readonly cure: string;

  constructor(problem: AuthorProblem) {
    const place = problem.column === undefined ? `${problem.line}` : `${problem.line}:${problem.column}`;
    super(
      [
        `${problem.file}:${place}: ${problem.what}`,
        `  expected  ${problem.expected}`,
        `  found     ${problem.found}`,
        `  cure      ${problem.cure}`,
      ].join('\n'),
    );
    // Where our reader stood when it found the mistake says nothing to the author, and pushes the cure off the screen.
    this.stack = '';
    this.code = problem.code;
    this.file = problem.file;
    this.line = problem.line;
    this.column = problem.column ?? null;
    this.expected = problem.expected;
    this.found = problem.found;
    this.cure = problem.cure;
  }
}

/** The known word nearest to what was written, or null when nothing is near enough to be meant. */
export function nearestWord(written: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const word of known) {
    const distance = editDistance(written.toLowerCase(), word.toLowerCase());
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

/** "Did you mean "x"?" followed by what else can be done. */
export function didYouMean(written: string, known: readonly string[], otherwise: string): string {
  const near = nearestWord(written, known);
  return near === null ? otherwise : `Did you mean "${near}"?`;
}

/** Optimal string alignment: a swap of neighbours ("brokres") costs one, as a person would say. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(
        (rows[i - 1]?.[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (rows[i - 1]?.[j - 1] ?? 0) + substitution,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
