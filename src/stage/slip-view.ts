/**
 * The slip: what is true of a place beside what the controller believes, and what can be done to it. Focus moves in, Tab stays in, letters
 * act, Escape returns to the cell. It never lies over the cell it speaks of; on a phone it is a sheet from below.
 */
import { controllerCard, plate } from './broker-marks.ts';
import { escapeMarkup } from './shown-text.ts';
import type { Deed, SlipModel } from './stage-actions.ts';
import { isServerPlace, type StagePlace } from './stage-places.ts';

export class SlipView {
  readonly #slip: HTMLElement;
  readonly #around: HTMLElement;
  readonly #onDeed: (deed: Deed) => void;
  #opener: HTMLElement | null = null;
  #place: StagePlace | null = null;
  #model: SlipModel | null = null;
  #drawn = '';

  /** `around` is the positioned box that the slip lies in. */
  constructor(around: HTMLElement, onDeed: (deed: Deed) => void) {
    this.#around = around;
    this.#onDeed = onDeed;
    this.#slip = document.createElement('div');
    this.#slip.className = 'slip';
    this.#slip.setAttribute('role', 'dialog');
    this.#slip.hidden = true;
    around.append(this.#slip);
    this.#slip.addEventListener('click', (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-letter]') : null;
      if (button !== null) this.#act(button.dataset['letter'] ?? '');
    });
    this.#slip.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('pointerdown', (event) => {
      if (this.#place !== null && event.target instanceof Node && !this.#slip.contains(event.target) && this.#opener !== event.target) this.#close(false);
    });
  }

  /** The place it speaks of; null while it is closed. */
  get place(): StagePlace | null {
    return this.#place;
  }

  open(place: StagePlace, opener: HTMLElement, model: SlipModel): void {
    this.#close(false);
    this.#place = place;
    this.#opener = opener;
    opener.setAttribute('aria-expanded', 'true');
    this.#slip.hidden = false;
    this.#slip.setAttribute('aria-label', model.title);
    this.#slip.innerHTML = `<header>${isServerPlace(place) ? '' : `<svg width="30" height="26" class="stage-svg" aria-hidden="true">${model.title.startsWith('controller') ? controllerCard(place.broker, { x: 15, y: 13, r: 11 }) : plate(place.broker, { x: 14, y: 13, r: 10 })}</svg>`}<span>${escapeMarkup(model.title)}</span>`
      + '<button type="button" class="quiet" data-letter="Escape" aria-label="Close">Esc</button></header><div class="two-sides"></div><dl class="facts"></dl><menu></menu><div class="letters"></div>';
    this.#drawn = '';
    this.update(model);
    this.#putBeside(opener);
    this.#slip.querySelector<HTMLElement>('menu button:not(:disabled)')?.focus();
  }

  /** Time flows while it lies open. */
  update(model: SlipModel): void {
    this.#model = model;
    const drawn = JSON.stringify([model.truth, model.believer, model.belief, model.facts, model.letters, model.verbs.map((it) => [it.name, it.deed === null])]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    fill(this.#slip, '.two-sides', `<div><small class="caption">true</small>${escapeMarkup(model.truth)}</div><div><small class="caption">${escapeMarkup(model.believer)}</small>${escapeMarkup(model.belief)}</div>`);
    fill(this.#slip, '.facts', model.facts.map(([name, value]) => `<dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}</dd>`).join(''));
    this.#fillVerbs(model);
    fill(this.#slip, '.letters', model.letters.length === 0 ? '' : `<small class="caption">its newest letters</small><ol>${model.letters.map((letter) =>
      `<li class="${letter.isCommitted ? 'ink' : 'pencil'}"><b>${letter.offset}</b> ${escapeMarkup(letter.key)} <span>${escapeMarkup(letter.value)}</span>${letter.isCommitted ? '' : ' <small>pencil</small>'}</li>`).join('')}</ol>`);
  }

  close(): void {
    this.#close(true);
  }

  #fillVerbs(model: SlipModel): void {
    const menu = this.#slip.querySelector('menu');
    const focused = document.activeElement instanceof HTMLElement && menu?.contains(document.activeElement) === true ? document.activeElement.dataset['letter'] : null;
    fill(this.#slip, 'menu', model.verbs.map((verb) =>
      `<li><button type="button" data-letter="${escapeMarkup(verb.letter)}"${verb.deed === null ? ' disabled' : ''}>${escapeMarkup(verb.name)} <kbd>${escapeMarkup(verb.letter)}</kbd></button></li>`).join(''));
    if (focused === null || focused === undefined) return;
    const again = this.#slip.querySelector<HTMLElement>(`menu [data-letter="${focused}"]:not(:disabled)`) ?? this.#slip.querySelector<HTMLElement>('menu button:not(:disabled)');
    again?.focus();
  }

  #close(returnsFocus: boolean): void {
    if (this.#place === null) return;
    this.#opener?.removeAttribute('aria-expanded');
    if (returnsFocus && this.#opener?.isConnected === true) this.#opener.focus();
    this.#opener = null;
    this.#place = null;
    this.#slip.hidden = true;
  }

  #act(letter: string): void {
    if (letter === 'Escape') return this.close();
    const verb = this.#model?.verbs.find((it) => it.letter === letter);
    if (verb === undefined || verb.deed === null) return;
    const { deed } = verb;
    this.close();
    this.#onDeed(deed);
  }

  #key(event: KeyboardEvent): void {
    const buttons = [...this.#slip.querySelectorAll<HTMLElement>('button:not(:disabled)')];
    const at = buttons.findIndex((button) => button === document.activeElement);
    const goTo = (index: number): void => buttons[(index + buttons.length) % buttons.length]?.focus();
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.close();
    } else if (event.key === 'Tab') goTo(at + (event.shiftKey ? -1 : 1));
    else if (event.key === 'ArrowDown') goTo(at + 1);
    else if (event.key === 'ArrowUp') goTo(at - 1);
    else if (event.ctrlKey || event.metaKey || event.altKey || !this.#has(event.key)) return;
    else this.#act(event.key.toUpperCase());
    event.preventDefault();
  }

  #has(key: string): boolean {
    return this.#model?.verbs.some((verb) => verb.letter === key.toUpperCase()) ?? false;
  }

  #putBeside(opener: HTMLElement): void {
    const around = this.#around.getBoundingClientRect();
    const cell = opener.getBoundingClientRect();
    const slip = this.#slip.getBoundingClientRect();
    // What lies above the frame has its slip below it, like a replica.
    const isShelf = this.#place !== null && !isServerPlace(this.#place) && this.#place.partition === null;
    const left = isShelf ? cell.right - around.left + 8 : cell.left - around.left + 8;
    const below = cell.bottom - around.top + 8;
    const room = window.innerHeight - cell.bottom - 16;
    const top = isShelf ? cell.top - around.top - 20 : room < slip.height ? cell.top - around.top - slip.height - 8 : below;
    this.#slip.style.left = `${Math.max(4, Math.min(left, around.width - slip.width - 4))}px`;
    this.#slip.style.top = `${Math.max(isShelf ? 4 : -around.top + 8, Math.min(top, isShelf ? window.innerHeight - around.top - slip.height - 8 : top))}px`;
  }
}

/** What was written last: the browser writes markup its own way, so reading it back would never compare equal. */
const written = new WeakMap<Element, string>();

/** A part that has not changed is left alone: a button that is replaced under the pointer loses the click. */
function fill(root: ParentNode, selector: string, markup: string): void {
  const element = root.querySelector(selector);
  if (element === null || written.get(element) === markup) return;
  written.set(element, markup);
  element.innerHTML = markup;
}
