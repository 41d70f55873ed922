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
