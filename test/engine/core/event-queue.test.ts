import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Event, popEvent, pushEvent } from "#engine/core/event-queue.ts";

function event(at: number, sequence: number): Event {
  return new Event(at, sequence, "timer", 0, 1, "", 0, null, -1);
}

describe("the event queue", () => {
  test("an empty queue gives nothing", () => {
    expect(popEvent([])).toBeUndefined();
  });

  test("events at one moment come in the order in which they were scheduled", () => {
    const heap: Event[] = [];
    for (let sequence = 1; sequence <= 50; sequence += 1) pushEvent(heap, event(5, sequence));
    const order = Array.from({ length: 50 }, () => popEvent(heap)?.sequence);
    expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test("pushes and pops in any mixture behave like a sorted list", () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant("pop" as const)), { maxLength: 200 }), steps => {
      const heap: Event[] = [];
      const model: Event[] = [];
      let sequence = 0;
      for (const step of steps) {
        if (step === "pop") expect(popEvent(heap)).toBe(model.shift());
        else {
          const pushed = event(step, sequence += 1);
          pushEvent(heap, pushed);
          model.push(pushed);
          model.sort((a, b) => a.at - b.at || a.sequence - b.sequence);
        }
        expect(heap.length).toBe(model.length);
      }
      while (model.length > 0) expect(popEvent(heap)).toBe(model.shift());
    }));
  });
});
