/**
 * YAML with a shape: front matter, part files and the bodies of fences are read with these readers.
 *
 * A reader takes a node and its place and returns a typed value or throws an AuthorError with the line of that
 * node in the author's file. Unknown keys are errors, because a key with a typing mistake is otherwise silence.
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ParsedNode, Scalar, YAMLMap } from 'yaml';
import { AuthorError, didYouMean } from './author-error.ts';

export interface YamlPlace {
  readonly file: string;
  /** What the author would call this text: 'the front matter', 'the cluster block'. */
  readonly block: string;
  /** Turns a character offset of the text into line and column of the file; no column in the head of a fence. */
  readonly locate: (offset: number) => { readonly line: number; readonly column?: number };
  /** The text is the head of a fence, written as key=value. */
  readonly isHead: boolean;
}

export type Reader<T> = (node: ParsedNode | null, place: YamlPlace, key: string) => T;

interface Field<T, Required extends boolean> {
  readonly read: Reader<T>;
  readonly required: Required;
}
type Shape = Readonly<Record<string, Field<unknown, boolean>>>;
type FieldValue<F> = F extends Field<infer T, boolean> ? T : never;
type RequiredKeys<S extends Shape> = { [K in keyof S]: S[K] extends Field<unknown, true> ? K : never }[keyof S];
type OptionalKeys<S extends Shape> = Exclude<keyof S, RequiredKeys<S>>;
export type Read<S extends Shape> = { readonly [K in RequiredKeys<S>]: FieldValue<S[K]> } & {
  readonly [K in OptionalKeys<S>]?: FieldValue<S[K]>;
};

export function required<T>(read: Reader<T>): Field<T, true> {
  return { read, required: true };
}
export function optional<T>(read: Reader<T>): Field<T, false> {
  return { read, required: false };
}

export interface YamlSource {
  readonly file: string;
  readonly block: string;
  /** One-based line of the file on which `text` begins. */
  readonly firstLine: number;
  /** The text was made from the head of a fence, so columns mean nothing and keys are written key=value. */
  readonly isHead?: boolean;
}

/** Reads `text` with `reader`. Throws AuthorError 'yaml-syntax' or what the reader throws. */
export function readYaml<T>(text: string, source: YamlSource, reader: Reader<T>): T {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, uniqueKeys: true, strict: true });
  const isHead = source.isHead ?? false;
  const place: YamlPlace = {
    file: source.file,
    block: source.block,
    isHead,
    locate: (offset) => {
      if (isHead) return { line: source.firstLine };
      const { line, col } = lineCounter.linePos(offset);
      return { line: line + source.firstLine - 1, column: col };
    },
  };
  const failure = document.errors[0];
  if (failure !== undefined) {
    const line = text.split('\n')[lineCounter.linePos(failure.pos[0]).line - 1] ?? '';
    throw new AuthorError({
      code: 'yaml-syntax',
      file: source.file,
      ...place.locate(failure.pos[0]),
      ...yamlProblem(failure, source.block, line.trim()),
    });
  }
  return reader(document.contents, place, '');
}

/** The YAML library's finding in the words of somebody who writes a lesson. */
function yamlProblem(
  failure: { readonly code: string; readonly message: string },
  block: string,
  line: string,
): { readonly what: string; readonly expected: string; readonly found: string; readonly cure: string } {
  switch (failure.code) {
    case 'DUPLICATE_KEY':
      return { what: `a key stands twice in ${block}`, expected: 'each key once', found: line, cure: 'Keep one of the two.' };
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return {
        what: `a text in ${block} holds a colon and a space`,
        expected: 'one "key: value" per line',
        found: line,
        cure: 'Put the text in double quotes.',
      };
    case 'BAD_INDENT':
    case 'TAB_AS_INDENT':
      return {
        what: `${block} is indented in a way that YAML cannot follow`,
        expected: 'spaces, and continuation lines deeper than their key',
        found: line,
        cure: 'Indent the line like its neighbours.',
      };
    default:
      return {
        what: `${block} is not YAML here: ${yamlReason(failure.message)}`,
        expected: 'one "key: value" per line',
        found: line,
        cure: 'Put the text in double quotes, and check that brackets and braces close.',
      };
  }
}

/** The first clause of the YAML library's message, without its own copy of line and text. */
function yamlReason(message: string): string {
  const firstLine = message.split('\n')[0] ?? message;
  return firstLine.replace(/ at line \d+, column \d+:?$/, '');
}

function placeOf(node: ParsedNode | null, place: YamlPlace): { readonly line: number; readonly column?: number } {
  return place.locate(node?.range[0] ?? 0);
}

function kindOf(node: ParsedNode | null): string {
  if (node === null) return 'nothing';
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  const source = sourceOf(node);
  return source === '' ? 'nothing' : `"${source}"`;
}

function sourceOf(node: ParsedNode): string {
  if (!isScalar(node)) return '';
  if (node.value === null) return '';
  return (node as Scalar).source ?? String(node.value);
}

export function wrongKind(
  node: ParsedNode | null,
  place: YamlPlace,
  key: string,
  problem: { readonly expected: string; readonly cure: string },
): AuthorError {
  return new AuthorError({
    code: 'wrong-kind',
    file: place.file,
    ...placeOf(node, place),
    what: `"${key}" in ${place.block} cannot be read`,
    expected: problem.expected,
    found: kindOf(node),
    cure: problem.cure,
  });
}

/** Any scalar, as it was written: `3.9` stays "3.9". */
export const text: Reader<string> = (node, place, key) => {
  const value = node === null ? '' : sourceOf(node).trim();
  if (value === '') {
    throw wrongKind(node, place, key, { expected: 'text', cure: `Write "${key}: …", or leave the key out.` });
  }
  return value;
};

export function integer(least: number, most: number): Reader<number> {
  return (node, place, key) => {
    const value = node !== null && isScalar(node) ? node.value : undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw wrongKind(node, place, key, {
        expected: `a whole number from ${least} to ${most}`,
        cure: `Write a number in that range after "${key}:".`,
      });
    }
    return value;
  };
}

/** Text that matches a pattern; `what` says in words what that is, with an example. */
export function textLike(pattern: RegExp, what: string): Reader<string> {
  return (node, place, key) => {
    const value = text(node, place, key);
    if (!pattern.test(value)) {
      throw wrongKind(node, place, key, { expected: what, cure: `Write "${key}${place.isHead ? '=' : ': '}…" in that form.` });
    }
    return value;
  };
}

/** Virtual time with its unit: 500ms, 12s, 1.5s, 2m. */
export const duration: Reader<string> = textLike(/^\d+(\.\d+)?(us|ms|s|m)$/, 'a time with its unit, such as 500ms, 1.5s or 2m');

export function listOf<T>(read: Reader<T>): Reader<readonly T[]> {
  return (node, place, key) => {
    if (node === null || !isSeq(node)) {
      throw wrongKind(node, place, key, { expected: 'a list', cure: `Write "${key}: [first, second]".` });
    }
    return node.items.map((item) => read(item as ParsedNode, place, key));
  };
}

/** A mapping whose keys the author chooses, in the author's order. */
export function mapOf<T>(read: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (node, place, key) => {
    if (node === null || !isMap(node)) {
      throw wrongKind(node, place, key, { expected: 'a mapping', cure: `Write "${key}: { name: … }".` });
    }
    const entries = entriesOf(node).map(({ name, value }): [string, T] => [name, read(value, place, name)]);
    return Object.fromEntries(entries);
  };
}

/** A scalar kept as YAML read it: number, boolean or text. Settings of Kafka are given this way. */
export const setting: Reader<string | number | boolean> = (node, place, key) => {
  const value = node !== null && isScalar(node) ? node.value : undefined;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw wrongKind(node, place, key, { expected: 'one value', cure: `Write "${key}: value".` });
};

export function record<S extends Shape>(
  shape: S,
  /** Reads the keys that the shape does not name, when the author may use some of his own (Kafka settings). */
  otherKeys?: { readonly accepts: (key: string) => boolean; readonly says: string; readonly read: Reader<unknown> },
): Reader<Read<S>> {
  return (node, place, key) => {
    const block = key === '' ? place.block : `"${key}" in ${place.block}`;
    if (node === null || !isMap(node)) {
      throw wrongKind(node, place, key === '' ? 'the text' : key, {
        expected: `a mapping with ${Object.keys(shape).join(', ')}`,
        cure: 'Write one "key: value" per line.',
      });
    }
    const found: Record<string, unknown> = {};
    for (const { name, nameNode, value } of entriesOf(node)) {
      const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
      if (field !== undefined) {
        found[name] = field.read(value, place, name);
      } else if (otherKeys !== undefined && otherKeys.accepts(name)) {
        found[name] = otherKeys.read(value, place, name);
      } else {
        const known = Object.keys(shape);
        throw new AuthorError({
          code: 'unknown-key',
          file: place.file,
          ...placeOf(nameNode, place),
          what: `unknown key "${name}" in ${block}`,
          expected: otherKeys === undefined ? known.join(', ') : `${known.join(', ')}, or ${otherKeys.says}`,
          found: name,
          cure: didYouMean(name, known, 'Remove it, or look the key up in lessons/AUTHORING.md.'),
        });
      }
    }
    requireKeys(shape, found, { node, place, block });
    // The loop above has read every required key with the reader of the same name.
    return found as Read<S>;
  };
}

function requireKeys(
  shape: Shape,
  found: Readonly<Record<string, unknown>>,
  context: { readonly node: ParsedNode; readonly place: YamlPlace; readonly block: string },
): void {
  for (const [name, field] of Object.entries(shape)) {
    if (!field.required || found[name] !== undefined) continue;
    throw new AuthorError({
      code: 'missing-key',
      file: context.place.file,
      line: placeOf(context.node, context.place).line,
      what: `${context.block} has no "${name}"`,
      expected: `at least ${Object.keys(shape).filter((key) => shape[key]?.required === true).join(', ')}`,
      found: Object.keys(found).join(', ') || 'no key',
      cure: MISSING_KEY_REASONS[name] ?? missingKeyCure(name, context.place.isHead),
    });
  }
}

function missingKeyCure(name: string, isHead: boolean): string {
  return isHead ? `Write "${name}=…" after the name of the block.` : `Add a line "${name}: …".`;
}

const MISSING_KEY_REASONS: Readonly<Record<string, string>> = {
  describe: 'Add "describe: …": the sentence that says the cluster to a reader who cannot see it.',
  alt: 'Add "alt: …": the sentence that says the diagram to a reader who cannot see it.',
};

interface MapEntry {
  readonly name: string;
  readonly nameNode: ParsedNode;
  readonly value: ParsedNode | null;
}

export function entriesOf(map: YAMLMap): readonly MapEntry[] {
  return map.items.map((pair) => {
    const nameNode = pair.key as ParsedNode;
    return { name: isScalar(nameNode) ? sourceOf(nameNode) : String(nameNode), nameNode, value: pair.value as ParsedNode | null };
  });
}
