/** Numbers in the prose, filled in from the run that the reader sees. A click shows the moment and opens the "why?" that speaks of it. */
import type { Measure } from '#src/lesson/lesson-blocks.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { showMoment } from './event-link.ts';
import { measureRun } from './measure-run.ts';
import type { Measured } from './measure-run.ts';
import { readMeasure } from './measure-words.ts';
import type { Measurement } from './measure-words.ts';

/** Facts come in many times a second; the prose need not follow faster than this. */
const REFRESH_MS = 250;

/** What the run says now, by name of the measure. */
export class MeasuredNumbers {
  readonly #session: LiveSession;
  readonly #measurements: ReadonlyMap<string, Measurement>;
  readonly #listeners = new Set<() => void>();
  #values: ReadonlyMap<string, Measured> = new Map();
  /** The lesson's cluster: another one on the bench (a drill, an opened file) has nothing to say about the text. */
  #cluster: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(session: LiveSession, measures: readonly Measure[], file: string) {
    this.#session = session;
    this.#measurements = new Map(measures.map((measure) => [measure.name, readMeasure(measure, file)]));
    session.listen({ factsChanged: () => this.#refreshSoon() });
    this.#refresh();
  }

  /** True for what this run can be asked; other numbers of the page belong to another run. */
  knows(name: string): boolean {
    return this.#measurements.has(name);
  }

  get(name: string): Measured | null {
    return this.#values.get(name) ?? null;
  }

  listen(listener: () => void): void {
    this.#listeners.add(listener);
    listener();
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#refresh();
    }, REFRESH_MS);
  }

  #refresh(): void {
    const run = this.#session.openedRun;
    if (run === null) return;
    const cluster = JSON.stringify(run.spec);
    this.#cluster ??= cluster;
    if (cluster !== this.#cluster) return;
    const facts = this.#session.facts.all;
    const openingUs = (run.spec.startMs ?? 0) * 1_000;
    const values = new Map<string, Measured>();
    for (const [name, measurement] of this.#measurements) {
      const measured = measureRun(measurement, facts, openingUs);
      if (measured !== null) values.set(name, measured);
    }
    this.#values = values;
    for (const listener of this.#listeners) listener();
  }
}

export function mountMeasuredLinks(root: ParentNode, numbers: MeasuredNumbers, session: LiveSession): void {
  const links = [...root.querySelectorAll<HTMLAnchorElement>('a[data-measure]')].filter((link) => numbers.knows(link.dataset['measure'] ?? ''));
  // What the build had measured stays until the reader's own run has come as far.
  const built = new Map(links.map((link) => [link, { text: link.textContent, isUnmeasured: link.hasAttribute('data-unmeasured') }]));
  numbers.listen(() => {
    for (const link of links) {
      const measured = numbers.get(link.dataset['measure'] ?? '');
      const before = built.get(link);
      const text = measured?.text ?? before?.text ?? '';
      if (link.textContent !== text) link.textContent = text;
      link.toggleAttribute('data-unmeasured', measured === null && before?.isUnmeasured === true);
    }
  });
  for (const link of links) {
    link.addEventListener('click', (event) => {
      const factId = numbers.get(link.dataset['measure'] ?? '')?.factId ?? null;
      const entry = factId === null ? undefined : session.facts.byId(factId);
      if (entry !== undefined) showMoment(session, entry.at);
      const why = document.getElementById(link.hash.slice(1));
      if (why instanceof HTMLDetailsElement) why.open = true;
      else event.preventDefault();
    });
  }
}
