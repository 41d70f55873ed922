import { describe, expect, test } from "vitest";
import { createStream, drawBelow, drawUint32 } from "#engine/core/random.ts";
import { tell, twoDiarists, wordsOf } from "./toy-processes.ts";

describe("random streams", () => {
  test("the same seed and name give the same numbers, for ever", () => {
    const stream = createStream(1, "broker-1/election timeout");
    expect([drawUint32(stream), drawUint32(stream), drawUint32(stream)]).toMatchInlineSnapshot(`
      [
        1196356167,
        3438414225,
        3062818780,
      ]
    `);
  });

  test("neighbouring seeds and names are unrelated", () => {
    const firsts = new Set<number>();
    for (let seed = 0; seed < 200; seed += 1) {
      for (const name of ["a", "b", "ab", "ba"]) firsts.add(drawUint32(createStream(seed, name)));
    }
    expect(firsts.size).toBe(800);
  });

  test("a draw below a bound is uniform and stays below it", () => {
    const stream = createStream(42, "dice");
    const counts = new Array<number>(6).fill(0);
    for (let draw = 0; draw < 60_000; draw += 1) {
      const value = drawBelow(stream, 6);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    expect(counts.length).toBe(6);
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  test("a bound that is no bound is a bug", () => {
    const stream = createStream(1, "x");
    expect(() => drawBelow(stream, 0)).toThrow("random bound 0");
    expect(() => drawBelow(stream, 1.5)).toThrow("random bound 1.5");
  });

  test("a draw for another purpose, or in another process, shifts nothing", () => {
    const plain = twoDiarists(3);
    for (let draw = 0; draw < 3; draw += 1) tell(plain, "left", { do: "draw", purpose: "jitter" });
    const busy = twoDiarists(3);
    for (let draw = 0; draw < 3; draw += 1) {
      tell(busy, "left", { do: "draw", purpose: "other" });
      tell(busy, "right", { do: "draw", purpose: "jitter" });
      tell(busy, "left", { do: "draw", purpose: "jitter" });
    }
    const jitter = (lines: string[]): string[] => lines.filter(line => line.startsWith("jitter"));
    expect(jitter(wordsOf(busy, "left"))).toEqual(jitter(wordsOf(plain, "left")));
    expect(jitter(wordsOf(busy, "right"))).not.toEqual(jitter(wordsOf(plain, "left")));
  });
});
