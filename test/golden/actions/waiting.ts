// Steps that change nothing: a look, a wait. What they look at stands in a sentence; some results have a shape of their own.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { isObject, type Json, type JsonObject, type RecordedStep, type Recording } from "../read-recording.ts";
import { linesSince, shownLines } from "../observe/node-log.ts";
import { controllerIdAt, controllerZnodes } from "../observe/controllers.ts";
import { topicMetadata } from "../observe/topic-metadata.ts";
import { afterCleaning, lastTopic, retentionByBytes, retentionTimeline } from "./log-files.ts";
import { highWatermarkAt } from "./raw-requests.ts";
import { lastFailure, timelineOf, watched } from "./faults.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";

const WAIT_MS = 2_000;

export const wait: ActionPlayer = (world, step, recording): Played => {
  const text = String(step.does["wait"]);
  if (text.startsWith("retention by time")) return { fields: { timeline: retentionTimeline(world, step, recording) } };
  if (timelineOf(step) === null) {
    const seconds = /(\d+(?:\.\d+)?) ?s\b/.exec(text);
    world.advance(seconds === null ? WAIT_MS : Number(seconds[1]) * 1000);
  }
  return look(world, step, recording);
};

type Looker = readonly [RegExp, (world: GoldenWorld, step: RecordedStep, recording: Recording) => Readonly<Record<string, Json>>];

const LOOKERS: readonly Looker[] = [
  [/^controllerId in Metadata/, (world, step) => ({ result: controllerIds(world, step) })],
  [/^znodes$/, world => ({ result: controllerZnodes(world) })],
  [/^brokers$/, world => ({ result: brokersAndRacks(world) })],
  [/^the log of the broker that truncated/, (world, step, recording) => ({ log: linesAbout(world, step, new RegExp(`[Tt]runcat.*${lastTopic(recording, step.number)}|${lastTopic(recording, step.number)}.*[Tt]runcat`)) })],
  [/^high watermark of leader and follower, every (\d+) ms/, (world, step, recording) => ({ result: highWatermarks(world, step, recording) })],
  [/^retention by bytes/, (world, step, recording) => ({ result: retentionByBytes(world, step, recording) })],
  [/^the log cleaner/, (world, step, recording) => ({ result: afterCleaning(world, step, recording) })],
  [/^broker (\d+)$/, (world, step) => endOfBroker(world, step)],
];

export const look: ActionPlayer = (world, step, recording): Played => {
  const text = String(step.does["look"] ?? step.does["wait"] ?? "");
  const played = timelineOf(step) === null ? {} : watched(world, step);
  const special = ["result", "text"].some(key => step.fields[key] !== undefined);
  for (const [pattern, looker] of LOOKERS) if (pattern.test(text) && (special || step.fields["log"] !== undefined)) return { ...played, fields: looker(world, step, recording) };
  if (isOfGroups(step.fields["result"])) throw new CannotPlay(`"${text}" tells of a group of consumers`, "groups");
  if (special) throw new CannotPlay(`"${text}" has a result of its own that cannot be seen here`);
  if (step.fields["log"] !== undefined) return { ...played, fields: { log: shownLines(linesSince(world, world.stepBegan), step.fields["log"]) } };
  return played;
};

/** Client -> assignment, generation, events. */
function isOfGroups(result: Json | undefined): boolean {
  return isObject(result) && Object.values(result).some(value => isObject(value) && "assignment" in value);
}

/** Everything logged so far that the pattern finds. */
function linesAbout(world: GoldenWorld, step: RecordedStep, pattern: RegExp): Json {
  return shownLines(linesSince(world, 0).filter(({ line }) => pattern.test(line)), step.fields["log"]);
}

function endOfBroker(world: GoldenWorld, step: RecordedStep): Readonly<Record<string, Json>> {
  const broker = Number(/\d+/.exec(String(step.does["look"]))?.[0]);
  const failure = lastFailure(world, broker);
  return {
    ...step.fields["result"] === undefined ? {} : { result: { exit: failure?.exitCode ?? null } },
    ...step.fields["log"] === undefined ? {} : { log: shownLines(linesSince(world, world.stepBegan).filter(({ node }) => node === broker), step.fields["log"]) },
  };
}

function brokersAndRacks(world: GoldenWorld): JsonObject[] {
  const answer = world.ask(world.liveBrokers()[0] ?? 1, "Metadata", { topics: [], allowAutoTopicCreation: false });
  if (answer.is !== "answer") throw new CannotPlay("no broker answers Metadata");
  return (answer.body as ResponseOf<"Metadata">).brokers.map(({ nodeId, rack }) => ({ nodeId, rack })).sort((a, b) => a.nodeId - b.nodeId);
}

/** Broker -> what its Metadata names as controller, once or as often as recorded. */
function controllerIds(world: GoldenWorld, step: RecordedStep): JsonObject {
  const real = isObject(step.fields["result"]) ? step.fields["result"] : {};
  return Object.fromEntries(world.liveBrokers().map(broker => {
    const recorded = real[String(broker)];
    const ids = Array.isArray(recorded) ? recorded.map(() => controllerIdAt(world, broker)) : controllerIdAt(world, broker);
    return [String(broker), ids];
  }));
}

function highWatermarks(world: GoldenWorld, step: RecordedStep, recording: Recording): JsonObject[] {
  const everyMs = Number(/every (\d+) ms/.exec(String(step.does["look"]))?.[1] ?? 150);
  const count = Array.isArray(step.fields["result"]) ? step.fields["result"].length : 1;
  const topic = lastTopic(recording, step.number);
  const state = topicMetadata(world, [topic])?.[topic];
  const partition = isObject(state) ? state["0"] as { readonly leader: number; readonly isr: readonly number[] } | undefined : undefined;
  const follower = partition?.isr.filter(broker => broker !== partition.leader).sort((a, b) => a - b)[0];
  if (partition === undefined || follower === undefined) throw new CannotPlay(`"${topic}" has no follower`);
  return Array.from({ length: count }, (_, index) => {
    if (index > 0) world.advance(everyMs);
    return { leader: highWatermarkAt(world, partition.leader, topic, 0), follower: highWatermarkAt(world, follower, topic, 0) };
  });
}
