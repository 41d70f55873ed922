/** Anything that was thrown, as a problem that can be shown. */
import { AuthorError } from '#engine/cluster/author-error.ts';
import type { Problem } from './session-listener.ts';

export function problemOf(reason: unknown): Problem {
  if (reason instanceof AuthorError) {
    const { what, where, expected, found, cure } = reason;
    return { what, where, expected, found, cure };
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  // An AuthorError loses its parts at the worker's wall and keeps its message, which is written in one way: "where: what", then a part a line.
  const [first = '', ...lines] = message.split('\n');
  const part = (name: string): string | null => lines.find((line) => line.trimStart().startsWith(`${name} `))?.trimStart().slice(name.length).trim() ?? null;
  const [, where = null, what = first] = lines.length > 0 ? (/^(\S+): (.*)$/.exec(first) ?? []) : [];
  return { what, where, expected: part('expected'), found: part('found'), cure: part('cure') };
}
