import { expect, test, vi } from "vitest";
import { LiveSession } from "#src/session/live-session.ts";
import { newRun, parseRunFile, RUN_TEXT_MAX } from "#engine/cluster/run-file.ts";
import { problemOf } from "#src/session/problem-of.ts";
import { crashStory, SPEC } from "./written-facts.ts";
import { writtenEngine } from "./written-engine.ts";

async function openSession(untilMs = 0) {
  const written = writtenEngine(crashStory().facts);
  const session = new LiveSession(written.engine, command => `you ${command.do}`);
  await session.open({ ...newRun(SPEC, 7, "1"), until: untilMs * 1_000 });
  return { session, ...written };
}

/** Frames of 16 ms, with the answers of the engine between them. */
async function playFor(session: LiveSession, frames: number, fromMs = 0): Promise<void> {
  for (let frame = 0; frame < frames; frame += 1) {
    session.frame(fromMs + frame * 16);
    await new Promise(resolve => { setImmediate(resolve); });
  }
}

test("a run opens where it ends, with everything before it known", async () => {
  const { session } = await openSession(1_000);
  expect(session.shownUs).toBe(1_000_000);
  expect(session.facts.all.length).toBeGreaterThan(10);
  expect(session.story?.viewAt(1_000_000).topics[0]?.partitions[1]?.leader).toBe(2);
});

test("while playing, the clock follows the wall and the engine stays half a shown second ahead", async () => {
  const { session } = await openSession();
  session.play();
  await playFor(session, 60);
  expect(session.shownUs).toBe(59 * 16_000);
  expect(session.headUs).toBeGreaterThanOrEqual(session.shownUs + 400_000);
  session.setSpeed(10);
  await playFor(session, 30, 2_000);
  expect(session.headUs).toBeGreaterThanOrEqual(session.shownUs + 4_000_000);
});

test("the clock never passes what is simulated, and a late frame moves it by a tenth of a second", async () => {
  const { session } = await openSession();
  session.play();
  session.frame(0);
  session.frame(50);
  expect(session.shownUs).toBe(0);
  await playFor(session, 2, 60);
  const before = session.shownUs;
  session.frame(60_000);
  expect(session.shownUs - before).toBeLessThanOrEqual(100_000);
});

test("a command is given at the shown instant, and what lay beyond is taken back", async () => {
  const { session, run } = await openSession(2_000);
  await session.seek(1_500_000);
  const dropped = session.facts.all.filter(fact => fact.at > 1_500_000).length;
  expect(dropped).toBeGreaterThan(0);
  await session.give({ do: "kill", node: 2 });
  expect(run(1).inputs).toEqual([{ at: 1_500_000, command: { do: "kill", node: 2 } }]);
  expect(session.shownUs).toBe(1_500_000);
  expect(session.facts.all.at(-1)?.fact.kind).toBe("command");
  expect(session.facts.all.every(fact => fact.at <= 1_500_000)).toBe(true);
});

test("the clock stands still while a command is on its way", async () => {
  const { session } = await openSession(1_000);
  session.play();
  session.frame(0);
  const given = session.give({ do: "kill", node: 1 });
  session.frame(50);
  session.frame(99);
  expect(session.isHeld).toBe(true);
  await given;
  expect(session.shownUs).toBe(1_000_000);
});

test("a command that does not fit its moment is told and nothing is taken back", async () => {
  const { session } = await openSession(2_000);
  const known = session.facts.all.length;
  await expect(session.give({ do: "resume", node: 2 })).rejects.toThrow("broker 2 is not paused");
  expect(session.facts.all.length).toBe(known);
});

test("stepping goes to the next and the previous accepted fact, simulating on where none is known", async () => {
  const { session } = await openSession(1_000);
  await session.stepForward(fact => fact.fact.kind === "broker-fenced", false);
  expect(session.shownUs).toBe(14_214_000);
  session.stepBack(fact => fact.fact.kind === "process-stopped");
  expect(session.shownUs).toBe(5_300_000);
});

test("slowed down for letters, the clock takes its time at each of their steps and none between letters", async () => {
  const { session } = await openSession(1_290);
  session.setSlowForLetters(true);
  session.play();
  await playFor(session, 2);
  expect(session.shownUs).toBe(1_300_000);
  // Four hops of a millisecond, 320 ms of the wall each.
  await playFor(session, 30, 1_000);
  expect(session.shownUs).toBeGreaterThan(1_301_000);
  expect(session.shownUs).toBeLessThan(1_303_000);
  await playFor(session, 60, 3_000);
  expect(session.shownUs).toBeGreaterThan(1_304_000);
  session.setSpeed(10);
  expect(session.isSlowForLetters).toBe(false);
});

test("steps that lie a microsecond apart do not hold the clock up", async () => {
  const story = crashStory();
  const [last] = story.facts.slice(-1);
  const facts = Array.from({ length: 40 }, (_, index) => ({
    id: story.facts.length + index, at: 15_000_000 + index, process: "broker-3", cause: -1, quiet: false,
    fact: { kind: "high-watermark", broker: 3, topic: "user-events", partition: 1, offset: 3 + index } as const,
  }));
  expect(last?.at).toBeLessThan(15_000_000);
  const session = new LiveSession(writtenEngine([...story.facts, ...facts]).engine);
  await session.open({ ...newRun(SPEC, 7, "1"), until: 14_990_000 });
  session.setSlowForLetters(true);
  session.play();
  await playFor(session, 60);
  expect(session.shownUs).toBeGreaterThan(15_000_039);
});

test("a glide ends exactly on its event", async () => {
  const { session } = await openSession(1_000);
  const now = vi.spyOn(performance, "now").mockReturnValue(0);
  await session.stepForward(fact => fact.fact.kind === "process-stopped", true);
  session.frame(210);
  expect(session.shownUs).toBeGreaterThan(1_000_000);
  expect(session.shownUs).toBeLessThan(5_300_000);
  session.frame(420);
  expect(session.shownUs).toBe(5_300_000);
  expect(session.isMoving).toBe(false);
  now.mockRestore();
});

test("a command in the past of another command makes a lane, named by what was done", async () => {
  const { session } = await openSession(1_000);
  expect(session.futures).toEqual([]);
  await session.give({ do: "kill", node: 2 });
  await session.seek(500_000);
  await session.give({ do: "kill", node: 1 });
  expect(session.futures.map(({ label, isShown }) => [label, isShown])).toEqual([["first", false], ["you kill", true]]);
  await session.openFuture("lane 0");
  expect(session.futures.find(future => future.isShown)?.label).toBe("first");
});

test("a fork keeps the future that was shown, and either can be opened", async () => {
  const { session } = await openSession(3_000);
  await session.seek(2_000_000);
  await session.fork();
  expect(session.shownUs).toBe(2_000_000);
  expect(session.futures.map(it => it.isShown)).toEqual([false, true]);
  await session.openFuture("session 1");
  expect(session.futures.map(it => it.isShown)).toEqual([true, false]);
  expect(session.shownUs).toBe(2_000_000);
});

test("a saved run ends at the shown instant, and not before its last input", async () => {
  const { session } = await openSession(2_000);
  await session.give({ do: "kill", node: 2 });
  expect((await session.save()).until).toBe(2_000_000);
  await session.seek(1_000_000);
  expect((await session.save()).until).toBe(2_000_000);
});

test("work that moves the run by itself is shown at its end", async () => {
  const { session } = await openSession(1_000);
  const answer = await session.lend(async (engine, id) => { await engine.advance(id, 6_000_000); return 41; });
  expect(answer).toBe(41);
  expect(session.shownUs).toBe(6_000_000);
  expect(session.story?.viewAt(session.shownUs).nodes[1]?.status).toBe("stopped");
});

test("a file that cannot be a run is refused with where, expected, found and cure", () => {
  const refusal = (text: string): unknown => { try { parseRunFile(text, "run.json"); } catch (reason) { return reason; } return null; };
  expect(problemOf(refusal("{\"format\": \"sorting-office-run\", "))).toMatchObject({ where: "run.json:1", expected: "JSON from its first to its last brace" });
  expect(problemOf(refusal("[]"))).toMatchObject({ where: "run.json.format", found: "no format" });
  expect(problemOf(refusal("3"))).toMatchObject({ found: "3" });
  expect(problemOf(refusal("x".repeat(RUN_TEXT_MAX + 1)))).toMatchObject({ what: "the file is too large for a run" });
  expect(parseRunFile(JSON.stringify(newRun(SPEC, 1, "1")), "run.json").seed).toBe(1);
});
