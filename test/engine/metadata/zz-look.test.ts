import { test } from "vitest";
import { TestCluster } from "./kraft-test-node.ts";
test("look", () => {
  const c = new TestCluster(1);
  c.boot();
  const show = (e: { at: number; process: string; fact: unknown }) => { const f = e.fact as Record<string, unknown>; if (f["kind"] === "message") return `${e.at} ${f["from"]}>${f["to"]} ${f["tag"]}`; return `${e.at} ${e.process} ${JSON.stringify(f)}`; };
  console.log(c.entries().filter(e => !/BrokerHeartbeat/.test(show(e))).map(show).slice(0, 140).join("\n"));
  console.log(c.entries().filter(e => /BrokerHeartbeat/.test(show(e))).length);
  c.run(10000);
  const before = c.simulation.world.eventsHandled; const t0 = c.entries().length;
  c.run(10000);
  console.log("events/s", (c.simulation.world.eventsHandled - before) / 10);
  console.log(c.entries().slice(t0, t0 + 70).map(show).join("\n"));
  const w = performance.now(); c.run(600000); console.log("10 min wall ms", performance.now() - w);
});
