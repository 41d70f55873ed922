// Single requests to single brokers, step by step as they were recorded from Apache Kafka 3.9.1 (KRaft), and what it answered.
import { expect, test } from "vitest";
import { errorCode, type KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import { decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import { decodeUtf8 } from "#engine/protocol/utf8.ts";
import { batchOf, ClusterWorld } from "./kafka-cluster-world.ts";
import recorded from "./recorded-requests.json";

interface Asked {
  readonly toBroker: number; readonly topic: string; readonly partition: number; readonly offset?: number; readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number; readonly rackId?: string; readonly timestamp?: number; readonly leaderEpoch?: number; readonly acks?: number;
  readonly values?: readonly string[]; readonly replicaId?: number;
}
interface Step { readonly step: number; readonly do: Readonly<Record<string, unknown>>; readonly result: unknown }
const steps = (scenario: keyof typeof recorded): readonly Step[] => recorded[scenario];

function answerTo(world: ClusterWorld, { do: deed }: Step): unknown {
  const [kind] = Object.keys(deed);
  const asked = deed[kind ?? ""] as Asked;
  switch (kind) {
    case "fetchRequest": return fetched(world, asked);
    case "produceRequest": return produced(world, asked);
    case "listOffsetsRequest": {
      const { topics, throttleTimeMs } = world.call(asked.toBroker, "ListOffsets", { replicaId: asked.replicaId ?? -1, isolationLevel: 0, topics: [{
        name: asked.topic, partitions: [{ partition: asked.partition, currentLeaderEpoch: asked.currentLeaderEpoch ?? -1, timestamp: asked.timestamp ?? -1 }] }] });
      return { response: { throttleTimeMs, topics: topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(({ partition, error, timestamp, offset, leaderEpoch }) =>
        ({ partitionIndex: partition, errorCode: errorCode(error), timestamp, offset, leaderEpoch })) })) } };
    }
    case "offsetForLeaderEpochRequest": {
      const { topics, throttleTimeMs } = world.call(asked.toBroker, "OffsetForLeaderEpoch", { replicaId: -1, topics: [{
        topic: asked.topic, partitions: [{ partition: asked.partition, currentLeaderEpoch: asked.currentLeaderEpoch ?? -1, leaderEpoch: asked.leaderEpoch ?? -1 }] }] });
      return { response: { throttleTimeMs, topics: topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(({ error, partition, leaderEpoch, endOffset }) =>
        ({ errorCode: errorCode(error), partition, leaderEpoch, endOffset })) })) } };
    }
    default: throw new Error(`no request ${kind}`);
  }
}

function fetched(world: ClusterWorld, asked: Asked): unknown {
  const response = world.call(asked.toBroker, "Fetch", {
    replicaId: asked.replicaId ?? -1, replicaEpoch: -1, maxWaitMs: 500, minBytes: 1, maxBytes: 50_000_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1,
    forgottenTopicsData: [], rackId: asked.rackId ?? "", topics: [{ topic: asked.topic, partitions: [{ partition: asked.partition,
      currentLeaderEpoch: asked.currentLeaderEpoch ?? -1, fetchOffset: asked.offset ?? 0, lastFetchedEpoch: asked.lastFetchedEpoch ?? -1, logStartOffset: -1,
      partitionMaxBytes: 1_048_576 }] }],
  });
  return { error: response.error, partitions: response.topics.flatMap(({ partitions }) => partitions.map(answer => ({
    partition: answer.partition, error: answer.error, highWatermark: answer.highWatermark, lastStableOffset: answer.lastStableOffset, logStartOffset: answer.logStartOffset,
    ...answer.divergingEpoch.epoch < 0 ? {} : { divergingEpoch: answer.divergingEpoch },
    ...answer.preferredReadReplica < 0 ? {} : { preferredReadReplica: answer.preferredReadReplica },
    values: answer.records.flatMap(batch => decodeRecords(batch).map(record => [record.offset, batch.partitionLeaderEpoch, decodeUtf8(record.value ?? new Uint8Array())])),
  }))) };
}

/** The recording lists batches with their records, or (in some scenarios) none at all. */
function expectedFetch(result: unknown): unknown {
  const { error, partitions } = result as { error: string; partitions: readonly Readonly<Record<string, unknown>>[] };
  return { error, partitions: partitions.map(({ batches, ...told }) => ({ ...told, values: batches === undefined ? expect.anything() as unknown
    : (batches as readonly { leaderEpoch: number; records: readonly { offset: number; value: string }[] }[]).flatMap(batch =>
      batch.records.map(record => [record.offset, batch.leaderEpoch, record.value])) })) };
}

function produced(world: ClusterWorld, asked: Asked): unknown {
  const body: RequestOf<"Produce"> = {
    transactionalId: null, acks: asked.acks ?? 1, timeoutMs: 5_000,
    topics: [{ name: asked.topic, partitions: [{ index: asked.partition, records: [batchOf(asked.values ?? [])] }] }],
  };
  if (asked.acks === 0) {
    const connection = world.connect(asked.toBroker);
    world.ask(connection, "Produce", body);
    world.run(1.5);
    return { connection: world.isClosed(connection) ? "closed by broker" : "still open after 1500 ms" };
  }
  const answer = world.call(asked.toBroker, "Produce", body).topics[0]?.partitions[0];
  const error: KafkaError = answer?.error ?? "UNKNOWN_SERVER_ERROR";
  return { error, code: errorCode(error), baseOffset: answer?.baseOffset, logStartOffset: answer?.logStartOffset, errorMessage: answer?.errorMessage };
}

function replay(world: ClusterWorld, scenario: keyof typeof recorded, from: number, to: number): void {
  for (const step of steps(scenario)) {
    if (step.step < from || step.step > to) continue;
    const expected = "fetchRequest" in step.do ? expectedFetch(step.result) : step.result;
    expect({ step: step.step, do: step.do, result: answerTo(world, step) }).toEqual({ step: step.step, do: step.do, result: expected });
  }
}

test("old and new epochs, brokers that do not lead, diverging epochs (scenario 09)", () => {
  const world = new ClusterWorld([1, 2, 3, 4, 5], {}, 11).boot();
  const alone = (isr: string): void => { world.until(`ISR ${isr}`, () => world.registration("orders-unclean", 0, 3)?.isr.join() === isr, 40); };
  world.createTopic("orders-unclean", [[1, 2]]);
  world.produce(1, "orders-unclean", batchOf(["both-0", "both-1", "both-2"]), -1);
  world.run(1);
  world.simulation.crash("broker-2");
  alone("1");
  world.run(0.2);
  for (const value of ["only-1-0", "only-1-1"]) world.produce(1, "orders-unclean", batchOf([value]), -1);
  world.simulation.crash("broker-1");
  world.until("nobody leads", () => world.registration("orders-unclean", 0, 3)?.leader === -1, 40);
  world.simulation.start("broker-2");
  world.until("2 is back", () => world.unfenced(3).includes(2), 40);
  world.call(3, "ElectLeaders", { electionType: 1, topicPartitions: [{ topic: "orders-unclean", partitions: [0] }], timeoutMs: 10_000 });
  world.run(0.5);
  for (const value of ["new-2-0", "new-2-1", "new-2-2", "new-2-3"]) world.produce(2, "orders-unclean", batchOf([value]), -1);
  world.simulation.start("broker-1");
  alone("2,1");
  world.run(1);
  for (const id of [1, 2]) {
    expect(world.replica(id, "orders-unclean").log).toMatchObject({ logEndOffset: 7, highWatermark: 7, epochs: [{ epoch: 0, startOffset: 0 }, { epoch: 2, startOffset: 3 }] });
  }
  replay(world, "09-epoch-fencing", 1, 32);
});

test("reading from the follower in the client's rack (scenario 27)", () => {
  const world = new ClusterWorld([1, 2, 3], {
    "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector", "replica.lag.time.max.ms": 3_000,
  }, 3, id => `rack-${" abc".charAt(id)}`).boot();
  world.createTopic("orders-near", [[1, 2, 3]]);
  for (const value of ["a-0", "a-1", "a-2", "a-3", "a-4"]) world.produce(1, "orders-near", batchOf([value]), -1);
  world.run(2);
  replay(world, "27-follower-fetching", 3, 12);
  world.simulation.pause("broker-2");
  replay(world, "27-follower-fetching", 17, 19);
  world.until("2 is out of the ISR", () => world.replica(1, "orders-near").isr.join() === "1,3");
  world.run(0.6);
  replay(world, "27-follower-fetching", 21, 22);
});
