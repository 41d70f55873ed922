// What an administrator does by the Admin client: topics, partitions, elections, reassignments.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { drawAsRecorded } from "../lucky-placement.ts";
import { hasRecordedPlacement } from "../recorded-placement.ts";
import { javaError } from "../java-exceptions.ts";
import { isObject, type Json, type JsonObject, type RecordedStep } from "../read-recording.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import { observe } from "#engine/cluster/observe.ts";
import type { CallError, Outcome } from "#engine/cluster/commands.ts";
import type { Settings } from "#engine/cluster/spec.ts";

/** After a change the recorder let it reach every broker. */
const REST_MS = 1_000;

/** The Admin call's future: `ok`, or the exception in Java's words. */
export function shownOutcome(outcome: Outcome | null): JsonObject {
  if (outcome === null) return { error: "nothing answered" };
  return outcome.ok ? { ok: true } : shownError(outcome.error);
}

export function shownError(error: CallError): JsonObject {
  const { cause } = error as CallError & { readonly cause?: string };
  return { ...javaError(error.name), message: error.message, ...cause === undefined ? {} : { cause } };
}

export function objectOf(step: RecordedStep): JsonObject {
  const value = step.does[step.action];
  if (isObject(value)) return value;
  throw new CannotPlay(`"${step.action}" with ${JSON.stringify(value)} cannot be played: expected an object`);
}

export function textOf(value: Json | undefined, what: string): string {
  if (typeof value === "string") return value;
  throw new CannotPlay(`${what} has to be a text, and is ${JSON.stringify(value)}`);
}

export function numberOf(value: Json | undefined, what: string): number {
  if (typeof value === "number") return value;
  throw new CannotPlay(`${what} has to be a number, and is ${JSON.stringify(value)}`);
}

export function replicaLists(value: Json | undefined): number[][] {
  const lists = Array.isArray(value) ? value : isObject(value) ? Object.keys(value).sort((a, b) => Number(a) - Number(b)).map(key => value[key]) : [];
  return lists.map(list => Array.isArray(list) ? list.map(Number) : []);
}

export const createTopic: ActionPlayer = (world, step, recording): Played => {
  const does = objectOf(step);
  const name = textOf(does["name"], "name");
  const assignment = does["assignment"];
  const configs = isObject(does["configs"]) ? does["configs"] as Settings : undefined;
  // An assignment that leaves numbers out (7: {"1": [1]}) has to reach the broker as it is.
  const isDense = !isObject(assignment) || Object.keys(assignment).every(key => Number(key) < Object.keys(assignment).length);
  if (!isDense) return createByRequest(world, name, assignment as JsonObject);
  if (assignment === undefined) drawAsRecorded(world, recording, step.number, name, 0, typeof does["partitions"] === "number" ? does["partitions"] : undefined);
  const outcome = world.call(call => ({
    do: "create-topic", topic: name, partitions: typeof does["partitions"] === "number" ? does["partitions"] : -1,
    replicationFactor: typeof does["replicationFactor"] === "number" ? does["replicationFactor"] : -1,
    ...assignment === undefined ? {} : { assignment: replicaLists(assignment) }, ...configs === undefined ? {} : { configs }, call,
  }));
  world.advance(REST_MS);
  const unlucky = assignment === undefined && outcome?.ok === true && !hasRecordedPlacement(world, recording, step.number, name);
  return { fields: { result: { [name]: shownOutcome(outcome) } }, unlucky };
};

function createByRequest(world: GoldenWorld, name: string, assignment: JsonObject): Played {
  // In ZooKeeper mode only the controller answers; in KRaft every broker hands it on.
  const controller = world.isZooKeeper ? observe(world.cluster).activeController : world.liveBrokers()[0];
  const answer = world.ask(controller ?? 1, "CreateTopics", {
    topics: [{
      name, numPartitions: -1, replicationFactor: -1, configs: [],
      assignments: Object.entries(assignment).map(([partition, brokers]) => ({ partition: Number(partition), brokers: (brokers as readonly Json[]).map(Number) })),
    }], timeoutMs: 30_000, validateOnly: false,
  });
  if (answer.is !== "answer") throw new CannotPlay("no broker answered CreateTopics");
  const [topic] = (answer.body as { topics: readonly { error: string; errorMessage: string | null }[] }).topics;
  const result = topic === undefined || topic.error === "NONE" ? { ok: true } : { ...javaError(topic.error), message: topic.errorMessage ?? "" };
  return { fields: { result: { [name]: result } } };
}

export const createPartitions: ActionPlayer = (world, step, recording): Played => {
  const does = objectOf(step);
  const topic = textOf(does["topic"], "topic");
  const assignment = does["assignment"];
  if (assignment === undefined) drawAsRecorded(world, recording, step.number, topic, partitionsNow(world, topic), numberOf(does["count"], "count"));
  const outcome = world.call(call => ({
    do: "create-partitions", topic, partitions: numberOf(does["count"], "count"), ...assignment === undefined ? {} : { assignment: replicaLists(assignment) }, call,
  }));
  world.advance(REST_MS);
  const unlucky = assignment === undefined && outcome?.ok === true && !hasRecordedPlacement(world, recording, step.number, topic);
  return { fields: { result: { [topic]: shownOutcome(outcome) } }, unlucky };
};

export function partitionsNow(world: GoldenWorld, topic: string): number {
  return observe(world.cluster).topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
}

interface ElectionResult { readonly topic: string; readonly partition: number; readonly error: string; readonly errorMessage: string | null }

export const electLeaders: ActionPlayer = (world, step): Played => {
  const does = objectOf(step);
  const type = textOf(does["type"], "type").toLowerCase();
  const outcome = world.call(call => ({ do: "elect-leaders", type: type === "unclean" ? "unclean" : "preferred", partitions: partitionsOf(does["partitions"]), call }));
  world.advance(REST_MS);
  if (outcome === null || !outcome.ok) return { fields: { result: shownOutcome(outcome) } };
  const results = outcome.value as readonly ElectionResult[];
  const shown = results.filter(({ error }) => error !== "ELECTION_NOT_NEEDED" || does["partitions"] !== "all")
    .map(({ topic, partition, error, errorMessage }) =>
      [`${topic}-${partition}`, error === "NONE" ? { ok: true } : { ...javaError(error), message: errorMessage ?? "" }] as const)
    .sort(([a], [b]) => a < b ? -1 : 1);
  return { fields: { result: Object.fromEntries(shown) } };
};

/** [[topic, partition], …], ["topic-0", …] or "all". */
export function partitionsOf(value: Json | undefined): { topic: string; partition: number }[] | null {
  if (!Array.isArray(value)) return null;
  return value.map((item: Json) => {
    if (Array.isArray(item)) return { topic: String(item[0]), partition: Number(item[1]) };
    if (isObject(item)) return { topic: String(item["topic"]), partition: Number(item["partition"]) };
    const text = String(item);
    const dash = text.lastIndexOf("-");
    return { topic: text.slice(0, dash), partition: Number(text.slice(dash + 1)) };
  });
}

export const reassign: ActionPlayer = (world, step): Played => {
  const does = objectOf(step);
  const topic = textOf(does["topic"], "topic");
  const partition = numberOf(does["partition"], "partition");
  const replicas = does["replicas"] === null ? null : (does["replicas"] as readonly Json[]).map(Number);
  const outcome = world.call(call => ({ do: "reassign", partitions: [{ topic, partition, replicas }], call }));
  world.advance(REST_MS);
  return { fields: { result: { [`${topic}-${partition}`]: shownOutcome(outcome) } } };
};
