/** The bench folded to a strip: every replica as a dot, the last sentence, and play. */
import type { FeedLine } from '#src/feed/feed-lines.ts';
import { headline } from '#src/feed/live-sentence.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { showPlaying } from '#src/timeline/transport.ts';
import { brokerStyle, plate } from './broker-marks.ts';
import { type FrameModel, frameModel } from './frame-model.ts';
import { clockText } from './shown-text.ts';

const COLUMNS_MAX = 4;

export class StripView {
  readonly #session: LiveSession;
  readonly #dots: HTMLElement | null;
  readonly #clock: HTMLElement | null;
  readonly #sentence: HTMLElement | null;
  readonly #play = document.createElement('button');
  #drawn = '';
  #wasPlaying: boolean | null = null;

  constructor(strip: HTMLElement, session: LiveSession) {
    this.#session = session;
    const part = (name: string): HTMLElement | null => strip.querySelector<HTMLElement>(`[data-mount="strip-${name}"]`);
    this.#dots = part('dots');
    this.#clock = part('clock');
    this.#sentence = part('sentence');
    this.#play.type = 'button';
    this.#play.className = 'primary';
    this.#play.addEventListener('click', () => session.toggle());
    part('controls')?.append(this.#play);
  }

  draw(us: number, lines: readonly FeedLine[]): void {
    if (this.#wasPlaying !== this.#session.isPlaying) showPlaying(this.#play, (this.#wasPlaying = this.#session.isPlaying));
    const { story } = this.#session;
    if (story === null) return;
    const drawn = `${this.#session.facts.version} ${story.countAt(us)}`;
    const clock = clockText(us).slice(0, -2);
    if (this.#clock !== null && this.#clock.textContent !== clock) this.#clock.textContent = clock;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const told = headline(lines, us);
    if (this.#sentence !== null && told !== null) this.#sentence.textContent = told.sentence;
    if (this.#dots !== null) this.#dots.innerHTML = dotsMarkup(frameModel(story.viewAt(us), null));
  }
}

/** One hole for each replica: leader filled with its hatch, follower white, out dashed and struck. */
export function dotsMarkup(model: FrameModel): string {
  const columns = model.columns.slice(0, COLUMNS_MAX);
  const rows = model.shelves.slice(0, 3).map((shelf, row) => {
    const y = 2 + row * 17;
    const holes = columns.map((column, index) => {
      const tray = column.trays.find((it) => it.broker === shelf.broker);
      if (tray === undefined) return '';
      const x = 30 + index * 20;
      const style = brokerStyle(shelf.broker);
      const state = tray.isStopped || tray.standing === 'out' ? 'out' : tray.standing === 'leader' ? 'leader' : 'follower';
      return `<g class="dot b${style} ${state}"><rect x="${x}" y="${y}" width="17" height="14" class="d"${state === 'leader' ? ` style="fill:url(#so-h${style})"` : ''}/>${state === 'out' ? `<path class="dx" d="M${x + 3} ${y + 11}l11-8"/>` : ''}</g>`;
    }).join('');
    return plate(shelf.broker, { x: 14, y: y + 7, r: 6.4 }, shelf.isStopped ? 'gone' : 'full') + holes;
  }).join('');
  const width = 32 + columns.length * 20;
  return `<svg class="stage-svg" viewBox="0 0 ${width} 52" width="${width}" height="52" role="img" aria-label="The cluster as dots">${rows}</svg>`;
}
