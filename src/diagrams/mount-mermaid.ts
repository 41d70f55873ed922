/**
 * A diagram in the page: its source comes from the run, Mermaid draws it. Mermaid is loaded when the first diagram comes near, and draws again
 * only when the structure has changed, never per tick of the clock. The source can be read and copied.
 */
import type { ViewFact } from '#engine/cluster/view.ts';
import type { MermaidBlock } from '#src/lesson/lesson-blocks.ts';
import { APPEARANCE_EVENT, isOn } from '#src/page/appearance.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { clusterGraphSource } from './cluster-graph.ts';
import { mermaidTheme } from './mermaid-theme.ts';
import { MOMENT_WORDS, nextMoment, readMoment } from './moment.ts';
import type { Moment } from './moment.ts';
import { sequenceSource } from './sequence-text.ts';

/** Changes come in bursts (three partitions lose a replica at once): one drawing for all. */
const SETTLE_MS = 350;
/** Fetches that an excerpt answers may have waited this long before it begins. */
const LOOK_BACK_US = 2_000_000;

interface Drawing { readonly key: string; readonly source: string }

export function mountMermaid(root: HTMLElement, block: MermaidBlock, session: LiveSession): void {
  const place = root.querySelector<HTMLElement>('[data-mount="diagram"]');
  if (place === null) return;
  const figure = new DiagramFigure(place, block.alt);
  const source = block.diagram === 'graph' ? () => graphOf(session) : () => sequenceOf(block, session);
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isNear = false;
  const draw = async (): Promise<void> => {
    const drawing = await source();
    if (drawing === null) figure.wait(block.diagram === 'graph' ? 'The cluster is drawn when it is there.' : 'This is drawn from your run, as soon as it has happened.');
    else await figure.draw(drawing);
  };
  const drawSoon = (): void => {
    if (!isNear) return;
    timer ??= setTimeout(() => {
      timer = null;
      draw().catch((reason: unknown) => session.fail(reason));
    }, SETTLE_MS);
  };
  session.listen({ factsChanged: drawSoon, clockMoved: block.diagram === 'graph' ? drawSoon : () => undefined });
  document.addEventListener(APPEARANCE_EVENT, () => {
    figure.forget();
    drawSoon();
  });
  new IntersectionObserver((entries) => {
    isNear = entries.some((entry) => entry.isIntersecting);
    drawSoon();
  }, { rootMargin: '400px' }).observe(root);
}

/** What changes the graph: who is there, who leads, who is in sync. Traffic does not. */
function isStructural({ fact }: ViewFact): boolean {
  switch (fact.kind) {
    case 'partition-changed': case 'process-started': case 'process-stopped': case 'process-paused': case 'process-resumed':
    case 'broker-fenced': case 'broker-unfenced': case 'raft-role': case 'zookeeper-state': case 'zookeeper-session': case 'controller-elected': case 'producer-opened': case 'consumer-opened': case 'client-closed':
      return true;
    default:
      return false;
  }
}

async function graphOf(session: LiveSession): Promise<Drawing | null> {
  const at = session.shownUs;
  const change = session.facts.all.slice(0, session.facts.countAt(at)).findLast(isStructural);
  if (change === undefined) return null;
  const view = await session.observe(at);
  // The clock in its title is not a reason to draw: the key is the picture of the same structure at no time.
  return { key: clusterGraphSource({ ...view, at: 0 }), source: clusterGraphSource(view) };
}

async function sequenceOf(block: MermaidBlock, session: LiveSession): Promise<Drawing | null> {
  const from = momentOf(block.from ?? 'opening');
  const to = momentOf(block.to ?? 'now');
  const told = session.facts.all;
  const start = nextMoment(told, from, told.findIndex((entry) => entry.at >= openingUs(session)) - 1);
  const end = start === -1 ? -1 : nextMoment(told, to, start);
  const [first, last] = [told[start], told[end]];
  if (first === undefined || last === undefined) return null;
  const before = told.find((entry) => entry.at >= first.at - LOOK_BACK_US) ?? first;
  const facts = withOpenings(await session.factsWithQuiet(before.id), told);
  const source = sequenceSource({
    facts,
    from: facts.findIndex((entry) => entry.id >= first.id),
    to: facts.findLastIndex((entry) => entry.id <= last.id),
    focus: { topic: null, partition: 'partition' in to ? to.partition : null },
  });
  return source === null ? null : { key: source, source };
}

/** Who is a producer and who leads what was said long before the excerpt. */
function withOpenings(facts: readonly ViewFact[], told: readonly ViewFact[]): readonly ViewFact[] {
  const firstId = facts[0]?.id ?? 0;
  const openings = told.filter((entry) => entry.id < firstId
    && (isStructural(entry) && entry.fact.kind !== 'raft-role'));
  return [...openings, ...facts];
}

function openingUs(session: LiveSession): number {
  return (session.openedRun?.spec.startMs ?? 0) * 1_000;
}

function momentOf(words: string): Moment {
  const moment = readMoment(words);
  if (moment === null) throw new Error(`no moment is called "${words}"; the words are ${MOMENT_WORDS}`);
  return moment;
}

/** The drawn picture with its source beneath. */
class DiagramFigure {
  readonly #place: HTMLElement;
  readonly #alt: string;
  #drawn: string | null = null;

  constructor(place: HTMLElement, alt: string) {
    this.#place = place;
    this.#alt = alt;
  }

  forget(): void {
    this.#drawn = null;
  }

  wait(words: string): void {
    if (this.#drawn === words) return;
    this.#drawn = words;
    const note = document.createElement('p');
    note.className = 'diagram-waits';
    note.textContent = words;
    this.#place.replaceChildren(note);
  }

  async draw({ key, source }: Drawing): Promise<void> {
    if (this.#drawn === key) return;
    this.#drawn = key;
    const svg = await renderMermaid(source);
    if (this.#drawn !== key) return;
    const picture = document.createElement('div');
    picture.className = 'diagram-picture';
    picture.tabIndex = 0;
    picture.setAttribute('role', 'img');
    picture.setAttribute('aria-label', this.#alt);
    // Mermaid has sanitised its own drawing (securityLevel strict), and the texts in it were protected before.
    picture.innerHTML = svg;
    this.#place.replaceChildren(picture, this.#sourceOf(source));
  }

  #sourceOf(source: string): HTMLElement {
    const details = document.createElement('details');
    details.className = 'diagram-source';
    const summary = document.createElement('summary');
    summary.textContent = 'As text';
    const text = document.createElement('pre');
    text.tabIndex = 0;
    text.textContent = source;
    const copy = document.createElement('button');
    copy.type = 'button';
    copy.textContent = 'Copy';
    copy.addEventListener('click', () => {
      navigator.clipboard.writeText(source).then(
        () => { copy.textContent = 'Copied'; },
        // Without the permission the text can still be selected: it is right there.
        () => { getSelection()?.selectAllChildren(text); },
      );
    });
    details.append(summary, copy, text);
    return details;
  }
}

let drawings = 0;
/** Mermaid draws one picture at a time: it keeps its theme in a variable of its own. */
let queue: Promise<unknown> = Promise.resolve();

async function renderMermaid(source: string): Promise<string> {
  const turn = queue.then(async () => {
    const { default: mermaid } = await import('mermaid');
    const style = getComputedStyle(document.documentElement);
    const theme = mermaidTheme((name) => style.getPropertyValue(name).trim(), isOn('night'));
    mermaid.initialize({
      startOnLoad: false, securityLevel: 'strict', theme: 'base', ...theme,
      sequence: { useMaxWidth: true, mirrorActors: false, wrap: true, width: 122, actorMargin: 14, height: 46, messageMargin: 34, diagramMarginX: 4, diagramMarginY: 4, noteMargin: 8 },
      flowchart: { useMaxWidth: true, htmlLabels: true },
    });
    drawings += 1;
    const { svg } = await mermaid.render(`diagram-${drawings}`, source);
    return svg;
  });
  queue = turn.catch(() => undefined);
  return turn;
}

