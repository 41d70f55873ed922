// Elections: who leads, when nobody does, and how fast. Source: FastLeaderElection.java; golden 17.
import { expect, test } from "vitest";
import { create, EnsembleWorld, hostOf } from "./ensemble-world.ts";

for (const servers of [1, 3, 5]) {
  test(`${servers} servers that start together elect the one with the largest id and serve within a second`, () => {
    const world = new EnsembleWorld({ servers, clients: ["a"] });
    world.run(1);
    expect(world.leader()).toBe(servers);
    expect(world.ids.every(id => world.server(id).serving)).toBe(true);
    world.run(2);
    expect(world.ask("a", create("/x"))).toEqual([{ error: "OK", path: "/x" }]);
  });
}

test("a server alone of three looks for a leader and serves nobody; the second makes a quorum", () => {
  const world = new EnsembleWorld({ servers: 3, clients: ["a"] });
  world.simulation.crash("zookeeper-2");
  world.simulation.crash("zookeeper-3");
  world.run(20);
  expect(world.leader()).toBeUndefined();
  expect(world.told("a")).toEqual([{ is: "session", state: "timed-out", atUs: 18_000_000 }]);
  world.simulation.start("zookeeper-2");
  world.run(3);
  expect(world.leader()).toBe(2);
  // The third does not disturb a leader who has a majority, though its id is larger.
  world.simulation.start("zookeeper-3");
  world.run(3);
  expect(world.leader()).toBe(2);
  expect(world.server(3)).toMatchObject({ role: "following", serving: true });
});

test("when the leader is killed a new one serves within 0.2 to 1 s, with the next epoch", () => {
  const world = new EnsembleWorld({ servers: 3 });
  world.run(5);
  world.simulation.crash("zookeeper-3");
  world.run(1);
  expect(world.leader()).toBe(2);
  const elected = world.facts("zookeeper-state").filter(({ fact }) => fact.state === "leading");
  expect(elected.map(({ fact }) => [fact.server, fact.epoch])).toEqual([[3, 1], [2, 2]]);
  const tookUs = (elected[1]?.atUs ?? 0) - 5_000_000;
  expect(tookUs).toBeGreaterThan(200_000);
  expect(tookUs).toBeLessThan(1_000_000);
});

test("the server that has the most wins over a larger id", () => {
  const world = new EnsembleWorld({ servers: 3, clients: ["a"] });
  world.run(3);
  world.simulation.crash("zookeeper-1");
  world.ask("a", create("/only-on-2-and-3"));
  world.simulation.crash("zookeeper-3");
  world.simulation.crash("zookeeper-2");
  world.simulation.start("zookeeper-1");
  world.simulation.start("zookeeper-2");
  world.run(3);
  expect(world.leader()).toBe(2);
});

test("a leader that loses its majority stops serving within a tick or two and hangs up on its clients", () => {
  const world = new EnsembleWorld({ servers: 3 });
  world.addClient("a", [hostOf(3)]);
  world.run(5);
  world.simulation.crash("zookeeper-1");
  world.simulation.crash("zookeeper-2");
  world.run(4.1);
  expect(world.server(3)).toMatchObject({ role: "looking", serving: false });
  expect(world.told("a").filter(event => event.is === "session").map(event => event.is === "session" && event.state)).toEqual(["connected", "disconnected"]);
});

test("a leader cut off from the others gives up after syncLimit, the others elect a new one; healed, it follows", () => {
  const world = new EnsembleWorld({ servers: 3 });
  world.run(5);
  world.isolate(3);
  world.run(15);
  expect(world.server(3).role).toBe("looking");
  expect(world.leader()).toBe(2);
  world.heal(3);
  world.run(70);
  expect(world.server(3)).toMatchObject({ role: "following", serving: true });
});

test("a paused leader is replaced; resumed, it follows the new one", () => {
  const world = new EnsembleWorld({ servers: 3 });
  world.run(5);
  world.simulation.pause("zookeeper-3");
  world.run(15);
  expect(world.leader()).toBe(2);
  world.simulation.resume("zookeeper-3");
  world.run(15);
  expect(world.leader()).toBe(2);
  expect(world.server(3)).toMatchObject({ role: "following", serving: true });
});

test("the same seed gives the same run, and a checkpoint goes on as the run did", () => {
  const run = (): string => {
    const world = new EnsembleWorld({ servers: 3, clients: ["a", "b"] });
    world.run(3);
    world.send("a", [create("/x"), create("/x/n-", "", "ephemeral-sequential")]);
    world.simulation.restore(world.simulation.checkpoint());
    world.run(5);
    world.simulation.crash("zookeeper-3");
    world.run(30);
    return world.simulation.digest();
  };
  expect(run()).toBe(run());
});

test("an idle ensemble of three with three sessions costs fewer than 40 events a second", () => {
  const world = new EnsembleWorld({ servers: 3, clients: ["a", "b", "c"] });
  world.run(10);
  const before = world.simulation.world.eventsHandled;
  world.run(60);
  expect((world.simulation.world.eventsHandled - before) / 60).toBeLessThan(40);
});
