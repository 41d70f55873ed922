import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppendOnlyList } from "#engine/core/append-only-list.ts";

const step = fc.oneof(
  fc.record({ do: fc.constant("push" as const), list: fc.nat(3) }),
  fc.record({ do: fc.constant("share" as const), list: fc.nat(3) }),
  fc.record({ do: fc.constant("truncate" as const), list: fc.nat(3), part: fc.nat(100) }),
  fc.record({ do: fc.constant("drop" as const), list: fc.nat(3), part: fc.nat(100) }),
);

describe("an append-only list", () => {
  test("copies that share an array never see each other's changes", () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 80 }), steps => {
      const lists = [new AppendOnlyList<number>(), new AppendOnlyList<number>(), new AppendOnlyList<number>(), new AppendOnlyList<number>()];
      const models: number[][] = [[], [], [], []];
      let next = 0;
      for (const { list: index, ...what } of steps) {
        const list = lists[index] as AppendOnlyList<number>;
        const model = models[index] as number[];
        const length = Math.floor(("part" in what ? what.part : 0) * model.length / 100);
        if (what.do === "push") { list.push(next); model.push(next); next += 1; }
        if (what.do === "share") { lists[(index + 1) % 4] = list.share(); models[(index + 1) % 4] = [...model]; }
        if (what.do === "truncate") { list.truncate(length); model.length = length; }
        if (what.do === "drop") { list.dropFirst(length); model.splice(0, length); }
        lists.forEach((each, at) => { expect([...each]).toEqual(models[at]); });
      }
    }));
  });

  test("a copy shares the array until one of the two departs from it", () => {
    const list = new AppendOnlyList([1, 2, 3]);
    const copy = list.share();
    list.push(4);
    expect(copy.sharesArrayWith(list)).toBe(true);
    expect([copy.length, copy.at(3), copy.last]).toEqual([3, undefined, 3]);
    copy.push(5);
    expect(copy.sharesArrayWith(list)).toBe(false);
    expect([[...list], [...copy]]).toEqual([[1, 2, 3, 4], [1, 2, 3, 5]]);
  });

  test("a truncation leaves older copies whole", () => {
    const list = new AppendOnlyList([1, 2, 3]);
    const older = list.share();
    list.truncate(1);
    list.push(9);
    expect([[...older], [...list]]).toEqual([[1, 2, 3], [1, 9]]);
    expect(() => list.truncate(3)).toThrow("cannot truncate a list of 2 to 3");
  });

  test("a slice ends where the list ends, not where the shared array does", () => {
    const list = new AppendOnlyList([1, 2]);
    const copy = list.share();
    list.push(3);
    expect([copy.slice(0), copy.slice(1, 9), list.slice(1)]).toEqual([[1, 2], [2], [2, 3]]);
  });
});
