// A code cell on a page: static text, editor, Run, output, errors with a cure, a loop that is stopped, an operator's hand on the cluster.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEngine } from '#engine/host/in-process.ts';
import { contentSecurityPolicy } from '#src/layouts/content-security-policy.ts';
import { highlightTypeScript } from '#src/lesson/highlight-typescript.ts';
import { kernelSource } from '#src/notebook/kernel-plugin.ts';
import { runCellsHeadless } from '#src/notebook/run-cells-headless.ts';
import { newRun } from '#engine/cluster/run-file.ts';
import { root } from '../tidy/source-files.ts';
import { launchBrowser, openPage, serveFolder } from './browser-under-test.ts';
import type { ServedSite } from './browser-under-test.ts';
import { NOTEBOOK_SPEC } from './notebook-spec.ts';

const BOOT_MS_MAX = 120_000;
const CELLS = ['const lag = 3\nawait cluster.kill(2)\nawait cluster.advance("15s")\ncluster.observe().partitions("user-events")', 'lag + 1'];
let folder: string;
let site: ServedSite;
let browser: Browser;
let page: Page;
let complaints: string[];

/** The markup of components/blocks/CellBlock.astro. */
function cell(code: string, index: number): string {
  const number = index + 1;
  const block = JSON.stringify({ kind: 'cell', id: `c${number}`, code, number, of: null, line: 1 }).replaceAll('<', '\\u003c');
  const lines = highlightTypeScript(code).map((line) => `<span class="line">${line}</span>`).join('');
  return `<section class="code-cell" id="cell-c${number}" data-block="cell" aria-label="Cell ${number}"><script type="application/json">${block}</script>
    <header><b>${number}</b><span data-mount="cell-status">TypeScript</span><span data-mount="cell-controls"></span></header>
    <div data-mount="cell-code"><pre tabindex="0" aria-label="Code of cell ${number}" role="group"><code>${lines}</code></pre></div>
    <div data-mount="cell-output" role="status"></div></section>`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cells-'));
  await build({
    root, configFile: false, publicDir: false, logLevel: 'error', base: './', plugins: [kernelSource()], worker: { format: 'es' },
    build: { outDir: folder, emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false }, rolldownOptions: { input: join(root, 'test/browser/notebook-cells-page.ts'), output: { entryFileNames: 'page.js', assetFileNames: 'assets/[name][extname]' } } },
  });
  await writeFile(join(folder, 'index.html'), `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy([])}"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>Cells</title><link rel="stylesheet" href="assets/notebook-cells-page.css"></head><body><main><h1>Cells</h1>${CELLS.map(cell).join('')}</main><script type="module" src="page.js"></script></body></html>`);
  site = await serveFolder(folder);
  browser = await launchBrowser();
  await freshPage();
}, BOOT_MS_MAX);

afterAll(async () => {
  await browser.close();
  await site.close();
  await rm(folder, { recursive: true });
});

async function freshPage(): Promise<void> {
  ({ page, complaints } = await openPage(browser));
  await page.goto(site.address);
  await page.getByRole('button', { name: 'Run cell 1' }).waitFor();
}

async function shownClock(): Promise<number> {
  return page.evaluate(() => (window as unknown as { session: { shownUs: number } }).session.shownUs);
}

async function write(number: number, code: string): Promise<void> {
  const editor = page.getByRole('textbox', { name: `Code of cell ${number}` });
  if (await editor.count() === 0) await page.getByLabel(`Code of cell ${number}`).click();
  await editor.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(code);
}

const status = (number: number) => page.locator(`#cell-c${number} [data-mount="cell-status"]`);
const output = (number: number) => page.locator(`#cell-c${number} [data-mount="cell-output"]`);

test('Run plays the cell on the live cluster, shows a table, and the page\'s clock ends where the cell has ended', async () => {
  await page.getByRole('button', { name: 'Run cell 1' }).click();
  await expect.poll(() => status(1).textContent(), { timeout: 15_000 }).toBe('ran in 15.0 s of cluster time');
  const rows = await output(1).locator('tbody tr').allInnerTexts();
  expect(rows.map((row) => row.split('\t').slice(0, 4))).toEqual([['0', '1', '0', '1, 3'], ['1', '3', '1', '3, 1'], ['2', '3', '0', '3, 1']]);
  expect(await shownClock()).toBe(27_000_000);
  expect(complaints).toEqual([]);
});

test('the editor opens with Enter, looks like the text, runs with Control and Enter, and Escape leaves it', async () => {
  await page.getByLabel('Code of cell 2').focus();
  await page.keyboard.press('Enter');
  const editor = page.getByRole('textbox', { name: 'Code of cell 2' });
  await editor.waitFor();
  await expect.poll(() => editor.evaluate((element) => element.contains(document.activeElement))).toBe(true);
  expect(await editor.innerText()).toBe('lag + 1');
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('lag * 100');
  expect(await status(2).textContent()).toBe('edited, not run');
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => output(2).textContent()).toBe('300');
  // The first Escape may close a list of completions.
  await expect.poll(async () => {
    await page.keyboard.press('Escape');
    return page.evaluate(() => document.activeElement?.textContent);
  }).toMatch(/^Run cell 2/);
});

test('changing the first cell runs the second again', async () => {
  await write(1, 'const lag = 7');
  await page.getByRole('button', { name: 'Run cell 1' }).click();
  await expect.poll(() => output(2).textContent()).toBe('700');
});

test('an unknown name is mended by pressing the cure', async () => {
  await write(2, 'lga * 100');
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => output(2).innerText()).toContain('lga is not defined; did you mean lag?');
  expect(await output(2).innerText()).toMatch(/Where\s+cell 2, line 1, column 1\s+Expected[^]*Found\s+lga\s+Cure/);
  expect(await page.locator('#cell-c2').getAttribute('data-state')).toBe('failed');
  await output(2).getByRole('button', { name: 'Write lag instead of lga' }).click();
  await expect.poll(() => output(2).textContent()).toBe('700');
});

test('an endless loop is stopped within 3 seconds and the cluster lives on', async () => {
  await write(2, 'await cluster.restart(2)\nwhile (true);');
  const from = Date.now();
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => status(2).textContent(), { timeout: 5_000 }).toBe('failed');
  expect(Date.now() - from).toBeLessThan(3_000);
  expect(await output(2).innerText()).toContain('The cell was stopped');
  await write(2, 'await cluster.advance("20s")\ncluster.observe().partition("user-events", 1).isr.toSorted()');
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => output(2).textContent(), { timeout: 10_000 }).toBe('[1, 2, 3]');
});

test('Reset puts the text back', async () => {
  await page.getByRole('button', { name: 'Reset cell 2' }).click();
  await expect.poll(() => page.getByRole('textbox', { name: 'Code of cell 2' }).innerText()).toBe('lag + 1');
});

test('trees open, and the page has no accessibility violation with all of it on show', async () => {
  await write(2, 'display({ a: { b: [1, { c: "deep" }] } }); console.warn("look"); [{ x: 1, y: "z" }]');
  await page.keyboard.press('Control+Enter');
  await output(2).locator('summary', { hasText: 'deep' }).or(output(2).locator('summary', { hasText: 'a: ' })).first().click();
  await expect.poll(() => output(2).locator('.entries').first().textContent()).toContain('a: ');
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const results = await (window as unknown as { axe: { run(options: unknown): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } }).axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join('; ')}`);
  });
  expect(violations).toEqual([]);
});

test('the same cell gives the same run in this browser and in Node: the digest is equal', async () => {
  const code = `const producer = kafka.producer()
await producer.connect()
for (let round = 0; round < 10; round += 1) {
  await producer.send({ topic: "user-events", messages: [{ key: String(Math.random()), value: String(Date.now()) }] })
  await new Promise(done => setTimeout(done, Math.ceil(Math.random() * 100)))
}
await cluster.kill(1)
await cluster.advance("12s")`;
  const engine = createEngine();
  const { session } = engine.open(newRun(NOTEBOOK_SPEC, 7, engine.engineVersion));
  const [cell] = await runCellsHeadless([{ id: 'c1', code }], engine, session, { seed: 7 });
  expect(cell?.problem).toBeNull();
  await freshPage();
  await write(1, code);
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => status(1).textContent(), { timeout: 15_000 }).toMatch(/^ran in 1\d\.\d s/);
  const digest = await page.evaluate(() => (window as unknown as { session: { lend<R>(work: (engine: { digest(session: number): Promise<R> }, session: number) => Promise<R>): Promise<R> } }).session.lend((engine, session) => engine.digest(session)));
  expect(digest).toBe(engine.digest(session));
  expect(await shownClock()).toBe(cell?.endedAt);
});

test('nothing of editor, kernel or drawing is loaded before a cell is touched', async () => {
  const loaded: string[] = [];
  const context = await browser.newContext();
  const other = await context.newPage();
  other.on('response', (response) => { loaded.push(new URL(response.url()).pathname); });
  await other.goto(site.address);
  await other.getByRole('button', { name: 'Run cell 1' }).waitFor();
  await other.waitForLoadState('networkidle');
  expect(loaded.filter((path) => /editor|kernel|inspector|notebook-[^c]/.test(path))).toEqual([]);
  await context.close();
});
