// Names, keys and values that people chose are text in every markup of the stage, never markup.
import { expect, test } from "vitest";
import { frameMarkup } from "#src/stage/frame-markup.ts";
import { frameModel } from "#src/stage/frame-model.ts";
import { layoutOf } from "#src/stage/stage-layout.ts";
import { escapeMarkup } from "#src/stage/shown-text.ts";
import { textTwinMarkup } from "#src/stage/text-twin.ts";
import { RunStory } from "#src/session/run-story.ts";
import { crashStory, SPEC } from "../session/written-facts.ts";

const HOSTILE = "\"'><img src=x onerror=alert(1)><script>&amp;`";

/** Every text of a read model that a person may have chosen, replaced. */
function hostile<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) => (["name", "host", "id", "topic", "key", "value", "client", "rack"].includes(key) && typeof inner === "string" ? HOSTILE : inner)) as Value;
}

const story = new RunStory(SPEC);
for (const fact of crashStory().facts) story.add(fact);
const model = frameModel(hostile(story.viewAt(15_000_000)), null);

test("the story has a producer, a consumer and hosts to be named badly", () => {
  expect(model.producers[0]?.id).toBe(HOSTILE);
  expect(model.consumers[0]?.id).toBe(HOSTILE);
  expect(model.shelves[0]?.host).toBe(HOSTILE);
});

test.each(["wide", "narrow"] as const)("the %s frame and the text twin hold them as text", (width) => {
  const layout = layoutOf({
    widthPx: width === "wide" ? 1_200 : 390, brokers: model.shelves.map(it => it.broker), partitions: model.columns.length, firstPartition: 0,
    producers: model.producers.map(it => it.id), consumers: model.consumers.map(it => it.id), tearsBelow: [],
  });
  for (const markup of [frameMarkup({ layout, model, hasPostOfficeWords: true }), textTwinMarkup(model, 15_000_000)]) {
    expect(markup).not.toMatch(/<img|<script|"'/);
    expect(markup).toContain(escapeMarkup(HOSTILE.slice(0, 6)));
  }
});
