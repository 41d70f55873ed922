// Processes that are killed, stopped, started, paused, started with other settings.
import { numbersOf } from "../cluster-of-recording.ts";
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { knownBrokers } from "../observe/topic-metadata.ts";
import { isObject, type Json, type RecordedStep } from "../read-recording.ts";
import { linesSince, shownLines } from "../observe/node-log.ts";
import { afterControllerChange, controllerBefore } from "../controller-change.ts";
import { nodesOnTheRecord } from "../recorded-roles.ts";
import { settleBefore, watchPartitions } from "../watch-partitions.ts";
import { produceOnce } from "./raw-requests.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import { settingsFile, simulatedSettings } from "../addresses.ts";
import { FIRST_CONTROLLER } from "../cluster-of-recording.ts";

/** A process that is asked to end has that long. */
const STOP_LIMIT_MS = 90_000;
const START_LIMIT_MS = 60_000;
const REST_MS = 1_000;
const START_LAG_MS = 97;

export function timelineOf(step: RecordedStep): readonly Json[] | null {
  const timeline = step.fields["timeline"];
  if (!Array.isArray(timeline)) return null;
  return timeline.some(entry => isObject(entry) && "leaderEpochIsr" in entry) ? timeline as readonly Json[] : null;
}

function topicTimeline(step: RecordedStep): readonly Json[] | null {
  return Array.isArray(step.fields["topicTimeline"]) ? step.fields["topicTimeline"] as readonly Json[] : null;
}

/** What a broker's Metadata showed from now on, when the recording shows it. */
export function watched(world: GoldenWorld, step: RecordedStep, via?: readonly number[]): Played {
  const timeline = timelineOf(step) ?? topicTimeline(step);
  if (timeline === null) return {};
  return { moments: watchPartitions(world, step, timeline, via) };
}

export const kill: ActionPlayer = (world, step): Played => {
  settleBefore(world, timelineOf(step) ?? []);
  const before = controllerBefore(world);
  for (const name of partiesOf(world, step)) world.apply({ do: "kill", node: name });
  return withLog(world, step, afterControllerChange(world, step, before, watched(world, step)));
};

/** Lines that the nodes have logged in this step, when the recording shows some. */
export function withLog(world: GoldenWorld, step: RecordedStep, played: Played): Played {
  if (step.fields["log"] === undefined || played.fields?.["log"] !== undefined) return played;
  return { ...played, fields: { ...played.fields, log: shownLines(linesSince(world, world.stepBegan), step.fields["log"]) } };
}

export const stop: ActionPlayer = (world, step): Played => {
  const names = partiesOf(world, step);
  settleBefore(world, timelineOf(step) ?? []);
  const before = controllerBefore(world);
  for (const name of names) world.apply({ do: "shut-down", node: name });
  // The recorder watched while the process went down.
  const rest = world.liveBrokers().filter(id => !names.includes(world.processName(id)));
  const played = timelineOf(step) === null ? {} : watched(world, step, rest);
  untilStopped(world, names);
  return withLog(world, step, afterControllerChange(world, step, before, timelineOf(step) === null ? watched(world, step, rest) : played));
};

function untilStopped(world: GoldenWorld, names: readonly string[]): void {
  const limit = world.nowMs + STOP_LIMIT_MS;
  while (names.some(name => world.process(name).status !== "stopped")) {
    if (world.nowMs >= limit) throw new CannotPlay(`${names.join(", ")} did not end within ${STOP_LIMIT_MS / 1000} s`);
    world.advance(50);
  }
}

/** Processes by node id; controllers by the part that they play. */
export function partiesOf(world: GoldenWorld, step: RecordedStep): string[] {
  const value = step.does[step.action];
  const ids = numbersOf(value);
  if (ids.length === 0) throw new CannotPlay(`"${step.action}" of ${JSON.stringify(value)}: only nodes can be meant here, by their ids`);
  return nodesOnTheRecord(world, step, ids).map(id => world.processName(id));
}

export const start: ActionPlayer = (world, step, recording): Played => {
  const ids = numbersOf(step.does["start"]);
  const old = world.liveBrokers().filter(id => !ids.includes(id));
  const settings = isObject(step.does["settings"]) ? step.does["settings"] as Record<string, string> : undefined;
  const names = partiesOf(world, step);
  // Which of several processes is up first is chance.
  if (world.luck % 2 === 1) names.reverse();
  for (const [index, name] of names.entries()) {
    if (index > 0 && world.luck > 0) world.advance(world.luck * START_LAG_MS);
    const own = settingsFile(recording, step.number, ids[names.indexOf(name)] ?? 0);
    const all = { ...own === null || names.length !== ids.length ? {} : own, ...settings };
    world.apply({ do: "restart", node: name, ...Object.keys(all).length === 0 ? {} : { settings: simulatedSettings(recording, all) } });
  }
  if (timelineOf(step) !== null) return withLog(world, step, watched(world, step, old.length > 0 ? old : undefined));
  const real = isObject(step.fields["result"]) ? step.fields["result"] : null;
  if (real !== null && "exit" in real) return endedByItself(world, step, ids);
  if (!isSeenOffline(step, ids)) {
    untilInService(world, ids.filter(id => id < FIRST_CONTROLLER));
    world.advance(REST_MS);
  }
  return withLog(world, step, real !== null && "running" in real ? { fields: { result: { running: ids.every(id => world.process(world.processName(id)).status === "running") } } } : {});
};

/** The recorder looked at once, before the node was back. */
function isSeenOffline(step: RecordedStep, ids: readonly number[]): boolean {
  const observed = step.fields["observe"];
  return isObject(observed) && ids.some(id => JSON.stringify(observed["metadata"] ?? null).match(new RegExp(`"offline":\\[[^\\]]*\\b${id}\\b`)) !== null);
}

function untilInService(world: GoldenWorld, brokers: readonly number[]): void {
  const limit = world.nowMs + START_LIMIT_MS;
  for (const broker of brokers) {
    for (;;) {
      const known = world.process(world.processName(broker)).status === "stopped" ? [] : knownBrokers(world, broker);
      if (known !== null && brokers.every(id => known.includes(id))) break;
      if (world.nowMs >= limit) throw new CannotPlay(`broker ${broker} was not in service within ${START_LIMIT_MS / 1000} s`);
      world.advance(100);
    }
  }
}

/** A process that ends by its own will tells its exit code in the fact that it writes. */
function endedByItself(world: GoldenWorld, step: RecordedStep, ids: readonly number[]): Played {
  const limit = world.nowMs + START_LIMIT_MS;
  while (ids.some(id => world.process(world.processName(id)).status !== "stopped") && world.nowMs < limit) world.advance(100);
  return withLog(world, step, { fields: { result: { exit: lastFailure(world, ids[0] ?? 0)?.exitCode ?? null } } });
}

export function lastFailure(world: GoldenWorld, id: number): { readonly exitCode: number; readonly text: string } | null {
  const { trace } = world.cluster.simulation.world;
  for (let index = trace.length - 1; index >= 0; index -= 1) {
    const fact = trace.at(index)?.fact as { readonly kind: string; readonly node?: number; readonly exitCode?: number; readonly text?: string } | undefined;
    if (fact?.kind === "node-failed" && fact.node === world.node(id).id) return { exitCode: fact.exitCode ?? -1, text: fact.text ?? "" };
    if (fact?.kind === "process-started" && (fact as { readonly process?: string }).process === world.processName(id)) return null;
  }
  return null;
}

export const restart: ActionPlayer = (world, step, recording): Played => {
  const ids = numbersOf(step.does["restart"]);
  const names = partiesOf(world, step);
  const settings: Record<string, string | null> = {};
  for (const key of ["settingsAdded", "with"]) if (isObject(step.does[key])) for (const [name, value] of Object.entries(step.does[key])) settings[name] = String(value);
  // In words: "no broker.rack".
  const without = typeof step.does["with"] === "string" ? /^no (\S+)$/.exec(step.does["with"]) : null;
  if (without !== null) settings[without[1] ?? ""] = null;
  else if (typeof step.does["with"] === "string") throw new CannotPlay(`restart with "${step.does["with"]}"`);
  const removed = step.does["settingsRemoved"];
  if (Array.isArray(removed)) for (const name of removed) settings[String(name)] = null;
  for (const [index, name] of names.entries()) {
    if (world.process(name).status !== "stopped") {
      world.apply({ do: "shut-down", node: name });
      untilStopped(world, [name]);
    }
    world.apply({ do: "restart", node: name, settings: simulatedSettings(recording, settings) });
    untilInService(world, [ids[index] ?? 0].filter(id => id < FIRST_CONTROLLER));
  }
  world.advance(REST_MS);
  const real = isObject(step.fields["result"]) ? step.fields["result"] : null;
  const running = names.every(name => world.process(name).status === "running");
  return withLog(world, step, { ...watched(world, step), ...real === null ? {} : { fields: { result: { ..."running" in real ? { running } : {}, ..."exit" in real ? { exit: running ? null : 1 } : {} } } } });
};

export const pause: ActionPlayer = (world, step): Played => {
  for (const name of partiesOf(world, step)) world.apply({ do: "pause", node: name });
  return watched(world, step);
};

export const resume: ActionPlayer = (world, step): Played => {
  for (const name of partiesOf(world, step)) world.apply({ do: "resume", node: name });
  return watched(world, step);
};

/** In older files: a broker is paused, a record is produced with acks=all while it hangs, and then the partitions are watched. */
export const sigstop: ActionPlayer = (world, step): Played => {
  for (const name of partiesOf(world, step)) world.apply({ do: "pause", node: name });
  const then = step.does["then"];
  const others = world.liveBrokers().filter(id => id !== step.does["sigstop"]);
  if (typeof then !== "string") return watched(world, step, others);
  const match = /^produce acks=all timeout\.ms (\d+)$/.exec(then);
  const topic = firstTopic(step);
  if (match === null || topic === null) throw new CannotPlay(`sigstop, then "${then}"`);
  const leader = leaderOf(step, topic);
  const result = produceOnce(world, { topic, partition: 0, toBroker: leader, acks: -1, timeoutMs: Number(match[1]), values: ["slow"] }, false);
  return { fields: { result }, ...watched(world, step, [leader, ...others.filter(id => id !== leader)]) };
};

function firstTopic(step: RecordedStep): string | null {
  const [first] = timelineOf(step) ?? [];
  return isObject(first) && isObject(first["leaderEpochIsr"]) ? Object.keys(first["leaderEpochIsr"])[0] ?? null : null;
}

function leaderOf(step: RecordedStep, topic: string): number {
  const [first] = timelineOf(step) ?? [];
  const partitions = isObject(first) && isObject(first["leaderEpochIsr"]) ? first["leaderEpochIsr"][topic] : null;
  const state = isObject(partitions) ? partitions["0"] : null;
  return Array.isArray(state) ? Number(state[0]) : 1;
}
