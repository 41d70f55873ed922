// What a kernel that has been taken over might send: none of it gets through.
import { expect, test } from 'vitest';
import { KernelMessageError, readKernelMessage } from '#src/notebook/check-message.ts';

const turn = (requests: readonly unknown[], events: readonly unknown[] = [], move: unknown = null) => ({ type: 'turn', run: 1, events, requests, move });
const request = (operation: unknown) => ({ request: 1, world: 0, cell: 'a', operation });
const shown = (value: unknown) => ({ event: 'shown', cell: 'a', from: 'display', level: 'log', values: [value] });
let nested: unknown = 1;
for (let depth = 0; depth < 100; depth += 1) nested = [nested];

test('a message of the right shape comes through as a copy', () => {
  const message = turn([request({ op: 'hand', command: { do: 'kill', node: 2 } })], [shown({ kind: 'text', text: 'x' })], { world: 0, until: 5, awaitsOutcome: false });
  const read = readKernelMessage(message);
  expect(read).toEqual(message);
  expect(read).not.toBe(message);
});

const hostile: readonly (readonly [string, unknown])[] = [
  ['no object', 'turn'],
  ['an unknown type', { type: 'evaluate', code: '1' }],
  ['an unknown operation', turn([request({ op: 'close', session: 1 })])],
  ['a command that cells do not have', turn([request({ op: 'hand', command: { do: 'predict', id: 'x', answer: 1 } })])],
  ['a command with a call number of its own', turn([request({ op: 'call', command: { do: 'read', topic: 'a', partition: 0, from: 0, limit: 1, call: 3 } })])],
  ['a call in the place of a hand', turn([request({ op: 'hand', command: { do: 'send', producer: 'p', topic: 't', records: [] } })])],
  ['a world that is no number', turn([{ ...request({ op: 'check', name: 'x' }), world: 'zero' }])],
  ['a time that is no number', turn([], [], { world: 0, until: Number.POSITIVE_INFINITY, awaitsOutcome: false })],
  ['a time before the beginning', turn([], [], { world: 0, until: -1, awaitsOutcome: false })],
  ['a date', turn([request({ op: 'fork', changes: { settings: new Date(0) } })])],
  ['a map', turn([request({ op: 'fork', changes: new Map() })])],
  ['a buffer', turn([], [shown({ kind: 'text', text: new Uint8Array(3) })])],
  ['a depth without end', turn([request({ op: 'fork', changes: { settings: nested } })])],
  ['text that fills the memory', turn([], [shown({ kind: 'text', text: 'x'.repeat(40_000_000) })])],
  ['a table with more columns than a page can draw', turn([], [shown({ kind: 'table', columns: Array.from({ length: 5_000 }, String), size: 0, rows: [] })])],
  ['a tree with more branches than a page can draw', turn([], [shown({ kind: 'tree', label: 'x', isList: true, size: 5_000, entries: Array.from({ length: 5_000 }, () => ({ key: 'k', value: { kind: 'text', text: 'x' } })) })])],
  ['more events than a page of cells has', turn([], Array.from({ length: 20_000 }, () => ({ event: 'started', cell: 'a', at: 0 })))],
  ['a value of an unknown kind', turn([], [shown({ kind: 'html', text: '<b>x</b>' })])],
  ['a level that is no level', turn([], [{ ...shown({ kind: 'text', text: 'x' }), level: 'shout' }])],
  ['a problem without a sentence', turn([], [{ event: 'failed', cell: 'a', at: 0, problem: { code: 'x', cell: 'a', line: null, column: null } }])],
];

test.each(hostile)('%s is refused', (_, message) => {
  expect(() => readKernelMessage(message)).toThrow(KernelMessageError);
});

test('a key that would change a prototype stays a key', () => {
  const message = JSON.parse('{"type":"turn","run":1,"events":[],"move":null,"requests":[{"request":1,"world":0,"cell":"a","operation":{"op":"fork","changes":{"__proto__":{"polluted":true}}}}]}') as unknown;
  readKernelMessage(message);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});
