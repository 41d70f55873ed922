// Dedicated controllers and brokers that observe them: failover, loss and return of the quorum, as recorded of 3.9.1 and 4.3.1.
import { expect, test } from "vitest";
import { QuorumWorld } from "./quorum-world.ts";

const ROLES = { controllers: [101, 102, 103], brokers: [1, 2, 3] };

function epochOf(world: QuorumWorld): number { return world.node(world.active()).kraft.raft.epoch; }

/** Kills the active controller; gives the milliseconds until another is active, and by how much the epoch rose. */
function failover(world: QuorumWorld): { readonly tookMs: number; readonly rise: number } {
  const old = world.active();
  const epoch = epochOf(world);
  world.kill(old);
  const tookMs = world.until("another controller", () => world.active() !== -1, 15_000);
  return { tookMs, rise: epochOf(world) - epoch };
}

test("three controllers and three brokers boot; a broker observes, and has no controller", () => {
  const world = new QuorumWorld(ROLES).boot();
  expect(world.unfenced(1)).toEqual([1, 2, 3]);
  expect(world.node(1)).toMatchObject({ mode: "kraft", kraft: { controller: null, registration: null }, controllerRequests: null });
  expect(world.node(101)).toMatchObject({ broker: null, lifecycle: null });
  const last = world.facts("raft-role").filter(fact => fact.node === 2).at(-1);
  expect(last).toMatchObject({ role: "observer", leader: world.active() });
  const leader = world.node(world.active()).kraft.raft;
  world.run(2000);
  expect(world.node(2).kraft.raft.highWatermark).toBeGreaterThan(leader.highWatermark - 3);
});

test("six dedicated nodes at rest make hardly more events than three combined ones", () => {
  const perSecond = (world: QuorumWorld): number => {
    world.run(5000);
    const before = world.simulation.world.eventsHandled;
    world.run(60_000);
    return (world.simulation.world.eventsHandled - before) / 60;
  };
  const dedicated = perSecond(new QuorumWorld(ROLES).boot());
  const combined = perSecond(new QuorumWorld({ controllers: [], combined: [1, 2, 3] }).boot());
  expect(combined).toBeLessThan(60);
  // Five fetch from the leader instead of two.
  expect(dedicated).toBeLessThan(combined + 3 * 12);
});

test("3.9: after a SIGKILL of the active controller both followers give up at once and mostly split the vote", () => {
  const all = Array.from({ length: 12 }, (_, seed) => {
    const world = new QuorumWorld({ ...ROLES, seed: seed + 1 }).boot();
    world.run(3000);
    return failover(world);
  });
  for (const { tookMs } of all) {
    expect(tookMs).toBeGreaterThan(1400);
    expect(tookMs).toBeLessThan(4500);
  }
  const rises = all.map(({ rise }) => rise);
  expect(rises.filter(rise => rise === 2).length).toBeGreaterThan(6);
  expect(Math.max(...rises)).toBeLessThanOrEqual(4);
});

test("4.3: pre-votes come first, so the epoch mostly rises by one", () => {
  const all = Array.from({ length: 12 }, (_, seed) => {
    const world = new QuorumWorld({ ...ROLES, kafka: "4.3", seed: seed + 1 }).boot();
    world.run(3000);
    return failover(world);
  });
  for (const { tookMs } of all) expect(tookMs).toBeLessThan(4500);
  const rises = all.map(({ rise }) => rise);
  expect(rises.filter(rise => rise === 1).length).toBeGreaterThan(6);
});

test("right after a failover the dead voter has never fetched from the new leader, and nobody is fenced", () => {
  const world = new QuorumWorld({ ...ROLES, seed: 3 }).boot();
  const dead = world.active();
  failover(world);
  const description = world.describe();
  expect(description).toMatchObject({ error: "NONE", leaderId: world.active(), leaderEpoch: epochOf(world) });
  expect(description.currentVoters.find(voter => voter.replicaId === dead)).toMatchObject({ logEndOffset: -1, lastFetchTimestamp: -1, lastCaughtUpTimestamp: -1 });
  world.run(2000);
  expect(world.describe().observers.map(observer => observer.replicaId).toSorted()).toEqual([1, 2, 3]);
  world.run(20_000);
  expect(world.facts("broker-fenced")).toEqual([]);
  world.start(dead);
  world.run(3000);
  expect(world.describe().currentVoters.every(voter => voter.logEndOffset > 0)).toBe(true);
});

test("SIGTERM of the active controller: it resigns, its successor is there within a second, epoch plus one", () => {
  for (const kafka of ["3.9", "4.3"] as const) {
    const world = new QuorumWorld({ ...ROLES, kafka, seed: 5 }).boot();
    world.run(3000);
    const old = world.active();
    const epoch = epochOf(world);
    world.stop(old);
    const tookMs = world.until("a successor", () => world.active() !== -1 && world.active() !== old, 5000);
    expect(tookMs, kafka).toBeLessThan(1000);
    expect(epochOf(world), kafka).toBe(epoch + 1);
    world.run(1000);
    expect(world.isUp(old)).toBe(false);
  }
});

test("without a quorum nobody notices a dead broker; with one again it is fenced about 9 s later", () => {
  for (const kafka of ["3.9", "4.3"] as const) {
    const world = new QuorumWorld({ ...ROLES, kafka, seed: 2 }).boot();
    const [first = 101, second = 102] = [world.active(), ...world.controllers.filter(id => id !== world.active())];
    world.kill(first);
    world.kill(second);
    world.kill(3);
    world.run(25_000);
    expect(world.active()).toBe(-1);
    expect(world.facts("broker-fenced")).toEqual([]);
    world.start(second);
    world.until("a controller", () => world.active() !== -1, 10_000);
    const tookMs = world.until("fenced", () => world.facts("broker-fenced").length === 1, 20_000);
    expect(tookMs).toBeGreaterThan(8000);
    expect(tookMs).toBeLessThan(10_500);
    expect(world.facts("broker-fenced")[0]).toMatchObject({ broker: 3 });
  }
});

test("a lonely candidate of 3.9 raises its epoch all the time; in 4.3 it only asks, and its return disturbs nobody", () => {
  const risen = (kafka: "3.9" | "4.3"): readonly [number, number] => {
    const world = new QuorumWorld({ ...ROLES, kafka, seed: 4 }).boot();
    const leader = world.active();
    const epoch = epochOf(world);
    const lonely = world.controllers.find(id => id !== leader) ?? 101;
    for (const id of world.ids) if (id !== lonely) world.cut(lonely, id);
    world.run(30_000);
    const raised = world.node(lonely).kraft.raft.epoch - epoch;
    for (const id of world.ids) if (id !== lonely) world.heal(lonely, id);
    world.run(20_000);
    return [raised, epochOf(world) - epoch];
  };
  const [raised, after] = risen("3.9");
  expect(raised).toBeGreaterThan(8);
  expect(after).toBeGreaterThanOrEqual(raised);
  expect(risen("4.3")).toEqual([0, 0]);
});

test("brokers of 4.3 hear of a commit at once, those of 3.9 with the next answer", () => {
  const lagMs = (kafka: "3.9" | "4.3"): number => {
    const world = new QuorumWorld({ ...ROLES, kafka }).boot();
    world.run(3000);
    const leader = world.node(world.active()).kraft.raft;
    const before = leader.highWatermark;
    world.until("a commit", () => leader.highWatermark > before, 2000);
    const committed = leader.highWatermark;
    return world.until("known", () => world.brokers.every(id => world.node(id).kraft.raft.highWatermark >= committed), 2000);
  };
  expect(lagMs("4.3")).toBeLessThan(5);
  expect(lagMs("3.9")).toBeGreaterThan(300);
});

test("one controller leads alone; five survive the loss of two", () => {
  const alone = new QuorumWorld({ controllers: [101], brokers: [1] }).boot();
  expect(alone.describe()).toMatchObject({ leaderEpoch: 1, currentVoters: [{ replicaId: 101 }], observers: [{ replicaId: 1 }] });
  alone.kill(101);
  alone.run(2000);
  alone.start(101);
  alone.until("leads again", () => alone.active() === 101, 3000);
  const five = new QuorumWorld({ controllers: [101, 102, 103, 104, 105], brokers: [1, 2, 3] }).boot();
  failover(five);
  failover(five);
  five.run(3000);
  expect(five.active()).not.toBe(-1);
  five.kill(five.active());
  five.run(20_000);
  expect(five.active()).toBe(-1);
});

test("a broker that was killed and starts again at once registers when its old session is over: its attempts come 100 ms, 200 ms, 400 ms … apart", () => {
  const world = new QuorumWorld({ ...ROLES, brokers: [1, 2] }).boot();
  world.kill(2);
  world.start(2);
  const tookMs = world.until("registered again", () => world.facts("broker-registered").length === 3, 15_000);
  expect(tookMs).toBeGreaterThan(5000);
  expect(tookMs).toBeLessThan(13_500);
});

test("a broker without a quorum ends after initial.broker.registration.timeout.ms", () => {
  const world = new QuorumWorld({ ...ROLES, startsLater: [101, 102, 103] });
  world.run(61_000);
  expect(world.facts("node-failed").map(fact => fact.node)).toEqual([1, 2, 3]);
  expect(world.facts("node-failed")[0]?.text).toContain("Shutting down because we were unable to register with the controller quorum.");
});
