// Describes a value as data within limits. It reads values that the cell made, so getters and proxies may throw: what
// cannot be read is said, never passed on.
import { CELL_LIMITS } from '../cell-protocol.ts';
import type { AtomType, InspectedEntry, InspectedValue } from '../inspected-value.ts';

interface Budget {
  nodes: number;
  readonly path: object[];
}

const COLUMNS_MAX = 16;

export function inspectValue(value: unknown): InspectedValue {
  return describe(value, 0, { nodes: CELL_LIMITS.nodesPerValueMax, path: [] });
}

/** As `display` shows it: text stands for itself. */
export function inspectShown(value: unknown): InspectedValue {
  return typeof value === 'string' ? { kind: 'text', text: cut(value) } : inspectValue(value);
}

function describe(value: unknown, depth: number, budget: Budget): InspectedValue {
  budget.nodes -= 1;
  try {
    if (typeof value !== 'object' || value === null) return primitive(value);
    return object(value, depth, budget);
  } catch (error) {
    return atom('error', cut(`cannot be read: ${reasonOf(error)}`));
  }
}

/** What was thrown belongs to the cell too. */
function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : 'it threw';
  } catch {
    return 'it threw';
  }
}

function primitive(value: unknown): InspectedValue {
  switch (typeof value) {
    case 'string':
      return atom('string', quoted(value));
    case 'number':
      return atom('number', Object.is(value, -0) ? '-0' : String(value));
    case 'bigint':
      return atom('bigint', cut(`${value}n`));
    case 'boolean':
      return atom('boolean', String(value));
    case 'undefined':
      return atom('undefined', 'undefined');
    case 'symbol':
      return atom('symbol', cut(String(value)));
    case 'function':
      return atom('function', cut(`${isClass(value) ? 'class' : 'function'} ${String((value as { name?: unknown }).name)}`.trim()));
    default:
      return atom('null', 'null');
  }
}

/** `Function` itself is taken away from cells, and this code runs beside them. */
const functionPrototype = Object.getPrototypeOf(() => 0) as { toString(): string };

function isClass(value: object): boolean {
  return functionPrototype.toString.call(value).startsWith('class');
}

function atom(type: AtomType, text: string): InspectedValue {
  return { kind: 'atom', type, text };
}

/** Cut before it is quoted: a text may be as long as memory. */
function quoted(text: string): string {
  const most = CELL_LIMITS.textCharactersMax;
  return text.length <= most ? cut(JSON.stringify(text)) : `${JSON.stringify(text.slice(0, most / 2))}… (${text.length} characters)`;
}

function cut(text: string): string {
  const most = CELL_LIMITS.textCharactersMax;
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;
}

function object(value: object, depth: number, budget: Budget): InspectedValue {
  if (value instanceof Date) return atom('date', Number.isNaN(value.getTime()) ? 'no date' : value.toISOString());
  if (value instanceof Error) return atom('error', cut(`${value.name}: ${value.message}`));
  if (value instanceof RegExp) return atom('string', cut(String(value)));
  if (value instanceof Promise) return atom('function', 'Promise: write await before it to see its value');
  if (budget.path.includes(value)) return atom('cut', 'itself, again');
  if (depth >= CELL_LIMITS.depthMax || budget.nodes <= 0) return atom('cut', Array.isArray(value) ? `Array(${value.length})` : '…');
  budget.path.push(value);
  try {
    if (Array.isArray(value) && isTable(value)) return table(value, depth, budget);
    return tree(value, depth, budget);
  } finally {
    budget.path.pop();
  }
}

function tree(value: object, depth: number, budget: Budget): InspectedValue {
  const isList = Array.isArray(value) || ArrayBuffer.isView(value) && !(value instanceof DataView);
  const { first, size } = entriesOf(value);
  const entries: InspectedEntry[] = [];
  for (const [key, read] of first) {
    if (budget.nodes <= 0) break;
    entries.push({ key: cut(key), value: describe(readSafely(read), depth + 1, budget) });
  }
  return { kind: 'tree', label: cut(labelOf(value)), isList, entries, size };
}

type Read = () => unknown;

/** The entries that are shown, and how many there are. What is not shown is not read: a list may have a billion places. */
interface Entries {
  readonly first: readonly (readonly [string, Read])[];
  readonly size: number;
}

function entriesOf(value: object): Entries {
  if (Array.isArray(value)) return indexed(value, value.length);
  if (ArrayBuffer.isView(value) && Symbol.iterator in value) return indexed(value as Uint8Array, (value as Uint8Array).length);
  if (value instanceof Map) return { first: firstOf(value as Map<unknown, unknown>).map(([key, item]) => [typeof key === 'string' ? key : String(key), () => item]), size: value.size };
  if (value instanceof Set) return { first: firstOf(value as Set<unknown>).map((item, index) => [String(index), () => item]), size: value.size };
  const keys = Object.keys(value);
  return { first: keys.slice(0, CELL_LIMITS.entriesPerNodeMax).map((key) => [key, () => (value as Record<string, unknown>)[key]]), size: keys.length };
}

function indexed(list: ArrayLike<unknown>, size: number): Entries {
  return { first: Array.from({ length: Math.min(size, CELL_LIMITS.entriesPerNodeMax) }, (_, index) => [String(index), () => list[index]]), size };
}

function firstOf<Item>(items: Iterable<Item>): readonly Item[] {
  const first: Item[] = [];
  for (const item of items) {
    if (first.length >= CELL_LIMITS.entriesPerNodeMax) break;
    first.push(item);
  }
  return first;
}

function readSafely(read: Read): unknown {
  try {
    return read();
  } catch (error) {
    return new Error(reasonOf(error));
  }
}

function labelOf(value: object): string {
  const constructor: unknown = value.constructor;
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name === '' ? 'Object' : name;
}

/** A list of at least one plain object, and nothing but plain objects, as far as it is shown. */
function isTable(all: readonly unknown[]): boolean {
  // A hole is no plain object, so it must not be skipped.
  const list = Array.from({ length: Math.min(all.length, CELL_LIMITS.entriesPerNodeMax) }, (_, index) => all[index]);
  return list.length > 0 && list.every((item) => typeof item === 'object' && item !== null && isPlain(item) && Object.keys(item).length > 0)
    && columnsOf(list as readonly object[]).length <= COLUMNS_MAX;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function columnsOf(rows: readonly object[]): readonly string[] {
  return [...new Set(rows.slice(0, CELL_LIMITS.entriesPerNodeMax).flatMap((row) => Object.keys(row)))];
}

function table(list: readonly unknown[], depth: number, budget: Budget): InspectedValue {
  const items = list as readonly Record<string, unknown>[];
  const columns = columnsOf(items);
  const rows: (readonly (InspectedValue | null)[])[] = [];
  for (const item of items.slice(0, CELL_LIMITS.entriesPerNodeMax)) {
    if (budget.nodes <= 0) break;
    rows.push(columns.map((column) => (Object.hasOwn(item, column) ? describe(readSafely(() => item[column]), depth + 2, budget) : null)));
  }
  return { kind: 'table', columns: columns.map(cut), rows, size: list.length };
}
