import { expect, test } from "vitest";
import { cutLink } from "#engine/core/connections.ts";
import { SECOND } from "#engine/core/time.ts";
import { batchesOf } from "#engine/log/unified-log.ts";
import { batchOf, ClusterWorld, hostOf } from "./kafka-cluster-world.ts";

/** Offsets, epochs and CRCs of a replica's batches: equal logs give equal lists. */
function contents(world: ClusterWorld, id: number, topic: string): string[] {
  const process = world.simulation.contextOf(world.simulation.process(`broker-${id}`));
  return [...batchesOf(process, world.replica(id, topic).log)].map(batch => `${batch.baseOffset}/${batch.partitionLeaderEpoch}/${batch.crc}`);
}

function worldWithController(not: readonly number[], ids: readonly number[] = [1, 2, 3]): ClusterWorld {
  for (let seed = 1; seed < 60; seed += 1) {
    const world = new ClusterWorld(ids, {}, seed).boot();
    if (!not.includes(world.controller())) return world;
  }
  throw new Error("no seed fits");
}

test("a record is committed by the followers' second fetch, and they learn it with the one after", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[1, 2, 3]]);
  world.run(2);
  const since = world.simulation.world.trace.length;
  const correlation = world.ask(world.connect(1), "Produce", world.produceBody("orders", batchOf(["a"]), -1));
  world.until("answered", () => world.answer(correlation) !== undefined);
  const order = [...world.simulation.world.trace].slice(since).flatMap(entry => {
    const fact = entry.fact as { readonly kind: string; readonly tag?: string; readonly broker?: number };
    if (fact.kind === "log-appended" || fact.kind === "high-watermark") return [`${fact.kind} ${String(fact.broker)}`];
    return fact.kind === "message" && fact.tag === "Produce response" ? [fact.tag] : [];
  });
  expect(order[0]).toBe("log-appended 1");
  expect([...order.slice(1, 3)].sort((a, b) => a < b ? -1 : 1)).toEqual(["log-appended 2", "log-appended 3"]);
  expect(order.slice(3)).toEqual(["high-watermark 1", "Produce response"]);
  expect(world.replica(2, "orders").log.highWatermark).toBe(0);
  world.run(0.6);
  expect(world.replica(2, "orders").log.highWatermark).toBe(1);
});

test("a dead leader is replaced after its session, and what it alone had is cut when it returns", () => {
  const world = worldWithController([1]);
  world.createTopic("orders", [[1, 2, 3]]);
  expect(world.produce(1, "orders", batchOf(["committed"]), -1).error).toBe("NONE");
  world.run(6);
  // The followers hang, and their last fetches have been answered: what broker 1 appends now it has alone.
  world.simulation.pause("broker-2");
  world.simulation.pause("broker-3");
  world.run(0.6);
  expect(world.produce(1, "orders", batchOf(["acknowledged, and lost"]), 1)).toMatchObject({ error: "NONE", baseOffset: 1 });
  const killedAt = world.now / SECOND;
  world.simulation.crash("broker-1");
  world.simulation.resume("broker-2");
  world.simulation.resume("broker-3");
  const electedAfter = world.until("2 leads", () => world.registration("orders", 0, 2)?.leader === 2) - killedAt;
  expect(electedAfter).toBeGreaterThan(6.9);
  // The controller hung too, so the session may begin anew when it goes on; and broker 2 learns it up to 0.5 s later.
  expect(electedAfter).toBeLessThan(9.6);
  world.run(0.6);
  expect(world.produce(2, "orders", batchOf(["new epoch"]), -1)).toMatchObject({ error: "NONE", baseOffset: 1 });

  const since = world.simulation.world.trace.length;
  world.simulation.start("broker-1");
  world.until("1 is in the ISR", () => world.registration("orders", 0, 2)?.isr.join() === "2,3,1");
  expect(world.facts("log-truncated", since).map(entry => entry.fact)).toEqual([
    { kind: "log-truncated", broker: 1, topic: "orders", partition: 0, from: 2, to: 1 }]);
  expect(world.facts("log-opened", since)[0]?.fact).toMatchObject({ broker: 1, logEnd: 2, highWatermark: 1 });
  world.run(1);
  expect(contents(world, 1, "orders")).toEqual(contents(world, 2, "orders"));
  expect(contents(world, 3, "orders")).toEqual(contents(world, 2, "orders"));
  expect(world.replica(1, "orders").log.epochs).toEqual([{ epoch: 0, startOffset: 0 }, { epoch: 1, startOffset: 1 }]);
});

test("a follower that hangs leaves the ISR when its session ends, and joins again at its end when it goes on", () => {
  const world = worldWithController([1, 3], [1, 2, 3]);
  world.createTopic("orders", [[1, 2, 3]]);
  world.run(1);
  world.simulation.pause("broker-3");
  const pausedAt = world.now / SECOND;
  const gone = world.until("3 is fenced", () => world.registration("orders", 0, 1)?.isr.join() === "1,2", 60) - pausedAt;
  expect(gone).toBeLessThan(9.2);
  world.simulation.resume("broker-3");
  world.until("3 is back", () => world.registration("orders", 0, 1)?.isr.join() === "1,2,3", 60);
});

test("a follower that heartbeats but cannot fetch is proposed to leave by the leader, between 30 and 45 s", () => {
  const world = worldWithController([1, 3], [1, 2, 3]);
  world.createTopic("orders", [[1, 2, 3]]);
  world.run(1);
  // Only the way from follower 3 to leader 1 is cut: its heartbeats go to the controller, 2.
  cutLink(world.simulation, hostOf(3), hostOf(1));
  const cutAt = world.now / SECOND;
  world.run(1);
  expect(world.produce(1, "orders", batchOf(["a"]), 1).error).toBe("NONE");
  const gone = world.until("3 has left", () => world.registration("orders", 0, 1)?.isr.join() === "1,2", 60) - cutAt;
  expect(gone).toBeGreaterThan(29.5);
  expect(gone).toBeLessThan(46);
  expect(world.facts("isr-proposed").at(-1)?.fact).toMatchObject({ broker: 1, change: "shrink", isr: [1, 2] });
  expect(world.unfenced(1)).toContain(3);
});

test("controlled shutdown moves the leader within a second and ends the process; the follower comes back with nothing to cut", () => {
  const world = worldWithController([1]);
  world.createTopic("orders", [[1, 2, 3]]);
  expect(world.produce(1, "orders", batchOf(["a", "b"]), -1).error).toBe("NONE");
  world.run(1);
  const askedAt = world.now / SECOND;
  world.simulation.input("broker-1", { do: "shut-down" });
  expect(world.until("2 leads", () => world.registration("orders", 0, 2)?.leader === 2) - askedAt).toBeLessThan(1);
  world.until("the process ends", () => world.simulation.process("broker-1").status === "stopped", 10);
  expect(world.facts("broker-in-controlled-shutdown").some(entry => entry.fact.broker === 1)).toBe(true);
  const since = world.simulation.world.trace.length;
  world.simulation.start("broker-1");
  world.until("1 is in the ISR", () => world.registration("orders", 0, 2)?.isr.includes(1) === true);
  expect(world.facts("log-truncated", since)).toEqual([]);
  expect(world.facts("log-opened", since)[0]?.fact).toMatchObject({ logEnd: 2, highWatermark: 2 });
});

test("loss of power loses what was not written back; the broker fetches it again", () => {
  const world = worldWithController([3]);
  world.createTopic("orders", [[1, 2, 3]]);
  for (const value of ["a", "b", "c"]) expect(world.produce(1, "orders", batchOf([value]), -1).error).toBe("NONE");
  world.run(1);
  world.simulation.losePower("broker-3");
  world.run(12);
  const since = world.simulation.world.trace.length;
  world.simulation.start("broker-3");
  world.until("3 is in the ISR", () => world.registration("orders", 0, 1)?.isr.join() === "1,2,3");
  expect(world.facts("log-opened", since)[0]?.fact).toMatchObject({ broker: 3, logEnd: 0 });
  expect(contents(world, 3, "orders")).toEqual(contents(world, 1, "orders"));
});

test("two runs of one seed are the same run, and a fork goes on like its original", () => {
  const run = (): ClusterWorld => {
    const world = new ClusterWorld().boot();
    world.createTopic("orders", [[1, 2, 3], [2, 3, 1]]);
    world.produce(1, "orders", batchOf(["a"]), -1);
    return world;
  };
  const [first, second] = [run(), run()];
  const fork = first.simulation.fork();
  fork.runUntil(first.now + 5 * SECOND);
  first.run(5);
  second.run(5);
  expect(first.simulation.digest()).toBe(second.simulation.digest());
  expect(fork.digest()).toBe(first.simulation.digest());
});

test("a follower that hangs counts as caught up until it asked last: that its wait at the leader ends tells nothing of it", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[1, 2, 3]]);
  world.run(2);
  world.simulation.pause("broker-2");
  const pausedAt = world.now;
  world.run(3);
  // What the leader knows of a follower that has everything is written down when it appends.
  world.produce(1, "orders", batchOf(["late"]), 1);
  const follower = world.replica(1, "orders").remoteReplicas.find(replica => replica.brokerId === 2);
  expect(follower?.lastCaughtUpUs).toBeGreaterThan(pausedAt - 0.6 * SECOND);
  expect(follower?.lastCaughtUpUs).toBeLessThanOrEqual(pausedAt + 1_000);
});
