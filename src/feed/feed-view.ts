/** The feed on the page: time, mark, sentence, why. A click on the time moves the clock; "why?" opens the chain of causes. */
import type { LiveSession } from '#src/session/live-session.ts';
import { clockText, escapeMarkup } from '#src/stage/shown-text.ts';
import type { ViewFact } from '#engine/cluster/view.ts';
import { type Mark, markMarkup } from './fact-marks.ts';
import { type FeedLine, type FeedLog, lineOf } from './feed-lines.ts';
import { nextSpoken, type Spoken } from './live-sentence.ts';

const LINES_MAX = 14;
/** A chain longer than this is told by its ends. */
const CHAIN_MAX = 24;

export class FeedView {
  readonly #session: LiveSession;
  readonly #list: HTMLOListElement;
  readonly #chain: HTMLElement;
  readonly #live: HTMLElement;
  readonly #items = new Map<number, HTMLElement>();
  #log: FeedLog | null = null;
  #lines: readonly FeedLine[] = [];
  #shown = '';
  #spoken: Spoken = { text: '', lastId: -1, atMs: 0 };

  /** `live` is read aloud; it is there once on a page, also where the feed itself is not shown. */
  constructor(mount: HTMLElement, live: HTMLElement, session: LiveSession) {
    this.#session = session;
    this.#live = live;
    live.setAttribute('aria-live', 'polite');
    mount.innerHTML = '<section class="why-chain" aria-label="Why?" hidden></section><ol class="feed" aria-label="What happened"></ol>';
    this.#list = required(mount, 'ol');
    this.#chain = required(mount, 'section');
    mount.addEventListener('click', (event) => this.#clicked(event));
    mount.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.#chain.hidden) return;
      event.stopPropagation();
      this.#closeChain();
    });
  }

  runChanged(log: FeedLog): void {
    this.#log = log;
    this.#shown = '';
  }

  /** The lines that are shown at an instant; the same array while nothing has changed. */
  draw(us: number): readonly FeedLine[] {
    const { story, facts, speed, isSlowForLetters } = this.#session;
    const tellsDetails = speed < 1 || isSlowForLetters;
    if (this.#log === null || story === null) return this.#lines;
    const count = story.countAt(us);
    const shown = `${facts.version} ${count} ${tellsDetails} ${facts.all[count - 1]?.at === us}`;
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#lines = this.#log.linesAt({ us, count: LINES_MAX, tellsDetails });
      this.#show(this.#lines);
    }
    const spoken = nextSpoken(this.#lines, this.#spoken, performance.now());
    if (spoken !== null) {
      this.#spoken = spoken;
      this.#live.textContent = spoken.text;
    }
    return this.#lines;
  }

  /** Newest first in the list, which stands on its head: so it rests at its end without being scrolled. A line keeps its element, and its focus. */
  #show(lines: readonly FeedLine[]): void {
    const wanted = new Set(lines.map((line) => line.id));
    for (const [id, item] of this.#items) {
      if (wanted.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    let next: Element | null = null;
    for (const line of lines) {
      let item = this.#items.get(line.id);
      if (item === undefined || item.dataset['sentence'] !== line.sentence) {
        item?.remove();
        item = itemOf(lineMarkup(line));
        item.dataset['sentence'] = line.sentence;
        this.#items.set(line.id, item);
      }
      if (item.nextElementSibling !== next || item.parentElement !== this.#list) this.#list.insertBefore(item, next);
      next = item;
      const isCurrent = line === lines.at(-1);
      if (item.hasAttribute('aria-current') !== isCurrent) item.toggleAttribute('aria-current', isCurrent);
    }
  }

  /** Shows why a fact came about, from the fact back to its first cause. */
  async openWhy(factId: number): Promise<void> {
    const chain = await this.#session.why(factId);
    const told = chain.map((fact) => ({ fact, line: lineOf(fact, this.#session.story) })).filter((it) => it.line !== null);
    const ends = told.length <= CHAIN_MAX ? told : [...told.slice(0, CHAIN_MAX - 4), ...told.slice(-4)];
    const items = ends.map(({ fact, line }) => line === null ? '' : lineMarkup(line, settingOf(fact))).join('');
    this.#chain.innerHTML = `<header><b>Why?</b><span>from the effect back to its first cause</span><button type="button" class="quiet close" aria-label="Close">Esc</button></header><ol>${items}</ol>`;
    this.#chain.hidden = false;
    this.#list.hidden = true;
    this.#chain.querySelector<HTMLElement>('.when')?.focus();
  }

  #closeChain(): void {
    this.#chain.hidden = true;
    this.#list.hidden = false;
    this.#list.querySelector<HTMLElement>('li:first-child .why')?.focus();
  }

  #clicked(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest('button') : null;
    if (button === null) return;
    if (button.classList.contains('close')) return this.#closeChain();
    const fact = Number(button.closest('li')?.dataset['fact']);
    const at = this.#session.facts.byId(fact)?.at ?? Number(button.closest('li')?.dataset['at']);
    const work = button.classList.contains('why') ? this.openWhy(fact) : this.#goTo(at);
    work.catch((reason: unknown) => this.#session.fail(reason));
  }

  async #goTo(us: number): Promise<void> {
    this.#session.pause();
    await this.#session.seek(us);
  }
}

function itemOf(markup: string): HTMLElement {
  const holder = document.createElement('template');
  holder.innerHTML = markup;
  const item = holder.content.firstElementChild;
  if (!(item instanceof HTMLElement)) throw new Error('a line is one element');
  return item;
}

function lineMarkup(line: FeedLine, note = ''): string {
  return `<li data-fact="${line.id}" data-at="${line.atUs}">`
    + `<button type="button" class="when" aria-label="Go to ${clockText(line.atUs)}">${clockText(line.atUs)}</button>${markSvg(line.mark)}`
    + `<span>${escapeMarkup(line.sentence)}${note === '' ? '' : `<small>${escapeMarkup(note)}</small>`}</span>`
    + (note === '' ? `<button type="button" class="why" aria-label="Why? ${escapeMarkup(line.sentence)}">why?</button>` : '') + '</li>';
}

function markSvg(mark: Mark | null): string {
  return `<svg class="timeline-svg mark-of-line" width="22" height="20" viewBox="-11 -10 22 20" aria-hidden="true">${mark === null ? '' : markMarkup(mark, 0, 0)}</svg>`;
}

/** The setting or the proposal behind a fact, in small. */
function settingOf({ fact }: ViewFact): string {
  switch (fact.kind) {
    case 'broker-fenced': return 'broker.session.timeout.ms · KIP-631';
    case 'partition-changed': return fact.reason === 'isr-shrunk' ? 'replica.lag.time.max.ms · KIP-497' : 'PartitionChangeRecord';
    case 'raft-role': return 'controller.quorum.election.timeout.ms · KIP-595';
    case 'log-truncated': return 'leader epochs · KIP-101';
    case 'batch-retried': return 'delivery.timeout.ms, retries';
    case 'high-watermark': return 'the smallest log end in the ISR';
    case 'command': return 'you';
    case 'message': return fact.tag;
    default: return 'recorded by the process itself';
  }
}

function required<Name extends keyof HTMLElementTagNameMap>(root: ParentNode, name: Name): HTMLElementTagNameMap[Name] {
  const element = root.querySelector(name);
  if (element === null) throw new Error(`the feed has no ${name}`);
  return element;
}
