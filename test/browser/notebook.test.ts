// Cells in a real browser: what code in a cell can reach (nothing but the bridge), and that it can be stopped.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contentSecurityPolicy } from '#src/layouts/content-security-policy.ts';
import { kernelSource } from '#src/notebook/kernel-plugin.ts';
import { root } from '../tidy/source-files.ts';
import { launchBrowser, openPage, serveFolder } from './browser-under-test.ts';
import type { ServedSite } from './browser-under-test.ts';
import type { CellReport, NotebookUnderTest } from './notebook-page.ts';

const BOOT_MS_MAX = 120_000;
let folder: string;
let site: ServedSite;
let browser: Browser;
let page: Page;
const requests: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'notebook-'));
  await build({
    root, configFile: false, publicDir: false, logLevel: 'error', plugins: [kernelSource()],
    build: { outDir: folder, emptyOutDir: true, rolldownOptions: { input: join(root, 'test/browser/notebook-page.ts'), output: { entryFileNames: 'page.js' } } },
  });
  await writeFile(join(folder, 'index.html'), `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy([])}"><title>Cells</title></head><body><script type="module" src="page.js"></script></body></html>`);
  await writeFile(join(folder, 'secret.txt'), 'secret');
  site = await serveFolder(folder);
  browser = await launchBrowser();
  ({ page } = await openPage(browser));
  page.on('request', (request) => { requests.push(request.url()); });
  await page.goto(site.address);
  await page.waitForFunction(() => 'notebook' in window);
}, BOOT_MS_MAX);

afterAll(async () => {
  await browser.close();
  await site.close();
  await rm(folder, { recursive: true });
});

function inPage(): { readonly notebook: NotebookUnderTest } {
  return window as unknown as { readonly notebook: NotebookUnderTest };
}

async function run(codes: readonly string[], target = codes.length): Promise<Readonly<Record<string, CellReport>>> {
  return page.evaluate(([code, cell]) => (window as unknown as ReturnType<typeof inPage>).notebook.run(code, cell), [codes, target] as const);
}

async function one(code: string): Promise<CellReport> {
  const cell = (await run([code]))['c1'];
  if (cell === undefined) throw new Error('the cell did not run');
  return cell;
}

test('the kernel has an opaque origin, makes no code out of text, and nothing of the browser is left in it', async () => {
  const walls = await page.evaluate(() => (window as unknown as ReturnType<typeof inPage>).notebook.walls());
  expect(walls.origin).toBe('null');
  expect(walls.evalIsBlocked).toBe(true);
  // Two numbers that Chromium does not let go of.
  expect(walls.open.filter((name) => !['TEMPORARY', 'PERSISTENT'].includes(name))).toEqual([]);
});

test('a cell runs, in TypeScript, and gives its values to the next one', async () => {
  const cells = await run(['const n: number = 20', 'display(`${n}`)\nn * 2']);
  expect(cells['c2']).toMatchObject({ problem: null, shown: ['20', '40'] });
});

test('virtual time and random numbers are the same as headless', async () => {
  const cell = await one('const t = Date.now(); await new Promise(done => setTimeout(done, 1500)); [Date.now() - t, typeof Math.random()]');
  expect(cell.shown).toEqual(['[1500, "number"]']);
  expect(cell.endedAt - cell.startedAt).toBe(1_500_000);
});

const attempts: readonly (readonly [string, string, RegExp])[] = [
  ['fetch', 'await fetch("secret.txt")', /c1:1: a cell has no fetch/],
  ['fetch under another name', 'const get = fetch\nawait get("secret.txt")', /c1:2: a cell has no fetch/],
  ['XMLHttpRequest', 'new XMLHttpRequest()', /a cell has no XMLHttpRequest/],
  ['WebSocket', 'new WebSocket("ws://localhost")', /a cell has no WebSocket/],
  ['importScripts', 'importScripts("page.js")', /a cell has no importScripts/],
  ['a nested worker', 'new Worker("data:text/javascript,postMessage(1)")', /a cell has no Worker/],
  ['a broadcast channel', 'new BroadcastChannel("k").postMessage("hi")', /a cell has no BroadcastChannel/],
  ['the document', 'document.cookie', /a cell has no document/],
  ['the window', 'window.parent', /a cell has no window/],
  ['the global object', 'globalThis.x', /a cell has no globalThis/],
  ['self', 'self.postMessage({ type: "done" })', /a cell has no self/],
  ['storage', 'localStorage.getItem("x")', /a cell has no localStorage/],
  ['a database', 'indexedDB.open("a")', /a cell has no indexedDB/],
  ['an import', 'await import("./page.js")', /a cell cannot import/],
  ['import.meta', 'import.meta.url', /a cell cannot import/],
  ['eval', 'eval("1")', /cannot make code out of text/],
  ['Function', 'Function("return this")()', /cannot make code out of text/],
  ['constructor.constructor', '[].constructor.constructor("return this")()', /cannot make code out of text/],
  ['the constructor of async functions', '(async () => {}).constructor("return this")()', /cannot make code out of text/],
  ['the constructor of generators', '(function* () {}).constructor("yield this")()', /cannot make code out of text/],
  ['the constructor behind the API', 'cluster.kill.constructor("return this")()', /cannot make code out of text/],
  ['the constructor behind a promise of the API', '(await cluster.pause(1)) ?? cluster.advance("1s").constructor.constructor("return self")()', /cannot make code out of text/],
  ['WebAssembly', 'await WebAssembly.compile(new Uint8Array(8))', /WebAssembly is not defined/],
];

test.each(attempts)('%s gives nothing', async (_, code, message) => {
  const cell = await one(code);
  expect(cell.problem).toMatch(message);
  expect(cell.problem).toMatch(/expected {2}.+\n {2}found {5}.+\n {2}cure {6}.+/);
});

test('the global object reached in a roundabout way is empty', async () => {
  const cell = await one(`
    const roads = [function () { return this }, () => this, () => Reflect.apply(function () { return this }, undefined, []), () => new Function("return this")(), () => Error().constructor.prepareStackTrace]
    const found = roads.map(road => { try { return typeof road() } catch (e) { return e.name } })
    found
  `);
  expect(cell.shown).toEqual(['["undefined", "undefined", "undefined", "ReferenceError", "undefined"]']);
});

test('a cell that blinds the check for imports finds the policy behind it', async () => {
  const heard: string[] = [];
  const elsewhere = createServer((request, response) => {
    heard.push(request.url ?? '');
    response.writeHead(200, { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' }).end('export default 1');
  });
  await new Promise<void>((resolve) => { elsewhere.listen(0, '127.0.0.1', resolve); });
  const { port } = elsewhere.address() as AddressInfo;
  const urls = JSON.stringify([`http://127.0.0.1:${port}/x.js?told`, `${site.address}page.js?told`, `${site.address}secret.txt?told`, 'data:text/javascript,export default 1', '/page.js', 'blob:null/1', 'node:fs', 'ftp://127.0.0.1/x.js']);
  const codes = [
    'const test = RegExp.prototype.test\nRegExp.prototype.test = function (text) { return this.source === "\\\\bimport\\\\b" ? false : test.call(this, text) }\nconst blind = 1',
    `blind\nconst got = []\nfor (const url of ${urls}) try { await import(url); got.push(url) } catch (error) { got.push(error.name) }\ngot.join()`,
  ];
  // The first run poisons the compiler of the second.
  await run(codes.slice(0, 1));
  const cells = await run(codes);
  // Loading takes a task of the event loop, which no cell waits for; were it there in time, every load fails.
  expect(cells['c2']?.problem ?? cells['c2']?.shown[0]).toMatch(/^cell c2: the cell waits for something|^"(TypeError,?){8}"$/);
  // The policy lets a poisoned kernel ask this very site for a script, which its opaque origin may not read, and nobody else.
  await run(['const fresh = 1'], 1);
  elsewhere.close();
  expect(heard).toEqual([]);
}, 20_000);

test('a promise that is made of anything that has a then, and a prototype with setters, reach nobody', async () => {
  const cell = await one(`
    const seen = []
    for (const name of ["type", "lockdown", "post", "environment", "onReply", "port2", "session"]) Object.defineProperty(Object.prototype, name, { configurable: true, set(value) { seen.push(name) }, get() { seen.push(name); return undefined } })
    await cluster.advance("1s")
    for (const name of ["type", "lockdown", "post", "environment", "onReply", "port2", "session"]) delete Object.prototype[name]
    seen.filter(name => name === "post" || name === "port2" || name === "environment").length
  `);
  expect(cell.problem === null ? cell.shown : []).toEqual(cell.problem === null ? ['0'] : []);
  expect((await one('1 + 1')).shown).toEqual(['2']);
}, 20_000);

test.each([
  ['lists', 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length))'],
  ['buffers', 'const all = []; for (;;) all.push(new Uint8Array(2e8).fill(1))'],
])('a cell that fills the memory with %s is stopped, and the page lives on', async (_, code) => {
  const cell = await one(code);
  expect(cell.problem).toMatch(/^cell c1/);
  expect((await one('1 + 1')).shown).toEqual(['2']);
}, 30_000);

test('a cell that changes the language under the kernel harms nobody but itself', async () => {
  const cell = await one('Array.prototype.push = function () { while (true); }; Promise.prototype.then = null; 1');
  expect(cell.problem).not.toBeNull();
  expect((await one('1 + 1')).shown).toEqual(['2']);
}, 20_000);

test('no cell has asked the network for anything', () => {
  const asked = requests.filter((url) => url.startsWith('http') && !url.endsWith('?told')).map((url) => new URL(url));
  expect(asked.filter(({ pathname, origin }) => /secret|example/.test(pathname) || origin !== new URL(site.address).origin)).toEqual([]);
});

test('a syntax error and a throw say where, what was expected, what was found, and the cure', async () => {
  expect((await one('const a = 1\nconst x: = 3')).problem).toBe([
    'cell c1:2:10: this is not TypeScript: unexpected token', '  expected  statements that parse', '  found     const x: = 3',
    '  cure      Look at line 2, column 10: a bracket, quote or comma is missing or too many just before it.',
  ].join('\n'));
  expect((await one('const a = 1\n\nthrow new Error("enough")')).problem).toBe([
    'cell c1:3: the cell threw Error: enough', '  expected  a cell that runs to its end', '  found     throw new Error("enough")',
    '  cure      Mend this line, or catch the error with try and catch.',
  ].join('\n'));
});

test('a promise that is rejected and that nobody awaits is said', async () => {
  expect((await one('const later = async () => { await cluster.advance("1s"); throw new Error("unseen") }\nlater()\nnull')).problem).toMatch(/the cell threw Error: unseen/);
});

test('Stop ends a cell at its next await, and the cells go on', async () => {
  const cells = await page.evaluate(() => (window as unknown as ReturnType<typeof inPage>).notebook.runAndStop(['const n = 4', 'for (let i = 0; i < 1000; i += 1) await cluster.advance("1s")\nn'], 2));
  expect(cells['c2']?.problem).toMatch(/^cell c2: the cell was stopped/);
  expect((await run(['const n = 4', 'n + 1']))['c2']).toMatchObject({ problem: null, shown: ['5'] });
});

const loops: readonly (readonly [string, string])[] = [
  ['a loop', 'await cluster.kill(1); while (true);'],
  ['a loop of promises', 'await cluster.kill(1); while (true) await null'],
  ['a loop in a timer', 'await cluster.kill(1); setTimeout(() => { for (;;); }, 10)'],
  ['a loop behind its own output', 'await cluster.kill(1); for (;;) console.log("x".repeat(1000))'],
  ['a loop of waiting', 'await cluster.kill(1); while (true) await cluster.advance("1s")'],
];

test.each(loops)('%s without an end is stopped within 3 seconds, and the cluster and the other cells live on', async (_, code) => {
  const before = await page.evaluate(() => (window as unknown as ReturnType<typeof inPage>).notebook.log().length);
  await one('0');
  const from = Date.now();
  const cell = await one(code);
  expect(Date.now() - from).toBeLessThan(3_000);
  expect(cell.problem).toMatch(/has not paused for about two seconds|has waited 2000 times/);
  const log = await page.evaluate(() => (window as unknown as ReturnType<typeof inPage>).notebook.log());
  expect(log.slice(before).some((entry) => entry.startsWith('kill@'))).toBe(true);
  const cells = await run(['const n = 4', 'await cluster.restart(1)\nn + 1']);
  expect(cells['c2']).toMatchObject({ problem: null, shown: ['5'] });
}, 20_000);
