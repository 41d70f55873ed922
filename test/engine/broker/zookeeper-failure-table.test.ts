// What a real 3.9.1 cluster in ZooKeeper mode did when its brokers were killed one after the other and came back: leader, leader epoch, ISR and partition
// epoch of three partitions, and the controller epoch that stands in the znodes. In the recording the controllers were 3, 2, 3, 1, 2.
import { expect, test } from "vitest";
import { SECOND } from "#engine/core/time.ts";
import { batchOf } from "./kafka-cluster-world.ts";
import { ZooKeeperClusterWorld } from "./zookeeper-cluster-world.ts";

type Row = readonly [leader: number, leaderEpoch: number, isr: readonly number[], partitionEpoch: number];

function states(world: ZooKeeperClusterWorld): string {
  return JSON.stringify(world.states("orders", 3));
}

function become(world: ZooKeeperClusterWorld, what: string, rows: readonly Row[], seconds: number): number {
  const from = world.now / SECOND;
  try {
    return world.until(what, () => states(world) === JSON.stringify(rows), seconds) - from;
  } catch (failure) {
    expect(world.states("orders", 3), what).toEqual(rows);
    throw failure;
  }
}

/** Seeds decide who wins a race: the first world in which the controllers are those of the recording up to the third. */
function recordedWorld(): ZooKeeperClusterWorld {
  for (let seed = 1; seed < 80; seed += 1) {
    const world = new ZooKeeperClusterWorld([1, 2, 3], { seed }).boot();
    if (world.controller() !== 3) continue;
    world.createTopic("orders", [[1, 2, 3], [2, 3, 1], [3, 1, 2]], { "min.insync.replicas": "2" });
    const checkpoint = world.simulation.checkpoint();
    world.kill(3);
    world.until("a second controller", () => world.controller() !== -1, 25);
    if (world.controller() !== 2) continue;
    world.simulation.restore(checkpoint);
    return world;
  }
  throw new Error("no seed makes 3 and then 2 the controller");
}

test("the failure table of a recorded cluster", () => {
  const world = recordedWorld();
  const ack = (broker: number): string => world.produce(broker, "orders", batchOf(["x"]), -1, 2_000).error;
  expect(world.states("orders", 3)).toEqual([[1, 0, [1, 2, 3], 0], [2, 0, [2, 3, 1], 0], [3, 0, [3, 1, 2], 0]]);
  expect(world.state("orders")?.[4]).toBe(1);
  expect(ack(1)).toBe("NONE");

  // The dead broker was the controller: the partition that it led gets leader -1 first, and so its epoch rises by two.
  world.kill(3);
  become(world, "leaderless", [[1, 1, [1, 2], 1], [2, 1, [2, 1], 1], [-1, 1, [1, 2], 1]], 21);
  const gone = become(world, "kill 3", [[1, 1, [1, 2], 1], [2, 1, [2, 1], 1], [1, 2, [1, 2], 2]], 2);
  expect(gone).toBeLessThan(1);
  expect(world.state("orders", 2)?.[4]).toBe(2);
  world.run(1);
  expect(ack(1)).toBe("NONE");

  world.kill(1);
  const detected = become(world, "kill 1", [[2, 2, [2], 2], [2, 2, [2], 2], [2, 3, [2], 3]], 21);
  expect(detected).toBeGreaterThan(11);
  expect(detected).toBeLessThan(20.1);
  world.run(1);
  expect(ack(2)).toBe("NOT_ENOUGH_REPLICAS");

  world.start(1);
  become(world, "start 1", [[2, 2, [2, 1], 3], [2, 2, [2, 1], 3], [2, 3, [2, 1], 4]], 10);
  expect(ack(2)).toBe("NONE");
  world.start(3);
  become(world, "start 3", [[2, 2, [2, 1, 3], 4], [2, 2, [2, 1, 3], 4], [2, 3, [2, 1, 3], 5]], 10);

  const elected = world.call(2, "ElectLeaders", { electionType: 0, topicPartitions: null, timeoutMs: 60_000 });
  expect(elected.results).toEqual([{ topic: "orders", partitions: [
    { partition: 0, error: "NONE", errorMessage: null }, { partition: 2, error: "NONE", errorMessage: null },
  ] }]);
  expect(world.states("orders", 3)).toEqual([[1, 3, [2, 1, 3], 5], [2, 2, [2, 1, 3], 4], [3, 4, [2, 1, 3], 6]]);

  world.kill(2);
  become(world, "kill 2", [[1, 4, [1, 3], 6], [3, 4, [1, 3], 6], [3, 5, [1, 3], 7]], 21);
});

test("all brokers die: the first to come back must wait for the last controller's session, and for the last in-sync replica", () => {
  const world = recordedWorld();
  world.kill(3);
  world.until("a second controller", () => world.controller() === 2, 25);
  world.run(1);
  world.kill(1);
  world.until("broker 2 alone", () => world.state("orders")?.[0] === 2, 25);
  world.run(1);
  const before = world.states("orders", 3) as Row[];
  world.kill(2);
  world.start(1);
  world.until("broker 1 has a listener", () => world.isRunning(1) && world.node(1).phase === "running");
  expect(world.metadata(1, ["orders"]).topics[0]?.error).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  become(world, "nobody leads", before.map(([, epoch, isr, version]) => [-1, epoch + 1, isr, version + 1]), 22);
  world.run(2);
  expect(world.metadata(1, ["orders"]).topics[0]?.partitions.map(partition => [partition.leaderId, partition.error]))
    .toEqual([[-1, "LEADER_NOT_AVAILABLE"], [-1, "LEADER_NOT_AVAILABLE"], [-1, "LEADER_NOT_AVAILABLE"]]);
  world.start(2);
  become(world, "the last in-sync replica leads", before.map(([, epoch, , version]) => [2, epoch + 2, [2, 1], version + 3]), 10);
});
