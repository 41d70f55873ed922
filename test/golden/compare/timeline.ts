// Compares what happened step by step: for each partition the states that a broker's Metadata showed, in their order. The recorder looked every
// 100 ms, on a busy machine less often, so it may have missed a short state: the recorded states have to be among ours, in order, from the first to
// the last, and what it does not show must have been short. How the changes of different partitions interleave is timing.
import { isObject, type Json, type JsonObject } from "../read-recording.ts";
import type { Difference } from "./compare-json.ts";

export interface Moment { readonly atMs: number; readonly state: JsonObject }

/** A state that lasted longer than this would have been seen. */
const MISSED_MS_MAX = 1_000;

interface Lasting { readonly text: string; readonly fromMs: number; readonly untilMs: number }

/** `moments`: ours, every change. Recorded moments are `{ atMs, leaderEpochIsr }`. */
export function compareTimeline(field: string, recorded: readonly Json[], moments: readonly Moment[], out: Difference[]): void {
  const real = recorded.filter(isObject).map(entry => ({ atMs: Number(entry["atMs"]), state: entry["leaderEpochIsr"] as JsonObject }));
  const endMs = moments.at(-1)?.atMs ?? 0;
  for (const key of partitionKeys(real)) {
    const wanted = lasting(real, key, Number.MAX_SAFE_INTEGER).map(({ text }) => text);
    const ours = lasting(moments, key, endMs);
    if (isSeenIn(wanted, ours)) continue;
    out.push({ field: `${field}.${key}`, real: wanted.map(text => JSON.parse(text) as Json), simulated: ours.map(({ text }) => JSON.parse(text) as Json) });
  }
}

function partitionKeys(moments: readonly Moment[]): string[] {
  const keys = new Set<string>();
  for (const { state } of moments) {
    for (const [topic, partitions] of Object.entries(state ?? {})) {
      if (isObject(partitions)) for (const partition of Object.keys(partitions)) keys.add(`${topic}.${partition}`);
    }
  }
  return [...keys];
}

function stateOf(state: JsonObject | null | undefined, key: string): Json | undefined {
  const at = key.lastIndexOf(".");
  const topic = state?.[key.slice(0, at)];
  return isObject(topic) ? topic[key.slice(at + 1)] : undefined;
}

function lasting(moments: readonly Moment[], key: string, endMs: number): Lasting[] {
  const states: Lasting[] = [];
  for (const { atMs, state } of moments) {
    const value = stateOf(state, key);
    if (value === undefined) continue;
    const text = JSON.stringify(value);
    const last = states.at(-1);
    if (last?.text === text) continue;
    if (last !== undefined) states[states.length - 1] = { ...last, untilMs: atMs };
    states.push({ text, fromMs: atMs, untilMs: endMs });
  }
  return states;
}

/** Whether `wanted` can be what somebody saw of `ours` who looked now and then. */
function isSeenIn(wanted: readonly string[], ours: readonly Lasting[]): boolean {
  if (wanted.length === 0) return true;
  let at = 0;
  for (let index = 0; index < ours.length; index += 1) {
    const state = ours[index] as Lasting;
    if (state.text === wanted[at]) at += 1;
    // The first look may come late: what lies before it is not told.
    else if (state.untilMs - state.fromMs > MISSED_MS_MAX && !(at === 0)) return false;
    if (at === wanted.length) return index === ours.length - 1 || false;
  }
  return false;
}
