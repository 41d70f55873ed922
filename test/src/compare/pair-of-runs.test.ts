// Two runs of the engine with one clock, and the table that is made from their facts.
import { expect, test } from "vitest";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { createEngine } from "#engine/host/in-process.ts";
import { newRun } from "#engine/host/run-file.ts";
import { PairOfRuns } from "#src/compare/pair-of-runs.ts";
import { sideFacts, sideNames, tableMarkup } from "#src/compare/pair-markup.ts";
import { type ComparedRun, differences, firstDifferenceUs } from "#src/compare/what-differs.ts";
import type { AsyncEngine } from "#src/session/engine-client.ts";
import { LiveSession } from "#src/session/live-session.ts";

const common: Partial<ClusterSpec> = {
  topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { "min.insync.replicas": 2 } }],
  producers: [{ id: "web-1", workload: { topic: "user-events", everyMs: 500, keys: ["customer-123", "customer-456", "user-1"] } }], startMs: 8_000,
};
const ZOOKEEPER: ClusterSpec = { ...PRESETS["guides/three-nodes-zookeeper"] as ClusterSpec, ...common };
const KRAFT: ClusterSpec = { ...PRESETS["guides/three-nodes"] as ClusterSpec, ...common };

/** The engine in process, answering later as its worker does. */
function asyncEngine(): AsyncEngine {
  const engine = createEngine();
  const later = (name: string) => (...args: readonly unknown[]): Promise<unknown> =>
    Promise.resolve().then(() => (engine as unknown as Record<string, (...given: readonly unknown[]) => unknown>)[name]?.(...args));
  return new Proxy({}, { get: (_, name) => (name === "engineVersion" ? Promise.resolve(engine.engineVersion) : later(String(name))) }) as AsyncEngine;
}

async function openPair(): Promise<PairOfRuns> {
  const engine = asyncEngine();
  const pair = new PairOfRuns([new LiveSession(engine), new LiveSession(engine)]);
  await pair.open([newRun(ZOOKEEPER, 7), newRun(KRAFT, 7)]);
  return pair;
}

function compared(pair: PairOfRuns, spec: ClusterSpec, side: 0 | 1): ComparedRun {
  const { story, facts } = pair.sides[side];
  if (story === null) throw new Error("the run is open");
  return { spec, story, facts: facts.all.slice(0, story.countAt(pair.shownUs)), openingUs: 8_000_000, untilUs: pair.shownUs };
}
const both = (pair: PairOfRuns): readonly [ComparedRun, ComparedRun] => [compared(pair, ZOOKEEPER, 0), compared(pair, KRAFT, 1)];

test("a pair that is out of sight while it opens, and so is paused, opens at its opening", async () => {
  const engine = asyncEngine();
  const pair = new PairOfRuns([new LiveSession(engine), new LiveSession(engine)]);
  for (const session of pair.sides) session.listen({ runChanged: () => pair.pause(), factsChanged: () => pair.pause() });
  await pair.open([newRun(ZOOKEEPER, 7), newRun(KRAFT, 7)]);
  expect(pair.isBusy).toBe(false);
  expect(pair.sides.map(it => it.shownUs)).toEqual([8_000_000, 8_000_000]);
});

test("what is done to one side is done to the other at the same instant, and the table says what came of it", async () => {
  const pair = await openPair();
  expect(pair.sides.map(it => it.shownUs)).toEqual([8_000_000, 8_000_000]);
  expect(firstDifferenceUs(both(pair))).toBeNull();
  expect(await pair.give(1, () => ({ do: "kill", node: 2 }))).toBeNull();
  await pair.seek(38_000_000);
  expect(pair.sides.map(it => it.shownUs)).toEqual([38_000_000, 38_000_000]);
  const rows = new Map(differences(both(pair)).map(it => [it.row, it]));
  const seconds = (row: "detect" | "leaderless"): readonly number[] => (rows.get(row)?.values ?? []).map(it => Number(/^([\d.]+) s$/.exec(it)?.[1]));
  const [slow = 0, fast = 0] = seconds("detect");
  expect(slow).toBeGreaterThan(12);
  expect(fast).toBeLessThan(9.6);
  expect(rows.get("detect")?.why).toBe("zookeeper.session.timeout.ms is 18000, broker.session.timeout.ms is 9000: settings");
  expect(seconds("leaderless")[0]).toBeGreaterThanOrEqual(slow);
  expect(rows.get("epochs")?.values).toEqual(["0: 0 to 1, 1: 0 to 1, 2: 0 to 1", "0: 0, 1: 0 to 1, 2: 0"]);
  expect(rows.get("epochs")?.why).toContain("also when only a follower leaves");
  expect(rows.get("messages")?.values[0]).toMatch(/LeaderAndIsr \d+, UpdateMetadata \d+/);
  expect(rows.get("messages")?.values[1]).toBe("none");
  expect(rows.get("decided")?.values[0]).toMatch(/^broker \d \(controller epoch 1\)$/);
  expect(rows.get("decided")?.values[1]).toMatch(/^broker \d \(epoch \d+ of the quorum\)$/);
  expect(rows.get("lost")?.values).toEqual(["0", "0"]);
  const parted = firstDifferenceUs(both(pair)) ?? 0;
  expect(parted - 8_000_000).toBeCloseTo(fast * 1_000_000, -5);
});

test("who is ahead goes back to the other: there is one clock", async () => {
  const pair = await openPair();
  await pair.sides[0].seek(12_000_000);
  pair.pause();
  expect(pair.shownUs).toBe(8_000_000);
  expect(pair.sides.map(it => it.shownUs)).toEqual([8_000_000, 8_000_000]);
});

test("what only one side has is done there, and said of the other", async () => {
  const pair = await openPair();
  expect(await pair.give(0, () => ({ do: "kill", node: "zookeeper-1" }))).toMatch(/zookeeper-1/);
  await pair.seek(9_000_000);
  expect(pair.sides[0].story?.viewAt(9_000_000).ensemble?.servers[0]?.status).toBe("stopped");
});

test("stepping stops both at the next news of either", async () => {
  const pair = await openPair();
  await pair.give(0, () => ({ do: "kill", node: 2 }));
  await pair.stepForward(({ fact }) => fact.kind === "broker-fenced");
  const us = pair.shownUs;
  expect(us).toBeGreaterThan(16_000_000);
  expect(pair.sides.map(it => it.shownUs)).toEqual([us, us]);
  expect(pair.sides[1].facts.all.some(it => it.at === us && it.fact.kind === "broker-fenced")).toBe(true);
});

test("the sides are named by what differs, and names are text", () => {
  expect(sideNames([ZOOKEEPER, KRAFT])).toEqual(["ZooKeeper", "KRaft"]);
  expect(sideNames([KRAFT, { ...KRAFT, kafka: "4.3" }])).toEqual(["Kafka 3.9, KRaft", "Kafka 4.3, KRaft"]);
  expect(sideFacts(ZOOKEEPER)).toBe("Kafka 3.9, ZooKeeper · ensemble of 3");
  const table = tableMarkup([{ row: "lost", name: "lost", values: ["<b>", "0"], why: "<i>" }], ["A", "B"], "00:38.000");
  expect(table).not.toMatch(/<b>|<i>/);
});
