// What each request is answered with, compared with a recorded Apache Kafka 3.9 in KRaft mode (numbers in the tests are the recording's).
import { expect, test } from "vitest";
import { SECOND } from "#engine/core/time.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { type RequestOf } from "#engine/protocol/messages.ts";
import { batchOf, ClusterWorld } from "./kafka-cluster-world.ts";

function worldWithController(not: readonly number[], ids: readonly number[] = [1, 2, 3]): ClusterWorld {
  for (let seed = 1; seed < 60; seed += 1) {
    const world = new ClusterWorld(ids, {}, seed).boot();
    if (!not.includes(world.controller())) return world;
  }
  throw new Error("no seed fits");
}

test("idempotence: duplicates keep their offset, gaps and old epochs are refused, an unknown producer begins anywhere", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[1, 2, 3]]);
  const send = (producerEpoch: number, baseSequence: number, count = 1, producerId = 3): [string, number] => {
    const values = Array.from({ length: count }, (_, index) => `e${producerEpoch}-s${baseSequence}-${index}`);
    const answer = world.produce(1, "orders", batchOf(values, { producerId, producerEpoch, baseSequence }), -1);
    expect(answer.logStartOffset).toBe(0);
    return [answer.error, answer.baseOffset];
  };
  expect(send(0, 0)).toEqual(["NONE", 0]);
  expect(send(0, 0)).toEqual(["NONE", 0]);
  expect(send(0, 1, 2)).toEqual(["NONE", 1]);
  expect(send(0, 1, 2)).toEqual(["NONE", 1]);
  expect(send(0, 5)).toEqual(["OUT_OF_ORDER_SEQUENCE_NUMBER", -1]);
  for (const sequence of [3, 4, 5, 6, 7]) expect(send(0, sequence)).toEqual(["NONE", sequence]);
  expect(send(0, 0)).toEqual(["OUT_OF_ORDER_SEQUENCE_NUMBER", -1]);
  expect(send(0, 3)).toEqual(["NONE", 3]);
  expect(send(1, 1)).toEqual(["OUT_OF_ORDER_SEQUENCE_NUMBER", -1]);
  expect(send(1, 0)).toEqual(["NONE", 8]);
  expect(send(0, 8)).toEqual(["INVALID_PRODUCER_EPOCH", -1]);
  expect(send(0, 4, 1, 780)).toEqual(["NONE", 9]);
  const plain = batchOf(["no-id"]);
  expect(world.produce(1, "orders", plain, -1).baseOffset).toBe(10);
  expect(world.produce(1, "orders", plain, -1).baseOffset).toBe(11);
});

test("a restarted leader knows its producers again from the log", () => {
  const world = new ClusterWorld([1, 2, 3], {}, 7).boot();
  world.createTopic("orders", [[1]]);
  const stamp = { producerId: 5, producerEpoch: 0, baseSequence: 0 };
  world.produce(1, "orders", batchOf(["a"], stamp), -1);
  world.simulation.crash("broker-1");
  world.run(1);
  world.simulation.start("broker-1");
  world.until("1 leads again", () => world.isRunning(1) && world.node(1).broker.partitions.get("orders")?.[0]?.role === "leader"
    && world.registration("orders", 0, 2)?.leader === 1, 40);
  expect(world.produce(1, "orders", batchOf(["a"], stamp), -1)).toMatchObject({ error: "NONE", baseOffset: 0 });
  expect(world.produce(1, "orders", batchOf(["c"], { ...stamp, baseSequence: 2 }), -1).error).toBe("OUT_OF_ORDER_SEQUENCE_NUMBER");
});

test("min.insync.replicas: acks=all is refused and nothing written, acks=1 is taken and stays invisible until the ISR is large enough", () => {
  const world = worldWithController([1, 2, 3], [1, 2, 3, 4, 5]);
  world.createTopic("orders", [[1, 2, 3]], { "min.insync.replicas": "2" });
  world.createTopic("rf1", [[1]], { "min.insync.replicas": "2" });
  expect(world.produce(1, "orders", batchOf(["m-0"]), -1).error).toBe("NONE");
  expect(world.produce(1, "rf1", batchOf(["s-0"]), -1)).toMatchObject({ error: "NONE", baseOffset: 0 });
  world.simulation.crash("broker-2");
  world.simulation.crash("broker-3");
  world.until("1 is alone", () => world.registration("orders", 0, 1)?.isr.join() === "1");
  expect(world.registration("orders", 0, 1)).toMatchObject({ leader: 1, leaderEpoch: 0, partitionEpoch: 2 });
  world.run(0.6);
  expect(world.produce(1, "orders", batchOf(["refused"]), -1))
    .toMatchObject({ error: "NOT_ENOUGH_REPLICAS", baseOffset: -1, logStartOffset: 0, errorMessage: null });
  expect(world.produce(1, "orders", batchOf(["hidden"]), 1)).toMatchObject({ error: "NONE", baseOffset: 1 });
  expect(world.replica(1, "orders").log).toMatchObject({ logEndOffset: 2, highWatermark: 1 });
  expect(world.fetch(1, "orders", 1)).toMatchObject({ error: "NONE", highWatermark: 1, records: [] });
  expect(latest(world, "orders")).toBe(1);
  world.simulation.start("broker-2");
  world.until("2 is back", () => world.replica(1, "orders").log.highWatermark === 2, 30);
  expect(world.fetch(1, "orders", 1).records).toHaveLength(1);
});

function latest(world: ClusterWorld, topic: string): number | undefined {
  return listOffsets(world, 1, topic, -1)?.offset;
}

function listOffsets(world: ClusterWorld, broker: number, topic: string, timestamp: number, currentLeaderEpoch = -1): { error: string; offset: number; timestamp: number; leaderEpoch: number } | undefined {
  const body: RequestOf<"ListOffsets"> = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions: [{ partition: 0, currentLeaderEpoch, timestamp }] }] };
  return world.call(broker, "ListOffsets", body).topics[0]?.partitions[0];
}

test("acks=all with a hanging ISR member: REQUEST_TIMED_OUT with the offset at which the record stands", () => {
  const world = worldWithController([2]);
  world.createTopic("orders", [[1, 2, 3]]);
  world.run(1);
  world.simulation.pause("broker-2");
  world.run(0.6);
  const connection = world.connect(1);
  const askedAt = world.now;
  const correlation = world.ask(connection, "Produce", world.produceBody("orders", batchOf(["a"]), -1, 2_000));
  world.until("answered", () => world.answer(correlation) !== undefined);
  expect(world.answer<"Produce">(correlation)?.topics[0]?.partitions[0])
    .toMatchObject({ error: "REQUEST_TIMED_OUT", baseOffset: 0, logStartOffset: 0, errorMessage: null });
  expect((world.answeredAtUs(correlation) - askedAt) / SECOND).toBeCloseTo(2, 1);
});

test("who may be asked: followers serve consumers up to their own high watermark, only the leader lists offsets and takes records", () => {
  const world = new ClusterWorld([1, 2, 3]).boot();
  world.createTopic("orders", [[2, 1]]);
  for (const value of ["a", "b", "c"]) world.produce(2, "orders", batchOf([value]), -1);
  world.run(1);
  expect(world.fetch(2, "orders", 0).records).toHaveLength(3);
  expect(world.fetch(1, "orders", 0)).toMatchObject({ error: "NONE", highWatermark: 3 });
  expect(world.fetch(1, "orders", 0).records).toHaveLength(3);
  expect(world.fetch(3, "orders", 0)).toMatchObject({
    error: "NOT_LEADER_OR_FOLLOWER", highWatermark: -1, lastStableOffset: -1, logStartOffset: -1, currentLeader: { leaderId: 2, leaderEpoch: 0 } });
  expect(listOffsets(world, 2, "orders", -1)).toMatchObject({ error: "NONE", timestamp: -1, offset: 3, leaderEpoch: 0 });
  expect(listOffsets(world, 2, "orders", -2)).toMatchObject({ error: "NONE", offset: 0, leaderEpoch: 0 });
  for (const broker of [1, 3]) expect(listOffsets(world, broker, "orders", -1)).toMatchObject({ error: "NOT_LEADER_OR_FOLLOWER", offset: -1, leaderEpoch: -1 });
  const answer = world.call(1, "Produce", world.produceBody("orders", batchOf(["x"]), 1));
  expect(answer.topics[0]?.partitions[0]).toMatchObject({
    error: "NOT_LEADER_OR_FOLLOWER", baseOffset: -1, logStartOffset: -1, errorMessage: null, currentLeader: { leaderId: 2, leaderEpoch: 0 } });
  expect(answer.nodeEndpoints).toEqual([{ nodeId: 2, host: "host-2", port: 9092 }]);
  expect(world.fetch(2, "nowhere", 0).error).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  expect(world.produce(2, "nowhere", batchOf(["x"]), 1)).toMatchObject({ error: "UNKNOWN_TOPIC_OR_PARTITION", logStartOffset: -1 });
  expect(world.produce(2, "orders", batchOf(["x"]), 2)).toMatchObject({ error: "INVALID_REQUIRED_ACKS", errorMessage: null });
});

test("leader epochs of a request: an old one is fenced, an unknown one is said to be unknown, -1 is not checked", () => {
  const world = worldWithController([1, 2, 3], [1, 2, 3, 4, 5]);
  world.createTopic("orders", [[1, 2]]);
  world.produce(1, "orders", batchOf(["a"]), -1);
  world.simulation.crash("broker-1");
  world.until("2 leads", () => world.registration("orders", 0, 2)?.leader === 2);
  world.run(0.6);
  for (const [epoch, error] of [[1, "NONE"], [0, "FENCED_LEADER_EPOCH"], [2, "UNKNOWN_LEADER_EPOCH"], [-1, "NONE"]] as const) {
    expect(world.fetch(2, "orders", 0, { epoch }).error).toBe(error);
    expect(listOffsets(world, 2, "orders", -1, epoch)?.error).toBe(error);
  }
  expect(world.fetch(2, "orders", 100).error).toBe("OFFSET_OUT_OF_RANGE");
  expect(world.fetch(2, "orders", -5).error).toBe("OFFSET_OUT_OF_RANGE");
  // The log: offset 0 in epoch 0; what follows belongs to epoch 1.
  for (const value of ["b", "c"]) expect(world.produce(2, "orders", batchOf([value]), 1).error).toBe("NONE");
  expect(world.fetch(2, "orders", 1, { lastFetchedEpoch: 0 })).toMatchObject({ error: "NONE", divergingEpoch: { epoch: -1, endOffset: -1 } });
  expect(world.fetch(2, "orders", 2, { lastFetchedEpoch: 0 })).toMatchObject({ error: "NONE", divergingEpoch: { epoch: 0, endOffset: 1 }, records: [] });
  expect(world.fetch(2, "orders", 3, { lastFetchedEpoch: 1 }).divergingEpoch).toEqual({ epoch: -1, endOffset: -1 });
});

test("acks=0: no answer; a failure closes the connection, a success keeps it", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[2, 1]]);
  const good = world.connect(2);
  const bad = world.connect(1);
  const answers = [world.ask(good, "Produce", world.produceBody("orders", batchOf(["a"]), 0)), world.ask(bad, "Produce", world.produceBody("orders", batchOf(["a"]), 0))];
  world.run(1);
  expect(answers.map(correlation => world.answer(correlation))).toEqual([undefined, undefined]);
  expect([world.isClosed(good), world.isClosed(bad)]).toEqual([false, true]);
  expect(world.replica(2, "orders").log.logEndOffset).toBe(1);
});

test("a damaged batch, an oversized one and two in one partition are refused", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[1]], { "max.message.bytes": "200" });
  const sound = batchOf(["a"]);
  expect(world.produce(1, "orders", new RecordBatch({ ...sound, crc: sound.crc ^ 1 }, 0, -1), 1)).toMatchObject({ error: "CORRUPT_MESSAGE", logStartOffset: -1 });
  expect(world.produce(1, "orders", batchOf(["x".repeat(300)]), 1)).toMatchObject({ error: "MESSAGE_TOO_LARGE", logStartOffset: -1 });
  const body = world.produceBody("orders", sound, 1);
  const two = { ...body, topics: [{ name: "orders", partitions: [{ index: 0, records: [sound, sound] }] }] };
  expect(world.call(1, "Produce", two).topics[0]?.partitions[0]?.error).toBe("INVALID_RECORD");
  expect(world.replica(1, "orders").log.logEndOffset).toBe(0);
});

test("ListOffsets by timestamp finds the first record at or after it, and -3 the newest", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[1]]);
  for (const [value, timestampMs] of [["a", 1_000], ["b", 3_000], ["c", 2_000]] as const) world.produce(1, "orders", batchOf([value], undefined, timestampMs), -1);
  expect(listOffsets(world, 1, "orders", 1_500)).toMatchObject({ offset: 1, timestamp: 3_000 });
  expect(listOffsets(world, 1, "orders", 0)).toMatchObject({ offset: 0, timestamp: 1_000 });
  expect(listOffsets(world, 1, "orders", 3_001)).toMatchObject({ error: "NONE", offset: -1, timestamp: -1 });
  expect(listOffsets(world, 1, "orders", -3)).toMatchObject({ offset: 1, timestamp: 3_000 });
});

test("Metadata: unfenced brokers only, offline replicas, LEADER_NOT_AVAILABLE without a leader", () => {
  const world = worldWithController([1]);
  world.createTopic("orders", [[1, 2]]);
  world.createTopic("single", [[1]]);
  world.simulation.crash("broker-1");
  world.until("2 leads", () => world.registration("orders", 0, 2)?.leader === 2);
  world.run(0.6);
  const answer = world.call(2, "Metadata", { topics: null, allowAutoTopicCreation: false });
  expect(answer.brokers.map(broker => broker.nodeId)).toEqual([2, 3]);
  expect([2, 3]).toContain(answer.controllerId);
  expect(answer.clusterId).toBe("test-cluster");
  expect(answer.topics.map(topic => topic.partitions)).toEqual([
    [{ error: "NONE", partition: 0, leaderId: 2, leaderEpoch: 1, replicaNodes: [1, 2], isrNodes: [2], offlineReplicas: [1] }],
    [{ error: "LEADER_NOT_AVAILABLE", partition: 0, leaderId: -1, leaderEpoch: 1, replicaNodes: [1], isrNodes: [1], offlineReplicas: [1] }]]);
});

test("a topic that is asked for is made with num.partitions, unless client or broker do not want it", () => {
  const world = new ClusterWorld([1, 2, 3], { "num.partitions": 2, "default.replication.factor": 3 }).boot();
  const ask = (name: string, allowAutoTopicCreation: boolean): string | undefined =>
    world.call(1, "Metadata", { topics: [{ name }], allowAutoTopicCreation }).topics[0]?.error;
  expect(ask("unwanted", false)).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  expect(ask("no good name", true)).toBe("INVALID_TOPIC_EXCEPTION");
  expect(ask("wanted", true)).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  world.run(1);
  expect(ask("wanted", true)).toBe("NONE");
  const registration = world.registration("wanted", 1);
  expect(registration?.replicas).toHaveLength(3);
  expect(ask("unwanted", false)).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  const closed = new ClusterWorld([1, 2, 3], { "auto.create.topics.enable": false }).boot();
  for (let attempt = 0; attempt < 2; attempt += 1) {
    expect(closed.call(1, "Metadata", { topics: [{ name: "wanted" }], allowAutoTopicCreation: true }).topics[0]?.error).toBe("UNKNOWN_TOPIC_OR_PARTITION");
    closed.run(1);
  }
});

test("producer ids come from a block of 1000 for each broker", () => {
  const world = new ClusterWorld().boot();
  const next = (broker: number): number => {
    const body = { transactionalId: null, transactionTimeoutMs: -1, producerId: -1, producerEpoch: -1 };
    const first = world.call(broker, "InitProducerId", body);
    if (first.error === "NONE") return first.producerId;
    expect(first.error).toBe("COORDINATOR_LOAD_IN_PROGRESS");
    world.run(0.1);
    return world.call(broker, "InitProducerId", body).producerId;
  };
  expect([next(1), next(1), next(2), next(1), next(2)]).toEqual([0, 1, 1000, 2, 1001]);
});

test("a consumer's long poll ends when its record is committed, or when its time is over", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[1, 2, 3]]);
  world.run(1);
  const waiting = world.ask(world.connect(1), "Fetch", world.fetchBody("orders", 0, { maxWaitMs: 5_000 }));
  world.run(1);
  expect(world.answer(waiting)).toBeUndefined();
  world.produce(1, "orders", batchOf(["a"]), 1);
  world.run(0.05);
  expect(world.answer<"Fetch">(waiting)?.topics[0]?.partitions[0]).toMatchObject({ highWatermark: 1, records: [{ baseOffset: 0 }] });
  const from = world.now;
  const idle = world.ask(world.connect(1), "Fetch", world.fetchBody("orders", 1, { maxWaitMs: 500 }));
  world.until("idle", () => world.answer(idle) !== undefined);
  expect((world.answeredAtUs(idle) - from) / SECOND).toBeCloseTo(0.5, 1);
  const hungry = world.ask(world.connect(1), "Fetch", world.fetchBody("orders", 1, { maxWaitMs: 500, minBytes: 100_000 }));
  world.produce(1, "orders", batchOf(["b"]), -1);
  expect(world.answer(hungry)).toBeUndefined();
  world.until("its time is over", () => world.answer(hungry) !== undefined);
  expect(world.answer<"Fetch">(hungry)?.topics[0]?.partitions[0]?.records).toHaveLength(1);
});

test("a broker that is starting does not take clients", () => {
  const world = new ClusterWorld([1, 2, 3]);
  world.run(0.001);
  expect(world.node(1).broker.isReady).toBe(false);
  const connection = world.connect(1);
  world.until("closed", () => world.isClosed(connection));
});
