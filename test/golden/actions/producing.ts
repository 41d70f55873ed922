// Records sent by a producer with the Java client's behaviour: opened, used and closed within the step.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { drawAsRecorded } from "../lucky-placement.ts";
import { hasRecordedPlacement } from "../recorded-placement.ts";
import { isObject, type Json, type JsonObject, type Recording, type RecordedStep } from "../read-recording.ts";
import { leaderEpochIsr, topicMetadata } from "../observe/topic-metadata.ts";
import { topicsOfTimeline, watchPartitions } from "../watch-partitions.ts";
import { timelineOf } from "./faults.ts";
import { throttleTimes } from "./consuming.ts";
import { recordsOfSentence } from "./record-sentences.ts";
import { objectOf, shownError, textOf } from "./topics.ts";
import type { Moment } from "../compare/timeline.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import type { Outcome, OutgoingRecord, SentRecord } from "#engine/cluster/commands.ts";

const ANSWER_LIMIT_MS = 200_000;
/** A burst of more than this goes as one call: nobody asks for the fate of each. */
const CALLS_MAX = 500;

export const produce: ActionPlayer = (world, step, recording): Played => {
  const does = objectOf(step);
  const topic = textOf(does["topic"], "topic");
  const sentence = does["records"];
  const records = readRecords(world, recording, topic, sentence, does);
  const config = { acks: does["acks"] === undefined ? "all" : String(does["acks"]), ...isObject(does["config"]) ? does["config"] : {} };
  const before = timelineOf(step) === null ? null : topicMetadata(world, topicsOfTimeline(step));
  const producer = openProducer(world, config as Record<string, string>);
  const isMade = isAutomatic(recording, step, topic);
  if (isMade) drawAsRecorded(world, recording, step.number, topic);
  const oneByOne = does["oneByOne"] !== false && does["oneByOne"] !== undefined || typeof sentence === "string" && sentence.includes("one by one") || typeof sentence === "number";
  const results = oneByOne ? sendOneByOne(world, producer, topic, records) : sendBurst(world, producer, topic, records);
  const throttled = isObject(step.fields["result"]) && "produce-throttle-time-max" in step.fields["result"] ? throttleTimes(world, producer, "produce") : {};
  world.call(call => ({ do: "close-client", client: producer, call }), 5_000);
  const unlucky = isMade && !hasRecordedPlacement(world, recording, step.number, topic);
  const moments = before === null ? {} : { moments: momentsSince(world, step, before) };
  const result = shapedAs(step.fields["result"], results);
  return { fields: { result: isObject(result) ? { ...result, ...throttled } : result }, ...moments, unlucky };
};

/** What happened to the partitions while the producer was at work: the last look is made now. */
function momentsSince(world: GoldenWorld, step: RecordedStep, before: JsonObject): Moment[] {
  const after = watchPartitions(world, step, timelineOf(step) ?? []);
  return [{ atMs: 0, state: leaderEpochIsr(before) }, ...after.map(({ atMs, state }) => ({ atMs: atMs + 1, state }))];
}

function isAutomatic(recording: Recording, step: RecordedStep, topic: string): boolean {
  return !recording.steps.some(other => other.number < step.number
    && (isObject(other.does["createTopic"]) && other.does["createTopic"]["name"] === topic || String(other.does["cli"] ?? "").includes(`--topic ${topic}`)));
}

export function openProducer(world: GoldenWorld, config: Readonly<Record<string, string>>): string {
  const id = `producer-${world.memory.nextClient}`;
  world.memory.nextClient += 1;
  const { "bootstrap.servers": _bootstrap, ...settings } = config;
  world.apply({ do: "open-producer", producer: { id, settings } });
  return id;
}

function readRecords(world: GoldenWorld, recording: Recording, topic: string, value: Json | undefined, does: JsonObject): OutgoingRecord[] {
  const partition = typeof does["partition"] === "number" ? { partition: does["partition"] } : {};
  if (typeof value === "number") return Array.from({ length: value }, (_, index) => ({ key: null, value: `zk-${index}`, ...partition }));
  if (typeof value === "string") return recordsOfSentence(value, recording, topic, world.clockMs);
  if (!Array.isArray(value)) throw new CannotPlay(`records have to be a list or a sentence, and are ${JSON.stringify(value)}`);
  return value.map((item: Json) => readRecord(item));
}

export function readRecord(item: Json): OutgoingRecord {
  if (!isObject(item)) throw new CannotPlay(`a record is an object, and is ${JSON.stringify(item)}`);
  const repeat = item["vRepeat"];
  const value = Array.isArray(repeat) ? String(repeat[0]).repeat(Number(repeat[1])) : item["v"] === undefined || item["v"] === null ? null : String(item["v"]);
  return {
    key: item["k"] === undefined || item["k"] === null ? null : String(item["k"]), value,
    ...typeof item["p"] === "number" ? { partition: item["p"] } : {}, ...typeof item["ts"] === "number" ? { timestampMs: item["ts"] } : {},
    ...isObject(item["h"]) ? { headers: item["h"] as Record<string, string> } : {},
  };
}

function sendOneByOne(world: GoldenWorld, producer: string, topic: string, records: readonly OutgoingRecord[]): JsonObject[] {
  return records.map(record => shownSend(world.call(call => ({ do: "send", producer, topic, records: [record], call }), ANSWER_LIMIT_MS), 0));
}

function sendBurst(world: GoldenWorld, producer: string, topic: string, records: readonly OutgoingRecord[]): JsonObject[] {
  if (records.length > CALLS_MAX) {
    const outcome = world.call(call => ({ do: "send", producer, topic, records, call }), ANSWER_LIMIT_MS);
    return records.map((_, index) => shownSend(outcome, index));
  }
  const calls = records.map(record => world.begin(call => ({ do: "send", producer, topic, records: [record], call })));
  const outcomes = new Map(calls.map(call => [call, world.waitFor(call, ANSWER_LIMIT_MS)]));
  return calls.map(call => shownSend(outcomes.get(call) ?? null, 0));
}

function shownSend(outcome: Outcome | null, index: number): JsonObject {
  if (outcome === null) return { error: "nothing answered" };
  if (!outcome.ok) return shownError(outcome.error);
  const sent = (outcome.value as readonly SentRecord[])[index];
  return sent === undefined ? { error: "no result" } : { partition: sent.partition, offset: sent.offset };
}

/** The recorder kept of a long result only the last record, or wrapped the list. */
function shapedAs(real: Json | undefined, results: readonly JsonObject[]): Json {
  if (!isObject(real)) return results;
  if ("last" in real) return { last: results.at(-1) ?? null };
  if ("results" in real) return { results };
  if ("acknowledged" in real) {
    const sent = results.filter(result => "offset" in result);
    const { failed } = real;
    const refused = results.filter(result => "error" in result);
    return { acknowledged: sent.length, failed: Array.isArray(failed) ? refused : refused.length, lastOffset: (sent.at(-1)?.["offset"] ?? -1) as Json };
  }
  if ("errors" in real) return { errors: results.filter(result => "error" in result) };
  return results;
}
