/** The buttons under the track: step, play, speed, fork, and the run as a file. */
import { isEvent, isNews } from '#src/feed/feed-lines.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { parseRunFile } from '#engine/cluster/run-file.ts';
import { SPEEDS, type Speed } from '#src/session/session-listener.ts';
import { clockText } from '#src/stage/shown-text.ts';

const ICON = {
  back: 'M2 1h2v12H2zM13 1v12L5 7z',
  play: 'M3 1v12l10-6z',
  pause: 'M2 1h3.5v12H2zM8.5 1H12v12H8.5z',
  on: 'M10 1h2v12h-2zM1 1v12l8-6z',
} as const;

export class Transport {
  readonly #session: LiveSession;
  readonly #mount: HTMLElement;
  readonly #file: HTMLInputElement;
  readonly #isStill: () => boolean;
  #wasPlaying: boolean | null = null;

  constructor(mount: HTMLElement, session: LiveSession, isStill: () => boolean) {
    this.#mount = mount;
    this.#session = session;
    this.#isStill = isStill;
    const speeds = SPEEDS.map((speed) => `<button type="button" data-speed="${speed}" aria-pressed="${speed === session.speed}">${speed}×</button>`).join('');
    mount.innerHTML = '<div class="transport" role="group" aria-label="Time">'
      + `<button type="button" data-do="back" aria-label="One event back">${icon('back')}</button><button type="button" class="primary" data-do="toggle"></button>`
      + `<button type="button" data-do="on" aria-label="One event on">${icon('on')}</button>`
      + `<div class="seg" role="group" aria-label="Speed">${speeds}<button type="button" data-do="letters" title="The clock runs slower where letters take their steps">by letter</button></div>`
      + '<div class="files"><button type="button" data-do="news">Next event</button><button type="button" data-do="fork">Fork here</button><button type="button" data-do="save">Save run</button><button type="button" data-do="open">Open run</button>'
      + '<input type="file" accept=".json,application/json" hidden aria-label="Run file"></div></div>';
    const file = mount.querySelector('input');
    if (file === null) throw new Error('the transport has no file field');
    this.#file = file;
    mount.addEventListener('click', (event) => this.#clicked(event));
    file.addEventListener('change', () => this.#do(this.#opened()));
    this.draw();
  }

  /** After playing or speed changed. */
  draw(): void {
    for (const button of this.#mount.querySelectorAll<HTMLElement>('[data-speed]')) {
      button.setAttribute('aria-pressed', String(Number(button.dataset['speed']) === this.#session.speed));
    }
    this.#mount.querySelector('[data-do="letters"]')?.setAttribute('aria-pressed', String(this.#session.isSlowForLetters));
    if (this.#wasPlaying === this.#session.isPlaying) return;
    this.#wasPlaying = this.#session.isPlaying;
    for (const button of this.#mount.querySelectorAll('[data-do="toggle"]')) showPlaying(button, this.#session.isPlaying);
  }

  #clicked(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('button') : null;
    if (button === null) return;
    const speed = SPEEDS.find((it) => it === Number(button.dataset['speed']));
    if (speed !== undefined) return this.#session.setSpeed(speed satisfies Speed);
    switch (button.dataset['do']) {
      case 'back': return this.#session.stepBack(isEvent);
      case 'on': return this.#do(this.#session.stepForward(isEvent, !this.#isStill()));
      case 'news': return this.#do(this.#session.stepForward(isNews, false));
      case 'toggle': return this.#session.toggle();
      case 'letters': return this.#slowForLetters();
      case 'fork': return this.#do(this.#session.fork());
      case 'save': return this.#do(this.#saved());
      case 'open': return this.#file.click();
      default: return;
    }
  }

  /** Above 1x letters are not slowed down for; who asks for it wants 1x too. */
  #slowForLetters(): void {
    const isSlow = !this.#session.isSlowForLetters;
    if (isSlow && this.#session.speed > 1) this.#session.setSpeed(1);
    this.#session.setSlowForLetters(isSlow);
  }

  async #saved(): Promise<void> {
    const run = await this.#session.save();
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([`${JSON.stringify(run, null, 1)}\n`], { type: 'application/json' }));
    link.download = `sorting-office-seed-${run.seed}-at-${clockText(run.until).replace(/[:.]/g, '-')}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  async #opened(): Promise<void> {
    const file = this.#file.files?.[0];
    if (file === undefined) return;
    const text = await file.text();
    // The same file may be chosen again after it was mended.
    this.#file.value = '';
    await this.#session.open(parseRunFile(text, file.name));
    this.#session.pause();
  }

  #do(work: Promise<unknown>): void {
    work.catch((reason: unknown) => this.#session.fail(reason));
  }
}

export function showPlaying(button: Element, isPlaying: boolean): void {
  button.setAttribute('aria-label', isPlaying ? 'Pause' : 'Play');
  button.innerHTML = icon(isPlaying ? 'pause' : 'play');
}

function icon(name: keyof typeof ICON): string {
  return `<svg width="14" height="14" viewBox="0 0 14 14" fill="currentColor" aria-hidden="true"><path d="${ICON[name]}"/></svg>`;
}
