/** Two lanes and one playhead: what happened when in either run, time without a leader, and where the two first part. */
import { isNews } from '#src/feed/feed-lines.ts';
import { markMarkup } from '#src/feed/fact-marks.ts';
import { clockText, durationText, escapeMarkup, minuteText } from '#src/stage/shown-text.ts';
import { gridUs, leaderlessGaps, spanUs, type TrackLog } from '#src/timeline/timeline-model.ts';
import { type PairOfRuns, SIDES } from './pair-of-runs.ts';

const LANE_PX = 52;
const TOP_PX = 18;
const SECOND_US = 1_000_000;

export interface PairLane { readonly name: string; readonly log: TrackLog }

export class PairTimeline {
  readonly #pair: PairOfRuns;
  readonly #scrub: HTMLElement;
  readonly #track: SVGSVGElement;
  readonly #head: HTMLElement;
  readonly #flag: HTMLElement;
  readonly #do: (work: Promise<unknown>) => void;
  #lanes: readonly PairLane[] = [];
  #widthPx = 1;
  #span = spanUs(0);
  #seenUs = 0;
  #drawn = '';
  #isDragged = false;

  constructor(mount: HTMLElement, pair: PairOfRuns, work: (work: Promise<unknown>) => void) {
    this.#pair = pair;
    this.#do = work;
    mount.innerHTML = '<div class="scrub" role="slider" tabindex="0" aria-label="Time of both runs" aria-valuemin="0"><svg class="timeline-svg" aria-hidden="true"></svg><div class="playhead" aria-hidden="true"><b></b></div></div>';
    this.#scrub = element(mount, '.scrub');
    this.#track = element(mount, 'svg');
    this.#head = element(mount, '.playhead');
    this.#flag = element(mount, '.playhead b');
    this.#listen();
    new ResizeObserver(() => {
      this.#widthPx = Math.max(1, this.#scrub.clientWidth);
      this.#drawn = '';
      this.draw(pair.shownUs, null);
    }).observe(this.#scrub);
  }

  runChanged(lanes: readonly PairLane[]): void {
    this.#lanes = lanes;
    this.#seenUs = this.#pair.shownUs;
    this.#drawn = '';
  }

  /** The runs have another past now: what was seen beyond the shown instant is not theirs. */
  forgetFuture(): void {
    this.#seenUs = Math.min(this.#seenUs, ...this.#pair.sides.map((it) => it.headUs));
    this.#drawn = '';
  }

  draw(us: number, firstDifferenceUs: number | null): void {
    this.#seenUs = Math.max(this.#seenUs, us);
    this.#span = spanUs(this.#seenUs);
    const x = (us / this.#span) * this.#widthPx;
    this.#head.style.transform = `translateX(${x.toFixed(1)}px)`;
    this.#flag.textContent = clockText(us);
    const shift = Math.max(0, 37 - x) - Math.max(0, x + 37 - this.#widthPx);
    this.#flag.style.transform = shift === 0 ? '' : `translateX(${shift.toFixed(1)}px)`;
    const key = `${this.#span} ${this.#widthPx} ${Math.round(x)} ${Math.round((this.#seenUs / this.#span) * this.#widthPx)} ${firstDifferenceUs}`;
    if (key === this.#drawn || this.#lanes.length === 0) return;
    this.#drawn = key;
    this.#track.setAttribute('viewBox', `0 0 ${this.#widthPx} ${TOP_PX + SIDES.length * LANE_PX}`);
    this.#track.innerHTML = this.#grid() + SIDES.map((side) => this.#lane(side, us)).join('') + this.#difference(firstDifferenceUs);
    this.#scrub.setAttribute('aria-valuemax', String(Math.round(this.#seenUs / 1_000)));
    this.#scrub.setAttribute('aria-valuenow', String(Math.round(us / 1_000)));
    this.#scrub.setAttribute('aria-valuetext', clockText(us));
  }

  #x(us: number): number {
    return Math.round((us / this.#span) * this.#widthPx * 10) / 10;
  }

  #grid(): string {
    return gridUs(this.#span, this.#widthPx).map((at) => {
      const x = this.#x(at);
      const anchor = x < 20 ? 'start' : x > this.#widthPx - 20 ? 'end' : 'middle';
      return `<line x1="${x}" x2="${x}" y1="16" y2="${TOP_PX + SIDES.length * LANE_PX}" class="tgrid"/><text x="${x}" y="11" class="ttime" text-anchor="${anchor}">${minuteText(at)}</text>`;
    }).join('');
  }

  #lane(side: 0 | 1, us: number): string {
    const lane = this.#lanes[side];
    const { story } = this.#pair.sides[side];
    if (lane === undefined || story === null) return '';
    const y = TOP_PX + side * LANE_PX + 22;
    const place = { spanUs: this.#span, widthPx: this.#widthPx, untilUs: this.#seenUs };
    const marks = lane.log.marksAt(place).map((it) =>
      `<g class="mk">${markMarkup(it.mark, Math.round(it.x), y - 11)}${it.count > 1 ? `<text x="${Math.round(it.x) + 10}" y="${y - 14}" class="note">${it.count}</text>` : ''}</g>`).join('');
    const gaps = leaderlessGaps(story, story.viewAt(us), this.#seenUs);
    const bars = gaps.map((gap) => `<rect x="${this.#x(gap.fromUs)}" y="${y - 2}" width="${Math.max(1.5, this.#x(gap.toUs) - this.#x(gap.fromUs))}" height="4" class="gapbar"/>`).join('');
    const last = gaps.filter((gap) => gap.fromUs <= us).at(-1);
    const length = last === undefined ? 0 : Math.min(last.toUs, us) - last.fromUs;
    const note = last === undefined || length <= 0 ? '' : `<text x="${this.#x(last.fromUs)}" y="${y + 22}" class="note">${durationText(length)}${this.#widthPx > 500 ? ' without a live leader' : ''}</text>`;
    const name = `<text x="2" y="${y + 22}" class="lane-t">${escapeMarkup(lane.name)}</text>`;
    return `<rect x="0" y="${y - 2}" width="${this.#widthPx}" height="4" class="track"/><rect x="0" y="${y - 2}" width="${this.#x(us)}" height="4" class="done"/>${bars}${marks}${note}${name}`
      + `<path d="${lane.log.ticksAt(place).map((at) => `M${at} ${y + 5}v6`).join('')}" class="tick"/>`;
  }

  #difference(us: number | null): string {
    if (us === null) return '';
    const x = this.#x(us);
    const isLeft = x > this.#widthPx / 2;
    return `<line x1="${x}" x2="${x}" y1="16" y2="${TOP_PX + SIDES.length * LANE_PX}" class="diverge"/>`
      + `<text x="${x + (isLeft ? -5 : 5)}" y="${TOP_PX + SIDES.length * LANE_PX - 1}" class="note"${isLeft ? ' text-anchor="end"' : ''}>first difference</text>`;
  }

  #listen(): void {
    const scrub = this.#scrub;
    const seek = (event: PointerEvent): void => {
      const part = Math.max(0, Math.min(1, (event.clientX - scrub.getBoundingClientRect().left) / this.#widthPx));
      this.#do(this.#pair.seek(Math.min(part * this.#span, this.#seenUs)));
    };
    scrub.addEventListener('pointerdown', (event) => {
      this.#isDragged = true;
      scrub.setPointerCapture(event.pointerId);
      this.#pair.pause();
      seek(event);
    });
    scrub.addEventListener('pointermove', (event) => {
      if (this.#isDragged) seek(event);
    });
    for (const end of ['pointerup', 'pointercancel']) scrub.addEventListener(end, () => (this.#isDragged = false));
    scrub.addEventListener('keydown', (event) => {
      if (this.#key(event)) event.preventDefault();
    });
  }

  #key(event: KeyboardEvent): boolean {
    const pair = this.#pair;
    const jump = (us: number): void => {
      pair.pause();
      this.#do(pair.seek(Math.max(0, us)));
    };
    switch (event.key) {
      case 'ArrowRight': event.shiftKey ? jump(pair.shownUs + SECOND_US) : this.#do(pair.stepForward(isNews)); return true;
      case 'ArrowLeft': event.shiftKey ? jump(pair.shownUs - SECOND_US) : this.#do(pair.stepBack(isNews)); return true;
      case ' ': pair.toggle(); return true;
      case 'Home': jump(0); return true;
      case 'End': jump(this.#seenUs); return true;
      default: return false;
    }
  }
}

function element<Found extends Element>(root: ParentNode, selector: string): Found {
  const found = root.querySelector<Found>(selector);
  if (found === null) throw new Error(`the two lanes have no ${selector}`);
  return found;
}
