// Plays a recording step by step and compares. A step that chance may decide is tried again from the same moment with other luck (other random draws,
// another phase of the clocks): the recorded run is one of many that the real cluster can have, and it has to be among ours.
import { CHANCE, PLAYERS } from "./actions/players.ts";
import { compareStep } from "./compare/compare-step.ts";
import type { Difference } from "./compare/compare-json.ts";
import { excuseFor } from "./excuses.ts";
import { CannotPlay, GoldenWorld, type Saved } from "./golden-world.ts";
import type { Played } from "./played-step.ts";
import type { Json, RecordedStep, Recording } from "./read-recording.ts";
import { earlierRecordings } from "./ran-before.ts";

export type Verdict = "passed" | "failed" | "skipped" | "later";

export interface ReportedDifference extends Difference { readonly excuse: string | null }

export interface StepReport {
  readonly file: string;
  readonly step: number;
  readonly action: string;
  readonly verdict: Verdict;
  readonly differences: readonly ReportedDifference[];
  /** How many times chance was asked before this came out. */
  readonly tries: number;
}

const FAULT_TRIES = 12;
/** In ZooKeeper mode a placement on six brokers has 36 equally likely outcomes. */
const PLACEMENT_TRIES = 120;
/** Moves the phase of heartbeats, checks and polls against the fault. */
const PHASE_MS = 173;
const SEEDS = 20;

export function playRecording(recording: Recording, onStep: (report: StepReport) => void = () => {}): StepReport[] {
  const reports: StepReport[] = [];
  const add = (report: StepReport): void => { reports.push(report); onStep(report); };
  let world: GoldenWorld;
  try {
    world = bootedWorld(recording);
    for (const earlier of earlierRecordings(recording)) {
      world.goOnWith(earlier);
      for (const step of earlier.steps) playStep(world, earlier, step);
    }
    world.goOnWith(recording);
  } catch (error) {
    // Without a cluster no step can be played, and none passes.
    for (const step of recording.steps) add(reportOf(recording, step, [cannotDo(step, `the cluster does not come up: ${messageOf(error)}`)], 0));
    return reports;
  }
  for (const step of recording.steps) add(playStep(world, recording, step));
  return reports;
}

/** The race for the first controller is chance too: the file tells who won it. */
function bootedWorld(recording: Recording): GoldenWorld {
  let first: GoldenWorld | null = null;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const world = new GoldenWorld(recording, seed);
    world.boot();
    if (world.hasRecordedController()) return world;
    first ??= world;
  }
  return first ?? new GoldenWorld(recording, 1);
}

function playStep(world: GoldenWorld, recording: Recording, step: RecordedStep): StepReport {
  const mayTry = CHANCE.has(step.action) || mayPlace(step);
  const saved = mayTry ? world.save() : null;
  let best: { readonly luck: number; readonly differences: readonly Difference[]; readonly isUnlucky: boolean } | null = null;
  for (let luck = 0; ; luck += 1) {
    const { differences, played } = saved !== null && luck > 0 ? again(world, recording, step, saved, luck) : attempt(world, recording, step);
    const isUnlucky = played.unlucky === true;
    if (differences.length === 0 && !isUnlucky) return reportOf(recording, step, differences, luck + 1);
    if (best === null || weight(differences, isUnlucky) < weight(best.differences, best.isUnlucky)) best = { luck, differences, isUnlucky };
    const limit = saved === null ? 1 : mayPlace(step) && isUnlucky && world.isZooKeeper ? PLACEMENT_TRIES : FAULT_TRIES;
    if (luck + 1 < limit && !isHopeless(differences)) continue;
    if (saved !== null && luck !== best.luck) again(world, recording, step, saved, best.luck);
    return reportOf(recording, step, best.differences, luck + 1);
  }
}

function weight(differences: readonly Difference[], isUnlucky: boolean): number {
  return differences.length * 2 + (isUnlucky ? 1 : 0);
}

/** Chance does not help against what cannot be played. */
function isHopeless(differences: readonly Difference[]): boolean {
  return differences.some(({ field }) => field.startsWith("do"));
}

function mayPlace(step: RecordedStep): boolean {
  const { cli, createTopic, createPartitions, metadataRequest, produce } = step.does;
  if (typeof cli === "string") return /--create|--alter .*--partitions|console-(producer|consumer)/.test(cli) && !cli.includes("--replica-assignment");
  if (metadataRequest !== undefined || produce !== undefined) return true;
  const made = createTopic ?? createPartitions;
  return typeof made === "object" && made !== null && !("assignment" in made);
}

interface Attempt { readonly differences: readonly Difference[]; readonly played: Played }

/** From the same moment, with other luck. */
function again(world: GoldenWorld, recording: Recording, step: RecordedStep, saved: Saved, luck: number): Attempt {
  world.restore(saved, luck);
  if (CHANCE.has(step.action)) {
    world.advance(luck * PHASE_MS);
    if (luck % 2 === 0 && luck > 0) world.jostle(luck);
  }
  return attempt(world, recording, step);
}

function attempt(world: GoldenWorld, recording: Recording, step: RecordedStep): Attempt {
  const player = PLAYERS.get(step.action);
  if (player === undefined) return { played: {}, differences: [cannotDo(step, `unknown action "${step.action}"; known are ${[...PLAYERS.keys()].join(", ")}`)] };
  try {
    world.stepBegan = world.cluster.simulation.world.trace.length;
    const played = player(world, step, recording);
    return { played, differences: step.action === "cli" ? [] : compareStep(world, step, played) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { played: {}, differences: [cannotDo(step, messageOf(error), error instanceof CannotPlay ? error.part : "")] };
  }
}

function cannotDo(step: RecordedStep, why: string, part = ""): Difference {
  return { field: part === "" ? "do" : `do:${part}`, real: `${step.action} ${JSON.stringify(step.does[step.action])}`.slice(0, 200) as Json, simulated: why };
}

function messageOf(error: unknown): string {
  if (error instanceof CannotPlay) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function reportOf(recording: Recording, step: RecordedStep, differences: readonly Difference[], tries: number): StepReport {
  const reported = differences.map(difference => ({ ...difference, excuse: excuseFor(recording, step, difference.field) }));
  const verdict = step.action === "cli" ? "later" : reported.length === 0 ? "passed" : reported.every(({ excuse }) => excuse !== null) ? "skipped" : "failed";
  return { file: recording.name, step: step.number, action: step.action, verdict, differences: reported, tries };
}
