import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutLink, healLink } from "#engine/core/connections.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import { causesOf } from "#engine/core/trace.ts";
import { connected, diaryOf, tell, twoDiarists, wordsOf } from "./toy-processes.ts";

describe("the loop", () => {
  test("handles events in the order of time, then of their making", () => {
    const simulation = twoDiarists();
    for (const [delayUs, name] of [[300, "c"], [100, "a"], [300, "d"], [200, "b"], [100, "a2"]] as const) {
      tell(simulation, "left", { do: "schedule", delayUs, name });
    }
    simulation.runUntil(1_000);
    expect(diaryOf(simulation, "left").slice(1)).toEqual(["100 timer a", "100 timer a2", "200 timer b", "300 timer c", "300 timer d"]);
  });

  test("runs up to and including a moment, and sets the clock to it", () => {
    const simulation = twoDiarists();
    tell(simulation, "left", { do: "schedule", delayUs: 100, name: "on time" });
    simulation.runUntil(99);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0"]);
    simulation.runUntil(100);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0", "timer on time"]);
    expect(simulation.world.now).toBe(100);
    expect(() => simulation.runUntil(99)).toThrow("time does not go back");
  });

  test("a cancelled timer does not ring", () => {
    const simulation = twoDiarists();
    tell(simulation, "left", { do: "schedule-and-cancel", delayUs: 100 });
    simulation.runUntil(1_000);
    expect(wordsOf(simulation, "left")).toEqual(["start with 0"]);
    expect(simulation.world.cancelled.size).toBe(0);
  });

  test("a loop that does not move time is a bug that stops the world", () => {
    const spinner: ProcessKind = {
      kind: "spinner",
      start: context => { context.schedule(0, "again"); return {}; },
      onTimer: context => { context.schedule(0, "again"); },
      onMessage: () => {}, onConnected: () => {}, onAccepted: () => {}, onClosed: () => {}, onInput: () => {},
    };
    const simulation = Simulation.create(1, ["a"], new Map([["spinner", spinner]]));
    simulation.addProcess("spinner", "spinner", "a", [], null);
    simulation.start("spinner");
    expect(() => simulation.runUntil(1)).toThrow("time does not move on at 0 us");
  });

  test("an operator cannot start what runs or stop what is stopped", () => {
    const simulation = twoDiarists();
    expect(() => simulation.start("left")).toThrow("\"left\" is running");
    simulation.crash("left");
    expect(() => simulation.crash("left")).toThrow("\"left\" is stopped");
    expect(() => simulation.pause("left")).toThrow("\"left\" is stopped");
    expect(() => simulation.resume("right")).toThrow("\"right\" is running");
    expect(() => simulation.process("nobody")).toThrow("no process \"nobody\"");
  });
});

describe("the trace", () => {
  test("leads from what happened back to what the operator did", () => {
    const simulation = twoDiarists();
    connected(simulation);
    simulation.action({ kind: "command", text: "say ping" }, () => simulation.input("left", { do: "say", text: "ping" }));
    simulation.runUntil(simulation.world.now + 10_000);
    const { trace } = simulation.world;
    const last = trace.last;
    expect(last?.fact).toMatchObject({ kind: "message", from: "right", to: "left", message: "pong" });
    expect(causesOf(trace, last?.id ?? -1).map(entry => entry.fact.kind)).toEqual(["message", "message", "command"]);
    expect(causesOf(trace, -1)).toEqual([]);
  });

  test("does not take what a handler does after it has sent a message for the message's effect", () => {
    const teller: ProcessKind = {
      kind: "teller", start: () => ({}), onTimer: () => {}, onMessage: () => {}, onAccepted: () => {}, onClosed: () => {}, onInput: () => {},
      onConnected: (context, _state, connection) => {
        context.trace({ kind: "decided" });
        context.send(connection, "Word", "one", 10);
        context.send(connection, "Word", "two", 10);
        context.trace({ kind: "done" });
      },
    };
    const world = Simulation.create(1, ["a", "b"], new Map([[teller.kind, { ...teller, start: context => context.name === "asks" ? context.connect("b", 9092) : {} }]]));
    world.addProcess("asks", "teller", "a", [], null);
    world.addProcess("listens", "teller", "b", [9092], null);
    world.start("listens");
    world.start("asks");
    world.runUntil(100_000);
    const { trace } = world.world;
    const decided = [...trace].find(entry => entry.fact.kind === "decided")?.id ?? -1;
    expect([...trace].filter(entry => entry.cause === decided).map(entry => entry.fact.kind)).toEqual(["message", "message", "done"]);
  });

  test("a cut that holds back a message keeps the cause of what happens after the healing", () => {
    const simulation = twoDiarists();
    connected(simulation);
    cutLink(simulation, "a", "b");
    simulation.action({ kind: "command", text: "say ping" }, () => simulation.input("left", { do: "say", text: "ping" }));
    simulation.runUntil(simulation.world.now + 1_000_000);
    simulation.action({ kind: "command", text: "heal" }, () => healLink(simulation, "a", "b"));
    simulation.runUntil(simulation.world.now + 10_000_000);
    const { trace } = simulation.world;
    expect(trace.last?.fact).toMatchObject({ message: "pong" });
    expect(causesOf(trace, trace.last?.id ?? -1).map(entry => entry.fact)).toMatchObject([
      { message: "pong" }, { message: "ping" }, { text: "say ping" },
    ]);
  });
});

/** Everything that can be done to two diarists, at random moments. */
const deed = fc.record({
  pauseUs: fc.nat(400_000),
  what: fc.constantFrom("say", "answer", "connect", "crash", "dark", "pause", "resume", "start", "cut", "heal", "write", "draw", "timer"),
  who: fc.constantFrom("left", "right"),
});
type Deed = { pauseUs: number; what: string; who: string };

function perform(simulation: Simulation, deeds: readonly Deed[]): void {
  for (const { pauseUs, what, who } of deeds) {
    simulation.runUntil(simulation.world.now + pauseUs);
    const { status } = simulation.process(who);
    if (what === "cut") cutLink(simulation, who === "left" ? "a" : "b", who === "left" ? "b" : "a");
    else if (what === "heal") healLink(simulation, who === "left" ? "a" : "b", who === "left" ? "b" : "a");
    else if (what === "start") { if (status === "stopped") simulation.start(who); }
    else if (status === "stopped") continue;
    else if (what === "crash") simulation.crash(who);
    else if (what === "dark") simulation.losePower(who);
    else if (what === "pause") { if (status === "running") simulation.pause(who); }
    else if (what === "resume") { if (status === "paused") simulation.resume(who); }
    else if (what === "connect") simulation.input("left", { do: "connect", host: "b", port: 9092 });
    else if (what === "say") simulation.input(who, { do: "say", text: "ping" });
    else if (what === "answer") simulation.input(who, { do: "say", text: "word" });
    else if (what === "write") simulation.input(who, { do: "write", entry: "x" });
    else if (what === "draw") simulation.input(who, { do: "draw", purpose: "p" });
    else simulation.input(who, { do: "schedule", delayUs: 700_000, name: "t" });
  }
  simulation.runUntil(simulation.world.now + 1_000_000);
}

describe("checkpoint, restore and fork", () => {
  test("the same deeds give the same digest; another seed gives another", () => {
    fc.assert(fc.property(fc.array(deed, { maxLength: 40 }), deeds => {
      const first = twoDiarists(5);
      const second = twoDiarists(5);
      perform(first, deeds);
      perform(second, deeds);
      expect(second.digest()).toBe(first.digest());
      expect(twoDiarists(6).digest()).not.toBe(twoDiarists(5).digest());
    }), { numRuns: 60 });
  });

  test("a run that goes on from a checkpoint takes the same course, again and again", () => {
    fc.assert(fc.property(fc.array(deed, { maxLength: 25 }), fc.array(deed, { maxLength: 25 }), fc.array(deed, { maxLength: 25 }), (past, future, other) => {
      const simulation = twoDiarists(5);
      perform(simulation, past);
      const checkpoint = simulation.checkpoint();
      const here = simulation.digest();
      perform(simulation, future);
      const there = simulation.digest();
      simulation.restore(checkpoint);
      expect(simulation.digest()).toBe(here);
      perform(simulation, other);
      simulation.restore(checkpoint);
      perform(simulation, future);
      expect(simulation.digest()).toBe(there);
    }), { numRuns: 60 });
  });

  test("a fork and its origin do not feel each other", () => {
    fc.assert(fc.property(fc.array(deed, { maxLength: 25 }), fc.array(deed, { maxLength: 25 }), (past, future) => {
      const simulation = twoDiarists(5);
      perform(simulation, past);
      const here = simulation.digest();
      const fork = simulation.fork();
      perform(fork, future);
      expect(simulation.digest()).toBe(here);
      const forked = fork.digest();
      perform(simulation, future);
      expect(simulation.digest()).toBe(forked);
    }), { numRuns: 60 });
  });

  test("the digest feels a single byte on a disk and a single entry of a mailbox", () => {
    const simulation = twoDiarists();
    const digests = [simulation.digest()];
    const written = simulation.fork();
    tell(written, "left", { do: "write-record", content: "x", sync: true });
    const other = simulation.fork();
    tell(other, "left", { do: "write-record", content: "y", sync: true });
    const paused = simulation.fork();
    paused.pause("left");
    digests.push(written.digest(), other.digest(), paused.digest());
    tell(paused, "left", { do: "draw", purpose: "p" });
    digests.push(paused.digest());
    expect(new Set(digests).size).toBe(digests.length);
  });
});
