// Files of a node: texts, listings, and what becomes of them by itself (retention, the cleaner).
import { numbersOf } from "../cluster-of-recording.ts";
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { recordsAt } from "../observe/log-records.ts";
import { isObject, type Json, type JsonObject, type Recording, type RecordedStep } from "../read-recording.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import { isController } from "#engine/cluster/node-names.ts";
import { listFiles, readTextFile } from "#engine/log/log-files.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";

/** "orders-0", or the metadata log, which the recorder looked at on its first controller. */
export const files: ActionPlayer = (world, step): Played => {
  const folder = String(step.does["files"]);
  const process = world.process(world.processName(folder.startsWith("__cluster_metadata") ? firstController(world) : firstBroker(world, step)));
  const found = listFiles(process.disk, folder);
  return { fields: { result: Array.isArray(step.fields["result"]) ? found.map(({ name }) => name) : Object.fromEntries(found.map(({ name, sizeBytes }) => [name, sizeBytes])) } };
};

function firstController(world: GoldenWorld): number {
  return world.spec.nodes.find(node => isController(world.spec, node))?.id ?? 1;
}

function firstBroker(world: GoldenWorld, step: RecordedStep): number {
  return numbersOf(step.does["ofBroker"])[0] ?? world.liveBrokers()[0] ?? 1;
}

/** "broker 1 orders-0/leader-epoch-checkpoint", "cleaner-offset-checkpoint", "quorum-state", or a path of the recording's machine. */
export const file: ActionPlayer = (world, step): Played => {
  const name = String(step.does["file"]);
  const onBroker = /^broker (\d+) (.+)$/.exec(name);
  if (name.startsWith("/")) throw new CannotPlay(`"${name}" lies on the recording's machine`);
  const path = onBroker?.[2] ?? (name === "quorum-state" ? "__cluster_metadata-0/quorum-state" : name);
  const node = onBroker === null ? name === "quorum-state" ? firstController(world) : firstBroker(world, step) : Number(onBroker[1]);
  const text = readTextFile(world.process(world.processName(node)).disk, path);
  if (text === null) throw new CannotPlay(`node ${node} has no text file "${path}"`);
  return { fields: { text } };
};

const EARLIEST = -2;
const LATEST_MS = 75_000;

function earliest(world: GoldenWorld, topic: string): { readonly offset: number; readonly leaderEpoch: number } {
  const answer = world.ask(world.liveBrokers()[0] ?? 1, "ListOffsets", {
    replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions: [{ partition: 0, currentLeaderEpoch: -1, timestamp: EARLIEST }] }],
  });
  const partition = answer.is === "answer" ? (answer.body as ResponseOf<"ListOffsets">).topics[0]?.partitions[0] : undefined;
  return { offset: partition?.offset ?? -1, leaderEpoch: partition?.leaderEpoch ?? -1 };
}

/** `wait` for retention by time: what the folder looked like whenever it changed. */
export function retentionTimeline(world: GoldenWorld, step: RecordedStep, recording: Recording): Json {
  const topic = lastTopic(recording, step.number);
  const real = Array.isArray(step.fields["timeline"]) ? step.fields["timeline"] as readonly Json[] : [];
  const last = real.at(-1);
  const began = world.nowMs;
  const line: JsonObject[] = [];
  while (world.nowMs - began < LATEST_MS) {
    const found = listFiles(world.process(world.processName(world.liveBrokers()[0] ?? 1)).disk, `${topic}-0`);
    const state = {
      logStartOffset: earliest(world, topic).offset, segments: found.filter(({ name }) => name.endsWith(".log")).length,
      deletedFiles: found.filter(({ name }) => name.endsWith(".deleted")).length,
    };
    const before = line.at(-1);
    if (before === undefined || JSON.stringify(withoutTime(before)) !== JSON.stringify(state)) line.push({ atMs: world.nowMs - began, ...state });
    if (isObject(last) && JSON.stringify(withoutTime(last)) === JSON.stringify(state)) break;
    world.advance(500);
  }
  return line;
}

function withoutTime(entry: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => name !== "atMs"));
}

/** The topic that was written to last. */
export function lastTopic(recording: Recording, before: number): string {
  for (const { does, number } of [...recording.steps].reverse()) {
    const made = does["createTopic"];
    if (number < before && isObject(made) && typeof made["name"] === "string") return made["name"];
  }
  throw new CannotPlay("no topic was made before");
}

export function retentionByBytes(world: GoldenWorld, step: RecordedStep, recording: Recording): JsonObject {
  const topic = lastTopic(recording, step.number);
  const limit = world.nowMs + 30_000;
  while (earliest(world, topic).offset <= 0 && world.nowMs < limit) world.advance(300);
  world.advance(1_000);
  const { offset, leaderEpoch } = earliest(world, topic);
  return { [`${topic}-0`]: { offset, leaderEpoch } };
}

/** Values are cut to four characters in the recording. */
const VALUE_SHOWN = 4;

/** `wait` for the cleaner: what is left, once fewer records are there than recorded or as many. */
export function afterCleaning(world: GoldenWorld, step: RecordedStep, recording: Recording): JsonObject {
  const topic = lastTopic(recording, step.number);
  const real = isObject(step.fields["result"]) && Array.isArray(step.fields["result"]["records"]) ? step.fields["result"]["records"].length : 0;
  const limit = world.nowMs + 45_000;
  const broker = world.liveBrokers()[0] ?? 1;
  const left = (): JsonObject[] => recordsAt(world, broker, topic, 0, 0, Number.MAX_SAFE_INTEGER)
    .map(({ offset, key, value, leaderEpoch }) => ({ partition: 0, offset, key, value: value === null ? null : value.slice(0, VALUE_SHOWN), leaderEpoch }));
  while (left().length > real && world.nowMs < limit) world.advance(500);
  return { records: left() };
}
