/** What could not be done: where, what was expected, what was found, and the cure. It lies above the stage until the next thing is done. */
import type { Problem } from '#src/session/session-listener.ts';
import { escapeMarkup } from './shown-text.ts';

export class ProblemNote {
  readonly #note = document.createElement('div');

  constructor(mount: HTMLElement) {
    this.#note.className = 'problem';
    this.#note.setAttribute('role', 'alert');
    this.#note.hidden = true;
    mount.prepend(this.#note);
    this.#note.addEventListener('click', (event) => {
      if (event.target instanceof Element && event.target.closest('button') !== null) this.clear();
    });
  }

  show(problem: Problem): void {
    const rows = ([['where', problem.where], ['expected', problem.expected], ['found', problem.found], ['cure', problem.cure]] as const)
      .flatMap(([name, value]) => (value === null ? [] : [`<dt>${name}</dt><dd>${escapeMarkup(value)}</dd>`])).join('');
    this.#note.innerHTML = `<b>${escapeMarkup(problem.what)}</b><dl>${rows}</dl><button type="button" class="quiet">Close</button>`;
    this.#note.hidden = false;
  }

  clear(): void {
    if (this.#note.hidden) return;
    this.#note.hidden = true;
    this.#note.textContent = '';
  }
}
