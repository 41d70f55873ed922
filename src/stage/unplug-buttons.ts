/** The front page's three buttons: pull a broker's plug, and put it back. */
import type { LiveSession } from '#src/session/live-session.ts';
import type { NodeView } from '#engine/cluster/view.ts';
import { plate } from './broker-marks.ts';

export class UnplugButtons {
  readonly #session: LiveSession;
  readonly #mount: HTMLElement;
  #drawn = '';
  #nodes: readonly NodeView[] = [];

  constructor(mount: HTMLElement, session: LiveSession) {
    this.#session = session;
    this.#mount = mount;
    mount.innerHTML = '<div class="unplug"><p><b>This is running.</b> Pull a broker’s plug.</p><div class="plugs"></div></div>';
    mount.addEventListener('click', (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-broker]') : null;
      if (button === null) return;
      const node = Number(button.dataset['broker']);
      this.#session.give(button.dataset['deed'] === 'restart' ? { do: 'restart', node } : { do: 'kill', node })
        .then(() => this.#session.play()).catch((reason: unknown) => this.#session.fail(reason));
    });
  }

  draw(us: number): void {
    const nodes = this.#session.story?.viewAt(us).nodes ?? [];
    if (nodes === this.#nodes) return;
    this.#nodes = nodes;
    const drawn = nodes.map((node) => `${node.id} ${node.status === 'stopped'}`).join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const plugs = this.#mount.querySelector('.plugs');
    if (plugs === null) return;
    const hadFocus = document.activeElement instanceof HTMLElement && plugs.contains(document.activeElement) ? document.activeElement.dataset['broker'] : undefined;
    plugs.innerHTML = nodes.map((node) => {
      const isStopped = node.status === 'stopped';
      return `<button type="button" data-broker="${node.id}" data-deed="${isStopped ? 'restart' : 'kill'}">`
        + `${isStopped ? 'Start' : 'Unplug'} <span class="visually-hidden">broker ${node.id}${isStopped ? ' again' : ''}</span> <svg width="22" height="20" class="stage-svg" aria-hidden="true">${plate(node.id, { x: 11, y: 10, r: 7.5 }, isStopped ? 'gone' : 'full')}</svg></button>`;
    }).join('');
    if (hadFocus !== undefined) plugs.querySelector<HTMLElement>(`[data-broker="${hadFocus}"]`)?.focus();
  }
}
