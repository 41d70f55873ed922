// Single raw requests to one broker, without a client's retries; the answers in the recorder's shapes.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { codeOf } from "../java-exceptions.ts";
import { shownRecords } from "../observe/log-records.ts";
import { fetchBody } from "../observe/replica-offsets.ts";
import { drawAsRecorded } from "../lucky-placement.ts";
import { hasRecordedPlacement } from "../recorded-placement.ts";
import { topicMetadata } from "../observe/topic-metadata.ts";
import { isObject, type Json, type JsonObject, type Recording, type RecordedStep } from "../read-recording.ts";
import { numberOf, objectOf, textOf } from "./topics.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import type { Api, ResponseOf } from "#engine/protocol/messages.ts";
import { RecordBatchBuilder } from "#engine/protocol/record-batch-builder.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";

const ANSWER_MS = 60_000;
/** How long the recorder looked at a connection on which nothing is answered. */
const SILENCE_MS = 1_500;

function optionalNumber(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function brokerOf(world: GoldenWorld, does: JsonObject): number {
  return typeof does["toBroker"] === "number" ? does["toBroker"] : world.liveBrokers()[0] ?? 1;
}

function askFor<A extends Api>(world: GoldenWorld, does: JsonObject, api: A, body: unknown): ResponseOf<A> | JsonObject {
  if (typeof does["afterS"] === "number") world.advance(does["afterS"] * 1000);
  const clientId = typeof does["clientId"] === "string" ? { clientId: does["clientId"] } : {};
  const answer = world.ask(brokerOf(world, does), api, body, { timeoutMs: ANSWER_MS, ...clientId });
  if (answer.is === "answer") return answer.body as ResponseOf<A>;
  return { connection: answer.is === "closed" ? "closed by broker" : "no answer" };
}

// ---- produce

export const produceRequest: ActionPlayer = (world, step): Played => {
  const does = objectOf(step);
  return { fields: { result: produceOnce(world, does, "throttleTimeMs" in (isObject(step.fields["result"]) ? step.fields["result"] : {})) } };
};

export function produceOnce(world: GoldenWorld, does: JsonObject, showsThrottle: boolean): JsonObject {
  const acks = numberOf(does["acks"], "acks");
  const timeoutMs = optionalNumber(does["timeoutMs"]) ?? 5_000;
  const body = {
    transactionalId: null, acks, timeoutMs,
    topics: [{ name: textOf(does["topic"], "topic"), partitions: [{ index: numberOf(does["partition"], "partition"), records: [batchOf(world, does)] }] }],
  };
  if (acks === 0) {
    const answer = world.ask(brokerOf(world, does), "Produce", body, { timeoutMs: SILENCE_MS, answers: false });
    return { connection: answer.is === "closed" ? "closed by broker" : answer.is === "silence" ? "still open after 1500 ms" : "unexpected data" };
  }
  const response = askFor(world, does, "Produce", body);
  if ("connection" in response) return response;
  const produced = response as ResponseOf<"Produce">;
  const answer = produced.topics[0]?.partitions[0];
  if (answer === undefined) throw new CannotPlay("the answer to Produce names no partition");
  return {
    error: answer.error, code: codeOf(answer.error), baseOffset: answer.baseOffset, logStartOffset: answer.logStartOffset, errorMessage: answer.errorMessage,
    ...showsThrottle ? { throttleTimeMs: produced.throttleTimeMs } : {},
  };
}

function batchOf(world: GoldenWorld, does: JsonObject): RecordBatch {
  const builder = new RecordBatchBuilder();
  const values = typeof does["valueBytes"] === "number" ? ["x".repeat(does["valueBytes"])] : does["values"];
  if (!Array.isArray(values)) throw new CannotPlay("a Produce request needs `values` or `valueBytes`");
  const timestampMs = optionalNumber(does["ts"]) ?? world.clockMs;
  for (const item of values as readonly Json[]) {
    const [key, value] = isObject(item) ? [item["k"] ?? null, item["v"] ?? null] : [null, item];
    builder.append(timestampMs, key === null ? null : String(key), value === null ? null : String(value));
  }
  return builder.build({
    producerId: optionalNumber(does["producerId"]) ?? -1, producerEpoch: optionalNumber(does["producerEpoch"]) ?? -1,
    baseSequence: optionalNumber(does["baseSequence"]) ?? -1, transactional: does["transactional"] === true,
  });
}

// ---- fetch

type FetchedPartition = ResponseOf<"Fetch">["topics"][number]["partitions"][number];

export const fetchRequest: ActionPlayer = (world, step): Played => {
  const does = objectOf(step);
  const real = isObject(step.fields["result"]) ? step.fields["result"] : {};
  if ("requests" in real) return { fields: { result: fetchFor(world, does) } };
  const response = askFor(world, does, "Fetch", fetchBody(textOf(does["topic"], "topic"), numberOf(does["partition"], "partition"), numberOf(does["offset"], "offset"), {
    replicaId: optionalNumber(does["replicaId"]) ?? -1, currentLeaderEpoch: optionalNumber(does["currentLeaderEpoch"]) ?? -1,
    lastFetchedEpoch: optionalNumber(does["lastFetchedEpoch"]) ?? -1, rackId: typeof does["rackId"] === "string" ? does["rackId"] : "",
    isolationLevel: optionalNumber(does["isolation"]) ?? 0,
  }));
  if ("connection" in response) return { fields: { result: response } };
  return { fields: { result: shownFetch(response as ResponseOf<"Fetch">, real) } };
};

/** The same request again and again, each on a connection of its own. */
function fetchFor(world: GoldenWorld, does: JsonObject): JsonObject {
  const until = world.nowMs + numberOf(does["forMs"], "forMs");
  let requests = 0;
  let throttled = 0;
  let largestThrottleTimeMs = 0;
  while (world.nowMs < until) {
    const response = askFor(world, does, "Fetch", fetchBody(textOf(does["topic"], "topic"), numberOf(does["partition"], "partition"), numberOf(does["offset"], "offset"), { replicaId: -1 }));
    requests += 1;
    if ("connection" in response) continue;
    const { throttleTimeMs } = response as ResponseOf<"Fetch">;
    if (throttleTimeMs > 0) throttled += 1;
    largestThrottleTimeMs = Math.max(largestThrottleTimeMs, throttleTimeMs);
  }
  return { requests, throttled, largestThrottleTimeMs };
}

/** The recorder kept the batches, or left them out, or only summed them up. */
function shownFetch(response: ResponseOf<"Fetch">, real: JsonObject): JsonObject {
  const partitions = response.topics.flatMap(topic => topic.partitions);
  if ("bytesOfRecords" in real) {
    const bytes = partitions.reduce((sum, { records }) => sum + records.reduce((size, batch) => size + batch.sizeBytes, 0), 0);
    return { throttleTimeMs: response.throttleTimeMs, error: response.error, partitions: partitions.map(({ error }) => error), bytesOfRecords: bytes };
  }
  const recorded = Array.isArray(real["partitions"]) ? real["partitions"] as readonly Json[] : [];
  const showsBatches = recorded.some(partition => isObject(partition) && "batches" in partition);
  return {
    ..."throttleTimeMs" in real ? { throttleTimeMs: response.throttleTimeMs } : {}, error: response.error,
    partitions: partitions.map(partition => shownPartition(partition, showsBatches)),
  };
}

/** `currentLeader` is not shown: Fetch v12, which the recorder spoke, has it only in later versions of the broker's answer. */
function shownPartition(partition: FetchedPartition, showsBatches: boolean): JsonObject {
  const { error, highWatermark, lastStableOffset, logStartOffset, divergingEpoch, preferredReadReplica, records } = partition;
  return {
    partition: partition.partition, error, highWatermark, lastStableOffset, logStartOffset,
    ...preferredReadReplica >= 0 ? { preferredReadReplica } : {},
    ...divergingEpoch.epoch >= 0 ? { divergingEpoch: { epoch: divergingEpoch.epoch, endOffset: divergingEpoch.endOffset } } : {},
    ...showsBatches ? { batches: records.map(shownBatch) } : {},
  };
}

function shownBatch(batch: RecordBatch): JsonObject {
  return {
    baseOffset: batch.baseOffset, lastOffset: batch.lastOffset, leaderEpoch: batch.partitionLeaderEpoch, producerId: batch.producerId,
    producerEpoch: batch.producerEpoch, baseSequence: batch.baseSequence, transactional: (batch.attributes & 0x10) !== 0, control: (batch.attributes & 0x20) !== 0,
    sizeInBytes: batch.sizeBytes, records: shownRecords(batch).map(({ offset, key, value }) => ({ offset, key, value })),
  };
}

// ---- offsets, epochs, metadata, producer ids

export const listOffsetsRequest: ActionPlayer = (world, step): Played => {
  const does = objectOf(step);
  const response = askFor(world, does, "ListOffsets", {
    replicaId: optionalNumber(does["replicaId"]) ?? -1, isolationLevel: 0,
    topics: [{ name: textOf(does["topic"], "topic"), partitions: [{
      partition: numberOf(does["partition"], "partition"), currentLeaderEpoch: optionalNumber(does["currentLeaderEpoch"]) ?? -1, timestamp: numberOf(does["timestamp"], "timestamp"),
    }] }],
  });
  if ("connection" in response) return { fields: { result: response } };
  const { throttleTimeMs, topics } = response as ResponseOf<"ListOffsets">;
  return { fields: { result: { response: { throttleTimeMs, topics: topics.map(({ name, partitions }) => ({
    name, partitions: partitions.map(({ partition, error, timestamp, offset, leaderEpoch }) => ({ partitionIndex: partition, errorCode: codeOf(error), timestamp, offset, leaderEpoch })),
  })) } } } };
};

interface EpochAnswer {
  readonly throttleTimeMs: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly error: string; readonly partition: number; readonly leaderEpoch: number; readonly endOffset: number }[] }[];
}

export const offsetForLeaderEpochRequest: ActionPlayer = (world, step): Played => {
  const does = objectOf(step);
  const response = askFor(world, does, "OffsetForLeaderEpoch" as Api, {
    replicaId: optionalNumber(does["replicaId"]) ?? -1,
    topics: [{ topic: textOf(does["topic"], "topic"), partitions: [{
      partition: numberOf(does["partition"], "partition"), currentLeaderEpoch: optionalNumber(does["currentLeaderEpoch"]) ?? -1, leaderEpoch: numberOf(does["leaderEpoch"], "leaderEpoch"),
    }] }],
  });
  if ("connection" in response) return { fields: { result: response as JsonObject } };
  const { throttleTimeMs, topics } = response as unknown as EpochAnswer;
  return { fields: { result: { response: { throttleTimeMs, topics: topics.map(({ topic, partitions }) => ({
    topic, partitions: partitions.map(({ error, partition, leaderEpoch, endOffset }) => ({ errorCode: codeOf(error), partition, leaderEpoch, endOffset })),
  })) } } } };
};

export const metadataRequest: ActionPlayer = (world, step, recording): Played => {
  const does = objectOf(step);
  const names = Array.isArray(does["topics"]) ? does["topics"].map(String) : [];
  for (const name of names) drawAsRecorded(world, recording, step.number, name);
  const response = askFor(world, does, "Metadata", { topics: names.map(name => ({ name })), allowAutoTopicCreation: does["allowAutoTopicCreation"] === true });
  if ("connection" in response) return { fields: { result: response } };
  const { topics } = response as ResponseOf<"Metadata">;
  // A name that is made by being asked for lies where chance puts it.
  world.advance(1_000);
  const unlucky = !names.every(name => topicMetadata(world, [name]) === null || hasRecordedPlacement(world, recording, step.number, name));
  return { fields: { result: topics.map(shownMetadataTopic) }, unlucky };
};

/** Bits of operations that were not asked for. */
const NOT_ASKED_FOR = -2147483648;

function shownMetadataTopic(topic: ResponseOf<"Metadata">["topics"][number]): JsonObject {
  return {
    errorCode: codeOf(topic.error), name: topic.name, topicId: topic.topicId, isInternal: topic.isInternal,
    partitions: topic.partitions.map(partition => ({
      errorCode: codeOf(partition.error), partitionIndex: partition.partition, leaderId: partition.leaderId, leaderEpoch: partition.leaderEpoch,
      replicaNodes: [...partition.replicaNodes], isrNodes: [...partition.isrNodes], offlineReplicas: [...partition.offlineReplicas],
    })),
    topicAuthorizedOperations: NOT_ASKED_FOR,
  };
}

export const initProducerIdRequest: ActionPlayer = (world, step): Played => {
  const does = objectOf(step);
  const response = askFor(world, does, "InitProducerId", { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 });
  if ("connection" in response) return { fields: { result: response } };
  const { throttleTimeMs, error, producerId, producerEpoch } = response as ResponseOf<"InitProducerId">;
  return { fields: { result: { throttleTimeMs, errorCode: codeOf(error), producerId, producerEpoch } } };
};

/** For steps that wait for a state of their own. */
export function highWatermarkAt(world: GoldenWorld, broker: number, topic: string, partition: number): number | null {
  const answer = world.ask(broker, "Fetch", fetchBody(topic, partition, 0));
  return answer.is === "answer" ? (answer.body as ResponseOf<"Fetch">).topics[0]?.partitions[0]?.highWatermark ?? null : null;
}

export type { Recording, RecordedStep };
