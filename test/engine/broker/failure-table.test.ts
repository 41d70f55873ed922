// The worked table of a topic with three replicas and min.insync.replicas 2, as a real 3.9 cluster in KRaft mode was recorded.
// Two more nodes hold no replica: they keep the quorum's majority when two of the replicas are dead.
import { expect, test } from "vitest";
import { SECOND } from "#engine/core/time.ts";
import { batchOf, ClusterWorld } from "./kafka-cluster-world.ts";

const NODES = [1, 2, 3, 4, 5];

function row(world: ClusterWorld): unknown[] {
  const { leader, isr, leaderEpoch, partitionEpoch } = world.registration("orders", 0, 4) ?? { leader: -2, isr: [], leaderEpoch: -2, partitionEpoch: -2 };
  return [leader, isr.join(), leaderEpoch, partitionEpoch];
}

/** Seeds decide who wins the first election. */
function worldLedBy(controller: number): ClusterWorld {
  for (let seed = 1; seed < 60; seed += 1) {
    const world = new ClusterWorld(NODES, {}, seed).boot();
    if (world.controller() === controller) return world;
  }
  throw new Error(`no seed makes ${controller} the controller`);
}

function secondsUntil(world: ClusterWorld, what: string, expected: readonly unknown[]): number {
  const from = world.now / SECOND;
  return world.until(what, () => row(world).join(";") === expected.join(";"), 40) - from;
}

test("the failure table: every leader, ISR, leader epoch and partition epoch, and what a producer is told", () => {
  const world = worldLedBy(4);
  world.createTopic("orders", [[1, 2, 3]], { "min.insync.replicas": "2" });
  const ack = (broker: number): string => world.produce(broker, "orders", batchOf(["x"]), -1, 2_000).error;
  expect(row(world)).toEqual([1, "1,2,3", 0, 0]);
  expect(ack(1)).toBe("NONE");

  world.simulation.crash("broker-3");
  const untilFenced = secondsUntil(world, "3 leaves the ISR", [1, "1,2", 0, 1]);
  expect(untilFenced).toBeGreaterThan(6.9);
  expect(untilFenced).toBeLessThan(9.2);
  world.run(0.6);
  expect(ack(1)).toBe("NONE");

  world.simulation.crash("broker-1");
  const untilElected = secondsUntil(world, "2 leads", [2, "2", 1, 2]);
  expect(untilElected).toBeGreaterThan(6.9);
  expect(untilElected).toBeLessThan(9.2);
  world.run(0.6);
  const written = world.replica(2, "orders").log.logEndOffset;
  expect(ack(2)).toBe("NOT_ENOUGH_REPLICAS");
  expect(world.replica(2, "orders").log.logEndOffset).toBe(written);

  world.simulation.start("broker-1");
  secondsUntil(world, "1 is back in the ISR", [2, "2,1", 1, 3]);
  world.run(0.6);
  expect(ack(2)).toBe("NONE");

  world.simulation.start("broker-3");
  secondsUntil(world, "3 is back in the ISR", [2, "2,1,3", 1, 4]);
  world.run(0.6);
  expect(ack(2)).toBe("NONE");

  const elected = world.call(5, "ElectLeaders", { electionType: 0, topicPartitions: [{ topic: "orders", partitions: [0] }], timeoutMs: 5_000 });
  expect(elected).toMatchObject({ error: "NONE", results: [{ topic: "orders", partitions: [{ partition: 0, error: "NONE" }] }] });
  world.run(0.6);
  expect(row(world)).toEqual([1, "2,1,3", 2, 5]);
  expect(ack(1)).toBe("NONE");
});
