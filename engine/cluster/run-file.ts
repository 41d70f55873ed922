// Run files: everything a cluster did follows from them. This is the file alone: what it looks like, writing it, and what can be said of a text
// before the engine looks at it. What the run asks for is checked by validate-run.ts.
import { AuthorError, shown } from "./author-error.ts";
import type { Input } from "./commands.ts";
import type { ClusterSpec } from "./spec.ts";

/** A run: everything a cluster did follows from it. @property until how far it had been run when it was saved. */
export interface RunFile {
  readonly format: "sorting-office-run";
  readonly engine: string;
  readonly spec: ClusterSpec;
  readonly seed: number;
  readonly inputs: readonly Input[];
  readonly until: number;
}

export const RUN_FORMAT = "sorting-office-run";
/** A run of ten thousand inputs has about a million characters, one with a million records sixty. */
export const RUN_TEXT_MAX = 67_108_864;
const CURE = "Open a file that was saved with \"Save run\".";

/** A new run of a spec, by an engine of this version. */
export function newRun(spec: ClusterSpec, seed: number, engine: string): RunFile {
  return { format: RUN_FORMAT, engine, spec, seed, inputs: [], until: (spec.startMs ?? 0) * 1000 };
}

export function writeRunFile(run: RunFile): string {
  return `${JSON.stringify(run, null, 1)}\n`;
}

/** Reads a text as far as it says that it is a run; `validateRun` checks the rest. Throws AuthorError. `name`: of the file. */
export function parseRunFile(text: string, name: string): RunFile {
  if (text.length > RUN_TEXT_MAX) {
    throw new AuthorError({
      code: "too-large", where: name, what: "the file is too large for a run", expected: `at most ${RUN_TEXT_MAX} characters`,
      found: `${text.length} characters`, cure: CURE,
    });
  }
  const value = parseJson(text, name);
  if (typeof value === "object" && value !== null && "format" in value && value.format === RUN_FORMAT) return value as RunFile;
  throw wrongFormat(name, value);
}

/** What does not say that it is a run. */
export function wrongFormat(where: string, value: unknown): AuthorError {
  const hasFormat = typeof value === "object" && value !== null && "format" in value;
  return new AuthorError({
    code: "wrong-format", where: `${where}.format`, what: "this is not a run", expected: `"${RUN_FORMAT}"`,
    found: hasFormat ? shown(value.format) : typeof value === "object" && value !== null ? "no format" : shown(value), cure: CURE,
  });
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const end = text.trimEnd();
    const isTruncated = end !== "" && !end.endsWith("}");
    throw new AuthorError({
      code: "not-json", where: `${name}:${lineOf(why, text)}`, what: isTruncated ? "the file ends in the middle" : "the file is not JSON",
      expected: "JSON from its first to its last brace", found: isTruncated ? `its last characters are ${shown(end.slice(-20))}` : why,
      cure: isTruncated ? "Save the run again and copy the whole file." : CURE,
    });
  }
}

/** The line that the parser's complaint points at; the last one when it points nowhere. */
function lineOf(why: string, text: string): number {
  const at = /position (\d+)/.exec(why)?.[1];
  return (at === undefined ? text : text.slice(0, Number(at))).split("\n").length;
}
