import { expect, test } from "vitest";
import { didYouMean, nearestWord } from "#engine/core/nearest-word.ts";

test("the nearest known word is the one with the fewest slips; a swap of neighbours is one slip", () => {
  expect(nearestWord("brokres", ["brokers", "topics"])).toBe("brokers");
  expect(nearestWord("Topic", ["brokers", "topics"])).toBe("topics");
  expect(nearestWord("zookeeper", ["brokers", "topics"])).toBeNull();
  expect(nearestWord("", [])).toBeNull();
});

test("a cure names the word, or says what else can be done", () => {
  expect(didYouMean("selers", ["sellers"], "Leave it out.")).toBe("Did you mean \"sellers\"?");
  expect(didYouMean("x", ["sellers"], "Leave it out.")).toBe("Leave it out.");
});
