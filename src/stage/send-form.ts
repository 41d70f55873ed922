/** "Send a letter": hands records to a producer of the run. Where it goes is said by the run, when the producer has decided. */
import type { LiveSession } from '#src/session/live-session.ts';
import { escapeMarkup, listText } from './shown-text.ts';

/** The guides' own keys; any other may be typed. */
const KEYS = ['customer-123', 'customer-456', 'customer-789', 'user-1', 'user-2'];
/** Opened when the run has no producer that could be told to send. */
const OWN_PRODUCER = 'you';

export class SendForm {
  readonly #session: LiveSession;
  readonly #form: HTMLFormElement;
  readonly #said: HTMLElement;
  readonly #topic: () => string | null;
  #call: number | null = null;
  #producers = '';
  #drawn = '';
  static #count = 0;

  constructor(mount: HTMLElement, session: LiveSession, topic: () => string | null) {
    this.#session = session;
    this.#topic = topic;
    SendForm.#count += 1;
    const list = `keys-${SendForm.#count}`;
    this.#form = document.createElement('form');
    this.#form.className = 'send';
    this.#form.innerHTML = '<label class="who"><span class="caption">producer</span><select name="producer"></select></label>'
      + `<label><span class="caption">key</span><input name="key" value="customer-123" list="${list}" autocomplete="off" maxlength="200"></label>`
      + '<label><span class="caption">value</span><input name="value" value="paid" autocomplete="off" maxlength="2000"></label>'
      + `<datalist id="${list}">${KEYS.map((key) => `<option value="${key}">`).join('')}</datalist><button type="submit">Send</button><output></output>`;
    mount.append(this.#form);
    const said = this.#form.querySelector('output');
    if (said === null) throw new Error('the form has no place for an answer');
    this.#said = said;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send().catch((reason: unknown) => session.fail(reason));
    });
  }

  draw(us: number): void {
    const { story, facts } = this.#session;
    if (story === null) return;
    const drawn = `${facts.version} ${story.countAt(us)} ${this.#call ?? ''}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const ids = story.viewAt(us).producers.map((it) => it.id);
    const producers = ids.length === 0 ? [OWN_PRODUCER] : ids;
    if (producers.join(' ') !== this.#producers) {
      this.#producers = producers.join(' ');
      const select = this.#form.elements.namedItem('producer');
      this.#form.classList.toggle('one-producer', producers.length === 1);
      if (select instanceof HTMLSelectElement) select.innerHTML = producers.map((id) => `<option>${escapeMarkup(id)}</option>`).join('');
    }
    const answer = this.#answer(us);
    if (this.#said.textContent !== answer) this.#said.textContent = answer;
  }

  async #send(): Promise<void> {
    const topic = this.#topic();
    if (topic === null) throw new Error('there is no topic to send to');
    const value = (name: string): string => {
      const field = this.#form.elements.namedItem(name);
      return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field.value : '';
    };
    const producer = value('producer');
    const exists = this.#session.story?.viewAt(this.#session.shownUs).producers.some((it) => it.id === producer) ?? false;
    if (!exists) await this.#session.give({ do: 'open-producer', producer: { id: producer } });
    const key = value('key');
    this.#call = null;
    this.#call = await this.#session.call((call) =>
      ({ do: 'send', producer, topic, records: [{ key: key === '' ? null : key, value: value('value') }], call }));
    this.#session.play();
  }

  /** What became of the last letter, as far as the clock has come. */
  #answer(us: number): string {
    if (this.#call === null) return '';
    const accepted = this.#session.facts.all.findLast((entry) => entry.fact.kind === 'records-accepted' && entry.fact.call === this.#call);
    if (accepted === undefined || accepted.at > us || accepted.fact.kind !== 'records-accepted') return 'handed over';
    const { partitions } = accepted.fact;
    if (partitions.some((partition) => partition < 0)) return 'accepted; the producer will choose a partition';
    return `goes to partition ${listText([...new Set(partitions)])}`;
  }
}
