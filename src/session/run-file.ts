/**
 * Run files in and out of the page. The engine judges what a run says; here only what can be seen without it: that the
 * file is small enough, is text, is JSON, and says that it is a run.
 */
import type { RunFile } from '#engine/host/api.ts';
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import type { Problem } from './session-listener.ts';

/** A run of ten thousand inputs is about 1 MB; a file above this is something else. */
export const RUN_FILE_BYTES_MAX = 8_000_000;

export class RunFileError extends Error {
  override readonly name = 'RunFileError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.what);
    this.problem = problem;
  }
}

export function newRun(engineVersion: string, spec: ClusterSpec, seed: number): RunFile {
  return { format: 'sorting-office-run', engine: engineVersion, spec, seed, inputs: [], until: (spec.startMs ?? 0) * 1_000 };
}

/** Throws RunFileError for what cannot be a run; the engine refuses the rest when it opens it. */
export function parseRunFile(text: string, name: string): RunFile {
  const cure = 'Save a run with "Save run" on this page and open that file.';
  const refuse = (what: string, where: string, expected: string, found: string): RunFileError =>
    new RunFileError({ what, where, expected, found, cure });
  if (text.length > RUN_FILE_BYTES_MAX) {
    throw refuse(`"${name}" is too large for a run`, name, `at most ${RUN_FILE_BYTES_MAX} characters`, String(text.length));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (reason) {
    if (!(reason instanceof SyntaxError)) throw reason;
    throw refuse(`"${name}" is not a whole run file`, placeOf(reason, text, name), 'JSON from its first to its last brace', reason.message);
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 'sorting-office-run') {
    throw refuse(`"${name}" does not say that it is a run`, `${name}, format`, '"sorting-office-run"', formatFound(value));
  }
  return value as RunFile;
}

function placeOf(reason: SyntaxError, text: string, name: string): string {
  const at = /position (\d+)/.exec(reason.message)?.[1];
  const line = at === undefined ? text.split('\n').length : text.slice(0, Number(at)).split('\n').length;
  return `${name}:${line}`;
}

function formatFound(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'nothing';
  return 'format' in value ? JSON.stringify(value.format) : 'no format';
}

/** Anything that was thrown, as a problem that can be shown. */
export function problemOf(reason: unknown): Problem {
  if (reason instanceof RunFileError) return reason.problem;
  const message = reason instanceof Error ? reason.message : String(reason);
  // An AuthorError loses its parts at the worker's wall and keeps its message, which is written in one way: "where: what", then a part a line.
  const [first = '', ...lines] = message.split('\n');
  const part = (name: string): string | null => lines.find((line) => line.trimStart().startsWith(`${name} `))?.trimStart().slice(name.length).trim() ?? null;
  const [, where = null, what = first] = lines.length > 0 ? (/^(\S+): (.*)$/.exec(first) ?? []) : [];
  return { what, where, expected: part('expected'), found: part('found'), cure: part('cure') };
}
