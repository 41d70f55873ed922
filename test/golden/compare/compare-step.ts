// Compares one played step with the recorded one: each field of the recording is either compared here or stands in IGNORED_STEP_FIELDS with a reason.
import type { GoldenWorld } from "../golden-world.ts";
import { metadataRecords } from "../observe/metadata-log.ts";
import type { Played } from "../played-step.ts";
import { isObject, type Json, type RecordedStep } from "../read-recording.ts";
import { compareJson, type Difference } from "./compare-json.ts";
import { FIELD_RULES, IGNORED_STEP_FIELDS, rulesFor } from "./field-rules.ts";
import { compareMetadataRecords } from "./metadata-records.ts";
import { compareObservation, observeAs } from "./observations.ts";
import { withoutCarriedOver } from "./carried-over.ts";
import { compareSticky, goesWhereChanceWill } from "./sticky-partitions.ts";
import { keptLines, kindsOf } from "./text-lines.ts";
import { compareTimeline } from "./timeline.ts";

/** An observation that is not there yet may still come: the recorder's own waits were as long. */
const SETTLE_MS = 10_000;
const SETTLE_STEP_MS = 100;
/** After an observation the recorder took its time for the next step. */
const REST_MS = 1_000;

/** Everything that differs. Lets time pass until the observation is as recorded, at most `SETTLE_MS`. */
export function compareStep(world: GoldenWorld, step: RecordedStep, played: Played): Difference[] {
  const out: Difference[] = [];
  for (const [key, real] of Object.entries(step.fields)) {
    if (IGNORED_STEP_FIELDS.has(key) || key === "observe") continue;
    if (key === "metadataRecords") continue;
    if (key === "result" && goesWhereChanceWill(world.recording, step) && Array.isArray(real)) {
      const ours = played.fields?.["result"];
      compareSticky("result", real as readonly Json[], Array.isArray(ours) ? ours as readonly Json[] : [], out);
    } else if (key === "log" && Array.isArray(real)) {
      compareLogs(world, step, real as readonly Json[], played.fields?.["log"], out);
    } else if (key === "timeline" || key === "topicTimeline") compareTimelines(world, key, real, played, out);
    else compareJson([key], real, played.fields?.[key], rulesFor(step), world.memory.pairs, out);
  }
  for (const key of Object.keys(played.fields ?? {})) {
    if (step.fields[key] === undefined) out.push({ field: key, real: undefined, simulated: played.fields?.[key] });
  }
  out.push(...compareAddedRecords(world, step));
  const observed = step.fields["observe"];
  if (isObject(observed)) out.push(...carryOver(world, step, settle(world, observed, nextRecords(world, step))));
  return out;
}

function compareLogs(world: GoldenWorld, step: RecordedStep, real: readonly Json[], ours: Json | undefined, out: Difference[]): void {
  const kinds = kindsOf(world.recording.steps.flatMap(other => Array.isArray(other.fields["log"]) ? other.fields["log"].map(String) : []));
  const kept = (lines: Json | undefined): Json => keptLines(Array.isArray(lines) ? lines.map(String) : [], kinds);
  compareJson(["log"], kept(real), kept(ours), rulesFor(step), world.memory.pairs, out);
}

/** Records that a step shows by themselves, without an observation. */
function compareAddedRecords(world: GoldenWorld, step: RecordedStep): Difference[] {
  const real = step.fields["metadataRecords"];
  if (!Array.isArray(real)) return [];
  const out: Difference[] = [];
  const { records, next } = metadataRecords(world, world.memory.metadataNext);
  world.memory.metadataNext = next;
  compareMetadataRecords("metadataRecords", real as readonly Json[], records, world.recordedNames(), world.memory.pairs, out);
  return carryOver(world, step, out);
}

/** Records that the recording shows in its next look are left for it. */
function carryOver(world: GoldenWorld, step: RecordedStep, found: readonly Difference[]): Difference[] {
  const { differences, next } = withoutCarriedOver(found, nextRecords(world, step));
  if (next !== null) world.memory.metadataNext = next;
  return differences;
}

function nextRecords(world: GoldenWorld, step: RecordedStep): readonly Json[] {
  for (const later of world.recording.steps.slice(step.number)) {
    const { observe, metadataRecords: own } = later.fields;
    const records = isObject(observe) ? observe["metadataRecords"] : own;
    if (Array.isArray(records)) return records as readonly Json[];
  }
  return [];
}

function compareTimelines(world: GoldenWorld, key: string, real: Json, played: Played, out: Difference[]): void {
  const entries = Array.isArray(real) ? real as readonly Json[] : [];
  if (entries.some(entry => isObject(entry) && "leaderEpochIsr" in entry)) {
    if (played.moments === undefined) out.push({ field: key, real, simulated: undefined });
    else compareTimeline(key, entries, played.moments, out);
    return;
  }
  if (entries.some(entry => isObject(entry) && "logStartOffset" in entry)) return compareStates(key, entries, played.fields?.[key], out);
  // Other timelines (the quorum's leader, /controller, segments) are handed back in their own shape; when it happened is not compared.
  // Of the race for /controller only its end: what a look in between saw is chance.
  const shown = entries.some(entry => isObject(entry) && "/controller" in entry) ? entries.slice(-1) : real;
  compareJson([key], withoutTimes(shown), played.fields?.[key] === undefined ? undefined : withoutTimes(played.fields[key] as Json), FIELD_RULES, world.memory.pairs, out);
}

/** Looks at a folder every now and then: the recorded states have to be among ours, in their order, and both end alike. */
function compareStates(key: string, real: readonly Json[], ours: Json | undefined, out: Difference[]): void {
  const texts = (list: readonly Json[]): string[] => (withoutTimes(list) as readonly Json[]).map(entry => JSON.stringify(entry));
  const seen = Array.isArray(ours) ? texts(ours as readonly Json[]) : [];
  let at = 0;
  for (const text of texts(real)) {
    at = seen.indexOf(text, at) + 1;
    if (at === 0) break;
  }
  if (at === 0 || at !== seen.length) out.push({ field: key, real, simulated: ours });
}

function withoutTimes(timeline: Json): Json {
  if (!Array.isArray(timeline)) return timeline;
  return timeline.map((entry: Json) => isObject(entry) ? Object.fromEntries(Object.entries(entry).filter(([name]) => name !== "atMs")) : entry);
}

function settle(world: GoldenWorld, recorded: Readonly<Record<string, Json>>, later: readonly Json[]): Difference[] {
  const limit = world.nowMs + SETTLE_MS;
  for (;;) {
    const pairs = world.memory.pairs.copy();
    const differences: Difference[] = [];
    compareObservation(world, recorded, observeAs(world, recorded), differences);
    const isSettled = withoutCarriedOver(differences, later).differences.length === 0;
    if (isSettled || world.nowMs >= limit) {
      if (Array.isArray(recorded["metadataRecords"])) world.memory.metadataNext = metadataRecords(world, world.memory.metadataNext).next;
      world.advance(REST_MS);
      return differences;
    }
    world.memory.pairs = pairs;
    world.advance(SETTLE_STEP_MS);
  }
}
