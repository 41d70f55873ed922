/**
 * Cuts the live fences out of a lesson's body.
 *
 * A fence is live when its first word (two words for a code cell) is one of ours. It is taken out, and an empty
 * `<div class="lesson-block">` stays in its place, so that the Markdown engine renders the rest in one go and
 * heading ids stay unique. Fences in plain languages stay where they are.
 */
import { AuthorError, didYouMean } from './author-error.ts';

export const LIVE_FENCES = [
  'cluster', 'cell', 'claims', 'measures', 'predict', 'elsewhere', 'why', 'simplified', 'mermaid', 'compare', 'drill', 'deeper',
] as const;
export type LiveFenceName = (typeof LIVE_FENCES)[number];

/** Languages of ordinary, quiet code blocks. */
const QUIET_LANGUAGES = ['text', 'sh', 'json', 'properties', 'yaml', 'ini', 'java', 'sql', 'xml', 'ts', 'js'] as const;

export interface Fence {
  readonly name: LiveFenceName;
  /** Bare words after the name: `mermaid sequence` has one. */
  readonly words: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly body: string;
  /** One-based line of the opening fence in the file; the body begins on the next. */
  readonly line: number;
}

export interface ScannedBody {
  /** Markdown with a placeholder for each fence, in order. */
  readonly markdown: string;
  readonly fences: readonly Fence[];
}

interface Opening {
  readonly ticks: string;
  readonly info: string;
}

export function scanFences(body: string, file: string, firstLine: number): ScannedBody {
  const lines = body.split('\n');
  const kept: string[] = [];
  const fences: Fence[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const opening = openingOf(line, file, firstLine + at);
    if (opening === null) {
      kept.push(line);
      at += 1;
      continue;
    }
    const end = closingLine(lines, at, opening, { file, line: firstLine + at });
    const fence = fenceOf(opening, lines.slice(at + 1, end).join('\n'), file, firstLine + at);
    if (fence === null) {
      kept.push(...lines.slice(at, end + 1));
    } else {
      kept.push('', placeholder(fences.length), '');
      fences.push(fence);
    }
    at = end + 1;
  }
  return { markdown: kept.join('\n'), fences };
}

export function placeholder(index: number): string {
  return `<div class="lesson-block" data-index="${index}"></div>`;
}

/** Splits rendered HTML at the placeholders: text, index, text, index, ..., text. */
export function splitAtPlaceholders(html: string): readonly (string | number)[] {
  return html
    .split(/<div class="lesson-block" data-index="(\d+)"><\/div>/)
    .map((piece, position) => (position % 2 === 0 ? piece : Number(piece)));
}

function openingOf(line: string, file: string, lineNumber: number): Opening | null {
  const match = /^(\s*)(`{3,})\s*(.*)$/.exec(line);
  if (match === null) return null;
  const [, indent = '', ticks = '', info = ''] = match;
  if (indent === '') return { ticks, info: info.trim() };
  const first = firstWord(info);
  if (!isLiveName(first) && !/^ts\s+cell\b/.test(info)) return null;
  throw new AuthorError({
    code: 'fence-indented',
    file,
    line: lineNumber,
    column: indent.length + 1,
    what: `the "${first === 'ts' ? 'ts cell' : first}" block is indented`,
    expected: 'the three backticks in the first column',
    found: `${indent.length} ${indent.length === 1 ? 'space' : 'spaces'} before them`,
    cure: 'Move the block to the left edge, out of any list.',
  });
}

function closingLine(lines: readonly string[], at: number, opening: Opening, where: { file: string; line: number }): number {
  const closing = new RegExp(`^\`{${opening.ticks.length},}\\s*$`);
  for (let end = at + 1; end < lines.length; end += 1) {
    if (closing.test(lines[end] ?? '')) return end;
  }
  throw new AuthorError({
    code: 'fence-unclosed',
    ...where,
    what: `the block "${opening.info}" is never closed`,
    expected: `a line with ${opening.ticks} alone`,
    found: 'the end of the file',
    cure: 'Add the closing backticks after the last line of the block.',
  });
}

function fenceOf(opening: Opening, body: string, file: string, line: number): Fence | null {
  const cell = /^ts\s+cell\b(.*)$/.exec(opening.info);
  const first = cell === null ? firstWord(opening.info) : 'cell';
  const rest = cell === null ? opening.info.slice(first.length) : (cell[1] ?? '');
  if (first === '' || (cell === null && (QUIET_LANGUAGES as readonly string[]).includes(first))) return null;
  if (!isLiveName(first) || (first === 'cell' && cell === null)) {
    throw new AuthorError({
      code: 'unknown-fence',
      file,
      line,
      what: `unknown block "${opening.info}"`,
      expected: `a live block (${LIVE_FENCES.map((name) => (name === 'cell' ? 'ts cell' : name)).join(', ')}) or a language (${QUIET_LANGUAGES.join(', ')})`,
      found: first,
      cure: first === 'cell' ? 'Write "ts cell id=…": cells say their language.' : didYouMean(first, [...LIVE_FENCES, ...QUIET_LANGUAGES], 'Use "text" for a block that is only shown.'),
    });
  }
  return { name: first, ...attributesOf(rest, first, file, line), body, line };
}

function attributesOf(rest: string, fence: string, file: string, line: number): Pick<Fence, 'words' | 'attributes'> {
  const words: string[] = [];
  const attributes: Record<string, string> = {};
  const token = /\s*(?:([A-Za-z][\w.-]*)=(?:"([^"]*)"|([^\s"]+))|([^\s="]+))/y;
  let at = 0;
  while (rest.slice(at).trim() !== '') {
    token.lastIndex = at;
    const match = token.exec(rest);
    const key = match?.[1];
    if (match === null || (key !== undefined && Object.hasOwn(attributes, key))) {
      throw new AuthorError({
        code: 'fence-attribute',
        file,
        line,
        what: `the head of the "${fence}" block cannot be read`,
        expected: 'words and key=value, values with spaces in double quotes, each key once',
        found: rest.trim(),
        cure: 'Close the quotes, and remove spaces around "=".',
      });
    }
    if (key === undefined) words.push(match[4] ?? '');
    else attributes[key] = match[2] ?? match[3] ?? '';
    at = token.lastIndex;
  }
  return { words, attributes };
}

function firstWord(info: string): string {
  return /^[^\s=]*/.exec(info)?.[0] ?? '';
}

function isLiveName(word: string): word is LiveFenceName {
  return (LIVE_FENCES as readonly string[]).includes(word);
}
