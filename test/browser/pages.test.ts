// Every page, as built: no complaint on the console, no violation of WCAG 2.2 AA, no sideways scroll, by day and night, wide and narrow.
import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dist, launchBrowser, openPage, type ServedSite, serveFolder } from "./browser-under-test.ts";

const axeFile = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

function pagesIn(folder: string, path = ""): string[] {
  return readdirSync(join(folder, path)).flatMap(name => {
    const inner = join(path, name);
    if (statSync(join(folder, inner)).isDirectory()) return name === "_astro" ? [] : pagesIn(folder, inner);
    return name === "index.html" ? [path === "" ? "" : `${path}/`] : [];
  });
}

let browser: Browser;
let site: ServedSite;
beforeAll(async () => { browser = await launchBrowser(); site = await serveFolder(dist, "/deep/er/"); }, 60_000);
afterAll(async () => { await browser.close(); await site.close(); }, 60_000);

interface AxeNode { readonly target: readonly string[]; readonly failureSummary?: string }
interface AxeAnswer { readonly violations: readonly { readonly id: string; readonly nodes: readonly AxeNode[] }[] }

const LOOKS = [
  { name: "wide, day", width: 1440, height: 900, colorScheme: "light" },
  { name: "wide, night", width: 1440, height: 900, colorScheme: "dark" },
  { name: "phone, day", width: 390, height: 844, colorScheme: "light" },
] as const;

test("the site has its front page, its ledger and three lessons", () => {
  expect(pagesIn(dist).length).toBeGreaterThanOrEqual(5);
});

describe.each(LOOKS)("$name", ({ width, height, colorScheme }) => {
  test.each(pagesIn(dist).map(path => ({ path: path === "" ? "front page" : path, address: path })))("$path", async ({ address }) => {
    const { page, complaints } = await openPage(browser, { viewport: { width, height }, colorScheme, bypassCSP: true });
    await page.goto(site.address + address);
    // Where a cluster lives, wait until it is drawn, then hold it still: the page is judged, not a moment of it.
    if (await page.locator("#bench").count() > 0) {
      await page.locator('#bench [role="grid"]').waitFor({ timeout: 20_000 });
      await page.getByRole("button", { name: "Pause" }).first().click();
    }
    await page.addScriptTag({ path: axeFile });
    const answer = await page.evaluate(async () => {
      const axe = (window as unknown as { axe: { run(root: Document, options: object): Promise<AxeAnswer> } }).axe;
      return axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    });
    expect(answer.violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(node => `${id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`))).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);
});
