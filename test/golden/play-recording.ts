// Plays a recording step by step and compares. A step that chance may decide is tried again from the same moment with other luck (other random draws,
// another phase of the clocks): the recorded run is one of many that the real cluster can have, and it has to be among ours.
import { CHANCE, PLAYERS } from "./actions/players.ts";
import { compareStep } from "./compare/compare-step.ts";
import type { Difference } from "./compare/compare-json.ts";
import { excuseFor } from "./excuses.ts";
import { CannotPlay, GoldenWorld, type Saved } from "./golden-world.ts";
import type { Played } from "./played-step.ts";
import { isObject, type Json, type RecordedStep, type Recording } from "./read-recording.ts";
import { earlierRecordings } from "./ran-before.ts";
import { expectedController, isExpected } from "./recorded-controllers.ts";
import { FIRST_CONTROLLER } from "./cluster-of-recording.ts";
import { observe } from "#engine/cluster/observe.ts";

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

const FAULT_TRIES = 20;
/** In ZooKeeper mode a placement on six brokers has 36 equally likely outcomes. */
const PLACEMENT_TRIES = 120;
/** Moves the phase of heartbeats, checks and polls against the fault. */
const PHASE_MS = 173;
const SEEDS = 20;

export function playRecording(recording: Recording, onStep: (report: StepReport) => void = () => {}): StepReport[] {
  let reports: StepReport[];
  try {
    reports = playFrom(bootedWorld(recording), recording);
  } catch (error) {
    // Without a cluster no step can be played, and none passes.
    const why = `the cluster does not come up: ${messageOf(error)}`;
    reports = recording.steps.map(step => reportOf(recording, step, [cannotDo(step, why)], 0));
  }
  for (const report of reports) onStep(report);
  return reports;
}

function playFrom(world: GoldenWorld, recording: Recording): StepReport[] {
  for (const earlier of earlierRecordings(recording)) {
    world.goOnWith(earlier);
    for (const step of earlier.steps) playStep(world, earlier, step);
  }
  world.goOnWith(recording);
  let prelude: Prelude | null = null;
  return recording.steps.map(step => {
    const saved: Saved | null = isTold(recording, step) ? world.save() : null;
    const report = playStep(world, recording, step, prelude);
    prelude = saved === null ? null : { step, saved };
    return report;
  });
}

/** A command line whose consequences the next step looks at: when chance has them come out otherwise, both are done again. */
interface Prelude { readonly step: RecordedStep; readonly saved: Saved }

function isTold(recording: Recording, step: RecordedStep): boolean {
  return step.action === "cli" && /--(execute|cancel|alter|create|delete)|leader-election/.test(String(step.does["cli"])) && recording.steps[step.number]?.action === "look";
}

/** The race for the first controller is chance too: seeds are tried until the winner is one that the recording allows. */
function bootedWorld(recording: Recording): GoldenWorld {
  let first: GoldenWorld | null = null;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const world = new GoldenWorld(recording, seed);
    world.boot();
    if (hasExpectedController(world, recording, 0)) return world;
    first ??= world;
  }
  return first ?? new GoldenWorld(recording, 1);
}

/** A controller of its own is as good as any other, and takes over the recorded one's part. */
function hasExpectedController(world: GoldenWorld, recording: Recording, played: number): boolean {
  const controller = observe(world.cluster).activeController;
  return controller >= FIRST_CONTROLLER || controller === -1 || isExpected(expectedController(recording, played), controller);
}

function playStep(world: GoldenWorld, recording: Recording, step: RecordedStep, prelude: Prelude | null = null): StepReport {
  const mayTry = CHANCE.has(step.action) || mayPlace(step);
  const saved = mayTry ? world.save() : null;
  world.luck = 0;
  let best: { readonly luck: number; readonly differences: readonly Difference[]; readonly isUnlucky: boolean } | null = null;
  for (let luck = 0; ; luck += 1) {
    const { differences, played } = saved !== null && luck > 0 ? again(world, recording, step, saved, luck, prelude) : attempt(world, recording, step);
    if (saved !== null && CHANCE.has(step.action) && !hasExpectedController(world, recording, step.number)) {
      const raced = raceAgain(world, recording, step, saved, luck);
      if (raced !== null && raced.differences.length === 0) return reportOf(recording, step, raced.differences, luck + 1);
    }
    const isUnlucky = played.unlucky === true || CHANCE.has(step.action) && !hasExpectedController(world, recording, step.number);
    if (differences.length === 0 && !isUnlucky) return reportOf(recording, step, differences, luck + 1);
    if (best === null || weight(differences, isUnlucky) < weight(best.differences, best.isUnlucky)) best = { luck, differences, isUnlucky };
    const limit = saved === null ? 1 : mayPlace(step) && isUnlucky && world.isZooKeeper ? PLACEMENT_TRIES : FAULT_TRIES;
    if (luck + 1 < limit && !isHopeless(differences)) continue;
    if (saved !== null && luck !== best.luck) again(world, recording, step, saved, best.luck, prelude);
    return reportOf(recording, step, best.differences, luck + 1);
  }
}

/** A moment before the race for /controller, which comes at the same moment again. */
const BEFORE_RACE_US = 3_000;
const HELD_MS = 300;

/** Another broker than the recorded one has won: once more, while those that did not win then hang for a moment. Null when there was no race. */
function raceAgain(world: GoldenWorld, recording: Recording, step: RecordedStep, saved: Saved, luck: number): Attempt | null {
  const atUs = lastRaceUs(world);
  if (atUs === null) return null;
  const { among, not } = expectedController(recording, step.number);
  const held = world.liveBrokers().filter(broker => not.has(broker) || among !== null && !among.has(broker));
  world.restore(saved, luck);
  world.holdBack(atUs - BEFORE_RACE_US, held, HELD_MS);
  shake(world, step, luck);
  const attempted = attempt(world, recording, step);
  return hasExpectedController(world, recording, step.number) ? attempted : null;
}

function lastRaceUs(world: GoldenWorld): number | null {
  const { trace } = world.cluster.simulation.world;
  for (let index = trace.length - 1; index >= world.stepBegan; index -= 1) {
    const entry = trace.at(index);
    if (entry !== undefined && (entry.fact as { readonly kind: string }).kind === "controller-elected") return entry.at;
  }
  return null;
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
function again(world: GoldenWorld, recording: Recording, step: RecordedStep, saved: Saved, luck: number, prelude: Prelude | null): Attempt {
  if (prelude !== null && luck > 0) {
    world.restore(prelude.saved, luck);
    shake(world, step, luck);
    attempt(world, recording, prelude.step);
    return attempt(world, recording, step);
  }
  world.restore(saved, luck);
  shake(world, step, luck);
  return attempt(world, recording, step);
}

function shake(world: GoldenWorld, step: RecordedStep, luck: number): void {
  if (luck === 0 || !CHANCE.has(step.action)) return;
  world.advance(luck * PHASE_MS);
  if (luck > 1) world.jostle(luck);
}

function attempt(world: GoldenWorld, recording: Recording, step: RecordedStep): Attempt {
  const player = PLAYERS.get(step.action);
  if (player === undefined) return { played: {}, differences: [cannotDo(step, `unknown action "${step.action}"; known are ${[...PLAYERS.keys()].join(", ")}`)] };
  try {
    world.stepBegan = world.cluster.simulation.world.trace.length;
    awaitWithoutQuorum(world, step);
    const played = player(world, step, recording);
    return { played, differences: step.action === "cli" ? [] : compareStep(world, step, played) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { played: {}, differences: [cannotDo(step, messageOf(error), error instanceof CannotPlay ? error.part : "")] };
  }
}

/** "secondsWithoutQuorum": how long the ensemble had been without its majority. */
function awaitWithoutQuorum(world: GoldenWorld, step: RecordedStep): void {
  const own = step.does[step.action];
  const seconds = step.fields["secondsWithoutQuorum"] ?? step.does["secondsWithoutQuorum"] ?? (isObject(own) ? own["secondsWithoutQuorum"] : undefined);
  const since = world.memory.notes.get("quorum lost");
  if (typeof seconds === "number" && typeof since === "number") world.advance(Math.max(0, since + seconds * 1000 - world.nowMs));
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
