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

export { didYouMean, nearestWord } from '#engine/core/nearest-word.ts';
