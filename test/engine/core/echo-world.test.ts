import fc from "fast-check";
import { expect, test } from "vitest";
import { cutLink, healLink } from "#engine/core/connections.ts";
import { losePower, openLogFile, readRecordFile, syncFile, WRITEBACK_US, writeRecordFile, type Disk } from "#engine/core/disk.ts";
import { Event, popEvent, pushEvent } from "#engine/core/event-queue.ts";
import { createStream, drawBelow, drawUint32 } from "#engine/core/random.ts";
import { causesOf } from "#engine/core/trace.ts";
import { clientState, echoWorld, say } from "./echo-world.ts";

test("lines come back in the order in which they were sent", () => {
  const simulation = echoWorld();
  for (let line = 0; line < 50; line += 1) say(simulation, line);
  simulation.runUntil(100_000);
  expect(clientState(simulation).echoed).toEqual(Array.from({ length: 50 }, (_, line) => line));
});

test("a round trip takes twice the latency, with jitter, and not less", () => {
  const simulation = echoWorld();
  say(simulation, 1);
  simulation.runUntil(5_000 + 499);
  expect(clientState(simulation).echoed).toEqual([]);
  simulation.runUntil(5_000 + 610);
  expect(clientState(simulation).echoed).toEqual([1]);
});

test("a cut is silence; after it has healed everything arrives once and in order, on TCP's schedule", () => {
  const simulation = echoWorld();
  cutLink(simulation, "host-a", "host-b");
  say(simulation, 1);
  simulation.runUntil(300_000);
  say(simulation, 2);
  simulation.runUntil(3_500_000);
  expect(clientState(simulation).echoed).toEqual([]);
  expect(clientState(simulation).closed).toBe(0);
  healLink(simulation, "host-a", "host-b");
  // Sent again after 0.2, 0.6, 1.4, 3.0 and, the first after the cut, 6.2 seconds.
  simulation.runUntil(6_100_000);
  expect(clientState(simulation).echoed).toEqual([]);
  simulation.runUntil(8_000_000);
  expect(clientState(simulation).echoed).toEqual([1, 2]);
});

test("a one-way cut loses the answers only for as long as it lasts", () => {
  const simulation = echoWorld();
  cutLink(simulation, "host-b", "host-a");
  say(simulation, 1);
  simulation.runUntil(1_000_000);
  expect((simulation.process("server").state as { seen: number }).seen).toBe(1);
  expect(clientState(simulation).echoed).toEqual([]);
  healLink(simulation, "host-b", "host-a");
  simulation.runUntil(3_000_000);
  expect(clientState(simulation).echoed).toEqual([1]);
});

test("the operating system of a killed process resets its connections", () => {
  const simulation = echoWorld();
  simulation.action({ kind: "kill" }, () => simulation.crash("server"));
  simulation.runUntil(20_000);
  expect(clientState(simulation).closed).toBe(1);
});

test("a machine without power says nothing; once it is back, what was sent to the old connection is answered by a reset", () => {
  const simulation = echoWorld();
  simulation.losePower("server");
  say(simulation, 1);
  simulation.runUntil(10_000_000);
  expect(clientState(simulation).closed).toBe(0);
  simulation.start("server");
  simulation.runUntil(40_000_000);
  expect(clientState(simulation).closed).toBe(1);
  expect(clientState(simulation).echoed).toEqual([]);
});

test("connecting to a stopped process is refused, to a machine without power it is silent", () => {
  const simulation = echoWorld();
  simulation.crash("client");
  simulation.crash("server");
  simulation.start("client");
  simulation.runUntil(50_000);
  expect(clientState(simulation)).toMatchObject({ opened: 0, closed: 1 });
  simulation.crash("client");
  simulation.start("server");
  simulation.losePower("server");
  simulation.start("client");
  simulation.runUntil(5_000_000);
  expect(clientState(simulation)).toMatchObject({ opened: 0, closed: 0 });
});

test("a dropped message closes the connection on both sides and is not seen", () => {
  const simulation = echoWorld();
  simulation.world.network.drops.push({ tag: "line", from: "client", to: "", remaining: 1 });
  say(simulation, 1);
  simulation.runUntil(100_000);
  expect(clientState(simulation)).toMatchObject({ echoed: [], closed: 1 });
  expect((simulation.process("server").state as { seen: number }).seen).toBe(0);
  expect(simulation.world.network.connections.size).toBe(0);
});

test("the queue gives events in the order of time, then of scheduling", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), times => {
    const heap: Event[] = [];
    times.forEach((at, sequence) => pushEvent(heap, new Event(at, sequence, "timer", 0, 0, "", 0, null, -1)));
    const out: Event[] = [];
    for (let event = popEvent(heap); event !== undefined; event = popEvent(heap)) out.push(event);
    const expected = times.map((at, sequence) => ({ at, sequence })).sort((a, b) => a.at - b.at || a.sequence - b.sequence);
    expect(out.map(({ at, sequence }) => ({ at, sequence }))).toEqual(expected);
  }));
});

test("streams of different names are unrelated, and equal names give equal numbers", () => {
  const draws = (seed: number, name: string): number[] => { const stream = createStream(seed, name); return [drawUint32(stream), drawUint32(stream)]; };
  expect(draws(1, "a")).toEqual(draws(1, "a"));
  expect(draws(1, "a")).not.toEqual(draws(1, "b"));
  expect(draws(1, "a")).not.toEqual(draws(2, "a"));
});

test("a draw below a bound is even over its range", () => {
  const stream = createStream(7, "dice");
  const counts = [0, 0, 0, 0, 0, 0];
  for (let index = 0; index < 60_000; index += 1) { const face = drawBelow(stream, 6); counts[face] = (counts[face] ?? 0) + 1; }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test("the same seed gives the same digest, another seed another one", () => {
  const digest = (seed: number): string => { const simulation = echoWorld(seed); say(simulation, 1); simulation.runUntil(2_000_000); return simulation.digest(); };
  expect(digest(3)).toBe(digest(3));
  expect(digest(3)).not.toBe(digest(4));
});

test("a restored checkpoint goes on to the same state, as often as one likes, and a fork touches nothing", () => {
  const simulation = echoWorld();
  say(simulation, 1);
  simulation.runUntil(5_100);
  const checkpoint = simulation.checkpoint();
  const fork = simulation.fork();
  simulation.runUntil(1_000_000);
  const digest = simulation.digest();
  const traced = simulation.world.trace.length;
  for (let turn = 0; turn < 2; turn += 1) {
    simulation.restore(checkpoint);
    if (turn === 1) say(fork, 99);
    fork.runUntil(700_000 + turn);
    simulation.runUntil(1_000_000);
    expect(simulation.digest()).toBe(digest);
    expect(simulation.world.trace.length).toBe(traced);
  }
  fork.runUntil(800_000);
  expect(clientState(fork).echoed).toEqual([1, 99]);
  expect(clientState(simulation).echoed).toEqual([1]);
});

test("a paused process keeps its connections and handles everything later, in its order", () => {
  const simulation = echoWorld();
  simulation.pause("client");
  say(simulation, 1);
  say(simulation, 2);
  simulation.runUntil(1_000_000);
  const before = clientState(simulation).ticks.length;
  simulation.resume("client");
  simulation.runUntil(1_010_000);
  expect(clientState(simulation).echoed).toEqual([1, 2]);
  expect(clientState(simulation).closed).toBe(0);
  expect(clientState(simulation).ticks[before]).toBe(1_000_000);
});

test("timers of an earlier life do not ring in the next one", () => {
  const simulation = echoWorld();
  simulation.crash("client");
  simulation.start("client");
  simulation.runUntil(14_999);
  expect(clientState(simulation).ticks).toEqual([]);
});

test("a crash keeps the page cache, a loss of power keeps what was forced to disk", () => {
  const disk: Disk = new Map();
  const file = openLogFile(disk, "log");
  file.entries.push("a");
  syncFile(file);
  file.entries.push("b");
  writeRecordFile(disk, "epoch", { epoch: 1 }, true);
  writeRecordFile(disk, "epoch", { epoch: 2 }, false);
  writeRecordFile(disk, "note", { text: "never forced" }, false);
  losePower(disk);
  expect([...file.entries]).toEqual(["a"]);
  expect(readRecordFile(disk, "epoch")).toEqual({ epoch: 1 });
  expect(readRecordFile(disk, "note")).toBeUndefined();
});

test("the operating system writes dirty files back after thirty seconds", () => {
  const simulation = echoWorld();
  const server = simulation.process("server");
  const file = openLogFile(server.disk, "log");
  file.entries.push("a");
  simulation.contextOf(server).touch("log", file);
  simulation.runUntil(simulation.world.now + WRITEBACK_US - 1);
  expect(file.syncedLength).toBe(0);
  simulation.runUntil(simulation.world.now + 1);
  expect(file.syncedLength).toBe(1);
});

test("every message can be traced back to what the operator did", () => {
  const simulation = echoWorld();
  say(simulation, 1);
  simulation.runUntil(100_000);
  const echo = [...simulation.world.trace].find(entry => (entry.fact as { tag?: string }).tag === "echo");
  expect(echo).toBeDefined();
  expect(causesOf(simulation.world.trace, echo?.id ?? -1).map(entry => entry.fact.kind)).toEqual(["message", "message", "say"]);
});
