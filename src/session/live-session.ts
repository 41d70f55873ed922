/**
 * One run on one engine, with a clock that a page shows. The engine is always about half a shown second ahead of that clock, because a
 * letter is drawn on its way; a command is given at the shown instant, and the engine throws away what it had simulated beyond.
 */
import type { Command } from '#engine/cluster/commands.ts';
import type { ClusterView, ViewFact } from '#engine/cluster/view.ts';
import type { FactsDelta, RunFile, SessionInfo, SpecChanges } from '#engine/host/api.ts';
import type { AsyncEngine } from './engine-client.ts';
import { FactStore } from './fact-store.ts';
import { isLetterStep, LETTER_GAP_US, LETTER_STEP_MS, LETTER_STEP_US_MIN } from './letter-steps.ts';
import { problemOf } from './problem-of.ts';
import { nextSliceUs, openRun, SLICE_US_MIN } from './open-run.ts';
import { RunStory } from './run-story.ts';
import type { Future, SessionListener, Speed } from './session-listener.ts';

/** How far the engine runs ahead of the picture, in shown time. */
export const AHEAD_SHOWN_US = 500_000;
/** A frame that comes late (a hidden tab, a busy machine) moves the clock by no more than this. */
const FRAME_MS_MAX = 100;
/** Looking for the next event, the engine is asked for this much at a time, and for this much in all. */
const SEARCH_STEP_US = 1_000_000;
const SEARCH_US_MAX = 60_000_000;
/** Stepping shows the way to the next event for this long. */
export const GLIDE_MS = 420;

/** A command that does not fit its moment: a broker that is stopped cannot be paused. */
export class RefusedCommand extends Error {
  override readonly name = 'RefusedCommand';
}

interface Glide { readonly fromUs: number; readonly toUs: number; readonly startMs: number }
/** A session of the engine that shares this one's past: made by "Fork here". */
interface Branch { readonly session: number; readonly label: string; readonly isNamed: boolean; readonly forkedAtUs: number; readonly untilUs: number }

export class LiveSession {
  #facts = new FactStore();
  #story: RunStory | null = null;
  readonly #engine: AsyncEngine;
  readonly #listeners = new Set<SessionListener>();
  #info: SessionInfo | null = null;
  #run: RunFile | null = null;
  #branches: Branch[] = [];
  #shown = 0;
  #headUs = 0;
  #isPlaying = false;
  #speed: Speed = 1;
  #isSlowForLetters = false;
  #glide: Glide | null = null;
  #lastFrameMs: number | null = null;
  #held = 0;
  #isAdvancing = false;
  /** What the engine simulates within about a tenth of a second while playing. */
  #sliceUs = AHEAD_SHOWN_US;
  #queue: Promise<unknown> = Promise.resolve();
  /** How often the past of the run had changed when its facts were last read. */
  #history = 0;
  /** Lanes that began here, by what was done. */
  readonly #laneLabels = new Map<number, string>();
  readonly #describe: (command: Command) => string;

  /** `describe` names a future by the command that began it. */
  constructor(engine: AsyncEngine, describe: (command: Command) => string = (command) => command.do) {
    this.#engine = engine;
    this.#describe = describe;
  }

  /** The facts of the shown run; another store after `runChanged`. */
  get facts(): FactStore {
    return this.#facts;
  }
  /** The views of the shown run; null before a run is open. */
  get story(): RunStory | null {
    return this.#story;
  }
  /** Virtual microseconds, a whole number. */
  get shownUs(): number {
    return Math.floor(this.#shown);
  }
  /** How far the run is simulated; the picture may show any moment up to here. */
  get headUs(): number {
    return this.#headUs;
  }
  get isPlaying(): boolean {
    return this.#isPlaying;
  }
  get speed(): Speed {
    return this.#speed;
  }
  /** The clock runs slower where letters take their steps, so that each can be seen. Above 1x it does not. */
  get isSlowForLetters(): boolean {
    return this.#isSlowForLetters && this.#speed <= 1;
  }
  /** True while a command, a seek or a file is on its way through the engine; the clock stands still. */
  get isHeld(): boolean {
    return this.#held > 0;
  }
  /** The run as it was opened; null before. */
  get openedRun(): RunFile | null {
    return this.#run;
  }
  get seed(): number {
    return this.#info?.seed ?? 0;
  }

  listen(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async open(run: RunFile): Promise<void> {
    await this.#hold(async () => {
      const info = await openRun(this.#engine, run);
      const left = new Set([...(this.#info === null ? [] : [this.#info.session]), ...this.#branches.map((it) => it.session)]);
      this.#run = run;
      this.#branches = [];
      this.#laneLabels.clear();
      for (const session of left) await this.#engine.close(session);
      await this.#show(info, Math.min(run.until, info.head));
    });
  }

  play(): void {
    if (this.#isPlaying) return;
    this.#isPlaying = true;
    this.#glide = null;
    this.#lastFrameMs = null;
    this.#stateChanged();
  }

  pause(): void {
    this.#glide = null;
    if (!this.#isPlaying) return;
    this.#isPlaying = false;
    this.#stateChanged();
  }

  toggle(): void {
    if (this.#isPlaying) this.pause();
    else this.play();
  }

  setSpeed(speed: Speed): void {
    this.#speed = speed;
    this.#stateChanged();
  }

  setSlowForLetters(isSlow: boolean): void {
    this.#isSlowForLetters = isSlow;
    this.#stateChanged();
  }

  /** True while the next frame would differ from this one. */
  get isMoving(): boolean {
    return this.#isPlaying || this.#glide !== null;
  }

  /** Moves the shown clock by the wall time since the last frame. Called with requestAnimationFrame's time, while the page can be seen. */
  frame(nowMs: number): void {
    const elapsedMs = this.#lastFrameMs === null ? 0 : Math.min(FRAME_MS_MAX, nowMs - this.#lastFrameMs);
    this.#lastFrameMs = nowMs;
    if (this.#info === null || this.#held > 0) return;
    if (this.#glide !== null) this.#followGlide(this.#glide, nowMs);
    else if (this.#isPlaying) this.#moveTo(Math.min(this.#headUs, this.#next(elapsedMs)));
    this.#keepAhead();
  }

  /** Shows any moment, past or not yet simulated. */
  async seek(us: number): Promise<void> {
    const target = Math.max(0, Math.floor(us));
    this.#glide = null;
    if (target > this.#headUs) await this.#hold(() => this.#simulateTo(target));
    this.#moveTo(Math.min(target, this.#headUs));
  }

  /** Goes to the next moment with a fact that is accepted, simulating on when it is not known yet. `glides`: shows the way there. */
  async stepForward(accepts: (fact: ViewFact) => boolean, glides: boolean): Promise<void> {
    this.pause();
    const limit = this.shownUs + SEARCH_US_MAX;
    await this.#hold(async () => {
      while (this.#facts.momentAfter(this.shownUs, accepts) === null && this.#headUs < limit) {
        await this.#simulateTo(this.#headUs + SEARCH_STEP_US);
      }
      // A letter that lands at the next moment is drawn on its way to it; what follows it must be known too.
      await this.#simulateTo((this.#facts.momentAfter(this.shownUs, accepts) ?? this.#headUs) + AHEAD_SHOWN_US);
    });
    const next = this.#facts.momentAfter(this.shownUs, accepts) ?? Math.min(this.#headUs, limit);
    if (!glides) return this.#moveTo(next);
    this.#glide = { fromUs: this.shownUs, toUs: next, startMs: performance.now() };
    this.#lastFrameMs = null;
    this.#stateChanged();
  }

  stepBack(accepts: (fact: ViewFact) => boolean): void {
    this.pause();
    this.#moveTo(this.#facts.momentBefore(this.shownUs, accepts) ?? 0);
  }

  /** Gives a command at the shown instant. In the past this leaves the old future behind as a lane. */
  async give(command: Command): Promise<void> {
    const at = this.shownUs;
    this.#glide = null;
    await this.#hold(async () => {
      const laneBefore = this.#info?.lane;
      const info = await this.#engine.command(this.#session(), command, at);
      if (info.refused !== undefined) throw new RefusedCommand(info.refused.message);
      this.#nameFuture(info, laneBefore, this.#describe(command));
      await this.#take(info);
    });
    // What was done is seen at once; what is on its way because of it, a moment later.
    this.#moveTo(at);
    await this.#queued(() => this.#simulateTo(at + Math.min(this.#aheadUs(), Math.max(this.#sliceUs, AHEAD_SHOWN_US))));
  }

  /** Gives a command that is answered later; `make` gets the number by which the answer is known. */
  async call(make: (call: number) => Command): Promise<number> {
    const call = await this.#queued(() => this.#engine.nextCall(this.#session()));
    await this.give(make(call));
    return call;
  }

  /**
   * Lends the engine for work that moves the run by itself (cells, drills): the clock stands still meanwhile and shows the end of it
   * afterwards. `session` is the engine's number for this run.
   */
  async lend<Result>(work: (engine: AsyncEngine, session: number) => Promise<Result>): Promise<Result> {
    this.#glide = null;
    const result = await this.#hold(async () => {
      const answer = await work(this.#engine, this.#session());
      const delta = await this.#news(this.#session());
      this.#headUs = delta.head;
      if (this.#facts.apply(delta)) this.#factsChanged();
      return answer;
    });
    this.#moveTo(this.#headUs);
    return result;
  }

  /** Another future from the shown instant on; the one that was shown is kept beside it. */
  async fork(changes: SpecChanges = {}, label = ''): Promise<void> {
    const at = this.shownUs;
    this.#glide = null;
    await this.#hold(async () => {
      const left = this.#session();
      this.#branches = this.#branches.map((it) => (it.session === left ? { ...it, untilUs: this.#headUs } : it));
      if (!this.#branches.some((it) => it.session === left)) {
        this.#branches.push({ session: left, label: 'the first future', isNamed: true, forkedAtUs: 0, untilUs: this.#headUs });
      }
      const info = await this.#engine.fork(left, at, changes);
      this.#branches.push({ session: info.session, label: label === '' ? `fork ${this.#branches.length}` : label, isNamed: label !== '', forkedAtUs: at, untilUs: info.head });
      await this.#show(info, at);
    });
  }

  /** Every future that was simulated, the shown one among them. Empty while there is only one. */
  get futures(): readonly Future[] {
    const info = this.#info;
    if (info === null) return [];
    const lanes = info.lanes.length > 1 ? info.lanes : [];
    return [
      ...this.#branches.map((it) => ({
        key: `session ${it.session}`, label: it.label, forkedAtUs: it.forkedAtUs,
        untilUs: it.session === info.session ? this.#headUs : it.untilUs, isShown: it.session === info.session,
      })),
      ...lanes.map((lane) => ({
        key: `lane ${lane.id}`, label: this.#laneLabels.get(lane.id) ?? lane.label, forkedAtUs: lane.forkedAt,
        untilUs: lane.id === info.lane ? this.#headUs : lane.until, isShown: lane.id === info.lane,
      })),
    ];
  }

  async openFuture(key: string): Promise<void> {
    const [kind, number] = key.split(' ');
    const id = Number(number);
    const at = this.shownUs;
    this.#glide = null;
    await this.#hold(async () => {
      if (kind === 'lane') {
        await this.#take(await this.#engine.openLane(this.#session(), id));
        this.#moveTo(Math.min(at, this.#headUs));
        return;
      }
      // Nothing is simulated by this: it only asks the other session how far it is.
      const head = await this.#engine.advance(id, 0);
      const info = this.#info;
      if (info === null) return;
      await this.#show({ session: id, head, lane: 0, lanes: [], seed: info.seed }, Math.min(at, head));
    });
  }

  /** The run so far, to be kept or sent. It ends at the shown instant unless something was done after it. */
  async save(): Promise<RunFile> {
    const run = await this.#queued(() => this.#engine.run(this.#session()));
    const lastInput = run.inputs.reduce((last, input) => Math.max(last, input.at), 0);
    return { ...run, until: Math.max(lastInput, this.shownUs) };
  }

  /** The chain of causes of a fact, nearest first. */
  async why(factId: number): Promise<readonly ViewFact[]> {
    return this.#queued(() => this.#engine.why(this.#session(), factId));
  }

  /** Facts from an id on with the quiet ones among them (heartbeats, empty fetches): what a diagram needs and the stage does not. */
  async factsWithQuiet(fromId: number): Promise<readonly ViewFact[]> {
    return this.#queued(async () => (await this.#engine.facts(this.#session(), fromId, true)).facts);
  }

  async observe(at: number): Promise<ClusterView> {
    return this.#queued(() => this.#engine.observe(this.#session(), at));
  }

  /** Tells every listener of something that could not be done. */
  fail(reason: unknown): void {
    const problem = problemOf(reason);
    for (const listener of this.#listeners) listener.failed?.(problem);
  }

  #session(): number {
    if (this.#info === null) throw new Error('no run is open');
    return this.#info.session;
  }

  /** A future is named by the first thing that was done in it. */
  #nameFuture(info: SessionInfo, laneBefore: number | undefined, deed: string): void {
    if (info.lane !== laneBefore) this.#laneLabels.set(info.lane, deed);
    this.#branches = this.#branches.map((it) => (it.session === info.session && !it.isNamed ? { ...it, label: deed, isNamed: true } : it));
  }

  #aheadUs(): number {
    return Math.ceil(AHEAD_SHOWN_US * this.#speed);
  }

  /** Where the clock stands after so much time of the wall. */
  #next(elapsedMs: number): number {
    const steady = this.#shown + elapsedMs * 1_000 * this.#speed;
    if (!this.isSlowForLetters) return steady;
    const next = this.#facts.momentAfter(this.#shown, isLetterStep);
    if (next === null || next > steady + LETTER_GAP_US) return steady;
    const last = this.#facts.momentBefore(this.shownUs + 1, isLetterStep) ?? 0;
    const gapUs = next - last;
    const slow = gapUs > LETTER_GAP_US ? steady : this.#shown + (elapsedMs / LETTER_STEP_MS) * Math.max(gapUs, LETTER_STEP_US_MIN);
    return Math.min(next, steady, slow);
  }

  #followGlide(glide: Glide, nowMs: number): void {
    const part = Math.min(1, Math.max(0, (nowMs - glide.startMs) / GLIDE_MS));
    this.#moveTo(glide.fromUs + (glide.toUs - glide.fromUs) * part);
    if (part < 1) return;
    this.#glide = null;
    this.#stateChanged();
  }

  #keepAhead(): void {
    if (this.#isAdvancing || !this.#isPlaying || this.#headUs >= this.#shown + this.#aheadUs()) return;
    this.#isAdvancing = true;
    const target = Math.min(this.shownUs + 2 * this.#aheadUs(), this.#headUs + this.#sliceUs);
    this.#queued(async () => {
      const from = performance.now();
      const stretchUs = Math.max(SLICE_US_MIN, target - this.#headUs);
      await this.#simulateTo(target);
      this.#sliceUs = nextSliceUs(stretchUs, performance.now() - from);
    })
      .catch((reason: unknown) => {
        this.pause();
        this.fail(reason);
      })
      .finally(() => {
        this.#isAdvancing = false;
      });
  }

  async #simulateTo(us: number): Promise<void> {
    if (us > this.#headUs) await this.#engine.advance(this.#session(), us);
    const delta = await this.#news(this.#session());
    this.#headUs = delta.head;
    if (this.#facts.apply(delta)) this.#factsChanged();
  }

  /** The run is another one now: everything known about the old one goes. */
  async #show(info: SessionInfo, us: number): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    const delta = await this.#engine.facts(info.session, 0);
    this.#info = info;
    this.#facts = new FactStore();
    this.#story = new RunStory(run.spec);
    this.#facts.follow(this.#story);
    this.#facts.apply({ ...delta, reset: false });
    this.#history = delta.history;
    this.#headUs = delta.head;
    this.#shown = us;
    for (const listener of this.#listeners) listener.runChanged?.();
    this.#factsChanged();
    this.#stateChanged();
  }

  /** What the run has told since it was last asked, and from where its past has changed meanwhile. */
  async #news(session: number): Promise<FactsDelta> {
    const delta = await this.#engine.facts(session, this.#facts.nextId, false, this.#history);
    this.#history = delta.history;
    return delta;
  }

  /** The same run after a rewind: the engine says from where its past has changed. */
  async #take(info: SessionInfo): Promise<void> {
    this.#info = info;
    const delta = await this.#news(info.session);
    this.#headUs = delta.head;
    if (this.#facts.apply(delta)) this.#factsChanged();
    this.#stateChanged();
  }

  #moveTo(us: number): void {
    this.#shown = us;
    for (const listener of this.#listeners) listener.clockMoved?.();
  }

  /** Calls to the engine one after the other, so that facts arrive in the order of what was asked. */
  #queued<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #hold<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#held += 1;
    try {
      return await this.#queued(work);
    } finally {
      this.#held -= 1;
      this.#lastFrameMs = null;
    }
  }

  #factsChanged(): void {
    for (const listener of this.#listeners) listener.factsChanged?.();
  }

  #stateChanged(): void {
    for (const listener of this.#listeners) listener.stateChanged?.();
  }
}
