import { expect, test } from "vitest";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { createEngine } from "#engine/host/in-process.ts";
import { FeedLog } from "#src/feed/feed-lines.ts";
import type { AsyncEngine } from "#src/session/engine-client.ts";
import { LiveSession } from "#src/session/live-session.ts";
import { newRun } from "#engine/cluster/run-file.ts";
import { problemOf } from "#src/session/problem-of.ts";
import { FlightLog } from "#src/stage/flights.ts";
import { leaderlessGaps } from "#src/timeline/timeline-model.ts";

const SPEC: ClusterSpec = {
  kafka: "3.9", mode: "kraft",
  nodes: [{ id: 1, host: "cpu-node1" }, { id: 2, host: "cpu-node2" }, { id: 3, host: "worker-node3" }],
  topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { "min.insync.replicas": 2 } }],
  producers: [{ id: "web-1", settings: { acks: "all" } }],
};

/** The engine as a worker would give it: every answer later, every value a copy, errors without their parts. */
function engineBehindAWall(): AsyncEngine {
  const engine = createEngine();
  const answers = Object.entries(engine).map(([name, value]) => [name, typeof value !== "function" ? Promise.resolve(value)
    : async (...args: unknown[]) => {
      try {
        return structuredClone((value as (...args: unknown[]) => unknown)(...structuredClone(args)));
      } catch (reason) {
        throw Object.assign(new Error(reason instanceof Error ? reason.message : String(reason)));
      }
    }]);
  return Object.fromEntries(answers) as AsyncEngine;
}

async function openSession(seed = 7): Promise<LiveSession> {
  const engine = engineBehindAWall();
  const session = new LiveSession(engine);
  await session.open({ ...newRun(SPEC, seed, await engine.engineVersion), until: 8_000_000 });
  return session;
}

const send = (session: LiveSession, key: string): Promise<number> =>
  session.call(call => ({ do: "send", producer: "web-1", topic: "user-events", records: [{ key, value: "paid" }], call }));
const leaderOf = (session: LiveSession, partition: number): number | undefined =>
  session.story?.viewAt(session.shownUs).topics[0]?.partitions[partition]?.leader;

test("the guides' three letters land in the partitions that murmur2 gives them", async () => {
  const session = await openSession();
  for (const key of ["customer-123", "customer-456", "customer-789"]) await send(session, key);
  await session.seek(session.shownUs + 1_000_000);
  const accepted = session.facts.all.flatMap(({ fact }) => fact.kind === "records-accepted" ? [[fact.keys[0], fact.partitions[0]]] : []);
  expect(accepted).toEqual([["customer-123", 0], ["customer-456", 1], ["customer-789", 1]]);
});

test("the leader is unplugged, the gap is on the track, and going back and another way leaves a lane", async () => {
  const session = await openSession();
  await send(session, "customer-456");
  await session.seek(10_000_000);
  const leader = leaderOf(session, 1) ?? -1;
  await session.give({ do: "kill", node: leader });
  await session.seek(22_000_000);
  expect(leaderOf(session, 1)).not.toBe(leader);
  const { story } = session;
  if (story === null) throw new Error("a run is open");
  const [gap] = leaderlessGaps(story, story.viewAt(session.shownUs), session.shownUs);
  const gapMs = ((gap?.toUs ?? 0) - (gap?.fromUs ?? 0)) / 1_000;
  expect(gapMs).toBeGreaterThan(6_900);
  expect(gapMs).toBeLessThan(13_000);
  await session.seek(9_000_000);
  expect(leaderOf(session, 1)).toBe(leader);
  await session.give({ do: "pause", node: leader });
  expect(session.futures.map(future => future.isShown)).toEqual([false, true]);
  await session.openFuture("lane 0");
  await session.seek(22_000_000);
  expect(leaderOf(session, 1)).not.toBe(leader);
});

test("what the page folds from the facts is what the engine sees", async () => {
  const session = await openSession();
  await send(session, "customer-123");
  await session.give({ do: "kill", node: 3 });
  await session.seek(20_000_000);
  for (const at of [8_500_000, 12_000_000, 20_000_000]) {
    const seen = await session.observe(at);
    const folded = session.story?.viewAt(at);
    const shape = (view: typeof seen | undefined) => view?.topics.map(topic => topic.partitions.map(({ leader, leaderEpoch, isr, highWatermark, logs }) =>
      ({ leader, leaderEpoch, isr, highWatermark, ends: logs.map(log => log.logEnd) })));
    expect(shape(folded)).toEqual(shape(seen));
    expect(folded?.nodes.map(node => [node.status, node.belief])).toEqual(seen.nodes.map(node => [node.status, node.belief]));
  }
});

test("a letter's steps are in the air and in the feed, and every step has a cause that leads back to the learner", async () => {
  const session = await openSession();
  await send(session, "customer-456");
  await session.seek(session.shownUs + 1_000_000);
  const { story } = session;
  if (story === null) throw new Error("a run is open");
  const flights = new FlightLog();
  session.facts.follow(flights);
  const kinds = new Set(flights.all.filter(flight => flight.sentUs > 8_000_000).map(flight => flight.kind));
  expect([...kinds].sort()).toEqual(["copy", "fetch", "letter", "receipt"]);
  const feed = new FeedLog(story);
  session.facts.follow(feed);
  const lines = feed.linesAt({ us: session.shownUs, count: 40, tellsDetails: true });
  const receipt = lines.find(line => line.sentence.startsWith("web-1 gets its receipt"));
  expect(receipt).toBeDefined();
  const chain = await session.why(receipt?.id ?? -1);
  expect(chain.length).toBeGreaterThan(4);
  expect(chain.at(-1)?.fact.kind).toBe("command");
});

test("a saved run opens at the same instant with the same facts", async () => {
  const session = await openSession();
  await send(session, "customer-123");
  await session.give({ do: "shut-down", node: 2 });
  await session.seek(14_000_000);
  const run = await session.save();
  const again = new LiveSession(engineBehindAWall());
  await again.open(run);
  expect(again.shownUs).toBe(14_000_000);
  const until = (it: LiveSession) => it.facts.all.slice(0, it.facts.countAt(14_000_000));
  expect(JSON.stringify(until(again))).toBe(JSON.stringify(until(session)));
});

test("what the engine refuses is told with where, expected, found and cure, also through the worker's wall", async () => {
  const session = await openSession();
  const known = session.facts.all.length;
  const refused = await session.open({ ...newRun(SPEC, 7, "0.0.1"), until: 0 }).catch((reason: unknown) => problemOf(reason));
  expect(refused).toMatchObject({ where: expect.stringContaining("engine"), cure: expect.any(String), found: expect.stringContaining("0.0.1") });
  expect(session.facts.all.length).toBe(known);
  const unfit = await session.give({ do: "resume", node: 1 }).catch((reason: unknown) => problemOf(reason));
  expect(unfit).toMatchObject({ what: expect.stringContaining("not paused") });
});
