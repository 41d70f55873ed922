/** Puts two live clusters side by side into the page: two stages, one clock, two lanes, and the table of what differs. Loaded when it comes near. */
import type { Command } from '#engine/cluster/commands.ts';
import { newRun } from '#engine/cluster/run-file.ts';
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import { stepWords } from '#src/components/blocks/predict-words.ts';
import { runStepOf } from '#src/drills/predict-steps.ts';
import { commandSentence } from '#src/feed/command-sentences.ts';
import { FeedLog, isNews } from '#src/feed/feed-lines.ts';
import { sentenceOf } from '#src/feed/fact-sentences.ts';
import { headline } from '#src/feed/live-sentence.ts';
import type { CompareBlock } from '#src/lesson/lesson-blocks.ts';
import { APPEARANCE_EVENT, isOn } from '#src/page/appearance.ts';
import { type AsyncEngine, startEngineWorker } from '#src/session/engine-client.ts';
import { LiveSession } from '#src/session/live-session.ts';
import { problemOf } from '#src/session/problem-of.ts';
import { SPEEDS } from '#src/session/session-listener.ts';
import { paceOf } from '#src/stage/motion-curves.ts';
import { clockText } from '#src/stage/shown-text.ts';
import type { Deed } from '#src/stage/stage-actions.ts';
import { StageView } from '#src/stage/stage-view.ts';
import { TrackLog } from '#src/timeline/timeline-model.ts';
import { showPlaying } from '#src/timeline/transport.ts';
import { mountPairDiagrams } from './pair-diagrams.ts';
import { LETTERS, pairMarkup, sideNames, tableMarkup } from './pair-markup.ts';
import { PairOfRuns, type Side, SIDES } from './pair-of-runs.ts';
import { PairTimeline } from './pair-timeline.ts';
import { type ComparedRun, differences, firstDifferenceUs } from './what-differs.ts';

/** A step that waits longer than this is shown in fast motion. */
const FAST_FROM_US = 3_000_000;
/** How often the table is made anew while time flows. */
const TABLE_EVERY_US = 500_000;

export interface CompareOptions {
  /** Told when the pair begins to move: what else runs on the page should rest. */
  readonly onPlay: () => void;
  readonly engine?: AsyncEngine;
}

export function mountCompare(root: HTMLElement, block: CompareBlock, options: CompareOptions): void {
  const mount = root.querySelector<HTMLElement>('[data-mount="compare"]');
  const specs = JSON.parse(root.dataset['specs'] ?? '[]') as readonly ClusterSpec[];
  const [left, right] = specs;
  if (mount === null || left === undefined || right === undefined) return;
  const engine = options.engine ?? startEngineWorker().engine;
  const view = new CompareView(mount, block, { engine, specs: [left, right], seed: Number(root.dataset['seed']), onPlay: options.onPlay });
  view.start();
}

interface Compared { readonly engine: AsyncEngine; readonly specs: readonly [ClusterSpec, ClusterSpec]; readonly seed: number; readonly onPlay: () => void }

class CompareView {
  readonly #root: HTMLElement;
  readonly #block: CompareBlock;
  readonly #of: Compared;
  readonly #pair: PairOfRuns;
  readonly #stages: readonly StageView[];
  readonly #timeline: PairTimeline;
  #feeds: readonly FeedLog[] = [];
  #asked = 0;
  #table = '';
  #differenceUs: number | null = null;
  #isSeen = false;
  #goal: { readonly us: number; readonly done: () => void } | null = null;

  constructor(mount: HTMLElement, block: CompareBlock, of: Compared) {
    this.#root = mount;
    this.#block = block;
    this.#of = of;
    const act = block.steps.find((step) => step.verb !== 'advance');
    mount.innerHTML = pairMarkup(of.specs, act === undefined ? 'Let it run' : stepWords(act));
    const session = (): LiveSession => new LiveSession(of.engine, commandSentence);
    this.#pair = new PairOfRuns([session(), session()]);
    this.#stages = SIDES.map((side) => new StageView(this.#part(`[data-side="${side}"] [data-mount="stage"]`), this.#pair.sides[side], {
      pace: () => paceOf(this.#pair.sides[side], isOn('still')), hasPostOfficeWords: () => isOn('words'),
      onWhy: (factId) => this.#do(this.#why(side, factId)), onShape: () => undefined, act: (deed) => this.#act(side, deed),
    }));
    this.#timeline = new PairTimeline(this.#part('[data-mount="timeline"]'), this.#pair, (work) => this.#do(work));
    for (const side of SIDES) this.#listenTo(side);
    mount.addEventListener('click', (event) => this.#clicked(event));
    document.addEventListener(APPEARANCE_EVENT, () => this.#stages.forEach((stage) => stage.redraw()));
    new IntersectionObserver((entries) => {
      this.#isSeen = entries.at(-1)?.isIntersecting ?? false;
      if (!this.#isSeen) this.#pair.pause();
      this.#drawSoon();
    }).observe(mount);
    mountPairDiagrams(this.#part('.pair-diagrams'), this.#pair, block);
    showPlaying(this.#part('[data-do="toggle"]'), false);
  }

  start(): void {
    this.#do(this.#open());
  }

  async #open(): Promise<void> {
    this.#setReady(false);
    const version = await this.#of.engine.engineVersion;
    const { specs, seed } = this.#of;
    await this.#pair.open([newRun(specs[0], seed, version), newRun(specs[1], seed, version)]);
    this.#setReady(true);
    this.#drawSoon();
  }

  /** What is done before the runs are open would be done at their beginning. */
  #setReady(isReady: boolean): void {
    for (const button of this.#root.querySelectorAll<HTMLButtonElement>('.pair-time button:not([data-do="difference"])')) button.disabled = !isReady;
  }

  #listenTo(side: Side): void {
    const session = this.#pair.sides[side];
    session.listen({
      runChanged: () => {
        this.#stages[side]?.runChanged();
        this.#followRuns();
      },
      factsChanged: () => { this.#timeline.forgetFuture(); this.#table = ''; this.#drawSoon(); },
      clockMoved: () => this.#drawSoon(),
      stateChanged: () => this.#stateChanged(),
      failed: ({ what }) => this.#note(`${LETTERS[side]}: ${what}`),
    });
  }

  #followRuns(): void {
    const names = sideNames(this.#of.specs);
    const followed = SIDES.flatMap((side) => {
      const { story, facts } = this.#pair.sides[side];
      if (story === null) return [];
      const log = new TrackLog(story);
      const feed = new FeedLog(story);
      facts.follow(log);
      facts.follow(feed);
      return [{ name: `${LETTERS[side]} ${names[side]}`, log, feed }];
    });
    if (followed.length < SIDES.length) return;
    this.#feeds = followed.map((it) => it.feed);
    this.#timeline.runChanged(followed);
    this.#table = '';
  }

  #stateChanged(): void {
    const { isPlaying } = this.#pair;
    if (isPlaying) this.#of.onPlay();
    showPlaying(this.#part('[data-do="toggle"]'), isPlaying);
    for (const button of this.#root.querySelectorAll<HTMLElement>('[data-speed]')) button.setAttribute('aria-pressed', String(Number(button.dataset['speed']) === this.#pair.speed));
    this.#drawSoon();
  }

  #drawSoon(): void {
    if (this.#asked !== 0) return;
    this.#asked = requestAnimationFrame((nowMs) => {
      this.#asked = 0;
      if (!this.#isSeen) return;
      this.#pair.frame(nowMs);
      if (!this.#pair.isBusy) this.#draw();
      if (this.#pair.isMoving) this.#drawSoon();
    });
  }

  #draw(): void {
    const us = this.#pair.shownUs;
    this.#alignShelves();
    for (const side of SIDES) {
      this.#stages[side]?.draw(us);
      const told = headline(this.#feeds[side]?.linesAt({ us, count: 8, tellsDetails: false }) ?? [], us)?.sentence ?? '';
      const line = this.#part(`[data-side="${side}"] .told`);
      if (line.textContent !== told) line.textContent = told;
    }
    this.#drawTable(us);
    this.#timeline.draw(us, this.#differenceUs);
    if (this.#goal !== null && us >= this.#goal.us) this.#goal.done();
  }

  /** The ensemble stands above one frame and not above the other: shelves must stand at the same height all the same. */
  #alignShelves(): void {
    const tops = this.#stages.map((stage) => stage.shelvesTopPx);
    const lowest = Math.max(...tops);
    for (const side of SIDES) {
      const mount = this.#part(`[data-side="${side}"] [data-mount="stage"]`);
      const room = `${lowest - (tops[side] ?? lowest)}px`;
      if (mount.style.paddingTop !== room) mount.style.paddingTop = room;
    }
  }

  #runs(us: number): readonly [ComparedRun, ComparedRun] | null {
    const opened = this.#pair.sides.map((session) => session.openedRun);
    const openingUs = Math.max(...opened.map((run) => run?.until ?? 0), ...this.#of.specs.map((spec) => (spec.startMs ?? 0) * 1_000));
    const [a, b] = SIDES.map((side) => {
      const { story, facts } = this.#pair.sides[side];
      return story === null ? null : { spec: this.#of.specs[side], story, facts: facts.all.slice(0, story.countAt(us)), openingUs, untilUs: us };
    });
    return a === null || b === null || a === undefined || b === undefined ? null : [a, b];
  }

  #drawTable(us: number): void {
    const key = this.#pair.isPlaying ? `${Math.floor(us / TABLE_EVERY_US)}` : `at ${us}`;
    if (key === this.#table) return;
    const runs = this.#runs(us);
    if (runs === null) return;
    this.#table = key;
    const rows = differences(runs).map((row) => ({ ...row, why: this.#block.why[row.row] ?? row.why }));
    this.#differenceUs = firstDifferenceUs(runs) ?? (this.#differenceUs !== null && this.#differenceUs > us ? this.#differenceUs : null);
    const button = this.#root.querySelector<HTMLButtonElement>('[data-do="difference"]');
    if (button !== null) button.disabled = this.#differenceUs === null;
    this.#part('.differs').innerHTML = tableMarkup(rows, sideNames(this.#of.specs), clockText(us));
  }

  #clicked(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('button') : null;
    if (button === null) return;
    const { show, speed, do: deed } = button.dataset;
    if (show !== undefined) return this.#show(show);
    const chosen = SPEEDS.find((it) => it === Number(speed));
    if (chosen !== undefined) return this.#pair.setSpeed(chosen);
    switch (deed) {
      case 'toggle': return this.#pair.toggle();
      case 'on': return this.#do(this.#pair.stepForward(isNews));
      case 'back': return this.#do(this.#pair.stepBack(isNews));
      case 'steps': return this.#do(this.#steps());
      case 'over': return this.#do(this.#startOver());
      case 'difference': {
        this.#pair.pause();
        if (this.#differenceUs !== null) this.#do(this.#pair.seek(this.#differenceUs));
      }
    }
  }

  /** On a phone one stage is shown; the clock does not care which. */
  #show(side: string): void {
    this.#part('.pair').dataset['shown'] = side;
    for (const button of this.#root.querySelectorAll<HTMLElement>('[data-show]')) button.setAttribute('aria-pressed', String(button.dataset['show'] === side));
  }

  async #startOver(): Promise<void> {
    this.#pair.pause();
    this.#differenceUs = null;
    await this.#open();
  }

  async #steps(): Promise<void> {
    for (const step of this.#block.steps.map((step) => runStepOf(step))) {
      if (step.kind === 'advance') await this.#playTo(this.#pair.shownUs + step.us);
      else await this.#give(0, step.kind === 'command' ? () => step.command : step.make);
    }
  }

  async #playTo(us: number): Promise<void> {
    if (isOn('still')) return this.#pair.seek(us);
    const { speed } = this.#pair;
    if (us - this.#pair.shownUs > FAST_FROM_US) this.#pair.setSpeed(10);
    this.#pair.play();
    await new Promise<void>((done) => { this.#goal = { us, done }; });
    this.#goal = null;
    this.#pair.pause();
    this.#pair.setSpeed(speed);
  }

  #act(side: Side, deed: Deed): void {
    switch (deed.kind) {
      case 'command': return this.#do(this.#give(side, () => deed.command).then(() => this.#pair.play()));
      case 'call': return this.#do(this.#give(side, deed.make).then(() => this.#pair.play()));
      case 'why': return this.#do(this.#why(side, deed.factId));
    }
  }

  async #give(side: Side, make: (call: number) => Command): Promise<void> {
    const refusal = await this.#pair.give(side, make);
    this.#note(refusal === null ? '' : `${LETTERS[side === 0 ? 1 : 0]} cannot do the same: ${refusal}`);
  }

  async #why(side: Side, factId: number): Promise<void> {
    const chain = await this.#pair.sides[side].why(factId);
    const list = this.#part(`[data-side="${side}"] .why-chain`);
    list.hidden = false;
    list.replaceChildren(...chain.flatMap((entry) => {
      const sentence = sentenceOf(entry);
      const item = document.createElement('li');
      item.textContent = `${clockText(entry.at)} ${sentence ?? ''}`;
      return sentence === null ? [] : [item];
    }));
  }

  #note(words: string): void {
    const note = this.#part('.pair-note');
    note.textContent = words;
    note.hidden = words === '';
  }

  #part(selector: string): HTMLElement {
    const found = this.#root.querySelector<HTMLElement>(selector);
    if (found === null) throw new Error(`the comparison has no ${selector}`);
    return found;
  }

  #do(work: Promise<unknown>): void {
    work.catch((reason: unknown) => this.#note(problemOf(reason).what));
  }
}
