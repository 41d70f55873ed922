import { expect, test } from "vitest";
import { gridUs, leaderlessGaps, spanUs, TrackLog } from "#src/timeline/timeline-model.ts";
import { FactStore } from "#src/session/fact-store.ts";
import { RunStory } from "#src/session/run-story.ts";
import { crashStory, SPEC } from "../session/written-facts.ts";

const STORE = new FactStore();
const STORY = new RunStory(SPEC);
const LOG = new TrackLog(STORY);
STORE.follow(STORY);
STORE.follow(LOG);
STORE.apply({ head: 0, firstId: 0, reset: false, facts: crashStory().facts });
const gapsAt = (ms: number) => leaderlessGaps(STORY, STORY.viewAt(ms * 1_000), ms * 1_000);

test("time without a live leader runs from the crash to the new leader, and grows no further than the shown instant", () => {
  expect(gapsAt(5_000)).toEqual([]);
  expect(gapsAt(10_000)).toEqual([{ fromUs: 5_300_000, toUs: 10_000_000, isOver: false }]);
  expect(gapsAt(20_000)).toEqual([{ fromUs: 5_300_000, toUs: 14_214_000, isOver: true }]);
});

test("marks that would touch merge into one with a count; a fault wins over what came with it", () => {
  const narrow = LOG.marksAt({ spanUs: 20_000_000, widthPx: 340, untilUs: 20_000_000 });
  const wide = LOG.marksAt({ spanUs: 20_000_000, widthPx: 4_000, untilUs: 20_000_000 });
  expect(narrow.length).toBeLessThan(wide.length);
  expect(narrow.reduce((sum, mark) => sum + mark.count, 0)).toBe(wide.reduce((sum, mark) => sum + mark.count, 0));
  expect(narrow.map(mark => mark.mark.kind)).toContain("fault");
  expect(wide.find(mark => mark.atUs === 14_214_000)?.mark).toEqual({ kind: "election", broker: 3 });
});

test("nothing beyond the shown instant is on the track", () => {
  const track = { spanUs: 20_000_000, widthPx: 700, untilUs: 5_000_000 };
  expect(LOG.marksAt(track).every(mark => mark.atUs <= 5_000_000)).toBe(true);
  expect(LOG.ticksAt(track)).toHaveLength(9);
});

test("the track reaches to a round time with a little room, and its labels stand at round times", () => {
  expect([0, 19_000_000, 19_900_000, 100_000_000].map(spanUs)).toEqual([20_000_000, 20_000_000, 40_000_000, 120_000_000]);
  expect(gridUs(20_000_000, 740)).toEqual([0, 5_000_000, 10_000_000, 15_000_000, 20_000_000]);
});

test("a count beside a mark is not written over the next mark", () => {
  for (const widthPx of [340, 500, 700, 1_000]) {
    const marks = LOG.marksAt({ spanUs: 20_000_000, widthPx, untilUs: 20_000_000 });
    const tight = marks.filter((mark, place) => mark.count > 1 && (marks[place + 1]?.x ?? Infinity) - mark.x < 26);
    expect(tight).toEqual([]);
  }
});
