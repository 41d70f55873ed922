import fc from "fast-check";
import { expect, test } from "vitest";
import { assignEpochStart, endOffsetForEpoch, type EpochEntry, latestEpoch, truncateEpochsFromEnd } from "#engine/log/leader-epoch-cache.ts";

const EPOCHS: EpochEntry[] = [{ epoch: 0, startOffset: 0 }, { epoch: 2, startOffset: 5 }, { epoch: 4, startOffset: 9 }];

test("the newest epoch ends at the log's end, an older one where the next begins, a missing one with the one below it", () => {
  expect(endOffsetForEpoch(EPOCHS, 4, 12)).toEqual({ epoch: 4, endOffset: 12 });
  expect(endOffsetForEpoch(EPOCHS, 2, 12)).toEqual({ epoch: 2, endOffset: 9 });
  expect(endOffsetForEpoch(EPOCHS, 3, 12)).toEqual({ epoch: 2, endOffset: 9 });
  expect(endOffsetForEpoch(EPOCHS, 1, 12)).toEqual({ epoch: 0, endOffset: 5 });
  expect(endOffsetForEpoch(EPOCHS, 5, 12)).toEqual({ epoch: -1, endOffset: -1 });
  expect(endOffsetForEpoch(EPOCHS, -1, 12)).toEqual({ epoch: -1, endOffset: -1 });
  expect(endOffsetForEpoch([], 0, 0)).toEqual({ epoch: -1, endOffset: -1 });
  expect(endOffsetForEpoch([{ epoch: 3, startOffset: 7 }], 1, 9)).toEqual({ epoch: 1, endOffset: 7 });
});

test("a new epoch at the same offset replaces the one that wrote nothing", () => {
  const epochs = EPOCHS.slice();
  expect(assignEpochStart(epochs, 6, 9)).toBe(true);
  expect(epochs).toEqual([EPOCHS[0], EPOCHS[1], { epoch: 6, startOffset: 9 }]);
  expect(assignEpochStart(epochs, 6, 10)).toBe(false);
});

const steps = fc.array(fc.record({ epoch: fc.nat(12), offset: fc.nat(40), cut: fc.boolean() }), { maxLength: 60 });

test("epochs and their starts only ever grow, whatever is assigned and cut", () => {
  fc.assert(fc.property(steps, list => {
    const epochs: EpochEntry[] = [];
    for (const { epoch, offset, cut } of list) {
      if (cut) truncateEpochsFromEnd(epochs, offset);
      else assignEpochStart(epochs, epoch, offset);
      for (let index = 1; index < epochs.length; index += 1) {
        const [before, after] = [epochs[index - 1], epochs[index]];
        expect(before !== undefined && after !== undefined && before.epoch < after.epoch && before.startOffset < after.startOffset).toBe(true);
      }
      if (cut) expect(epochs.every(entry => entry.startOffset < offset)).toBe(true);
    }
  }));
});

test("two logs that share a prefix find its end by asking each other, as a follower asks its leader", () => {
  const histories = fc.record({
    shared: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
    follower: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
    leader: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  });
  fc.assert(fc.property(histories, ({ shared, follower, leader }) => {
    // Epochs of the shared part are even, the follower's own odd, the leader's own even and newer: no epoch has two leaders.
    const log = (own: readonly number[], first: number): { epochs: EpochEntry[]; end: number } => {
      const epochs: EpochEntry[] = [];
      let end = 0;
      shared.forEach((count, index) => { assignEpochStart(epochs, 2 * index, end); end += count; });
      own.forEach((count, index) => { assignEpochStart(epochs, first + 2 * index, end); end += count; });
      return { epochs, end };
    };
    const sharedEnd = shared.reduce((sum, count) => sum + count, 0);
    const copy = log(follower, 2 * shared.length + 1);
    const source = log(leader, 2 * (shared.length + follower.length) + 2);
    for (let round = 0; round < 10; round += 1) {
      const asked = latestEpoch(copy.epochs);
      const answer = endOffsetForEpoch(source.epochs, asked, source.end);
      if (!(answer.epoch < asked || answer.endOffset < copy.end)) break;
      const own = endOffsetForEpoch(copy.epochs, answer.epoch, copy.end);
      copy.end = Math.min(copy.end, own.epoch === answer.epoch ? Math.min(own.endOffset, answer.endOffset) : own.endOffset);
      truncateEpochsFromEnd(copy.epochs, copy.end);
    }
    expect(copy.end).toBe(sharedEnd);
  }));
});
