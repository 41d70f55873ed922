/**
 * npm run -s replay -- <run.json> [--until <ms|end>] [--observe nodes,topics,…]: plays a run file again and prints what is to be seen at its end as
 * JSON. Exit codes: 0 played; 1 the run file is refused (why stands on stderr); 2 wrong arguments, or no such file. Node only.
 */
import { readFileSync } from 'node:fs';
import { AuthorError, didYouMean } from '#engine/cluster/author-error.ts';
import { REPLAY_PARTS, replayFile, type ReplayOptions, type ReplayPart } from '#engine/host/replay.ts';

const USAGE = `usage: npm run -s replay -- <run.json> [--until <ms|end>] [--observe ${REPLAY_PARTS.join(',')}]`;
const DEFAULT_PARTS: readonly ReplayPart[] = ['nodes', 'topics'];
const UNTIL_MS_MAX = 86_400_000;

export interface Printed { readonly exitCode: 0 | 1 | 2; readonly out: string; readonly error: string }

interface Arguments extends ReplayOptions { readonly file: string }

class ArgumentError extends Error {}

/** `readText`: of a file; throws when there is none. */
export function replay(args: readonly string[], readText: (file: string) => string): Printed {
  try {
    const { file, ...options } = readArguments(args);
    const text = textOf(file, readText);
    return { exitCode: 0, out: `${JSON.stringify(replayFile(text, file, options), null, 1)}\n`, error: '' };
  } catch (reason) {
    if (reason instanceof ArgumentError) return { exitCode: 2, out: '', error: `${reason.message}\n${USAGE}\n` };
    if (reason instanceof AuthorError) return { exitCode: 1, out: '', error: `${reason.message}\n` };
    throw reason;
  }
}

function textOf(file: string, readText: (file: string) => string): string {
  try {
    return readText(file);
  } catch (reason) {
    throw new ArgumentError(`${file} cannot be read: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
}

function readArguments(args: readonly string[]): Arguments {
  let file: string | undefined;
  let untilMs: number | null = null;
  let parts = DEFAULT_PARTS;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--until') untilMs = readUntil(args[index += 1]);
    else if (arg === '--observe') parts = readParts(args[index += 1]);
    else if (arg.startsWith('-')) throw new ArgumentError(`unknown option ${arg}. ${didYouMean(arg, ['--until', '--observe'], 'Remove it.')}`);
    else if (file !== undefined) throw new ArgumentError(`one run file at a time: ${file}, and then ${arg}`);
    else file = arg;
  }
  if (file === undefined) throw new ArgumentError('no run file is named');
  return { file, untilMs, parts };
}

function readUntil(value: string | undefined): number | null {
  if (value === 'end') return null;
  const ms = Number(value);
  if (value !== undefined && value !== '' && Number.isSafeInteger(ms) && ms >= 0 && ms <= UNTIL_MS_MAX) return ms;
  throw new ArgumentError(`--until takes "end" or whole milliseconds from 0 to ${UNTIL_MS_MAX}, not ${value ?? 'nothing'}`);
}

function readParts(value: string | undefined): readonly ReplayPart[] {
  return (value ?? '').split(',').map((name) => {
    const part = REPLAY_PARTS.find((known) => known === name);
    if (part !== undefined) return part;
    throw new ArgumentError(`--observe does not know "${name}". ${didYouMean(name, [...REPLAY_PARTS], `It takes ${REPLAY_PARTS.join(', ')}.`)}`);
  });
}

if (import.meta.main) {
  const printed = replay(process.argv.slice(2), (file) => readFileSync(file, 'utf8'));
  process.stderr.write(printed.error);
  process.stdout.write(printed.out, () => { process.exitCode = printed.exitCode; });
}
