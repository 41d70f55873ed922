// The last in-sync replica dies, and what an unclean election costs: two recordings of Kafka 3.9, replayed step by step.
import { expect, test } from "vitest";
import { batchesOf } from "#engine/log/unified-log.ts";
import { decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import { batchOf, ClusterWorld } from "./kafka-cluster-world.ts";

/** Nodes 3 to 5 keep the quorum whole, whatever happens to 1 and 2. */
function worldLedByAnother(): ClusterWorld {
  for (let seed = 1; seed < 60; seed += 1) {
    const world = new ClusterWorld([1, 2, 3, 4, 5], {}, seed).boot();
    if (world.controller() > 3) return world;
  }
  throw new Error("no seed fits");
}

function row(world: ClusterWorld, topic: string): unknown[] {
  const registration = world.registration(topic, 0, 4);
  return [registration?.leader, registration?.isr.join(), registration?.leaderEpoch, registration?.partitionEpoch];
}

function becomes(world: ClusterWorld, topic: string, expected: readonly unknown[]): void {
  world.until(`${topic} is ${expected.join(" ")}`, () => row(world, topic).join(";") === expected.join(";"), 40);
  world.run(0.6);
}

function values(world: ClusterWorld, broker: number, topic: string): string[] {
  const process = world.simulation.contextOf(world.simulation.process(`broker-${broker}`));
  return [...batchesOf(process, world.replica(broker, topic).log)].flatMap(batch => decodeRecords(batch).map(record => String.fromCharCode(...record.value ?? [])));
}

function produceAll(world: ClusterWorld, broker: number, topic: string, records: readonly string[], firstOffset: number): void {
  records.forEach((value, index) => {
    expect(world.produce(broker, topic, batchOf([value]), -1)).toMatchObject({ error: "NONE", baseOffset: firstOffset + index });
  });
}

test("the last in-sync replica stays in the ISR, and only it can lead again", () => {
  const world = worldLedByAnother();
  world.createTopic("single", [[2]]);
  world.createTopic("single2", [[2, 3]]);
  for (const topic of ["single", "single2"]) produceAll(world, 2, topic, ["a-0", "a-1", "a-2"], 0);
  world.simulation.crash("broker-3");
  becomes(world, "single2", [2, "2", 0, 1]);
  produceAll(world, 2, "single2", ["b-0", "b-1"], 3);
  world.simulation.crash("broker-2");
  becomes(world, "single2", [-1, "2", 1, 2]);
  expect(row(world, "single")).toEqual([-1, "2", 1, 1]);
  expect(world.call(4, "Metadata", { topics: [{ name: "single" }], allowAutoTopicCreation: false }).topics[0]?.partitions[0])
    .toMatchObject({ error: "LEADER_NOT_AVAILABLE", leaderId: -1, isrNodes: [2], offlineReplicas: [2] });
  world.simulation.start("broker-3");
  world.run(15);
  expect(row(world, "single2")).toEqual([-1, "2", 1, 2]);
  expect(world.replica(3, "single2").log.logEndOffset).toBe(3);
  world.simulation.start("broker-2");
  becomes(world, "single2", [2, "2,3", 2, 4]);
  expect(row(world, "single")).toEqual([2, "2", 2, 2]);
  expect(values(world, 3, "single2")).toEqual(["a-0", "a-1", "a-2", "b-0", "b-1"]);
  expect(world.replica(3, "single2").log.highWatermark).toBe(5);
});

test("an unclean election loses what the new leader never had, and the old one cuts it from its log", () => {
  const world = worldLedByAnother();
  world.createTopic("orders", [[1, 2]]);
  produceAll(world, 1, "orders", ["both-0", "both-1", "both-2"], 0);
  world.simulation.crash("broker-2");
  becomes(world, "orders", [1, "1", 0, 1]);
  produceAll(world, 1, "orders", ["only-1-0", "only-1-1"], 3);
  world.simulation.crash("broker-1");
  becomes(world, "orders", [-1, "1", 1, 2]);
  world.simulation.start("broker-2");
  world.run(12);
  expect(row(world, "orders")).toEqual([-1, "1", 1, 2]);
  const elect = (electionType: number): string | undefined => world.call(5, "ElectLeaders", {
    electionType, topicPartitions: [{ topic: "orders", partitions: [0] }], timeoutMs: 5_000 }).results[0]?.partitions[0]?.error;
  expect(elect(0)).toBe("PREFERRED_LEADER_NOT_AVAILABLE");
  expect(elect(1)).toBe("NONE");
  becomes(world, "orders", [2, "2", 2, 3]);
  produceAll(world, 2, "orders", ["new-2-0", "new-2-1", "new-2-2", "new-2-3"], 3);
  const since = world.simulation.world.trace.length;
  world.simulation.start("broker-1");
  becomes(world, "orders", [2, "2,1", 2, 4]);
  expect(world.facts("log-truncated", since).map(entry => entry.fact)).toEqual([{ kind: "log-truncated", broker: 1, topic: "orders", partition: 0, from: 5, to: 3 }]);
  for (const broker of [1, 2]) {
    expect(values(world, broker, "orders")).toEqual(["both-0", "both-1", "both-2", "new-2-0", "new-2-1", "new-2-2", "new-2-3"]);
    expect(world.replica(broker, "orders").log).toMatchObject({ logEndOffset: 7, epochs: [{ epoch: 0, startOffset: 0 }, { epoch: 2, startOffset: 3 }] });
  }
});
