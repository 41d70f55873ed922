import { expect, test } from "vitest";
import { SECOND } from "#engine/core/time.ts";
import { batchOf, ClusterWorld } from "./kafka-cluster-world.ts";

const topic = (name: string) => ({ topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 30_000, validateOnly: false });

test("a topic that is asked for while nobody leads the quorum is made by the next controller", () => {
  const world = new ClusterWorld().boot();
  const old = world.controller();
  const other = [1, 2, 3].find(id => id !== old) ?? 0;
  const connection = world.connect(other);
  world.simulation.crash(`broker-${old}`);
  const asked = world.ask(connection, "CreateTopics", topic("late"));
  world.until("answered", () => world.answer(asked) !== undefined, 20);
  expect(world.answer<"CreateTopics">(asked)?.topics[0]).toMatchObject({ name: "late", error: "NONE" });
  expect(world.controller()).not.toBe(old);
});

test("without a quorum a forwarded request is answered with REQUEST_TIMED_OUT after 60 s, and acks=1 produce goes on", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[1]]);
  const connection = world.connect(1);
  world.simulation.crash("broker-2");
  world.simulation.crash("broker-3");
  const from = world.now;
  const asked = world.ask(connection, "CreateTopics", topic("never"));
  world.until("answered", () => world.answer(asked) !== undefined, 70);
  expect(world.answer<"CreateTopics">(asked)?.topics[0]).toMatchObject({ name: "never", error: "REQUEST_TIMED_OUT" });
  expect((world.answeredAtUs(asked) - from) / SECOND).toBeCloseTo(60, 0);
  expect(world.produce(1, "orders", batchOf(["a"]), 1).error).toBe("NONE");
});
