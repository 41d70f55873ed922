// The error for a person's input: a cluster spec, a run file, a command, a drill. It says where, what was expected, what was found and
// what to do. Thrown before anything runs; inside a run a command that does not fit the moment is refused as a value (apply-command.ts).

/** Stable names for what can be wrong; tests and tools match on these, never on the wording. */
export type AuthorErrorCode =
  | "unknown-key" | "missing-key" | "wrong-kind" | "out-of-range" | "unknown-value" | "duplicate" | "unknown-reference" | "too-large"
  | "not-json" | "wrong-format" | "other-version" | "out-of-order" | "topic-refused" | "unknown-session";

/** @property where a path such as `spec.nodes[2].id`, `inputs[3].command.node` or a file name. @property what one clause: what is the case. */
export interface AuthorProblem {
  readonly code: AuthorErrorCode;
  readonly where: string;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
}

export class AuthorError extends Error {
  override readonly name = "AuthorError";
  readonly code: AuthorErrorCode;
  readonly where: string;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly cure: string;

  constructor(problem: AuthorProblem) {
    super([
      `${problem.where}: ${problem.what}`,
      `  expected  ${problem.expected}`,
      `  found     ${problem.found}`,
      `  cure      ${problem.cure}`,
    ].join("\n"));
    this.code = problem.code;
    this.where = problem.where;
    this.what = problem.what;
    this.expected = problem.expected;
    this.found = problem.found;
    this.cure = problem.cure;
  }
}

const SHOWN_LENGTH_MAX = 60;

/** A found value in a message: short, and quoted as JSON. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  const text = typeof value === "object" && value !== null ? shownObject(value) : JSON.stringify(value) ?? String(value);
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}…`;
}

function shownObject(value: object): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return `an object with ${Object.keys(value).slice(0, 5).map(key => `"${key}"`).join(", ") || "no keys"}`;
}

export { didYouMean, nearestWord } from "#engine/core/nearest-word.ts";
