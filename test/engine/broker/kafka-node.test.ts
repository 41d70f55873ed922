import { expect, test } from "vitest";
import { SECOND } from "#engine/core/time.ts";
import { batchOf, ClusterWorld } from "./kafka-cluster-world.ts";

test("three nodes boot, a topic is created and a produce with acks=all is committed on all replicas", () => {
  const world = new ClusterWorld().boot();
  expect(world.now / SECOND).toBeLessThan(10);
  world.createTopic("orders", [[1, 2, 3]]);
  const answer = world.produce(1, "orders", batchOf(["a", "b"]), -1);
  expect(answer).toMatchObject({ error: "NONE", baseOffset: 0, logStartOffset: 0 });
  expect(world.replica(1, "orders").log).toMatchObject({ logEndOffset: 2, highWatermark: 2 });
  world.run(1);
  for (const id of [2, 3]) expect(world.replica(id, "orders").log).toMatchObject({ logEndOffset: 2, highWatermark: 2 });
});

test("an idle cluster handles less than a hundred events a second", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[1, 2, 3], [2, 3, 1], [3, 1, 2]]);
  world.run(10);
  const before = world.simulation.world.eventsHandled;
  world.run(60);
  expect((world.simulation.world.eventsHandled - before) / 60).toBeLessThan(100);
});

test("a node of its own is a cluster", () => {
  const world = new ClusterWorld([1]).boot();
  world.createTopic("orders", [[1]]);
  expect(world.produce(1, "orders", batchOf(["a"]), -1)).toMatchObject({ error: "NONE", baseOffset: 0 });
  world.simulation.input("broker-1", { do: "shut-down" });
  world.until("it ends", () => world.simulation.process("broker-1").status === "stopped", 10);
  world.simulation.start("broker-1");
  world.until("it leads again", () => world.isRunning(1) && world.node(1).broker.partitions.get("orders")?.[0]?.role === "leader");
  expect(world.replica(1, "orders").log).toMatchObject({ logEndOffset: 1, highWatermark: 1 });
});

test("ten topics are copied by one fetch a source, and every record arrives everywhere", () => {
  const world = new ClusterWorld().boot();
  const topics = Array.from({ length: 10 }, (_, index) => `topic-${index}`);
  topics.forEach((topic, index) => { world.createTopic(topic, [[1, 2, 3].map(id => 1 + (id + index) % 3)]); });
  topics.forEach((topic, index) => { expect(world.produce(1 + (1 + index) % 3, topic, batchOf([topic]), -1).error).toBe("NONE"); });
  world.run(1);
  for (const topic of topics) for (const id of [1, 2, 3]) expect(world.replica(id, topic).log).toMatchObject({ logEndOffset: 1, highWatermark: 1 });
});
