// Drills whose deeds are more than a crash: an order that is foreseen by its offset, a server of the ensemble that is started, two drills in one lesson.
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dist, launchBrowser, openPage, type ServedSite, serveFolder } from "./browser-under-test.ts";

const PATIENCE = { timeout: 40_000 };
const SEEDS = { timeout: 90_000 };

let browser: Browser;
let site: ServedSite;
beforeAll(async () => { browser = await launchBrowser(); site = await serveFolder(dist, "/a/b/"); }, 60_000);
afterAll(async () => { await browser.close(); await site.close(); }, 60_000);

async function openLesson(path: string): Promise<{ page: Page; complaints: string[] }> {
  const opened = await openPage(browser, { reducedMotion: "reduce", bypassCSP: true });
  await opened.page.goto(`${site.address}${path}/`);
  await opened.page.locator('#bench [role="grid"]').waitFor(PATIENCE);
  return opened;
}

async function putOnTheBench(page: Page, title: string): Promise<Locator> {
  const drill = page.locator('[data-block="drill"]', { hasText: title });
  await drill.scrollIntoViewIfNeeded();
  await drill.getByRole("button", { name: "Put the drill on the bench" }).click();
  await drill.getByRole("button", { name: "Hand in" }).waitFor(PATIENCE);
  await page.getByRole("button", { name: "10×" }).click();
  return drill;
}

async function handIn(drill: Locator): Promise<void> {
  await drill.getByRole("button", { name: "Hand in" }).click();
  await expect.poll(() => drill.locator(".verdict").innerText(), SEEDS).toMatch(/Passed[\s\S]*20 of 20 held/);
}

const goal = (drill: Locator, words: string): Locator => drill.locator(".goals li", { hasText: words });

test("an order is foreseen by its offset, and a second drill sends the first one away", { timeout: 240_000 }, async () => {
  const { page, complaints } = await openLesson("replication/the-leader-dies");
  const first = await putOnTheBench(page, "The leader that nobody can replace");
  await expect.poll(() => first.getByRole("button", { name: "Start broker 1" }).count(), PATIENCE).toBe(1);

  const drill = await putOnTheBench(page, "Unclean hands");
  await expect.poll(() => first.getByRole("button", { name: "Hand in" }).isVisible(), PATIENCE).toBe(false);
  expect(await drill.getByRole("button", { name: "Say first" }).isDisabled()).toBe(true);
  await drill.getByRole("button", { name: "Shut broker 2 down" }).click();
  await drill.getByRole("button", { name: "Start broker 2" }).waitFor(PATIENCE);
  await drill.getByLabel("broker 3").check();
  await drill.getByLabel("the first offset that is free").fill("80");
  await drill.getByRole("button", { name: "Say it" }).click();
  await drill.getByText("You said: broker 3 leads, its log ends at 80.").waitFor(PATIENCE);
  await drill.getByRole("button", { name: "Give the order" }).click();
  await drill.getByRole("button", { name: "The order is given" }).waitFor(PATIENCE);
  await expect.poll(() => goal(drill, "broker 3 leads").innerText(), PATIENCE).toContain("Met");
  await drill.getByRole("button", { name: "Start broker 2" }).click();
  await expect.poll(() => goal(drill, "two brokers are in sync").innerText(), PATIENCE).toContain("Met");
  await handIn(drill);
  await drill.getByRole("button", { name: "Back to the lesson" }).click();
  await expect.poll(() => page.locator("#bench").innerText(), PATIENCE).not.toContain("controller-node1");
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a server of the ensemble is started from the panel", { timeout: 180_000 }, async () => {
  const { page, complaints } = await openLesson("zookeeper/no-majority");
  const drill = await putOnTheBench(page, "The ensemble has lost its majority");
  await drill.getByRole("button", { name: "Start ZooKeeper server 3" }).waitFor(PATIENCE);
  await drill.getByRole("button", { name: "Start ZooKeeper server 2" }).click();
  await expect.poll(() => goal(drill, "the ensemble serves").innerText(), PATIENCE).toContain("Met");
  await handIn(drill);
  expect(complaints).toEqual([]);
  await page.context().close();
});
