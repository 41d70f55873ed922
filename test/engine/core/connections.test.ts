import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutLink, healLink, linkBetween } from "#engine/core/connections.ts";
import { nextRetransmissionUs } from "#engine/core/network.ts";
import { connected, diaryOf, tell, twoDiarists, wordsOf } from "./toy-processes.ts";

const SECOND = 1_000_000;

function timeOf(line: string | undefined): number {
  return Number((line ?? "").split(" ")[0]);
}

describe("a connection", () => {
  test("opens after one round trip, at both ends", () => {
    const simulation = twoDiarists();
    connected(simulation);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "connected"]);
    expect(wordsOf(simulation, "right")).toEqual(["start with 0", "accepted on 9092"]);
    expect(timeOf(diaryOf(simulation, "right")[1])).toBeGreaterThanOrEqual(250);
    expect(timeOf(diaryOf(simulation, "left")[1])).toBeGreaterThanOrEqual(500);
    expect(timeOf(diaryOf(simulation, "left")[1])).toBeLessThanOrEqual(610);
  });

  test("is refused where nobody listens", () => {
    const simulation = twoDiarists();
    tell(simulation, "left", { do: "connect", host: "b", port: 1 });
    tell(simulation, "left", { do: "connect", host: "nowhere", port: 9092 });
    simulation.runUntil(10_000);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "closed", "closed"]);
    expect(simulation.world.network.connections.size).toBe(0);
  });

  test("is refused by the machine of a process that has crashed, and hangs when the machine is dark", () => {
    const simulation = twoDiarists();
    const dark = simulation.fork();
    simulation.crash("right");
    connected(simulation);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "closed"]);
    dark.losePower("right");
    connected(dark);
    dark.runUntil(60 * SECOND);
    expect(wordsOf(dark, "left")).toEqual(["start with 0"]);
  });

  test("keeps the order of what is sent, whatever the jitter", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1000 }), fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 1_000_000 })), { maxLength: 30 }), (seed, words) => {
      const simulation = twoDiarists(seed);
      linkBetween(simulation.world, "a", "b").settings = { latencyUs: 100, jitterUs: 5_000, bytesPerSecond: 10_000_000 };
      connected(simulation);
      words.forEach(([pauseUs, bytes], index) => {
        simulation.runUntil(simulation.world.now + pauseUs);
        tell(simulation, "left", { do: "say", text: `word ${index}`, bytes });
      });
      simulation.runUntil(simulation.world.now + 60 * SECOND);
      expect(wordsOf(simulation, "right").slice(2)).toEqual(words.map((_, index) => `message word ${index}`));
    }), { numRuns: 40 });
  });

  test("takes the time that the bytes need on the link, one message after the other", () => {
    const simulation = twoDiarists();
    connected(simulation);
    linkBetween(simulation.world, "a", "b").settings = { latencyUs: 1_000, jitterUs: 0, bytesPerSecond: 1_000_000 };
    const start = simulation.world.now;
    tell(simulation, "left", { do: "say", text: "one", bytes: 10_000 });
    tell(simulation, "left", { do: "say", text: "two", bytes: 10_000 });
    simulation.runUntil(start + SECOND);
    expect(diaryOf(simulation, "right").slice(2)).toEqual([`${start + 11_000} message one`, `${start + 21_000} message two`]);
  });

  test("a close comes after what was sent before it, and later words vanish", () => {
    const simulation = twoDiarists();
    connected(simulation);
    tell(simulation, "left", { do: "say", text: "last words" });
    tell(simulation, "left", { do: "close" });
    tell(simulation, "left", { do: "say", text: "too late" });
    simulation.runUntil(SECOND);
    expect(wordsOf(simulation, "right").slice(2)).toEqual(["message last words", "closed"]);
    expect(simulation.world.network.connections.size).toBe(0);
  });

  test("a process may talk to itself", () => {
    const simulation = twoDiarists();
    tell(simulation, "right", { do: "connect", host: "b", port: 9092 });
    simulation.runUntil(1_000);
    expect(wordsOf(simulation, "right")).toEqual(["start with 0", "accepted on 9092", "connected"]);
    tell(simulation, "right", { do: "say", text: "ping" });
    simulation.runUntil(2_000);
    expect(wordsOf(simulation, "right").slice(3)).toEqual(["message ping", "message pong"]);
  });
});

describe("a crash", () => {
  test("resets the connections: the other side hears of it at once", () => {
    const simulation = twoDiarists();
    connected(simulation);
    simulation.crash("right");
    simulation.runUntil(simulation.world.now + 1_000);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "connected", "closed"]);
  });

  test("what was on its way to the dead process is answered by a reset", () => {
    const simulation = twoDiarists();
    connected(simulation);
    tell(simulation, "left", { do: "say", text: "ping" });
    simulation.crash("right");
    simulation.start("right");
    simulation.runUntil(simulation.world.now + 10_000);
    expect(wordsOf(simulation, "right")).toEqual(["start with 0"]);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "connected", "closed"]);
  });

  test("timers and messages of an earlier life reach nobody", () => {
    const simulation = twoDiarists();
    tell(simulation, "left", { do: "schedule", delayUs: 5_000, name: "old" });
    simulation.crash("left");
    simulation.start("left");
    simulation.runUntil(SECOND);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0"]);
  });
});

describe("a loss of power", () => {
  test("is silence: the other side hears nothing until the machine is back and resets the old connection", () => {
    const simulation = twoDiarists();
    connected(simulation);
    simulation.losePower("right");
    tell(simulation, "left", { do: "say", text: "anybody there?" });
    simulation.runUntil(5 * SECOND);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "connected"]);
    simulation.start("right");
    simulation.runUntil(20 * SECOND);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "connected", "closed"]);
    expect(wordsOf(simulation, "right")).toEqual(["start with 0"]);
  });
});

describe("a pause", () => {
  test("keeps connections, and hands over what came meanwhile in its order", () => {
    const simulation = twoDiarists();
    connected(simulation);
    tell(simulation, "right", { do: "schedule", delayUs: 2_000, name: "due" });
    simulation.pause("right");
    tell(simulation, "left", { do: "say", text: "ping" });
    simulation.runUntil(simulation.world.now + 5_000);
    tell(simulation, "left", { do: "say", text: "ping again" });
    simulation.runUntil(simulation.world.now + 5 * SECOND);
    expect(wordsOf(simulation, "right")).toEqual(["start with 0", "accepted on 9092"]);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "connected"]);
    simulation.resume("right");
    simulation.runUntil(simulation.world.now + 1_000);
    expect(wordsOf(simulation, "right").slice(2)).toEqual(["message ping", "timer due", "message ping again"]);
    expect(wordsOf(simulation, "left").slice(2)).toEqual(["message pong"]);
  });

  test("that ends in a crash loses what was waiting", () => {
    const simulation = twoDiarists();
    connected(simulation);
    simulation.pause("right");
    tell(simulation, "left", { do: "say", text: "ping" });
    simulation.runUntil(simulation.world.now + 5_000);
    simulation.crash("right");
    simulation.start("right");
    simulation.runUntil(simulation.world.now + SECOND);
    expect(wordsOf(simulation, "right")).toEqual(["start with 0"]);
  });

  test("an order to exit that waits in the mailbox ends the process when it goes on", () => {
    const simulation = twoDiarists();
    simulation.pause("left");
    simulation.input("left", { do: "exit" });
    simulation.input("left", { do: "draw", purpose: "never" });
    simulation.runUntil(1_000);
    simulation.resume("left");
    simulation.runUntil(2_000);
    expect(simulation.process("left").status).toBe("stopped");
  });
});

describe("a cut", () => {
  test("holds back what arrives, and TCP sends it again after the healing, in order", () => {
    const simulation = twoDiarists();
    connected(simulation);
    cutLink(simulation, "a", "b");
    const sentAt = simulation.world.now;
    tell(simulation, "left", { do: "say", text: "one" });
    simulation.runUntil(sentAt + 300_000);
    tell(simulation, "left", { do: "say", text: "two" });
    simulation.runUntil(sentAt + 3 * SECOND);
    expect(wordsOf(simulation, "right")).toEqual(["start with 0", "accepted on 9092"]);
    healLink(simulation, "a", "b");
    simulation.runUntil(sentAt + 30 * SECOND);
    const lines = diaryOf(simulation, "right").slice(2);
    expect(lines.map(line => line.replace(/^\d+ /, ""))).toEqual(["message one", "message two"]);
    // Retransmissions of the first segment: 0.2, 0.6, 1.4, 3.0, 6.2 s after it was sent, counted from its arrival at the cut.
    expect(timeOf(lines[0])).toBeGreaterThanOrEqual(sentAt + 3 * SECOND);
    expect(timeOf(lines[0])).toBeLessThanOrEqual(sentAt + 3 * SECOND + 2_000);
  });

  test("one way lets words pass the other way", () => {
    const simulation = twoDiarists();
    connected(simulation);
    cutLink(simulation, "a", "b");
    tell(simulation, "right", { do: "say", text: "from the right" });
    tell(simulation, "left", { do: "say", text: "from the left" });
    simulation.runUntil(simulation.world.now + SECOND);
    expect(wordsOf(simulation, "left").slice(2)).toEqual(["message from the right"]);
    expect(wordsOf(simulation, "right").slice(2)).toEqual([]);
  });

  test("also holds the news of a crash, until it heals", () => {
    const simulation = twoDiarists();
    connected(simulation);
    cutLink(simulation, "b", "a");
    simulation.crash("right");
    simulation.runUntil(simulation.world.now + 5 * SECOND);
    expect(wordsOf(simulation, "left").slice(2)).toEqual([]);
    healLink(simulation, "b", "a");
    simulation.runUntil(simulation.world.now + 30 * SECOND);
    expect(wordsOf(simulation, "left").slice(2)).toEqual(["closed"]);
  });

  test("a new connection waits behind it and opens after the healing", () => {
    const simulation = twoDiarists();
    cutLink(simulation, "a", "b");
    tell(simulation, "left", { do: "connect", host: "b", port: 9092 });
    simulation.runUntil(SECOND);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0"]);
    healLink(simulation, "a", "b");
    simulation.runUntil(10 * SECOND);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "connected"]);
  });

  test("cutting twice is one cut; healing what is whole is nothing", () => {
    const simulation = twoDiarists();
    const before = simulation.world.trace.length;
    healLink(simulation, "a", "b");
    cutLink(simulation, "a", "b");
    cutLink(simulation, "a", "b");
    healLink(simulation, "a", "b");
    expect(simulation.world.trace.slice(before).map(entry => entry.fact.kind)).toEqual(["link-cut", "link-healed"]);
  });

  test("words sent after the healing do not overtake those that are sent again", () => {
    const simulation = twoDiarists();
    connected(simulation);
    cutLink(simulation, "a", "b");
    tell(simulation, "left", { do: "say", text: "one" });
    simulation.runUntil(simulation.world.now + 700_000);
    healLink(simulation, "a", "b");
    tell(simulation, "left", { do: "say", text: "two" });
    simulation.runUntil(simulation.world.now + 10 * SECOND);
    expect(wordsOf(simulation, "right").slice(2)).toEqual(["message one", "message two"]);
  });

  test("cuts and healings at random moments lose, double and reorder nothing on a connection", () => {
    const step = fc.record({ pauseUs: fc.nat(500_000), what: fc.constantFrom("say", "say", "say", "cut", "heal", "cut back", "heal back") });
    fc.assert(fc.property(fc.integer({ min: 0, max: 99 }), fc.array(step, { maxLength: 40 }), (seed, steps) => {
      const simulation = twoDiarists(seed);
      connected(simulation);
      let said = 0;
      for (const { pauseUs, what } of steps) {
        simulation.runUntil(simulation.world.now + pauseUs);
        if (what === "say") tell(simulation, "left", { do: "say", text: `${said++}` });
        if (what === "cut") cutLink(simulation, "a", "b");
        if (what === "heal") healLink(simulation, "a", "b");
        if (what === "cut back") cutLink(simulation, "b", "a");
        if (what === "heal back") healLink(simulation, "b", "a");
      }
      healLink(simulation, "a", "b");
      healLink(simulation, "b", "a");
      simulation.runUntil(simulation.world.now + 300 * SECOND);
      expect(wordsOf(simulation, "right").slice(2)).toEqual(Array.from({ length: said }, (_, index) => `message ${index}`));
    }), { numRuns: 60 });
  });
});

describe("a dropped message", () => {
  test("is lost by closing its connection, as often as asked", () => {
    const simulation = twoDiarists();
    connected(simulation);
    simulation.world.network.drops.push({ tag: "Word", from: "left", to: "", remaining: 1 });
    tell(simulation, "right", { do: "say", text: "other way" });
    tell(simulation, "left", { do: "say", text: "lost" });
    simulation.runUntil(simulation.world.now + SECOND);
    expect(wordsOf(simulation, "right").slice(2)).toEqual(["closed"]);
    expect(wordsOf(simulation, "left").slice(2)).toEqual(["message other way", "closed"]);
    expect(simulation.world.network.drops).toEqual([]);
    connected(simulation);
    tell(simulation, "left", { do: "say", text: "heard" });
    simulation.runUntil(simulation.world.now + SECOND);
    expect(wordsOf(simulation, "right").slice(-1)).toEqual(["message heard"]);
  });
});

test("TCP sends again after 0.2, 0.6, 1.4, 3.0 … seconds, at most 120 s apart", () => {
  expect([0, 1, 200_000, 200_001, 600_001, 1_400_001].map(now => nextRetransmissionUs(0, now)))
    .toEqual([0, 200_000, 200_000, 600_000, 1_400_000, 3_000_000]);
  expect(nextRetransmissionUs(0, 1_000 * SECOND) - 1_000 * SECOND).toBeLessThanOrEqual(120 * SECOND);
});
