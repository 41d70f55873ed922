// How long the partitions of a dead controller's broker are without a leader, by their number: measured on a real 3.9.1 cluster of three brokers (from the
// first change in a survivor's metadata to the last leader: 65 and 179 ms with 10 partitions, 350 and 370 with 300, 1244 with 1500).
import { expect, test } from "vitest";
import { ZooKeeperClusterWorld } from "./zookeeper-cluster-world.ts";

/** Milliseconds from the moment at which a survivor hears that the broker is gone to its last new leader. */
function leaderlessMs(partitions: number): number {
  const world = new ZooKeeperClusterWorld().boot();
  expect(world.create("many", { partitions, replicationFactor: 3 }).error).toBe("NONE");
  world.run(1);
  const dead = world.controller();
  const survivor = [1, 2, 3].find(id => id !== dead) ?? 0;
  world.kill(dead);
  world.until("the survivor hears of it", () => world.alive(survivor).length === 2, 25);
  const from = world.now;
  const { topics } = world.node(survivor).broker.image;
  world.until("all are led", () => topics.get("many")?.partitions.every(({ leader }) => leader !== -1 && leader !== dead) === true, 30);
  return (world.now - from) / 1_000;
}

test.each([[10, 122], [300, 360], [1500, 1244]])("%i partitions: within a factor of two of %i ms", (partitions, measuredMs) => {
  const ms = leaderlessMs(partitions);
  expect(ms).toBeGreaterThan(measuredMs / 2);
  expect(ms).toBeLessThan(measuredMs * 2);
});

test("another broker died: the controller has everything in memory, and no partition is seen without a leader", () => {
  const world = new ZooKeeperClusterWorld().boot();
  world.create("many", { partitions: 300, replicationFactor: 3 });
  world.run(1);
  const controller = world.controller();
  const dead = [1, 2, 3].find(id => id !== controller) ?? 0;
  world.kill(dead);
  world.until("noticed", () => world.alive(controller).length === 2, 25);
  world.run(2);
  expect(world.facts("partition-changed").filter(({ fact }) => fact.leader === -1)).toEqual([]);
});
