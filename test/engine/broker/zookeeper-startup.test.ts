// What ends the start of a broker in ZooKeeper mode, in the words of a recorded 3.9.1 broker.
import { expect, test } from "vitest";
import { ZooKeeperClusterWorld, nameOf } from "./zookeeper-cluster-world.ts";

function failure(world: ZooKeeperClusterWorld, id: number): string {
  world.run(0.01);
  world.until(`broker ${id} has given up`, () => !world.isRunning(id), 25);
  const fact = world.facts("node-failed").at(-1)?.fact;
  expect(fact?.exitCode).toBe(1);
  return fact?.text ?? "";
}

test("a broker that is back before its session has run out finds its own znode in the way", () => {
  const world = new ZooKeeperClusterWorld().boot();
  world.kill(2);
  world.run(1);
  world.start(2);
  expect(failure(world, 2)).toMatch(/Error while creating ephemeral at \/brokers\/ids\/2, node already exists and owner '0x[0-9a-f]+' does not match current session '0x[0-9a-f]+'/);
  world.run(21);
  world.start(2);
  world.until("it is back", () => world.isRunning(2) && world.alive(2).length === 3, 10);
});

test("without an ensemble a broker waits for zookeeper.connection.timeout.ms and ends", () => {
  const world = new ZooKeeperClusterWorld([1, 2, 3], { later: [1, 2, 3] });
  for (const id of [1, 2, 3]) world.simulation.crash(`zookeeper-${id}`);
  world.start(1);
  world.run(0.1);
  expect(failure(world, 1)).toContain("Timed out waiting for connection while in state: CONNECTING");
  expect(world.now / 1_000_000).toBeGreaterThan(17.9);
  expect(world.now / 1_000_000).toBeLessThan(19);
});

test("a cluster id that is not the ensemble's", () => {
  const world = new ZooKeeperClusterWorld([1, 2, 3], { later: [3] }).boot();
  const process = world.simulation.process(nameOf(3));
  process.disk.set("meta.properties", { kind: "record", content: { clusterId: "another-cluster-id-001", nodeId: 3, directoryId: "d" }, synced: null } as never);
  world.start(3);
  world.run(0.01);
  expect(failure(world, 3)).toContain("Expected test-cluster-id-000001, but read another-cluster-id-001");
});
