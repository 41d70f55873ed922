// Steps that change nothing: a look, a wait. What they look at stands in a sentence; some results have a shape of their own.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { isObject, type Json, type JsonObject, type RecordedStep } from "../read-recording.ts";
import { truncationLines } from "../observe/truncation-lines.ts";
import { znodesOf } from "../observe/znodes.ts";
import { highWatermarkAt } from "./raw-requests.ts";
import { timelineOf, watched } from "./faults.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";

const WAIT_MS = 2_000;

export const wait: ActionPlayer = (world, step, recording): Played => {
  const text = String(step.does["wait"]);
  if (timelineOf(step) !== null) return { ...watched(world, step) };
  const seconds = /(\d+(?:\.\d+)?) ?s\b/.exec(text);
  world.advance(seconds === null ? WAIT_MS : Number(seconds[1]) * 1000);
  return step.fields["result"] === undefined ? {} : look(world, step, recording);
};

type Looker = readonly [RegExp, (world: GoldenWorld, step: RecordedStep) => Readonly<Record<string, Json>>];

const LOOKERS: readonly Looker[] = [
  [/^controllerId in Metadata/, (world, step) => ({ result: controllerIds(world, step) })],
  [/^znodes$/, world => ({ result: controllerZnodes(world) })],
  [/^the log of the broker that truncated/, world => ({ log: truncationLines(world) })],
  [/^high watermark of leader and follower, every (\d+) ms/, (world, step) => ({ result: highWatermarks(world, step) })],
];

export const look: ActionPlayer = (world, step): Played => {
  const text = String(step.does["look"] ?? step.does["wait"] ?? "");
  const played = timelineOf(step) === null ? {} : watched(world, step);
  const special = ["result", "log", "text"].some(key => step.fields[key] !== undefined);
  if (!special) return played;
  for (const [pattern, looker] of LOOKERS) if (pattern.test(text)) return { ...played, fields: looker(world, step) };
  throw new CannotPlay(`"${text}" has a result of its own that cannot be seen here`);
};

/** Broker -> what its Metadata names as controller, once or as often as recorded. */
function controllerIds(world: GoldenWorld, step: RecordedStep): JsonObject {
  const real = isObject(step.fields["result"]) ? step.fields["result"] : {};
  return Object.fromEntries(world.liveBrokers().map(broker => {
    const recorded = real[String(broker)];
    const ids = Array.isArray(recorded) ? recorded.map(() => controllerIdAt(world, broker)) : controllerIdAt(world, broker);
    return [String(broker), ids];
  }));
}

export function controllerIdAt(world: GoldenWorld, broker: number): number | null {
  const answer = world.ask(broker, "Metadata", { topics: [], allowAutoTopicCreation: false });
  return answer.is === "answer" ? (answer.body as ResponseOf<"Metadata">).controllerId : null;
}

/** /controller and /controller_epoch with its version. */
export function controllerZnodes(world: GoldenWorld): JsonObject {
  const znodes = znodesOf(world);
  const controller = znodes.get("/controller");
  const epoch = znodes.get("/controller_epoch");
  return { "/controller": controller?.data ?? null, "/controller_epoch": epoch?.data ?? null, "/controller_epoch version": epoch?.version ?? null, "ephemeral": controller?.ephemeral ?? false };
}

function highWatermarks(world: GoldenWorld, step: RecordedStep): JsonObject[] {
  const everyMs = Number(/every (\d+) ms/.exec(String(step.does["look"]))?.[1] ?? 150);
  const count = Array.isArray(step.fields["result"]) ? step.fields["result"].length : 1;
  const topic = world.memory.notes.get("last topic");
  const [leader, follower] = [world.memory.notes.get("last leader"), world.memory.notes.get("last follower")];
  if (typeof topic !== "string" || typeof leader !== "number" || typeof follower !== "number") throw new CannotPlay("no partition was written to before");
  return Array.from({ length: count }, (_, index) => {
    if (index > 0) world.advance(everyMs);
    return { leader: highWatermarkAt(world, leader, topic, 0), follower: highWatermarkAt(world, follower, topic, 0) };
  });
}
