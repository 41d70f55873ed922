// What a clumsy or a hostile cell hands over: each slip is said at its line and costs nobody the kernel.
import { expect, test } from 'vitest';
import { PRESETS } from '#engine/cluster/presets.ts';
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import { createEngine } from '#engine/host/in-process.ts';
import { newRun } from '#engine/host/run-file.ts';
import { problemText } from '#src/notebook/cell-problem.ts';
import { shortText } from '#src/notebook/inspected-value.ts';
import { runCellsHeadless } from '#src/notebook/run-cells-headless.ts';
import type { HeadlessCell } from '#src/notebook/run-cells-headless.ts';

const SPEC = PRESETS['guides/three-nodes'] as ClusterSpec;

async function run(code: string): Promise<HeadlessCell> {
  const engine = createEngine();
  const { session } = engine.open({ ...newRun(SPEC, 7), until: 3_000_000 });
  const [cell] = await runCellsHeadless([{ id: 'c1', code }], engine, session);
  if (cell === undefined) throw new Error('the cell did not run');
  return cell;
}

const SEND = 'const p = kafka.producer()\nawait p.connect()\nawait p.send({ topic: "user-events", messages: ';

test.each([
  ['a node that is no number', 'await cluster.kill(NaN)', /^cell c1:1: command\.node cannot be given to the cluster\n {2}expected {2}text, a finite number.+\n {2}found {5}NaN\n {2}cure /],
  ['a function as an offset', 'await cluster.read("user-events", 0, { from: () => 1 })', /command\.from cannot be given[^]+found {5}a function/],
  ['a symbol as a topic', 'await cluster.measure("leaderless", Symbol("a"), 0)', /topic cannot be given[^]+Symbol\(a\)/],
  ['a time stamp that is no time', `${SEND}[{ value: "x", timestamp: "tomorrow" }] })`, /^cell c1:3: command\.records\[0\]\.timestampMs cannot be given[^]+NaN/],
  ['a header that is no text', `${SEND}[{ value: "x", headers: { a: () => 1 } }] })`, /headers\.a cannot be given/],
  ['a value as large as forty books', `${SEND}[{ value: "x".repeat(4e7) }] })`, /^cell c1:3: this call hands too much to the cluster\n {2}expected {2}at most 8000000 characters/],
  ['a producer with a setting that is an object', 'await kafka.producer({ settings: { "linger.ms": {} } }).connect()', /^cell c1:1: settings is not what this call takes\n {2}expected {2}setting as text, number or truth/],
  ['a check that is no name', 'await cluster.check({})', /^cell c1:1: name is not what this call takes\n {2}expected {2}short text/],
  ['a check by the name of a prototype', 'await cluster.check("__proto__")', /there is no check "__proto__"/],
  ['a fork with a prototype in it', 'await cluster.fork({ producers: { __proto__: { a: 1 } } })', /changes\.producers cannot be given/],
  ['a fork with a setting of that name', 'await cluster.fork({ constructor: 3 })', /"constructor" is not a broker or controller setting/],
  ['five thousand calls without an await', 'const p = kafka.producer()\nawait p.connect()\nfor (let i = 0; i < 5000; i += 1) p.send({ topic: "user-events", messages: [{ value: "x" }] })', /a cell asks the cluster at most 2000 times/],
  ['a timer of text', 'setTimeout("alert(1)", 10)', /^cell c1:1: a timer needs a function/],
  ['a timer that never fires', 'setTimeout(() => 1, Infinity)\n1', /has waited for an hour of cluster time/],
  ['more text than a cell has room for', '// x'.repeat(20_000), /the cell is too long\n {2}expected {2}at most 50000 characters\n {2}found {5}80000 characters\n {2}cure /],
] as const)('%s is said where it was written', async (_, code, message) => {
  const { problem } = await run(code);
  expect(problem === null ? null : problemText(problem)).toMatch(message);
});

test.each([
  ['that throws whatever is asked of it', 'throw new Proxy({}, { getPrototypeOf() { throw 1 }, get() { throw 2 } })', /the cell threw something that cannot be read/],
  ['whose message throws', 'throw Object.defineProperty(new Error("x"), "message", { get() { throw 1 } })', /the cell threw something that cannot be read/],
  ['whose stack is a number', 'throw Object.assign(new Error("plain"), { stack: 5 })', /the cell threw Error: plain/],
  ['in a timer', 'setTimeout(() => { throw new Proxy({}, { getPrototypeOf() { throw 1 } }) }, 10)\nawait cluster.advance("1s")', /the cell threw something that cannot be read/],
] as const)('something thrown %s is told all the same', async (_, code, message) => {
  const { problem } = await run(code);
  expect(problem === null ? null : problemText(problem)).toMatch(message);
});

test('an error with a message as long as a book is cut before it is searched', async () => {
  const { problem } = await run('throw new Error("x".repeat(1e6))');
  expect(problem?.what.length).toBeLessThan(2_100);
});

test.each([
  ['a list of four billion places', 'display(new Array(4294967295))', '[undefined, undefined, undefined, undefined, undefined, undefined, …]'],
  ['fifty million bytes', 'display(new Uint8Array(50_000_000))', '[0, 0, 0, 0, 0, 0, …]'],
  ['what throws when it is looked at', 'display(new Proxy({}, { getPrototypeOf() { throw new Proxy({}, { getPrototypeOf() { throw 9 } }) } }))', 'cannot be read: it threw'],
  ['a prototype as a key', 'display(JSON.parse(\'{"__proto__": {"a": 1}}\'))', '{ __proto__: {…} }'],
] as const)('%s is shown as far as it can be read', async (_, code, shown) => {
  const cell = await run(code);
  expect(cell.problem).toBeNull();
  expect(cell.shown.flatMap(({ values }) => values.map(shortText))).toEqual([shown]);
});

test('a text of a hundred million characters is cut before it is quoted', async () => {
  const cell = await run('({ text: "x".repeat(1e8) })');
  expect(JSON.stringify(cell.shown).length).toBeLessThan(11_000);
  expect(JSON.stringify(cell.shown)).toContain('(100000000 characters)');
});

test('dates mean UTC and English, and the clock of the machine is not to be had from Date', async () => {
  const cell = await run(`[
    new Date("2020-01-01 10:00").toISOString(), new Date(2020, 0, 1).toLocaleString(), new Date(0).toTimeString(), typeof Date(),
    Object.getPrototypeOf(Date).now, new Date().constructor === Date, Date.now(),
  ]`);
  expect(cell.result).toEqual(['2020-01-01T10:00:00.000Z', '1/1/2020, 12:00:00 AM', '00:00:00', 'string', undefined, true, 3_000]);
});
