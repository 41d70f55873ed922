// The live blocks of a lesson, as a reader meets them: say first and be answered by the run, a number that the run fills in, "why?", a diagram
// of what just happened with its text, and a drill from the first word to twenty seeds.
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dist, launchBrowser, openPage, type ServedSite, serveFolder } from "./browser-under-test.ts";

const axeFile = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PATIENCE = { timeout: 40_000 };

let browser: Browser;
let site: ServedSite;
beforeAll(async () => { browser = await launchBrowser(); site = await serveFolder(dist, "/a/b/"); }, 60_000);
afterAll(async () => { await browser.close(); await site.close(); }, 60_000);

interface AxeAnswer { readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly target: readonly string[] }[] }[] }

/** Without motion the cluster goes to the answer at once. */
async function openLesson(lesson: string): Promise<{ page: Page; complaints: string[] }> {
  const opened = await openPage(browser, { reducedMotion: "reduce", bypassCSP: true });
  await opened.page.goto(`${site.address}the-post-office/${lesson}/`);
  await opened.page.locator('#bench [role="grid"]').waitFor(PATIENCE);
  return opened;
}

async function say(page: Page, predict: string, option: string): Promise<string> {
  const form = page.locator(`#predict-${predict}`);
  await form.scrollIntoViewIfNeeded();
  await form.getByLabel(option).check();
  await form.locator('button[type="submit"]').click();
  await form.locator('[data-mount="verdict"] .mk').waitFor(PATIENCE);
  return form.locator('[data-mount="verdict"]').innerText();
}

async function axeViolations(page: Page, selector: string): Promise<string[]> {
  await page.addScriptTag({ path: axeFile });
  const { violations } = await page.evaluate(async (within): Promise<AxeAnswer> => {
    const { axe } = globalThis as unknown as { axe: { run(context: unknown, options: unknown): Promise<AxeAnswer> } };
    return axe.run(within, { runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] } });
  }, selector);
  return violations.flatMap(violation => violation.nodes.map(node => `${violation.id}: ${node.target.join(" ")}`));
}

describe("predictions, numbers and why", () => {
  test("nobody can run before something is said; then the run answers", { timeout: 120_000 }, async () => {
    const { page, complaints } = await openLesson("the-sorting-office");
    expect(await page.locator('#predict-box button[type="submit"]').isDisabled()).toBe(true);
    expect(await say(page, "box", "partition 2")).toMatch(/The run says\s+partition 1/);
    expect(await say(page, "gap", "seven seconds or more")).toMatch(/As you said\s+seven seconds or more \(\d+\.\d{3} s\)/);

    const leaderless = page.locator('a[data-measure="leaderless"]');
    await expect.poll(() => leaderless.innerText(), PATIENCE).toMatch(/^\d+\.\d{3} s$/);
    await leaderless.click();
    const why = page.locator("#why-leaderless");
    await expect.poll(() => why.locator("li").count(), PATIENCE).toBeGreaterThan(1);
    expect(await why.innerText()).toContain("Broker 2 leads partition 0, epoch 1");

    expect(await say(page, "back", "broker 1")).toMatch(/The run says\s+broker 2/);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("what was said is an input of the run, stamped before the fault", { timeout: 120_000 }, async () => {
    const { page } = await openLesson("the-sorting-office");
    await say(page, "gap", "less than a second");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save run" }).click();
    const stream = await (await download).createReadStream();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const run = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { inputs: { at: number; command: Record<string, unknown> }[] };
    expect(run.inputs.map(input => input.command)).toEqual([{ do: "predict", id: "gap", answer: "less than a second" }, { do: "kill", node: 1 }]);
    await page.context().close();
  });
});

describe("diagrams", () => {
  test("a letter's journey is drawn from the trace, and can be read as text", { timeout: 120_000 }, async () => {
    const { page, complaints } = await openLesson("a-letters-journey");
    const figure = page.locator('[data-diagram="sequence"]').first();
    await figure.scrollIntoViewIfNeeded();
    await expect.poll(() => figure.innerText(), PATIENCE).toContain("as soon as it has happened");
    await say(page, "doors", "one");
    await figure.scrollIntoViewIfNeeded();
    await figure.locator("svg").waitFor(PATIENCE);
    expect(await figure.locator('[role="img"]').getAttribute("aria-label")).toContain("broker 2 raises the high watermark");
    await figure.locator("summary").click();
    const source = await figure.locator("pre").innerText();
    expect(source).toMatch(/^sequenceDiagram/);
    expect(source).toContain("->>broker2: Produce partition 1, key customer-456");
    expect(source).toContain("high watermark 1: committed");
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

describe("the drill", () => {
  test("is said, happens, is repaired, and holds on twenty seeds", { timeout: 180_000 }, async () => {
    const { page, complaints } = await openLesson("the-sorting-office");
    const drill = page.locator('[data-block="drill"]');
    await drill.scrollIntoViewIfNeeded();
    await drill.getByRole("button", { name: "Put the drill on the bench" }).click();
    await expect.poll(() => drill.getByRole("button", { name: "Say first" }).isDisabled(), PATIENCE).toBe(true);

    // The lesson's own questions wait until the lesson is back.
    await page.locator("#predict-back").getByLabel("broker 1").check();
    expect(await page.locator('#predict-back button[type="submit"]').isDisabled()).toBe(true);

    await drill.getByLabel("broker 2").first().check();
    await drill.locator('input[type="number"]').fill("1");
    for (const id of ["2", "3"]) await drill.locator(`input[name="isr"][value="${id}"]`).check();
    await drill.getByRole("button", { name: "Say it" }).click();
    await drill.getByRole("button", { name: "Let it happen" }).click();
    await page.getByRole("button", { name: "10×" }).click();
    await expect.poll(() => drill.locator(".goals li").first().innerText(), PATIENCE).toContain("Met");

    await drill.getByRole("button", { name: "Start broker 1" }).click();
    await expect.poll(() => page.locator('[data-mount="feed"]').innerText(), PATIENCE).toMatch(/back in|in sync: 2, 3 and 1/);
    await expect.poll(async () => {
      await drill.getByRole("button", { name: "Elect the preferred leaders" }).click();
      return drill.locator(".goals li").last().innerText();
    }, { ...PATIENCE, interval: 2_000 }).toContain("Met");

    await drill.getByRole("button", { name: "Hand in" }).click();
    const verdict = drill.locator(".verdict");
    await expect.poll(() => verdict.innerText(), { timeout: 90_000 }).toMatch(/Passed[\s\S]*20 of 20 held/);
    expect(await axeViolations(page, '[data-block="drill"]')).toEqual([]);
    expect(complaints).toEqual([]);

    await page.reload();
    await drill.scrollIntoViewIfNeeded();
    await expect.poll(() => drill.innerText(), PATIENCE).toMatch(/Passed\s+20 of 20 seeds held/);
    await page.context().close();
  });
});
