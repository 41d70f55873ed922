/** The track: drag it anywhere, or move along it with the keys. The playhead and the future are two layers that change their transform. */
import { type FeedLog, isEvent } from '#src/feed/feed-lines.ts';
import { markMarkup } from '#src/feed/fact-marks.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import type { RunStory } from '#src/session/run-story.ts';
import { clockText, durationText, escapeMarkup, minuteText } from '#src/stage/shown-text.ts';
import { gridUs, leaderlessGaps, spanUs, type TrackLog } from './timeline-model.ts';

const SECOND_US = 1_000_000;
/** Half the width of the playhead's flag, and of a label of the grid: a label under the flag is left out, not cut in two. */
const FLAG_HALF_PX = 37;
const LABEL_HALF_PX = 18;

export class TimelineView {
  readonly #session: LiveSession;
  readonly #scrub: HTMLElement;
  readonly #track: SVGSVGElement;
  readonly #head: HTMLElement;
  readonly #flag: HTMLElement;
  readonly #future: HTMLElement;
  readonly #lanes: HTMLElement;
  readonly #isStill: () => boolean;
  #widthPx = 1;
  #span = spanUs(0);
  readonly #layers = new Map<string, string>();
  #log: TrackLog | null = null;
  #feed: FeedLog | null = null;
  /** Grows when facts were taken back: the same counts are another drawing then. */
  #rewound = 0;
  #lanesDrawn = '';
  /** How far the reader has seen the run; what lies beyond is not told before its time. */
  #seenUs = 0;
  #isDragged = false;
  #said = '';

  constructor(mount: HTMLElement, session: LiveSession, isStill: () => boolean) {
    this.#session = session;
    this.#isStill = isStill;
    mount.innerHTML = '<div class="scrub" role="slider" tabindex="0" aria-label="Time of the run" aria-valuemin="0"><svg class="timeline-svg" aria-hidden="true"><g class="grid"></g><g class="gaps"></g><g class="ticks"></g><g class="marks"></g></svg>'
      + '<div class="future" aria-hidden="true"><i></i></div><div class="playhead" aria-hidden="true"><b></b></div></div><div class="lanes" role="group" aria-label="Futures" hidden></div>';
    this.#scrub = element(mount, '.scrub');
    this.#track = element(mount, 'svg');
    this.#future = element(mount, '.future i');
    this.#head = element(mount, '.playhead');
    this.#flag = element(mount, '.playhead b');
    this.#lanes = element(mount, '.lanes');
    this.#listen();
    new ResizeObserver(() => this.#resize()).observe(this.#scrub);
  }

  runChanged(log: TrackLog, feed: FeedLog): void {
    this.#log = log;
    this.#feed = feed;
    this.#rewound += 1;
    this.#seenUs = this.#session.shownUs;
  }

  /** Facts were added or taken back: beyond the shown instant nothing has been seen of them. */
  forgetFuture(): void {
    if (this.#seenUs <= this.#session.headUs) return;
    this.#seenUs = this.#session.headUs;
    this.#rewound += 1;
  }

  draw(us: number): void {
    this.#seenUs = Math.max(this.#seenUs, us);
    this.#drawTrack(us);
    this.#drawLanes();
    const x = (us / this.#span) * this.#widthPx;
    const position = `translateX(${x.toFixed(1)}px)`;
    if (this.#head.style.transform !== position) {
      this.#head.style.transform = position;
      this.#future.style.transform = position;
      this.#flag.textContent = clockText(us);
      const shift = Math.max(0, FLAG_HALF_PX - x) - Math.max(0, x + FLAG_HALF_PX - this.#widthPx);
      this.#flag.style.transform = shift === 0 ? '' : `translateX(${shift.toFixed(1)}px)`;
    }
    this.#say(us);
  }

  #say(us: number): void {
    // While time flows, four times a second are enough for who listens; standing still, every instant has its words.
    const said = this.#session.isPlaying ? `${Math.floor(us / 250_000)}` : `${us} ${this.#session.facts.version}`;
    if (said === this.#said) return;
    this.#said = said;
    const line = this.#feed?.newestAt(us);
    this.#scrub.setAttribute('aria-valuemax', String(Math.round(this.#seenUs / 1_000)));
    this.#scrub.setAttribute('aria-valuenow', String(Math.round(us / 1_000)));
    this.#scrub.setAttribute('aria-valuetext', `${clockText(us)}. ${line?.sentence ?? 'Nothing has happened yet.'}`);
  }

  #drawTrack(us: number): void {
    const { story } = this.#session;
    const log = this.#log;
    if (story === null || log === null) return;
    this.#span = spanUs(Math.max(this.#seenUs, us));
    const track = { spanUs: this.#span, widthPx: this.#widthPx, untilUs: this.#seenUs };
    const x = (at: number): number => Math.round((at / this.#span) * this.#widthPx * 10) / 10;
    const place = `${this.#span} ${this.#widthPx}`;
    const [marks, letters] = log.countsAt(this.#seenUs);
    const flagPx = Math.min(Math.max(FLAG_HALF_PX, x(us)), this.#widthPx - FLAG_HALF_PX);
    const covered = gridUs(this.#span, this.#widthPx).filter((at) => Math.abs(x(at) - flagPx) < FLAG_HALF_PX + LABEL_HALF_PX);
    this.#write('grid', `${place} ${covered.join(' ')}`, () => gridMarkup({ span: this.#span, widthPx: this.#widthPx, covered }, x));
    this.#write('marks', `${place} ${marks} ${this.#rewound}`, () => log.marksAt(track).map((it) =>
      `<g class="mk">${markMarkup(it.mark, Math.round(it.x), 26)}${it.count > 1 ? `<text x="${Math.round(it.x) + 10}" y="23" class="note">${it.count}</text>` : ''}</g>`).join(''));
    this.#write('ticks', `${place} ${letters} ${this.#rewound}`, () => `<path d="${log.ticksAt(track).map((at) => `M${at} 43v6`).join('')}" class="tick"/>`);
    // A gap that is open grows by pixels; one that is over stands still.
    this.#write('gaps', `${place} ${marks} ${this.#rewound} ${Math.round(x(us))} ${Math.round(x(this.#seenUs))}`, () => this.#gapsMarkup(story, us, x));
  }

  #gapsMarkup(story: RunStory, us: number, x: (at: number) => number): string {
    const gaps = leaderlessGaps(story, story.viewAt(us), this.#seenUs);
    const bars = gaps.map((gap) => `<rect x="${x(gap.fromUs)}" y="36" width="${Math.max(1.5, x(gap.toUs) - x(gap.fromUs))}" height="4" class="gapbar"/>`).join('');
    const passed = gaps.filter((gap) => gap.fromUs <= us).at(-1);
    return passed === undefined ? bars : bars + gapNote(x(passed.fromUs), Math.min(passed.toUs, us) - passed.fromUs, this.#widthPx);
  }

  /** Writes a layer of the track when its key differs from the last time. */
  #write(layer: string, key: string, markup: () => string): void {
    if (this.#layers.get(layer) === key) return;
    this.#layers.set(layer, key);
    const element = this.#track.querySelector(`.${layer}`);
    if (element === null) return;
    const written = markup();
    if (element.innerHTML !== written) element.innerHTML = written;
  }

  #drawLanes(): void {
    const futures = this.#session.futures;
    if (futures.length === 0 && this.#lanesDrawn === '') return;
    const drawn = JSON.stringify([futures.map((it) => [it.key, it.isShown, it.label, it.isShown ? 0 : it.untilUs]), this.#span, this.#widthPx]);
    if (drawn === this.#lanesDrawn) return;
    this.#lanesDrawn = drawn;
    this.#lanes.hidden = futures.length === 0;
    const share = (us: number): string => `${Math.round(Math.min(1, us / this.#span) * 1_000) / 10}%`;
    this.#lanes.innerHTML = futures.map((future) =>
      `<button type="button" data-future="${escapeMarkup(future.key)}" aria-pressed="${future.isShown}"><span class="lane-bar" style="left:${share(future.forkedAtUs)};right:calc(100% - ${share(future.untilUs)})"></span>`
      + `<span class="lane-name">${escapeMarkup(future.label)}</span><small>from ${clockText(future.forkedAtUs)}</small></button>`).join('');
  }

  #resize(): void {
    this.#widthPx = Math.max(1, this.#scrub.clientWidth);
    this.#track.setAttribute('viewBox', `0 0 ${this.#widthPx} 62`);
    this.draw(this.#session.shownUs);
  }

  #listen(): void {
    const scrub = this.#scrub;
    const timeOf = (event: PointerEvent): number =>
      Math.max(0, Math.min(1, (event.clientX - scrub.getBoundingClientRect().left) / this.#widthPx)) * this.#span;
    scrub.addEventListener('pointerdown', (event) => {
      this.#isDragged = true;
      scrub.setPointerCapture(event.pointerId);
      this.#session.pause();
      this.#seek(timeOf(event));
    });
    scrub.addEventListener('pointermove', (event) => {
      if (this.#isDragged) this.#seek(timeOf(event));
    });
    scrub.addEventListener('pointerup', () => (this.#isDragged = false));
    scrub.addEventListener('pointercancel', () => (this.#isDragged = false));
    scrub.addEventListener('keydown', (event) => {
      if (this.#key(event)) event.preventDefault();
    });
    this.#lanes.addEventListener('click', (event) => {
      const key = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-future]')?.dataset['future'] : undefined;
      if (key !== undefined) this.#do(this.#session.openFuture(key));
    });
  }

  /** While dragging, only what is simulated can be shown; letting go beyond it would surprise. */
  #seek(us: number): void {
    this.#do(this.#session.seek(Math.min(us, Math.max(this.#session.headUs, this.#seenUs))));
  }

  #key(event: KeyboardEvent): boolean {
    const session = this.#session;
    switch (event.key) {
      case 'ArrowRight':
        this.#do(event.shiftKey ? this.#jump(SECOND_US) : session.stepForward(isEvent, !this.#isStill()));
        return true;
      case 'ArrowLeft':
        if (event.shiftKey) this.#do(this.#jump(-SECOND_US));
        else session.stepBack(isEvent);
        return true;
      case ' ': session.toggle(); return true;
      case 'Home': this.#do(this.#jump(-session.shownUs)); return true;
      case 'End': this.#do(this.#jump(this.#seenUs - session.shownUs)); return true;
      case 'f': case 'F':
        if (event.ctrlKey || event.metaKey || event.altKey) return false;
        this.#do(session.fork());
        return true;
      default: return false;
    }
  }

  async #jump(byUs: number): Promise<void> {
    this.#session.pause();
    await this.#session.seek(this.#session.shownUs + byUs);
  }

  #do(work: Promise<unknown>): void {
    work.catch((reason: unknown) => this.#session.fail(reason));
  }
}

function gridMarkup({ span, widthPx, covered }: { span: number; widthPx: number; covered: readonly number[] }, x: (at: number) => number): string {
  const lines = gridUs(span, widthPx).map((at) => {
    const anchor = x(at) < 20 ? 'start' : x(at) > widthPx - 20 ? 'end' : 'middle';
    return `<line x1="${x(at)}" x2="${x(at)}" y1="16" y2="60" class="tgrid"/>${covered.includes(at) ? '' : `<text x="${x(at)}" y="11" class="ttime" text-anchor="${anchor}">${minuteText(at)}</text>`}`;
  }).join('');
  return `${lines}<rect x="0" y="36" width="${widthPx}" height="4" class="done"/>`;
}

function gapNote(x: number, us: number, widthPx: number): string {
  if (us <= 0) return '';
  const isLeft = x < widthPx / 2;
  const words = widthPx > 500 ? `${durationText(us)} without a live leader` : durationText(us);
  return `<text x="${isLeft ? x : Math.min(widthPx, x)}" y="58" class="note"${isLeft ? '' : ' text-anchor="end"'}>${words}</text>`;
}

function element<Found extends Element>(root: ParentNode, selector: string): Found {
  const found = root.querySelector<Found>(selector);
  if (found === null) throw new Error(`the timeline has no ${selector}`);
  return found;
}
