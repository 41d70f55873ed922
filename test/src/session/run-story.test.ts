import { expect, test } from "vitest";
import { FactStore } from "#src/session/fact-store.ts";
import { RunStory } from "#src/session/run-story.ts";
import { crashStory, SPEC } from "./written-facts.ts";

const FACTS = crashStory().facts;

function storyOf(facts = FACTS): { store: FactStore; story: RunStory } {
  const store = new FactStore();
  const story = new RunStory(SPEC);
  store.follow(story);
  store.apply({ head: 0, firstId: 0, reset: false, facts });
  return { store, story };
}

test("the view at a moment is the same whether it is reached forwards, backwards or at once", () => {
  const { story } = storyOf();
  const moments = FACTS.map(fact => fact.at);
  const forwards = moments.map(at => JSON.stringify(story.viewAt(at)));
  const backwards = moments.toReversed().map(at => JSON.stringify(story.viewAt(at))).reverse();
  const fresh = moments.map(at => JSON.stringify(storyOf().story.viewAt(at)));
  expect(backwards).toEqual(forwards);
  expect(fresh).toEqual(forwards);
});

test("a change is known with its moment and with what was before", () => {
  const { story } = storyOf();
  expect(story.changeAt("status 2", 5_299_999)?.value).toBe("running");
  expect(story.changeAt("status 2", 5_300_000)).toMatchObject({ atUs: 5_300_000, before: "running", value: "stopped" });
  expect(story.changeAt("leader user-events/1", 20_000_000)).toMatchObject({ atUs: 14_214_000, value: "3 1" });
  expect(story.changesOf("watermark user-events/0").map(change => change.value)).toEqual([0, 1, 2, 3]);
});

test("facts that are taken back are forgotten, and others may follow", () => {
  const { store, story } = storyOf();
  const kill = FACTS.find(fact => fact.fact.kind === "process-stopped");
  store.apply({ head: 0, firstId: kill?.id ?? 0, reset: true, facts: [] });
  expect(story.viewAt(20_000_000).nodes[1]?.status).toBe("running");
  expect(story.changeAt("status 2", 20_000_000)?.value).toBe("running");
  store.apply({ head: 0, firstId: 0, reset: false, facts: FACTS });
  expect(story.viewAt(20_000_000).topics[0]?.partitions[1]?.leader).toBe(3);
  expect(store.all.length).toBe(FACTS.length);
});

test("stepping finds moments on both sides and not the one it stands on", () => {
  const { store } = storyOf();
  const isFence = (fact: { fact: { kind: string } }): boolean => fact.fact.kind === "broker-fenced";
  expect(store.momentAfter(0, isFence)).toBe(14_214_000);
  expect(store.momentAfter(14_214_000, isFence)).toBeNull();
  expect(store.momentBefore(14_214_000, isFence)).toBeNull();
  expect(store.momentBefore(14_214_001, isFence)).toBe(14_214_000);
});
