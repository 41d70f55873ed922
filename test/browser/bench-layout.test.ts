// What a reader must be able to see on the bench, measured in the browser: nothing clipped, nothing pushed away, news not lost among letters.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dist, launchBrowser, openPage, type ServedSite, serveFolder } from "./browser-under-test.ts";

let browser: Browser;
let site: ServedSite;
beforeAll(async () => { browser = await launchBrowser(); site = await serveFolder(dist); }, 60_000);
afterAll(async () => { await browser.close(); await site.close(); }, 60_000);

async function openLesson(width: number, height: number): Promise<Page> {
  const { page } = await openPage(browser, { viewport: { width, height }, reducedMotion: "reduce" });
  await page.goto(`${site.address}the-post-office/the-sorting-office/`);
  await page.getByRole("grid").waitFor();
  return page;
}

test("on a phone the key of a letter is not clipped", async () => {
  const page = await openLesson(390, 844);
  const key = page.getByLabel("key", { exact: true });
  await expect.poll(() => page.locator("form.send.one-producer").count()).toBe(1);
  expect(await key.evaluate((field: HTMLInputElement) => field.scrollWidth - field.clientWidth)).toBeLessThanOrEqual(0);
  await page.context().close();
}, 60_000);

test("seconds after a crash the visible part of the feed still says what was done", async () => {
  const page = await openLesson(1440, 900);
  await page.locator('[role="gridcell"][data-broker="1"]:not([data-partition])').focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: /^Unplug/ }).click();
  const slider = page.getByRole("slider", { name: /time/i });
  const unplugged = Number(await slider.getAttribute("aria-valuenow"));
  await expect.poll(async () => Number(await slider.getAttribute("aria-valuenow")) - unplugged, { timeout: 30_000 }).toBeGreaterThan(3_000);
  const visible = await page.locator(".feed").evaluate(list => {
    const box = list.getBoundingClientRect();
    return [...list.querySelectorAll("li")].filter(line => line.getBoundingClientRect().top >= box.top - 1).map(line => line.textContent ?? "");
  });
  expect(visible.some(line => line.includes("You unplug broker 1."))).toBe(true);
  await page.context().close();
}, 60_000);

test("a file that cannot be opened says so over the stage, and moves nothing", async () => {
  const page = await openLesson(1440, 900);
  await page.getByRole("button", { name: "Pause" }).first().click();
  const places = (): Promise<readonly number[]> => page.locator("#bench .live-stage, #bench .feed, #bench .scrub").evaluateAll(parts => parts.map(part => Math.round(part.getBoundingClientRect().top)));
  const before = await places();
  await page.locator('#bench input[type="file"]').setInputFiles({ name: "broken.json", mimeType: "application/json", buffer: Buffer.from('{"engine": 1, "se') });
  await page.getByRole("alert").getByText("the file ends in the middle").waitFor();
  expect(await places()).toEqual(before);
  await page.context().close();
}, 60_000);
