// From a press on "Unplug" to the frame that shows the broker stopped: page, worker, rewind of the look-ahead, facts back, drawing.
// In a real browser on the built site (`npm run build` first), software rendering.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import type { BenchOutcome } from "./benches.ts";
import { dist, launchBrowser, openPage, serveFolder } from "../browser/browser-under-test.ts";

const PRESSES = 3;

export async function killToStage(): Promise<BenchOutcome> {
  if (!existsSync(join(dist, "index.html"))) throw new Error("dist/ is empty: run npm run build first");
  const site = await serveFolder(dist);
  const browser = await launchBrowser();
  try {
    const took: number[] = [];
    for (let press = 0; press < PRESSES; press += 1) took.push(await oneKill(browser, site.address, press));
    took.sort((a, b) => a - b);
    return { value: took[PRESSES >> 1] ?? Number.NaN, notes: [`${PRESSES} brokers, each on a fresh page: ${took.map(ms => `${ms.toFixed(0)} ms`).join(", ")}`] };
  } finally {
    await browser.close();
    await site.close();
  }
}

async function oneKill(browser: Browser, address: string, index: number): Promise<number> {
  const { page } = await openPage(browser);
  await page.goto(address);
  await page.locator('#bench [role="grid"]').waitFor();
  // Let it play for a while, as a reader would.
  await page.waitForTimeout(3_000);
  const took = await page.evaluate(async broker => {
    const button = document.querySelectorAll<HTMLButtonElement>("#bench .plugs button")[broker];
    if (button === undefined) throw new Error("no button to unplug a broker");
    const cell = document.querySelector(`#bench [role="gridcell"][data-broker="${button.dataset["broker"]}"]`);
    const began = performance.now();
    button.click();
    const frame = (): Promise<number> => new Promise(resolve => requestAnimationFrame(resolve));
    for (;;) {
      await frame();
      if (/stopped/.test(cell?.getAttribute("aria-label") ?? "")) break;
      if (performance.now() - began > 10_000) throw new Error("the stage never showed it");
    }
    // The next frame begins when this one has been handed over for painting.
    await frame();
    return performance.now() - began;
  }, index);
  await page.context().close();
  return took;
}
