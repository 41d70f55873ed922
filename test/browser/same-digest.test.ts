// The same run gives the same state in Node and in Chromium: the built engine worker is asked over its own messages.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunFile } from "#engine/host/api.ts";
import { createEngine } from "#engine/host/in-process.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import { dist, launchBrowser, openPage, type ServedSite, serveFolder } from "./browser-under-test.ts";

let browser: Browser;
let site: ServedSite;
beforeAll(async () => { browser = await launchBrowser(); site = await serveFolder(dist); }, 60_000);
afterAll(async () => { await browser.close(); await site.close(); }, 60_000);

function fixedRun(engine: string): RunFile {
  const preset = PRESETS["guides/three-nodes"];
  if (preset === undefined) throw new Error("the guides' cluster is gone");
  return {
    format: "sorting-office-run", engine, seed: 20_261_121, until: 60_000_000,
    spec: {
      ...preset,
      topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { "min.insync.replicas": 2 } }],
      producers: [{ id: "web-1", workload: { topic: "user-events", everyMs: 50, keys: ["customer-123", "customer-456", "customer-789", null] } }],
      consumers: [{ id: "analytics", topic: "user-events", from: "beginning" }],
    },
    inputs: [
      { at: 8_000_000, command: { do: "kill", node: 1 } },
      { at: 20_000_000, command: { do: "restart", node: 1 } },
      { at: 30_000_000, command: { do: "cut", from: [2], to: [1, 3] } },
      { at: 45_000_000, command: { do: "heal", from: [], to: [] } },
    ],
  };
}

test("a fixed run with a crash and a cut ends in the same digest in Node and in Chromium", async () => {
  const engine = createEngine();
  const run = fixedRun(engine.engineVersion);
  const session = engine.open(run).session;
  const inNode = engine.digest(session);
  expect(engine.facts(session, 0).facts.some(entry => entry.fact.kind === "batch-acknowledged")).toBe(true);

  const worker = readdirSync(join(dist, "_astro")).find(name => /^worker-.*\.js$/.test(name));
  if (worker === undefined) throw new Error("the built site has no engine worker");
  const { page } = await openPage(browser);
  await page.goto(`${site.address}404.html`);
  const inChromium = await page.evaluate(async ({ address, opened }) => {
    const engineWorker = new Worker(address, { type: "module" });
    // Comlink's own messages: apply a method by its path, answer by id.
    const call = (method: string, value: unknown): Promise<unknown> => new Promise((resolve, reject) => {
      const id = method;
      engineWorker.addEventListener("message", ({ data }) => { if (data.id === id) { if (data.type === "RAW") resolve(data.value); else reject(new Error(JSON.stringify(data))); } });
      engineWorker.addEventListener("error", event => reject(new Error(event.message)));
      engineWorker.postMessage({ id, type: "APPLY", path: [method], argumentList: [{ type: "RAW", value }] });
    });
    const info = await call("open", opened) as { session: number };
    return call("digest", info.session);
  }, { address: `${site.address}_astro/${worker}`, opened: run });
  expect(inChromium).toBe(inNode);
}, 60_000);
