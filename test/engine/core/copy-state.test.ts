import { describe, expect, test } from "vitest";
import { AppendOnlyList } from "#engine/core/append-only-list.ts";
import { copyState } from "#engine/core/copy-state.ts";
import { digestOf } from "#engine/core/digest.ts";
import { SharedValue } from "#engine/core/shared-value.ts";

class Stamp extends SharedValue {
  readonly text: string;
  constructor(text: string) { super(); this.text = text; }
  digestParts(): readonly string[] { return [this.text]; }
}

describe("copying state", () => {
  test("changes of the copy do not reach the original, at any depth", () => {
    const original = { list: [1, { deep: new Map([["k", { n: 1 }]]) }], set: new Set([1]), log: new AppendOnlyList(["a"]) };
    const before = digestOf(original);
    const copy = copyState(original);
    expect(digestOf(copy)).toBe(before);
    const inner = copy.list[1] as { deep: Map<string, { n: number }> };
    inner.deep.set("k", { n: 2 });
    copy.set.add(2);
    copy.log.push("b");
    copy.list.push(3);
    expect(digestOf(original)).toBe(before);
    expect(digestOf(copy)).not.toBe(before);
  });

  test("bytes and shared values are shared, not copied", () => {
    const original = { bytes: new Uint8Array([1]), stamp: new Stamp("x") };
    const copy = copyState(original);
    expect(copy.bytes).toBe(original.bytes);
    expect(copy.stamp).toBe(original.stamp);
  });

  test("a map keeps its order", () => {
    expect([...copyState(new Map([["b", 1], ["a", 2]])).keys()]).toEqual(["b", "a"]);
  });

  test("behaviour in state is a bug", () => {
    expect(() => copyState({ run: () => 1 })).toThrow("state holds a function in \"run\"");
    expect(() => copyState({ when: new Date(0) })).toThrow("state holds a Date, which cannot be copied");
  });
});

describe("the digest", () => {
  test("is the same number on every machine", () => {
    expect(digestOf({ text: "sorting office", list: [1, -1, 4294967296, true, null, undefined], bytes: new Uint8Array([1, 2]) })).toMatchInlineSnapshot(`"da33fa24eb3804bf"`);
  });

  test("tells apart what is nearly the same", () => {
    const values: unknown[] = [
      0, 1, -1, 4294967296, "0", "", [], {}, [[]], [0], [0, 0], { a: 0 }, { b: 0 }, { a: 1 }, { a: 0, b: 0 }, { b: 0, a: 0 }, null, undefined,
      true, false, new Map(), new Set(), new Map([["a", 0]]), new Set(["a"]), new Set(["a", "b"]), new Set(["b", "a"]), "a", "ab", ["a", "b"],
      new Uint8Array([]), new Uint8Array([0]), new Uint8Array([0, 0]), new AppendOnlyList([0]),
    ];
    expect(new Set(values.map(digestOf)).size).toBe(values.length);
  });

  test("fractions and unsafe numbers are bugs", () => {
    expect(() => digestOf(0.5)).toThrow("state holds 0.5, not a safe integer");
    expect(() => digestOf(NaN)).toThrow("state holds NaN");
    expect(() => digestOf(2 ** 53)).toThrow("not a safe integer");
    expect(() => digestOf(() => 1)).toThrow("state holds a function");
  });
});
