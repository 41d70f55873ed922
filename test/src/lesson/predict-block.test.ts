import { describe, expect, test } from "vitest";
import { impliedValue } from "#src/lesson/predict-block.ts";

describe("the value that an option names by itself", () => {
  test.each([
    ["broker 3", "3"], ["partition 0", "0"], ["offset 17", "17"], ["epoch 1", "1"], ["5", "5"], ["none", "0"], ["one", "1"], ["Ten", "10"],
    ["nobody", "-1"], ["yes", "true"], ["no", "false"],
  ])("%s is %s", (label, value) => expect(impliedValue(label)).toBe(value));

  test.each(["the one with the most records", "brokers 1 and 2", "about 9 seconds", ""])("%s names none", (label) => {
    expect(impliedValue(label)).toBeNull();
  });
});
