// The kernel core in Node: what cells give each other, how their time passes, what they say when something is wrong.
import { expect, test } from 'vitest';
import { problemText } from '#src/notebook/cell-problem.ts';
import type { CellSource } from '#src/notebook/cell-protocol.ts';
import { shortText } from '#src/notebook/inspected-value.ts';
import { createHeadlessNotebook, runCellsHeadless } from '#src/notebook/run-cells-headless.ts';
import type { HeadlessCell } from '#src/notebook/run-cells-headless.ts';
import { createTestEngine } from './engine-in-test.ts';
import type { TestEngine } from './engine-in-test.ts';

const cellsOf = (...codes: readonly string[]): readonly CellSource[] => codes.map((code, index) => ({ id: `c${index + 1}`, code }));

async function runAll(codes: readonly string[], engine: TestEngine = createTestEngine()): Promise<readonly HeadlessCell[]> {
  return runCellsHeadless(cellsOf(...codes), engine, 1);
}

async function one(code: string, engine?: TestEngine): Promise<HeadlessCell> {
  const [cell] = await runAll([code], engine);
  if (cell === undefined) throw new Error('the cell did not run');
  return cell;
}

const shownBy = (cell: HeadlessCell | undefined): readonly string[] => (cell?.shown ?? []).flatMap(({ values }) => values.map(shortText));

test('a cell gives its names to the cells below it, and the last expression is its result', async () => {
  const [first, second] = await runAll(['const n: number = 20', 'n * 2 // twice']);
  expect(first?.gives).toEqual({ n: 20 });
  expect(second?.result).toBe(40);
  expect(shownBy(second)).toEqual(['40']);
});

test('changing a cell runs what depends on it again, in order, and nothing else', async () => {
  const engine = createTestEngine();
  const notebook = createHeadlessNotebook(engine, 1);
  const cells = cellsOf('const n = 1', 'const twice = n * 2', 'const apart = 7', 'twice + n');
  let at = 0;
  for (const { id } of cells) at = await notebook.run(cells, id, at);
  expect(notebook.started).toEqual(['c1', 'c2', 'c3', 'c4']);
  const changed = cells.map((cell) => (cell.id === 'c1' ? { ...cell, code: 'const n = 10' } : cell));
  await notebook.run(changed, 'c1', at);
  expect(notebook.started.slice(4)).toEqual(['c1', 'c2', 'c4']);
  expect(notebook.cell('c4')?.result).toBe(30);
});

test('a cell that is run alone takes what it needs with it, and leaves the others alone', async () => {
  const notebook = createHeadlessNotebook(createTestEngine(), 1);
  await notebook.run(cellsOf('const n = 2', 'await cluster.kill(2)', 'n + 1'), 'c3', 0);
  expect(notebook.started).toEqual(['c1', 'c3']);
  expect(notebook.cell('c3')?.result).toBe(3);
});

test('dependants that act on the cluster run one after the other, never mixed', async () => {
  const engine = createTestEngine();
  const notebook = createHeadlessNotebook(engine, 1);
  const cells = cellsOf('const go = 1', 'go; await cluster.kill(1); await cluster.advance("1s"); await cluster.kill(2)', 'go; await cluster.pause(3); await cluster.advance("1s"); await cluster.resume(3)');
  let at = 0;
  for (const { id } of cells) at = await notebook.run(cells, id, at);
  await notebook.run(cells, 'c1', at);
  expect(engine.log(1)).toEqual(['kill@0', 'kill@1000', 'pause@1000', 'resume@2000', 'kill@2000', 'kill@3000', 'pause@3000', 'resume@4000']);
});

test('time passes only where a cell awaits, and every clock in the cell agrees', async () => {
  const cell = await one(`
    const before = [Date.now(), performance.now(), cluster.now]
    for (let i = 0; i < 1e6; i += 1);
    await cluster.advance("30s")
    await new Promise(done => setTimeout(done, 250))
    ;({ before, after: [Date.now(), performance.now(), cluster.now], text: String(new Date()) })
  `);
  expect(cell.problem).toBeNull();
  expect(cell.result).toEqual({ before: [0, 0, 0], after: [30_250, 30_250, 30_250], text: 'Thu, 01 Jan 1970 00:00:30 GMT' });
  expect(cell.endedAt).toBe(30_250_000);
});

test('timers fire in the order of their time, one turn each', async () => {
  const cell = await one(`
    const seen = []
    const sleep = ms => new Promise(done => setTimeout(done, ms))
    setTimeout(() => { seen.push("b" + cluster.now); Promise.resolve().then(() => seen.push("b, later")) }, 20)
    setTimeout(() => seen.push("a" + cluster.now), 10)
    setTimeout(() => seen.push("c" + cluster.now), 20)
    const every = setInterval(() => seen.push("i" + cluster.now), 8)
    await sleep(30)
    clearInterval(every)
    seen
  `);
  expect(cell.result).toEqual(['i8', 'a10', 'i16', 'b20', 'b, later', 'c20', 'i24']);
});

test('the same cell gives the same run, random numbers and all', async () => {
  const code = 'const drawn = []; for (let i = 0; i < 5; i += 1) { await cluster.advance(Math.floor(Math.random() * 1000) + 1); drawn.push(Math.random(), cluster.now) }\ndrawn';
  const [first, second] = [await one(code), await one(code)];
  expect(first.result).toEqual(second.result);
  expect(new Set(first.result as number[]).size).toBe(10);
});

test('a producer is a process of the cluster, and a send is answered in its own time, as KafkaJS answers', async () => {
  const engine = createTestEngine();
  const cell = await one(`
    import { Kafka } from "kafkajs"
    const producer = new Kafka({ brokers: ["cpu-node1:9092"] }).producer()
    await producer.connect()
    await producer.send({ topic: "user-events", messages: [{ key: "customer-123", value: "paid" }, { value: "x", partition: 2 }] })
  `, engine);
  expect(cell.problem).toBeNull();
  expect(cell.result).toEqual([
    { topicName: 'user-events', partition: 0, errorCode: 0, baseOffset: '0' },
    { topicName: 'user-events', partition: 2, errorCode: 0, baseOffset: '1' },
  ]);
  expect(cell.endedAt).toBe(5_000);
  expect(engine.commands(1)[0]).toEqual({ do: 'open-producer', producer: { id: 'cell-c1', settings: { acks: 'all', 'enable.idempotence': true } } });
  expect(engine.log(1)).toEqual(['open-producer@0', 'send@0']);
});

test('sends that are not awaited one by one share the instant', async () => {
  const engine = createTestEngine();
  const cell = await one(`
    const producer = kafka.producer({ idempotent: false })
    await producer.connect()
    const sends = [1, 2, 3].map(n => producer.send({ topic: "user-events", acks: 1, messages: [{ value: String(n) }] }))
    await Promise.all(sends)
    cluster.now
  `, engine);
  expect(cell.result).toBe(5);
  expect(engine.log(1)).toEqual(['open-producer@0', 'open-producer@0', 'send@0', 'send@0', 'send@0']);
});

test('a cell that runs again closes the producer of its last run and opens one of another name', async () => {
  const engine = createTestEngine();
  const notebook = createHeadlessNotebook(engine, 1);
  const cells = cellsOf('const producer = kafka.producer(); await producer.connect()');
  await notebook.run(cells, 'c1', 0);
  await notebook.run(cells, 'c1', 1_000);
  expect(engine.commands(1).map((command) => ('producer' in command && typeof command.producer === 'object' ? command.producer.id : command.do))).toEqual(['cell-c1', 'close-client', 'cell-c1-2']);
});

test('observe() shows the moment, with what was done before it', async () => {
  const cell = await one('cluster.kill(2)\nawait cluster.advance("15s")\ncluster.observe().partitions("user-events")');
  expect(cell.result).toEqual([0, 1].map((partition) => ({ partition, leader: 3, leaderEpoch: 0, isr: [1, 2, 3], replicas: [2, 3, 1], highWatermark: 4, logEnds: [4, 4, 4] })));
  expect(cell.shown[0]?.values[0]).toMatchObject({ kind: 'table', columns: ['partition', 'leader', 'leaderEpoch', 'isr', 'replicas', 'highWatermark', 'logEnds'] });
});

test('a fork is a cluster of its own with a time of its own', async () => {
  const engine = createTestEngine();
  const [first, second] = await runAll([
    'await cluster.advance("2s")\nconst quick = await cluster.fork({ "broker.session.timeout.ms": 1_000, producers: { "web-1": { acks: "1" } } })\nawait quick.kill(2)\nawait quick.advance("5s")',
    '({ main: [cluster.now, cluster.observe().leaders("user-events")], fork: [quick.now, quick.observe().leaders("user-events")] })',
  ], engine);
  expect(first?.problem).toBeNull();
  expect(second?.result).toEqual({ main: [2_000, [2, 2]], fork: [7_000, [3, 3]] });
  expect(engine.log(1)).toEqual([]);
});

test('what a cell shows is data: tables, trees, text, and no more than a page can hold', async () => {
  const cell = await one('console.log("a", { b: [1, 2] }); display([{ x: 1 }, { x: 2, y: "z" }]); for (let i = 0; i < 1000; i += 1) display(i)');
  expect(cell.shown[0]?.values).toEqual([
    { kind: 'text', text: 'a' },
    { kind: 'tree', label: 'Object', isList: false, size: 1, entries: [{ key: 'b', value: { kind: 'tree', label: 'Array', isList: true, size: 2, entries: [
      { key: '0', value: { kind: 'atom', type: 'number', text: '1' } }, { key: '1', value: { kind: 'atom', type: 'number', text: '2' } }] } }] },
  ]);
  expect(cell.shown[1]?.values[0]).toMatchObject({ kind: 'table', columns: ['x', 'y'], size: 2 });
  expect(cell.shown).toHaveLength(201);
  expect(shownBy(cell).at(-1)).toMatch(/at most 200/);
});

test('values that fight back are described without harm', async () => {
  const cell = await one('const o = { get bad() { throw new Error("no") } }; o.me = o; display(o); display("x".repeat(1e6)); display(Array.from({ length: 1e5 }, (_, i) => i)); display(new Proxy({}, { ownKeys() { throw new Error("hidden") } }))');
  expect(cell.problem).toBeNull();
  expect(shownBy(cell)[0]).toBe('{ bad: Error: no, me: itself, again }');
  expect(shownBy(cell)[1]).toHaveLength(10_000 + '… (1000000 characters)'.length);
  expect(cell.shown[2]?.values[0]).toMatchObject({ size: 100_000, entries: { length: 100 } });
  expect(shownBy(cell)[3]).toBe('cannot be read: hidden');
});

const problems: readonly (readonly [string, readonly string[], string])[] = [
  ['a syntax error', ['const a = 1\nconst x: = 3'], 'cell c1:2:10'],
  ['a throw', ['const a = 1\n\nthrow new Error("enough")'], 'cell c1:3: the cell threw Error: enough'],
  ['a throw behind an await', ['await cluster.advance("1s")\nnull.x'], 'cell c1:2: the cell threw TypeError'],
  ['an unknown name with a near one', ['const lag = 3', 'lga + 1'], 'cell c2:1:1: lga is not defined; did you mean lag?'],
  ['an unknown name', ['nowhere + 1'], 'cell c1:1:1: nowhere is not defined'],
  ['a name of the browser', ['const x = 1\nawait fetch("/")'], 'cell c1:2: a cell has no fetch'],
  ['the document', ['document.title'], 'cell c1:1: a cell has no document'],
  ['the global object', ['globalThis.postMessage(1)'], 'cell c1:1: a cell has no globalThis'],
  ['an import', ['import fs from "node:fs"'], 'cell c1:1:1: a cell cannot import'],
  ['an import expression', ['const a = 1\nawait import("https://example.org/x.js")'], 'cell c1:2:7: a cell cannot import'],
  ['a name that is given twice', ['const a = 1', 'const a = 2'], 'cell c1:1:7: a is defined more than once'],
  ['a circle', ['const a = b', 'const b = a'], 'cell c1: this cell needs itself'],
  ['a promise that nobody keeps', ['const a = 1\nawait new Promise(() => {})'], 'cell c1: the cell waits for something that nothing will bring'],
  ['an endless loop of awaits', ['while (true) await cluster.advance("1s")'], 'cell c1: the cell has waited 2000 times'],
  ['an endless wait', ['await cluster.advance("100h")'], 'cell c1: the cell has waited for an hour of cluster time'],
  ['an endless loop of calls', ['while (true) await cluster.pause(1)'], 'cell c1: a cell asks the cluster at most 2000 times'],
  ['a method that is not there', ['await cluster.kil(2)'], 'cell c1:1: cluster.kil is not a function; did you mean kill?'],
  ['a wrong argument', ['await cluster.advance("soon")'], 'cell c1:1: cluster.advance(span) needs a span of time'],
  ['a look before the act', ['cluster.kill(2)\ncluster.observe()'], 'cell c1:2: observe() looks before the line above it'],
  ['a topic that is not there', ['cluster.observe().partitions("user-event")'], 'cell c1:1: there is no topic "user-event"'],
  ['a command that does not fit', ['const a = 1\nawait cluster.kill(9)'], 'cell c1:2: there is no "broker-9"'],
  ['an error of the cluster', ['const p = kafka.producer()\nawait p.connect()\nawait p.send({ topic: "missing", messages: [{ value: "x" }] })'], 'cell c1:3: KafkaJSProtocolError: UNKNOWN_TOPIC_OR_PARTITION'],
  ['a producer that is not connected', ['await kafka.producer().send({ topic: "a", messages: [] })'], 'cell c1:1: KafkaJSError: The producer is disconnected'],
  ['a consumer group', ['kafka.consumer({ groupId: "g" })'], 'cell c1:1: consumer groups are not simulated yet'],
  ['a timer that throws', ['setTimeout(() => { throw new Error("late") }, 10)'], 'cell c1:1: the cell threw Error: late'],
  ['a call that nobody awaits and that fails', ['const p = kafka.producer()\nawait p.connect()\np.send({ topic: "missing", messages: [{ value: "x" }] })\nnull'], 'cell c1'],
];

test.each(problems)('%s is reported with its place and a cure', async (_, codes, start) => {
  const cells = await runAll(codes);
  const problem = cells.map((cell) => cell.problem).find((found) => found !== null) ?? null;
  expect(problem === null ? 'no problem' : problemText(problem)).toContain(start);
  expect(problem?.expected).not.toBe('');
  expect(problem?.found).not.toBe('');
  expect(problem?.cure).not.toBe('');
});

test('a cell whose need has failed says which one, and runs by itself when that one is mended', async () => {
  const notebook = createHeadlessNotebook(createTestEngine(), 1);
  const broken = cellsOf('const n = 1; throw new Error("no")', 'n + 1');
  await notebook.run(broken, 'c2', 0);
  expect(notebook.cell('c2')?.problem).toMatchObject({ code: 'cell-needs-failed', found: 'cell 1 failed' });
  await notebook.run(cellsOf('const n = 1', 'n + 1'), 'c1', 0);
  expect(notebook.cell('c2')).toMatchObject({ problem: null, result: 2 });
});

test('after an endless loop of awaits the notebook goes on', async () => {
  const notebook = createHeadlessNotebook(createTestEngine(), 1);
  const at = await notebook.run(cellsOf('while (true) { try { await cluster.advance("1s") } catch (e) { throw e } }'), 'c1', 0);
  expect(notebook.cell('c1')?.problem?.code).toBe('cell-budget');
  await notebook.run(cellsOf('1 + 1'), 'c1', at);
  expect(notebook.cell('c1')).toMatchObject({ problem: null, result: 2 });
});
