// One run, open: the cluster at its head, the checkpoints along its way, the inputs of the present lane and the futures that were left
// for another. Going back is the nearest checkpoint and a replay; what had been simulated beyond is thrown away.
import type { FactsDelta, Lane, RunFile, SessionInfo } from "./api.ts";
import { ENGINE_VERSION } from "./engine-version.ts";
import { AuthorError } from "#engine/cluster/author-error.ts";
import { Cluster, type ClusterSnapshot } from "#engine/cluster/cluster.ts";
import type { Command, Input, Outcome } from "#engine/cluster/commands.ts";
import { exportFact, exportFacts } from "#engine/cluster/export-fact.ts";
import { observe } from "#engine/cluster/observe.ts";
import { RUN_MS_MAX } from "#engine/cluster/validate-spec.ts";
import type { ClusterView, ViewFact } from "#engine/cluster/view.ts";
import { causesOf } from "#engine/cluster/why.ts";

/** A replay of so many events takes about 5 ms; a checkpoint takes less than one. */
const CHECKPOINT_EVENTS = 5_000;
/** When there are more, every second one is dropped and the distance doubled: replays grow with the run, memory does not. */
const CHECKPOINTS_MAX = 256;
/**
 * Besides, the latest moments are kept closer together: a page simulates half a second ahead of its picture and goes back that far at every
 * touch. At 10x that is five virtual seconds.
 */
const RECENT_EVENTS = 100;
const RECENT_MAX = 32;
const LANES_MAX = 64;
/** An event of a busy run keeps about a kilobyte alive (its bytes, its facts, the checkpoints); a browser's worker has a few gigabytes. */
export const RUN_EVENTS_MAX = 3_000_000;

/** @property applied inputs that had been applied. */
interface Checkpoint { readonly at: number; readonly events: number; readonly applied: number; readonly snapshot: ClusterSnapshot }

/** The head as it was left for a look into the past. */
interface Left {
  readonly left: ClusterSnapshot; readonly applied: number; readonly checkpoints: Checkpoint[]; readonly recent: Checkpoint[]; readonly outcomesRead: number; readonly head: number;
}

interface KeptLane extends Lane { readonly inputs: readonly Input[] }

export class Session {
  readonly id: number;
  readonly seed: number;
  readonly #cluster: Cluster;
  readonly #eventsMax: number;
  #inputs: Input[];
  #applied = 0;
  #checkpoints: Checkpoint[] = [];
  #recent: Checkpoint[] = [];
  #distance = CHECKPOINT_EVENTS;
  #lane = 0;
  #lanes: KeptLane[];
  #outcomesRead = 0;
  #nextCall = 1;
  /** Each time that the past was changed: the first fact that was another one afterwards. */
  #pastChanges: number[] = [];

  constructor(id: number, run: RunFile, eventsMax: number = RUN_EVENTS_MAX) {
    this.id = id;
    this.#eventsMax = eventsMax;
    this.seed = run.seed;
    this.#cluster = Cluster.build(run.spec, run.seed);
    this.#inputs = [...run.inputs];
    for (const input of run.inputs) this.#noteCall(input.command);
    this.#lanes = [{ id: 0, parent: -1, forkedAt: 0, label: "first", until: 0, inputs: this.#inputs }];
    this.#keepCheckpoint();
    this.advance(run.until);
    this.#outcomesRead = this.#cluster.outcomes.length;
  }

  get head(): number { return this.#cluster.now; }
  get cluster(): Cluster { return this.#cluster; }

  info(): SessionInfo {
    return {
      session: this.id, head: this.head, lane: this.#lane, seed: this.seed,
      lanes: this.#lanes.map(({ id, parent, forkedAt, label, until }) =>
        ({ id, parent, forkedAt, label, until: id === this.#lane ? this.head : until })),
    };
  }

  run(): RunFile {
    return {
      format: "sorting-office-run", engine: ENGINE_VERSION, spec: this.#cluster.spec, seed: this.seed, inputs: [...this.#inputs],
      until: this.head,
    };
  }

  // ---- forwards

  advance(until: number): number {
    this.#runTo(checkMoment(until), Number.MAX_SAFE_INTEGER);
    this.#keepRecent();
    return this.head;
  }

  /** Stops where an outcome of the run's own calls arrives. */
  advanceToOutcome(until: number): { readonly now: number; readonly outcomes: readonly Outcome[] } {
    checkMoment(until);
    let outcomes = this.#takeOutcomes();
    while (outcomes.length === 0 && this.#runTo(until, this.#cluster.outcomes.length + 1)) outcomes = this.#takeOutcomes();
    return { now: this.head, outcomes };
  }

  /** Calls of the opening have negative numbers. */
  #takeOutcomes(): Outcome[] {
    const { outcomes } = this.#cluster;
    const fresh = outcomes.slice(this.#outcomesRead) as Outcome[];
    this.#outcomesRead = outcomes.length;
    return fresh.filter(outcome => outcome.call > 0).map(plainOutcome);
  }

  /** True when it stopped because so many outcomes are there. Inputs of the lane are applied when their moment comes. */
  #runTo(until: number, outcomes: number): boolean {
    for (;;) {
      const input = this.#inputs[this.#applied];
      const stop = input !== undefined && input.at <= until ? input.at : until;
      if (this.#runStretch(Math.max(stop, this.head), outcomes)) return true;
      if (input === undefined || input.at > until) return false;
      this.#cluster.apply(this.#applied, input.command);
      this.#applied += 1;
    }
  }

  #runStretch(until: number, outcomes: number): boolean {
    const cluster = this.#cluster;
    for (;;) {
      const last = this.#checkpoints[this.#checkpoints.length - 1];
      const nextAt = (last?.events ?? 0) + this.#distance;
      if (cluster.runUntil(until, { events: Math.min(nextAt, this.#eventsMax), outcomes })) return false;
      if (cluster.outcomes.length >= outcomes) return true;
      if (cluster.eventsHandled >= this.#eventsMax) throw fullRun(this.head, this.#eventsMax);
      this.#keepCheckpoint();
    }
  }

  #checkpoint(): Checkpoint {
    return { at: this.head, events: this.#cluster.eventsHandled, applied: this.#applied, snapshot: this.#cluster.snapshot() };
  }

  #keepRecent(): void {
    const last = this.#recent[this.#recent.length - 1];
    if (last !== undefined && this.#cluster.eventsHandled - last.events < RECENT_EVENTS) return;
    this.#recent.push(this.#checkpoint());
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
  }

  #keepCheckpoint(): void {
    this.#checkpoints.push(this.#checkpoint());
    if (this.#checkpoints.length <= CHECKPOINTS_MAX) return;
    this.#checkpoints = this.#checkpoints.filter((_, index) => index % 2 === 0);
    this.#distance *= 2;
  }

  // ---- inputs, back and sideways

  command(command: Command, at: number): SessionInfo {
    checkMoment(at);
    const before = at < this.head ? this.#leave() : null;
    if (before === null) this.advance(at);
    else this.#goBack(at);
    const refusal = this.#cluster.refusalOf(command);
    if (refusal !== null && !("call" in command)) {
      if (before !== null) this.#comeBack(before);
      return { ...this.info(), refused: refusal };
    }
    if (before !== null) this.#notePastChanged();
    this.#takeLaneFor(at, before?.head ?? this.head);
    this.#noteCall(command);
    this.#inputs = [...this.#inputs.slice(0, this.#applied), { at, command }];
    this.#keepInputs();
    this.#runTo(at, Number.MAX_SAFE_INTEGER);
    return this.info();
  }

  nextCall(): number {
    const call = this.#nextCall;
    this.#nextCall += 1;
    return call;
  }

  #noteCall(command: Command): void {
    if ("call" in command && command.call >= this.#nextCall) this.#nextCall = command.call + 1;
  }

  #leave(): Left {
    return {
      left: this.#cluster.leave(), applied: this.#applied, checkpoints: this.#checkpoints, recent: this.#recent, outcomesRead: this.#outcomesRead, head: this.head,
    };
  }

  #comeBack(before: Left): void {
    this.#cluster.resumeFrom(before.left);
    this.#applied = before.applied;
    this.#checkpoints = before.checkpoints;
    this.#recent = before.recent;
    this.#outcomesRead = before.outcomesRead;
  }

  /** Puts the cluster back to the moment `at`, after the inputs that were given up to then. */
  #goBack(at: number, appliedMax: number = Number.MAX_SAFE_INTEGER): void {
    const isBefore = (checkpoint: Checkpoint): boolean => checkpoint.at <= at && checkpoint.applied <= appliedMax;
    this.#checkpoints = this.#checkpoints.filter(isBefore);
    this.#recent = this.#recent.filter(isBefore);
    const far = this.#checkpoints[this.#checkpoints.length - 1] as Checkpoint;
    const near = this.#recent[this.#recent.length - 1];
    const nearest = near !== undefined && near.events > far.events ? near : far;
    this.#cluster.restore(nearest.snapshot);
    this.#applied = nearest.applied;
    this.#runTo(at, Number.MAX_SAFE_INTEGER);
    this.#outcomesRead = Math.min(this.#outcomesRead, this.#cluster.outcomes.length);
  }

  /** When inputs lie beyond this moment, the lane that holds them stays and a new one begins. */
  #takeLaneFor(at: number, head: number): void {
    if (this.#applied >= this.#inputs.length) return;
    if (this.#lanes.length >= LANES_MAX) this.#lanes.splice(this.#lanes.findIndex(lane => lane.id !== this.#lane), 1);
    this.#lanes = this.#lanes.map(lane => lane.id === this.#lane ? { ...lane, until: Math.max(lane.until, head) } : lane);
    const id = this.#lanes.reduce((highest, lane) => Math.max(highest, lane.id), 0) + 1;
    this.#lanes.push({ id, parent: this.#lane, forkedAt: at, label: `from ${(at / 1_000_000).toFixed(1)} s`, until: at, inputs: [] });
    this.#lane = id;
  }

  #keepInputs(): void {
    this.#lanes = this.#lanes.map(lane => lane.id === this.#lane ? { ...lane, inputs: this.#inputs } : lane);
  }

  openLane(id: number): SessionInfo {
    const lane = this.#lanes.find(candidate => candidate.id === id);
    if (lane === undefined) {
      throw new AuthorError({
        code: "unknown-reference", where: "lane", what: `there is no lane ${id}`, expected: `one of ${this.#lanes.map(each => each.id).join(", ")}`,
        found: String(id), cure: "Open one of the lanes that the session lists.",
      });
    }
    if (id === this.#lane) return this.info();
    this.#lanes = this.#lanes.map(each => each.id === this.#lane ? { ...each, until: this.head } : each);
    const common = commonPrefix(this.#inputs, lane.inputs);
    const partedAt = Math.min(this.#inputs[common]?.at ?? this.head, lane.inputs[common]?.at ?? lane.until, this.head);
    this.#inputs = [...lane.inputs];
    this.#goBackToCommon(partedAt, common);
    this.#lane = id;
    this.advance(Math.max(lane.until, this.head));
    return this.info();
  }

  #goBackToCommon(at: number, common: number): void {
    const inputs = this.#inputs;
    this.#inputs = inputs.slice(0, common);
    this.#goBack(at, common);
    this.#inputs = inputs;
    this.#notePastChanged();
  }

  #notePastChanged(): void {
    this.#pastChanges.push(this.#cluster.simulation.world.trace.length);
  }

  /** The inputs up to and including a moment, for a fork. */
  inputsUntil(at: number): Input[] {
    return this.#inputs.filter(input => input.at <= at);
  }

  // ---- looking

  facts(sinceId: number, withQuiet: boolean, history: number = this.#pastChanges.length): FactsDelta {
    const { trace } = this.#cluster.simulation.world;
    let firstId = sinceId;
    for (let change = history; change < this.#pastChanges.length; change += 1) firstId = Math.min(firstId, this.#pastChanges[change] ?? firstId);
    return { head: this.head, history: this.#pastChanges.length, firstId, reset: firstId < sinceId, facts: exportFacts(trace, firstId, withQuiet) };
  }

  why(factId: number): readonly ViewFact[] {
    const { trace } = this.#cluster.simulation.world;
    return causesOf(trace, factId).map(entry => exportFact(trace, entry));
  }

  observe(at: number): ClusterView {
    checkMoment(at);
    if (at >= this.head) {
      this.advance(at);
      return observe(this.#cluster);
    }
    const before = this.#leave();
    this.#goBack(at);
    const view = observe(this.#cluster);
    this.#comeBack(before);
    return view;
  }

  digest(): string {
    return this.#cluster.digest();
  }
}

function checkMoment(at: number): number {
  if (Number.isSafeInteger(at) && at >= 0 && at <= RUN_MS_MAX * 1000) return at;
  throw new AuthorError({
    code: "out-of-range", where: "moment", what: `${at} is not a moment of a run`, expected: `whole microseconds from 0 to ${RUN_MS_MAX * 1000}`,
    found: String(at), cure: "Give virtual microseconds; one second is 1000000.",
  });
}

function fullRun(head: number, eventsMax: number): AuthorError {
  return new AuthorError({
    code: "too-large", where: "run", what: `the run is full at ${head} microseconds`, expected: `at most ${eventsMax} events in one run`,
    found: "one more", cure: "Save it, and go on from an earlier moment or with less traffic.",
  });
}

function commonPrefix(a: readonly Input[], b: readonly Input[]): number {
  let index = 0;
  while (index < a.length && index < b.length && a[index] === b[index]) index += 1;
  return index;
}

/** Places of sent records are worked out here, at the latest: what leaves the engine is plain data. */
function plainOutcome(outcome: Outcome): Outcome {
  const { call, at } = outcome;
  return outcome.ok ? { call, at, ok: true, value: outcome.value } : outcome;
}
