import { expect, test } from "vitest";
import { cutLink, healLink } from "#engine/core/connections.ts";
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
  simulation.beginAction({ kind: "kill" });
  simulation.crash("server");
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
