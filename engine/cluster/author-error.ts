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

/** `Did you mean "x"?`, or what else can be done. */
export function didYouMean(written: string, known: readonly string[], otherwise: string): string {
  const near = nearestWord(written, known);
  return near === null ? otherwise : `Did you mean "${near}"?`;
}

/** Levenshtein's distance; words are short. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substituted));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
