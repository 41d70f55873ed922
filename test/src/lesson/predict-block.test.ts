import { describe, expect, test } from "vitest";
import { impliedValue, isAnswer } from "#src/lesson/predict-block.ts";

describe("the value that an option names by itself", () => {
  test.each([
    ["broker 3", "3"], ["partition 0", "0"], ["offset 17", "17"], ["epoch 1", "1"], ["5", "5"], ["none", "0"], ["one", "1"], ["Ten", "10"],
    ["nobody", "-1"], ["yes", "true"], ["no", "false"],
  ])("%s is %s", (label, value) => expect(impliedValue(label)).toBe(value));

  test.each(["the one with the most records", "brokers 1 and 2", "about 9 seconds", ""])("%s names none", (label) => {
    expect(impliedValue(label)).toBeNull();
  });
});

describe("an option is right", () => {
  const option = (value: string | null): { label: string; value: string | null } => ({ label: "", value });

  test("when its value was measured", () => {
    expect([isAnswer(option("3"), "3"), isAnswer(option("3"), "13"), isAnswer(option("1,2"), "1, 2")]).toEqual([true, false, true]);
  });
  test("when what was measured lies in its range, ends included", () => {
    const range = option("7000..9500");
    expect(["6999", "7000", "8914.5", "9500", "9501", ""].map((measured) => isAnswer(range, measured))).toEqual([
      false, true, true, true, false, false,
    ]);
  });
  test("never, when it names no value", () => expect(isAnswer(option(null), "")).toBe(false));
});
