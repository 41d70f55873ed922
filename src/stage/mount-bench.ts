/** The one entry for pages: puts a live cluster on a bench, with everything that can be seen of it and done to it. */
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import { commandSentence } from '#src/feed/command-sentences.ts';
import { type FeedLine, FeedLog } from '#src/feed/feed-lines.ts';
import { FeedView } from '#src/feed/feed-view.ts';
import { headline } from '#src/feed/live-sentence.ts';
import { APPEARANCE_EVENT, isOn } from '#src/page/appearance.ts';
import { type AsyncEngine, startEngineWorker } from '#src/session/engine-client.ts';
import { LiveSession } from '#src/session/live-session.ts';
import { newRun } from '#engine/cluster/run-file.ts';
import { TrackLog } from '#src/timeline/timeline-model.ts';
import { TimelineView } from '#src/timeline/timeline-view.ts';
import { Transport } from '#src/timeline/transport.ts';
import { paceOf } from './motion-curves.ts';
import { ProblemNote } from './problem-note.ts';
import { SendForm } from './send-form.ts';
import { type StageShape, StageView } from './stage-view.ts';
import { StripView } from './strip-view.ts';
import { clockText, escapeMarkup, profileText } from './shown-text.ts';

export interface BenchOptions {
  readonly spec: ClusterSpec;
  readonly seed: number;
  readonly variant: 'lesson' | 'home' | 'drill';
  /** An engine to use instead of a worker of its own. */
  readonly engine?: AsyncEngine;
}

export interface Bench {
  readonly session: LiveSession;
  /** When the run is open and the first picture is drawn. */
  readonly ready: Promise<void>;
  /** Opens the chain of causes of a fact in the feed. */
  why(factId: number): Promise<void>;
  /** Stops the clock at a moment. */
  showMoment(us: number): Promise<void>;
  /** Opens the run of the page again, from its start. */
  startOver(): Promise<void>;
  end(): void;
}

/** Ids of nodes that are controllers alone. */
function controllersOf(spec: ClusterSpec): readonly number[] {
  return spec.nodes.filter((node) => node.roles?.includes('broker') === false).map((node) => node.id);
}

export function mountBench(element: HTMLElement, options: BenchOptions): Bench {
  const client = options.engine === undefined ? startEngineWorker((reason) => session.fail(reason)) : { engine: options.engine, end: () => undefined };
  const session = new LiveSession(client.engine, (command) => commandSentence(command, controllersOf(options.spec)));
  const drawing = new BenchDrawing(element, session, options.variant);
  const startOver = async (): Promise<void> => {
    await session.open(newRun(options.spec, options.seed, await client.engine.engineVersion));
    // Where letters are sent by hand, each is worth a slow look.
    session.setSlowForLetters((options.spec.producers ?? []).length > 0 && (options.spec.producers ?? []).every((it) => it.workload === undefined));
    session.play();
  };
  const ready = startOver().catch((reason: unknown) => session.fail(reason));
  return {
    session,
    ready,
    startOver,
    why: (factId) => drawing.feed.openWhy(factId),
    showMoment: async (us) => {
      session.pause();
      await session.seek(us);
    },
    end: () => {
      session.pause();
      drawing.end();
      client.end();
    },
  };
}

/** Draws at most once a frame, and only while the bench (or its strip) can be seen. */
class BenchDrawing {
  readonly feed: FeedView;
  readonly #session: LiveSession;
  readonly #bench: HTMLElement;
  readonly #stage: StageView;
  readonly #timeline: TimelineView;
  readonly #transport: Transport;
  readonly #drawAlso: ((us: number) => void)[] = [];
  readonly #strip: StripView | null;
  readonly #stripElement: HTMLElement | null;
  #toldLines: readonly FeedLine[] = [];
  readonly #now: HTMLElement;
  readonly #sentence: HTMLElement | null;
  readonly #seen = new Set<Element>();
  readonly #stop: (() => void)[] = [];
  #topic: string | null = null;
  #legend: HTMLElement | null = null;
  #asked = 0;

  constructor(bench: HTMLElement, session: LiveSession, variant: BenchOptions['variant']) {
    this.#bench = bench;
    this.#session = session;
    const isStill = (): boolean => isOn('still');
    const mount = (name: string): HTMLElement => mountIn(bench, name);
    bench.classList.add('live-bench', `is-${variant}`);
    this.#stage = new StageView(mount('stage'), session, {
      pace: () => paceOf(session, isStill()), hasPostOfficeWords: () => isOn('words'),
      onWhy: (factId) => this.#why(factId), onShape: (shape) => this.#drawSwitches(shape, variant),
    });
    const problem = new ProblemNote(mount('stage'));
    const verbs = mount('verbs');
    if (variant === 'home') {
      import('./unplug-buttons.ts').then(({ UnplugButtons }) => {
        const buttons = new UnplugButtons(verbs, session);
        this.#drawAlso.push((us) => buttons.draw(us));
        this.#drawSoon();
      }).catch((reason: unknown) => session.fail(reason));
    } else {
      const form = new SendForm(verbs, session, () => this.#topic);
      this.#drawAlso.push((us) => form.draw(us));
    }
    const live = document.createElement('p');
    live.className = 'visually-hidden';
    bench.append(live);
    this.feed = new FeedView(variant === 'home' ? hiddenFeed(bench) : mount('feed'), live, session);
    this.#sentence = bench.querySelector('[data-mount="sentence"]');
    this.#timeline = new TimelineView(mount('timeline'), session, isStill);
    this.#now = document.createElement('p');
    this.#now.className = 'now-line';
    mount('timeline').append(this.#now);
    this.#transport = new Transport(mount('transport'), session, isStill);
    this.#stripElement = document.querySelector<HTMLElement>('[data-mount="strip"]');
    this.#strip = this.#stripElement === null ? null : new StripView(this.#stripElement, session);
    this.#stop.push(session.listen({
      runChanged: () => this.#followRun(),
      factsChanged: () => { this.#timeline.forgetFuture(); this.#drawSoon(); },
      clockMoved: () => this.#drawSoon(),
      stateChanged: () => { problem.clear(); this.#transport.draw(); bench.classList.toggle('playing', session.isPlaying); this.#drawSoon(); },
      failed: (what) => problem.show(what),
    }));
    this.#watchPage(this.#stripElement);
  }

  end(): void {
    for (const stop of this.#stop) stop();
    cancelAnimationFrame(this.#asked);
  }

  #followRun(): void {
    const { story, facts } = this.#session;
    if (story === null) return;
    const feed = new FeedLog(story);
    const track = new TrackLog(story);
    facts.follow(feed);
    facts.follow(track);
    this.feed.runChanged(feed);
    this.#timeline.runChanged(track, feed);
    this.#stage.runChanged();
    const spec = this.#session.openedRun?.spec;
    if (spec !== undefined) mountIn(this.#bench, 'profile').textContent = profileText(spec);
  }

  #watchPage(strip: HTMLElement | null): void {
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) this.#seen.add(entry.target);
        else this.#seen.delete(entry.target);
      }
      this.#drawSoon();
    });
    observer.observe(this.#bench);
    if (strip !== null) observer.observe(strip);
    const redraw = (): void => this.#stage.redraw();
    document.addEventListener(APPEARANCE_EVENT, redraw);
    this.#stop.push(() => observer.disconnect(), () => document.removeEventListener(APPEARANCE_EVENT, redraw));
  }

  #drawSoon(): void {
    if (this.#asked !== 0) return;
    this.#asked = requestAnimationFrame((nowMs) => {
      this.#asked = 0;
      if (this.#seen.size === 0) return;
      this.#session.frame(nowMs);
      this.#draw(this.#session.shownUs);
      if (this.#session.isMoving) this.#drawSoon();
    });
  }

  #draw(us: number): void {
    this.#stage.draw(us);
    this.#timeline.draw(us);
    for (const draw of this.#drawAlso) draw(us);
    const lines = this.feed.draw(us);
    if (this.#stripElement !== null && this.#seen.has(this.#stripElement)) this.#strip?.draw(us, lines);
    if (lines === this.#toldLines) return;
    this.#toldLines = lines;
    const told = headline(lines, us);
    const newest = lines.at(-1);
    this.#now.innerHTML = newest === undefined ? '' : `<time>${clockText(newest.atUs)}</time> <span>${escapeMarkup(newest.sentence)}</span>`;
    if (this.#sentence !== null && told !== null) this.#sentence.textContent = told.sentence;
  }

  #why(factId: number): void {
    this.feed.openWhy(factId).catch((reason: unknown) => this.#session.fail(reason));
  }

  #drawSwitches(shape: StageShape, variant: BenchOptions['variant']): void {
    this.#topic = shape.topic;
    if (variant === 'home') return;
    const view = mountIn(this.#bench, 'view');
    const topics = shape.topics.length < 2 ? '' : `<span class="seg" role="group" aria-label="Topic">${shape.topics.map((topic) =>
      `<button type="button" data-topic="${escapeMarkup(topic)}" aria-pressed="${topic === shape.topic}">${escapeMarkup(topic)}</button>`).join('')}</span>`;
    const more = shape.partitions <= shape.shownPartitions ? '' : `<span class="seg" role="group" aria-label="Partitions"><button type="button" data-first="${Math.max(0, shape.firstPartition - shape.shownPartitions)}" aria-label="Partitions before"${shape.firstPartition === 0 ? ' disabled' : ''}>&lt;</button>`
      + `<span class="of">${shape.firstPartition} to ${Math.min(shape.partitions, shape.firstPartition + shape.shownPartitions) - 1} of ${shape.partitions}</span>`
      + `<button type="button" data-first="${shape.firstPartition + shape.shownPartitions}" aria-label="Partitions after"${shape.firstPartition + shape.shownPartitions >= shape.partitions ? ' disabled' : ''}>&gt;</button></span>`;
    view.innerHTML = `${topics}${more}<button type="button" data-text aria-pressed="${this.#stage.isText}">As text</button><button type="button" data-legend aria-expanded="${this.#legend !== null}">Legend</button>`;
    view.onclick = (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>('button') : null;
      if (button === null) return;
      const { topic, first } = button.dataset;
      if (topic !== undefined) this.#stage.choose({ topic });
      else if (button.dataset['legend'] !== undefined) this.#toggleLegend(button);
      else if (first !== undefined) this.#stage.choose({ firstPartition: Number(first) });
      else {
        this.#stage.showText(!this.#stage.isText);
        button.setAttribute('aria-pressed', String(this.#stage.isText));
      }
    };
  }

  /** What the marks mean, below the head of the bench; Escape closes it. */
  #toggleLegend(button: HTMLElement): void {
    const close = (): void => {
      this.#legend?.remove();
      this.#legend = null;
      button.setAttribute('aria-expanded', 'false');
    };
    if (this.#legend !== null) return close();
    const legend = this.#legend = document.createElement('section');
    legend.className = 'legend';
    legend.tabIndex = 0;
    legend.setAttribute('aria-label', 'Legend: what the marks mean');
    button.setAttribute('aria-expanded', 'true');
    mountIn(this.#bench, 'stage').prepend(legend);
    const mode = this.#session.openedRun?.spec.mode ?? 'kraft';
    import('./legend.ts').then(({ legendMarkup }) => { legend.innerHTML = legendMarkup(mode); }).catch((reason: unknown) => this.#session.fail(reason));
    legend.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      close();
      button.focus();
    });
    legend.focus();
  }
}

/** The front page tells one sentence; the feed is kept for "why?". */
function hiddenFeed(bench: HTMLElement): HTMLElement {
  const feed = document.createElement('div');
  feed.className = 'home-feed';
  bench.append(feed);
  return feed;
}

function mountIn(bench: HTMLElement, name: string): HTMLElement {
  const found = bench.querySelector<HTMLElement>(`[data-mount="${name}"]`);
  if (found !== null) return found;
  const made = document.createElement('div');
  made.dataset['mount'] = name;
  bench.append(made);
  return made;
}
