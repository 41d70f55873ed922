// Lets time pass as the recorder did: asks one broker for Metadata again and again and keeps every change, until what the recording ends with is there.
import type { GoldenWorld } from "./golden-world.ts";
import { leaderEpochIsr, topicMetadata } from "./observe/topic-metadata.ts";
import { isObject, type Json, type JsonObject, type RecordedStep } from "./read-recording.ts";
import type { Moment } from "./compare/timeline.ts";

/** Finer than the recorder's 100 ms: what it saw by luck has to be among what is seen here. */
const POLL_MS = 10;
/** For changes that take minutes. */
const SLOW_POLL_MS = 100;
const SLOW_MS = 60_000;
/** Beyond the slowest that the recordings bound: 18 s of a ZooKeeper session and its tick, an election, a join after a cold start. */
const PATIENCE_MS = 60_000;
const BEFORE_MS = 15_000;
/** The recorder went on for half a second after the last change. */
const REST_MS = 500;

export function watchPartitions(world: GoldenWorld, step: RecordedStep, timeline: readonly Json[], via?: readonly number[]): Moment[] {
  const entries = timeline.filter(isObject);
  const last = entries.at(-1);
  const wanted = last?.["leaderEpochIsr"];
  if (last === undefined || !isObject(wanted)) return [];
  const topics = topicsOfTimeline(step);
  const recordedMs = typeof step.fields["wallMs"] === "number" ? step.fields["wallMs"] : Number(last["atMs"]) + REST_MS;
  // Nothing happened in the recording: as much time as there, to see that nothing happens here.
  const quietMs = entries.length === 1 ? recordedMs : 0;
  return watch(world, topics, wanted, { quietMs, limitMs: recordedMs + PATIENCE_MS, pollMs: recordedMs > SLOW_MS ? SLOW_POLL_MS : POLL_MS }, via);
}

export function topicsOfTimeline(step: RecordedStep): string[] {
  const entries = [step.fields["timeline"], step.fields["topicTimeline"]].flatMap(list => Array.isArray(list) ? (list as readonly Json[]).filter(isObject) : []);
  return [...new Set(entries.flatMap(entry => isObject(entry["leaderEpochIsr"]) ? Object.keys(entry["leaderEpochIsr"]) : []))];
}

/** Before a fault everything is as the recording shows it at its first look; otherwise it is given time to become so. */
export function settleBefore(world: GoldenWorld, timeline: readonly Json[]): void {
  const first = timeline.find(isObject)?.["leaderEpochIsr"];
  if (!isObject(first)) return;
  const text = JSON.stringify(first);
  const limit = world.nowMs + BEFORE_MS;
  for (;;) {
    const metadata = topicMetadata(world, Object.keys(first));
    if (metadata === null || JSON.stringify(leaderEpochIsr(metadata)) === text || world.nowMs >= limit) return;
    world.advance(SLOW_POLL_MS);
  }
}

function watch(
  world: GoldenWorld, topics: readonly string[], wanted: JsonObject, times: { readonly quietMs: number; readonly limitMs: number; readonly pollMs: number },
  via: readonly number[] | undefined,
): Moment[] {
  const began = world.nowMs;
  const moments: Moment[] = [];
  const text = JSON.stringify(wanted);
  for (;;) {
    const metadata = topicMetadata(world, topics, via);
    const atMs = world.nowMs - began;
    if (metadata !== null) {
      const state = leaderEpochIsr(metadata);
      if (JSON.stringify(moments.at(-1)?.state) !== JSON.stringify(state)) moments.push({ atMs, state });
    }
    const isReached = JSON.stringify(moments.at(-1)?.state) === text;
    if (isReached && atMs >= times.quietMs || atMs >= times.limitMs) {
      const end = moments.at(-1);
      if (end !== undefined) moments.push({ atMs, state: end.state });
      // The recorder watched no further; what comes now shows in the observation.
      return moments;
    }
    world.advance(times.pollMs);
  }
}
