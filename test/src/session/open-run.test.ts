// Files from elsewhere, as the page opens them: what is wrong is said, and the run that was open stays as it was.
import { expect, test } from 'vitest';
import { PRESETS } from '#engine/cluster/presets.ts';
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import type { RunFile } from '#engine/host/api.ts';
import { createEngine } from '#engine/host/in-process.ts';
import { parseRunFile, writeRunFile } from '#engine/cluster/run-file.ts';
import { newRun } from '#engine/host/run-file.ts';
import type { AsyncEngine } from '#src/session/engine-client.ts';
import { LiveSession } from '#src/session/live-session.ts';
import { nextSliceUs, OPEN_MS_MAX, openRun } from '#src/session/open-run.ts';
import { problemOf } from '#src/session/problem-of.ts';

const SPEC = PRESETS['guides/three-nodes'] as ClusterSpec;
const KILLED: RunFile = { ...newRun(SPEC, 7), inputs: [{ at: 5_000_000, command: { do: 'kill', node: 1 } }], until: 9_000_000 };

/** The real engine behind promises, as the worker gives it: an error keeps its name and its message. */
function asyncEngine(): { readonly engine: AsyncEngine; readonly calls: string[] } {
  const calls: string[] = [];
  const engine = createEngine();
  const later = Object.fromEntries(Object.entries(engine).map(([name, answer]) => [name, typeof answer !== 'function' ? Promise.resolve(answer) : async (...args: never[]) => {
    calls.push(name);
    try {
      return (answer as (...args: never[]) => unknown)(...args);
    } catch (error) {
      throw new Error(error instanceof Error ? error.message : String(error));
    }
  }]));
  return { engine: later as unknown as AsyncEngine, calls };
}

test('a run that is opened in slices is the run that is opened at once', async () => {
  const { engine, calls } = asyncEngine();
  const { session, head } = await openRun(engine, KILLED);
  expect(head).toBe(9_000_000);
  expect(calls.filter((name) => name === 'advance').length).toBeGreaterThan(1);
  const whole = createEngine();
  expect(await engine.digest(session)).toBe(whole.digest(whole.open(KILLED).session));
  expect(await engine.run(session)).toEqual(KILLED);
});

test('a run that takes too long is given up with a cure, and its session is closed', async () => {
  const { engine, calls } = asyncEngine();
  let now = 0;
  const slowly = (): number => (now += 3_000);
  const problem = problemOf(await openRun(engine, { ...KILLED, until: 3_600_000_000 }, slowly).catch((reason: unknown) => reason));
  expect(problem).toMatchObject({ what: 'the run takes too long to open here', where: 'until', expected: `a run that is simulated within ${OPEN_MS_MAX / 1_000} s` });
  expect(problem.found).toMatch(/^after \d+ s it had come to \d+ s of 3600 s$/);
  expect(problem.cure).toMatch(/less traffic/);
  expect(calls.at(-1)).toBe('close');
});

test('a slow engine is asked for less at a time, a fast one for more', () => {
  expect(nextSliceUs(1_000_000, 1_000)).toBe(100_000);
  expect(nextSliceUs(1_000_000, 1_000_000)).toBe(50_000);
  expect(nextSliceUs(1_000_000, 10)).toBe(2_000_000);
  expect(nextSliceUs(600_000_000, 0)).toBe(600_000_000);
});

const node = (id: number) => ({ id, host: `h${id}` });
const withSpec = (changes: object): object => ({ ...KILLED, spec: { ...SPEC, ...changes } });
const withInput = (command: unknown, at: unknown = 1): object => ({ ...KILLED, inputs: [{ at, command }] });
const send = (changes: object): object => withInput({ do: 'send', producer: 'p', topic: 't', records: [{ key: null, value: 'v' }], call: 1, ...changes });

const files: readonly (readonly [string, string, string])[] = [
  ['that is cut off', writeRunFile(KILLED).slice(0, 300), 'bad.json:'],
  ['that is a picture', '\u0089PNG\r\n\u001a', 'bad.json:'],
  ['that is empty', '', 'bad.json:1'],
  ['of a later engine', JSON.stringify({ ...KILLED, engine: '9.0.0' }), 'run.engine'],
  ['with a billion partitions', JSON.stringify(withSpec({ topics: [{ name: 't', partitions: 1e9 }] })), 'run.spec.topics[0].partitions'],
  ['with a thousand nodes', JSON.stringify(withSpec({ nodes: Array.from({ length: 1_000 }, (_, id) => node(id + 1)) })), 'run.spec.nodes'],
  ['with no node', JSON.stringify(withSpec({ nodes: [] })), 'run.spec.nodes'],
  ['that ends in a million years', JSON.stringify({ ...KILLED, until: 1e18 }), 'run.until'],
  ['that ends before it begins', JSON.stringify({ ...KILLED, until: -1 }), 'run.until'],
  ['that ends at no time', JSON.stringify({ ...KILLED, until: Number.NaN }), 'run.until'],
  ['that ends in the middle of a microsecond', JSON.stringify({ ...KILLED, until: 2_000_000.5 }), 'run.until'],
  ['with a million inputs', JSON.stringify({ ...KILLED, inputs: new Array(1_000_000).fill(0) }), 'run.inputs'],
  ['with inputs that are an object', JSON.stringify({ ...KILLED, inputs: { length: 1 } }), 'run.inputs'],
  ['with an input before the beginning', JSON.stringify(withInput({ do: 'kill', node: 1 }, -5)), 'run.inputs[0].at'],
  ['with an input at no time', JSON.stringify(withInput({ do: 'kill', node: 1 }, null)), 'run.inputs[0].at'],
  ['with inputs out of order', JSON.stringify({ ...KILLED, inputs: [...KILLED.inputs, { at: 1, command: { do: 'kill', node: 2 } }] }), 'run.inputs[1].at'],
  ['with a command by the name of a prototype', JSON.stringify(withInput({ do: 'constructor' })), 'run.inputs[0].command.do'],
  ['with a command that is a list', JSON.stringify(withInput([])), 'run.inputs[0].command'],
  ['with a call of number 0', JSON.stringify(send({ call: 0 })), 'run.inputs[0].command.call'],
  ['with a producer named by markup', JSON.stringify(send({ producer: '<img src=x>' })), 'run.inputs[0].command.producer'],
  ['with a topic named by markup', JSON.stringify(withSpec({ topics: [{ name: '"><b>' }] })), 'run.spec.topics[0].name'],
  ['with a host named by markup', JSON.stringify(withSpec({ nodes: [{ id: 1, host: '<b>' }] })), 'run.spec.nodes[0].host'],
  ['with a record that is a number', JSON.stringify(send({ records: [5] })), 'run.inputs[0].command.records[0]'],
  ['with a prototype in it', `{"__proto__": {"x": 1}, ${JSON.stringify(KILLED).slice(1)}`, 'run'],
  ['with a prototype among its settings', JSON.stringify(KILLED).replace('"nodes":', '"settings":{"__proto__":{"x":1}},"nodes":'), 'run.spec.settings["__proto__"]'],
  ['with a setting by the name of a method', JSON.stringify(withSpec({ settings: { hasOwnProperty: 1 } })), 'run.spec.settings["hasOwnProperty"]'],
  ['with a seed of text', JSON.stringify({ ...KILLED, seed: '7' }), 'run.seed'],
];

test.each(files)('a file %s is refused at its place, and the run that was open stays', async (_, text, where) => {
  const { engine } = asyncEngine();
  const session = new LiveSession(engine);
  await session.open(KILLED);
  const before = { at: session.shownUs, facts: session.facts.all.length, run: await session.save() };
  const problem = problemOf(await (async () => session.open(parseRunFile(text, 'bad.json')))().catch((reason: unknown) => reason));
  expect(where.endsWith(':') ? problem.where?.replace(/\d+$/, '') : problem.where).toBe(where);
  for (const part of [problem.what, problem.expected, problem.found, problem.cure]) expect(part).not.toBe('');
  for (const part of [problem.expected, problem.found, problem.cure]) expect(part).not.toBeNull();
  expect({ at: session.shownUs, facts: session.facts.all.length, run: await session.save() }).toEqual(before);
  expect(session.isHeld).toBe(false);
  await session.give({ do: 'kill', node: 2 });
  expect(session.facts.all.at(-1)?.at).toBeGreaterThanOrEqual(9_000_000);
  expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
});

test('two calls of one number are told apart from a third, and a command that does not fit its moment does no harm', async () => {
  const command = { do: 'send', producer: 'nobody', topic: 'nothing', records: [{ key: 'a', value: 'b' }], call: 1 } as const;
  const { engine } = asyncEngine();
  const session = new LiveSession(engine);
  await session.open({ ...KILLED, inputs: [{ at: 1_000_000, command }, { at: 1_000_000, command }, { at: 2_000_000, command: { do: 'kill', node: 77 } }] });
  expect(session.shownUs).toBe(9_000_000);
  expect(await session.call((call) => ({ do: 'fetch-metadata', topics: null, call }))).toBe(2);
});
