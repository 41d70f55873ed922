// Which fields of a step are not compared exactly, and why. What stands neither here nor in compare-step.ts is compared value by value.
import { isObject, type Json, type RecordedStep } from "../read-recording.ts";
import type { Rule } from "./compare-json.ts";
import { normalisedFourLetterText } from "./four-letter-text.ts";
import { normalisedTexts } from "./text-lines.ts";

/** Fields of a step that say nothing about the cluster. */
export const IGNORED_STEP_FIELDS: ReadonlyMap<string, string> = new Map([
  ["do", "what was done"],
  ["note", "an explanation"],
  ["wallMs", "how long it took on a busy machine"],
  ["secondsWithoutQuorum", "how long after the fault the recorder did it"],
  ["stderrTotalCharacters", "how long a text was before it was cut"],
  ["processEndedAfterMs", "a time; that the process ended is checked by playing the step"],
  ["interruptedAfterMs", "when the recorder stopped a tool"],
]);

export const FIELD_RULES: readonly Rule[] = [
  { fields: "result.**.ms", how: "ignored", why: "how long one call took" },
  { fields: "result.**.t", how: "ignored", why: "the wall clock" },
  { fields: "result.slowestMs", how: "ignored", why: "how long one call took" },
  { fields: "result.sendMs", how: "ignored", why: "how long each call took" },
  { fields: "result.**.message", how: "normalised", as: normalisedTexts, why: "times and counts of attempts stand in it" },
  { fields: "result.**.cause", how: "normalised", as: normalisedTexts, why: "times stand in it" },
  { fields: "result.**.producerId", how: "paired", kind: "producer id", why: "blocks of ids go to whoever asks first" },
  { fields: "result.producerId", how: "paired", kind: "producer id", why: "blocks of ids go to whoever asks first" },
  { fields: "result.**.topicId", how: "paired", kind: "topic id", why: "drawn at random" },
  { fields: "result./controller", how: "normalised", as: withoutTimestamp, why: "the moment of the race stands in it" },
  { fields: "result.responseBytesFromNode", how: "normalised", as: nodesThatAnswered, why: "which nodes appear counts, not how many bytes" },
  { fields: "result.**.throttleTimeMs", how: "normalised", as: order, why: "depends on when the window of samples began: the order of magnitude counts" },
  { fields: "result.throttleTimeMs", how: "normalised", as: order, why: "depends on when the window of samples began: the order of magnitude counts" },
  ...["produce", "fetch"].flatMap(kind => ["max", "avg"].map((of): Rule => (
    { fields: `result.${kind}-throttle-time-${of}`, how: "ignored", why: "throttle times depend on when the window of samples began, and there may be none" }))),
  { fields: "result.requests", how: "normalised", as: value => Number(value) > 0, why: "how many fit into the time" },
  { fields: "result.throttled", how: "normalised", as: value => Number(value) > 0, why: "how many fit into the time" },
  { fields: "result.afterMs", how: "ignored", why: "a time" },
  { fields: "result.newLeader", how: "ignored", why: "which server leads is random" },
  { fields: "result.before", how: "ignored", why: "transaction ids depend on everything before" },
  { fields: "result.after", how: "ignored", why: "transaction ids depend on everything before" },
  { fields: "result.endedAfterMs", how: "ignored", why: "how long a Java process lived" },
  { fields: "result.*.partitions", how: "normalised", as: byPartitionIndex, why: "partitions of a Metadata answer come in the order of a hash map" },
  { fields: "text", how: "normalised", as: withoutLeader, why: "in quorum-state: which controller leads, and its epoch" },
  { fields: "timeline.*.LeaderEpoch", how: "ignored", why: "an election may need several rounds" },
  { fields: "result.log", how: "normalised", as: startLines, why: "times and ports stand in it; a line that repeats while the node goes on trying stands for one" },
  { fields: "log", how: "normalised", as: normalisedTexts, why: "times, ports and counters stand in it" },
];

/** Nodes -1, -2 … are the bootstrap servers under another name. */
function nodesThatAnswered(value: Json): Json {
  if (!isObject(value)) return value;
  return Object.keys(value).map(name => Number(name.replace(/^node-/, ""))).filter(id => id > 0).sort((a, b) => a - b);
}

/** KRaft: Metadata names any live broker as controller, another one each time. */
const ANY_BROKER: Rule = { fields: "result.*.*", how: "normalised", as: value => typeof value === "number" && value > 0 && value < 100 ? "a broker" : value, why: "drawn at random for each answer" };

const FOUR_LETTERS: Rule = { fields: "result", how: "normalised", as: normalisedFourLetterText, why: "counts, latencies, addresses of clients, sessions and transaction ids are random" };

/** Rules of one step. */
export function rulesFor(step: RecordedStep): readonly Rule[] {
  if (step.action === "fourLetterWord") return [FOUR_LETTERS];
  return String(step.does["look"] ?? "").startsWith("controllerId in Metadata, three times") ? [ANY_BROKER, ...FIELD_RULES] : FIELD_RULES;
}

/** Only lists of Metadata answers have a partitionIndex. */
function byPartitionIndex(value: Json): Json {
  if (!Array.isArray(value) || !value.every(item => isObject(item) && typeof item["partitionIndex"] === "number")) return value;
  return [...value as readonly { readonly partitionIndex: number }[]].sort((a, b) => a.partitionIndex - b.partitionIndex) as unknown as Json;
}

function order(value: Json): Json {
  return typeof value === "number" ? value > 0 : value;
}

function withoutLeader(value: Json): Json {
  return typeof value === "string" ? value.replace(/"(leaderId|leaderEpoch|votedId)":-?\d+/g, '"$1":N') : value;
}

function startLines(value: Json): Json {
  const lines = normalisedTexts(value);
  return Array.isArray(lines) ? lines.filter((line, index, all) => index === 0 || line !== all[index - 1]) as Json : lines;
}

export function withoutTimestamp(value: Json): Json {
  return typeof value === "string" ? value.replace(/"timestamp":"\d+"/, '"timestamp":"N"') : value;
}
