import { expect, test } from "vitest";
import { FeedLog, isEvent, isNews, TRAFFIC_LINES_MAX } from "#src/feed/feed-lines.ts";
import { headline, nextSpoken } from "#src/feed/live-sentence.ts";
import { FactStore } from "#src/session/fact-store.ts";
import { RunStory } from "#src/session/run-story.ts";
import { crashStory, SPEC } from "../session/written-facts.ts";

const STORE = new FactStore();
const STORY = new RunStory(SPEC);
const LOG = new FeedLog(STORY);
STORE.follow(STORY);
STORE.follow(LOG);
STORE.apply({ head: 0, firstId: 0, reset: false, facts: crashStory().facts });
const linesAt = (ms: number, tellsDetails = false) => LOG.linesAt({ us: ms * 1_000, count: 12, tellsDetails });

test("news is not pushed away by letters", () => {
  const lines = linesAt(4_900);
  expect(lines.filter(line => line.weight === "traffic").length).toBeLessThanOrEqual(TRAFFIC_LINES_MAX);
  expect(lines.some(line => line.sentence.includes("leads partition"))).toBe(true);
  expect(lines.map(line => line.atUs)).toEqual(lines.map(line => line.atUs).toSorted((a, b) => a - b));
});

test("the feed says nothing of what has not been shown yet", () => {
  expect(linesAt(5_299).some(line => line.sentence.includes("unplug"))).toBe(false);
  expect(linesAt(5_300).at(-1)?.sentence).toBe("Broker 2 is gone. It has told nobody.");
});

test("only the partition that lost its leader is told, and marked, as an election", () => {
  const fence = linesAt(14_214).filter(line => line.atUs === 14_214_000);
  expect(fence.map(line => line.mark?.kind)).toEqual(["in-sync", "in-sync", "election", "in-sync"]);
});

test("details are told in slow motion, and at the instant that was stepped to", () => {
  const isFetch = (line: { sentence: string }): boolean => line.sentence.includes("asks broker");
  expect(linesAt(803.5).some(isFetch)).toBe(false);
  expect(linesAt(802).some(isFetch)).toBe(true);
  expect(linesAt(803.5, true).some(isFetch)).toBe(true);
});

test("at most one sentence a second is read aloud, and many are summed up", () => {
  const lines = linesAt(14_300);
  const first = nextSpoken(lines, { text: "", lastId: 0, atMs: 0 }, 1_000);
  expect(first?.text).toMatch(/^\d+ events\. The last: /);
  if (first === null) throw new Error("something is said");
  expect(nextSpoken(lines, first, 1_500)).toBeNull();
  expect(nextSpoken(linesAt(5_750), first, 1_999)).toBeNull();
  expect(nextSpoken(linesAt(5_750), first, 2_000)?.text).toBe("web-1 cannot reach broker 2.");
});

test("news is the headline for a while, then what letters do", () => {
  expect(headline(linesAt(8_000), 8_000_000)?.sentence).toBe("web-1 cannot reach broker 2.");
  expect(headline(linesAt(4_900), 4_900_000)?.weight).toBe("traffic");
  expect(headline([], 0)).toBeNull();
});

test("a rewind takes its sentences back", () => {
  const story = new RunStory(SPEC);
  const log = new FeedLog(story);
  const { facts } = crashStory();
  for (const fact of facts) { story.add(fact); log.add(fact); }
  const kill = facts.find(fact => fact.fact.kind === "command");
  story.dropFrom(kill?.id ?? 0);
  log.dropFrom(kill?.id ?? 0);
  expect(log.newestAt(20_000_000)?.atUs).toBeLessThan(5_300_000);
});

test("an event is what has a sentence; news is less", () => {
  const events = STORE.all.filter(isEvent).length;
  const news = STORE.all.filter(isNews).length;
  expect(events).toBeLessThan(STORE.all.length + 1);
  expect(news).toBeGreaterThan(5);
  expect(news).toBeLessThan(events);
});

test("at full speed a feed of five lines still shows the crash between the letters", () => {
  const shown = LOG.linesAt({ us: 8_000_000, count: 12, tellsDetails: false }).slice(-5);
  expect(shown.filter(line => line.weight === "news").length).toBeGreaterThanOrEqual(3);
  expect(shown.some(line => line.weight === "detail")).toBe(false);
});

test("the first try is news, the next ones are traffic, and what is said five times at once is said once", () => {
  const story = new RunStory(SPEC);
  const log = new FeedLog(story);
  const retry = (id: number, at: number, attempt: number) =>
    ({ id, at, process: "web-1", cause: -1, quiet: false, fact: { kind: "batch-retried", client: "web-1", topic: "user-events", partition: 0, count: 1, error: "NETWORK_EXCEPTION", attempt } }) as const;
  for (const fact of [retry(1, 1_000, 1), retry(2, 1_000, 1), retry(3, 1_000, 1), ...[4, 5, 6, 7].map(id => retry(id, id * 1_000, id - 2))]) log.add(fact);
  const lines = log.linesAt({ us: 9_000, count: 12, tellsDetails: false });
  expect(lines.map(line => line.weight)).toEqual(["news", "traffic", "traffic"]);
  expect(lines.map(line => line.id)).toEqual([1, 6, 7]);
});
