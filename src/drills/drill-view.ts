/** The panel of a drill: forms, faults, goals with evidence that moves the clock, hints one by one, the verdict over twenty seeds. It only draws. */
import type { Party } from '#engine/cluster/commands.ts';
import type { ClusterView } from '#engine/cluster/view.ts';
import type { Drill, DrillFault, DrillVerb, PredictionQuestion } from '#engine/grading/define-drill.ts';
import type { Verdict } from '#engine/grading/grade.ts';
import type { DrillResult } from '#src/progress/progress-store.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { clockText } from '#src/stage/shown-text.ts';
import { button, element, mark } from './dom-element.ts';
import { SEEDS, goalLines, seedsSummary, stoppedParties } from './drill-words.ts';
import type { SeedVerdict } from './drill-words.ts';
import { momentLink } from './event-link.ts';

export interface DrillActs {
  readonly begin: () => void;
  readonly leave: () => void;
  readonly happen: (fault: DrillFault) => void;
  readonly restart: (node: Party) => void;
  readonly elect: () => void;
  readonly verb: (verb: DrillVerb) => void;
  readonly handIn: () => void;
  readonly replay: (seed: number) => void;
  readonly form: (question: PredictionQuestion) => HTMLElement;
}

export class DrillView {
  readonly #drill: Drill;
  readonly #session: LiveSession;
  readonly #acts: DrillActs;
  readonly #best = element('p', { class: 'drill-best' });
  readonly #start: HTMLElement;
  readonly #work = element('div', { class: 'drill-work', hidden: '' });
  readonly #faults = new Map<string, HTMLButtonElement>();
  readonly #stopped = element('span', { class: 'drill-restarts' });
  readonly #goals = element('ol', { class: 'goals' });
  readonly #verdict = element('section', { class: 'verdict', hidden: '', 'aria-live': 'polite' });

  constructor(place: HTMLElement, drill: Drill, session: LiveSession, acts: DrillActs) {
    this.#drill = drill;
    this.#session = session;
    this.#acts = acts;
    this.#start = element('p', { class: 'drill-start' }, button('Put the drill on the bench', acts.begin, { class: 'primary big' }));
    this.#fillWork();
    this.showGoals(null);
    place.replaceChildren(this.#best, this.#start, this.#work, element('h3', {}, 'Goals'), this.#goals, ...this.#hints(), this.#verdict);
  }

  #fillWork(): void {
    for (const fault of this.#drill.faults) this.#faults.set(fault.id, button('Let it happen', () => this.#acts.happen(fault), { class: 'primary', disabled: '' }));
    this.#work.append(
      element('p', { class: 'drill-seed' }, 'The bench shows the drill now. ', button('Begin again', this.#acts.begin), ' ', button('Back to the lesson', this.#acts.leave)),
      ...this.#drill.predictions.map(this.#acts.form),
      ...this.#drill.faults.map((fault) => element('p', { class: 'drill-fault' }, element('span', {}, fault.text), this.#faults.get(fault.id) ?? null)),
      element('div', { class: 'drill-verbs', role: 'group', 'aria-label': 'At hand' },
        element('span', { class: 'drill-caption' }, 'at hand'), this.#stopped, button('Elect the preferred leaders', this.#acts.elect),
        ...(this.#drill.verbs ?? []).map((verb) => button(verb.text, () => this.#acts.verb(verb))),
        element('span', { class: 'drill-caption' }, 'and on the bench every shelf')),
      element('p', { class: 'drill-hand-in' }, button('Hand in', this.#acts.handIn, { class: 'primary' }), element('span', {}, 'Your inputs are played again on twenty seeds.')));
  }

  #hints(): readonly HTMLElement[] {
    const all = this.#drill.hints.map((hint, index) => {
      const state = element('span', {}, 'open it');
      const details = element('details', { class: 'hint' },
        element('summary', {}, `Hint ${index + 1} of ${this.#drill.hints.length}`, state), element('p', {}, hint));
      details.hidden = index > 0;
      return { details, state };
    });
    all.forEach(({ details, state }, index) => {
      details.addEventListener('toggle', () => {
        if (!details.open) return;
        state.textContent = 'used';
        const next = all[index + 1];
        if (next !== undefined) next.details.hidden = false;
      });
    });
    return all.map(({ details }) => details);
  }

  showBest(best: DrillResult | null): void {
    if (best === null) return;
    this.#best.replaceChildren(best.passed ? mark('met', 'Passed') : mark('open', 'Not yet'), ` ${best.held} of ${best.seeds} seeds held when you last handed in.`);
  }

  showOpen(): void {
    this.#start.hidden = true;
    this.#work.hidden = false;
    this.#verdict.hidden = true;
    for (const form of this.#work.querySelectorAll('form')) form.reset();
    this.showGoals(null);
  }

  showClosed(): void {
    this.#start.hidden = false;
    this.#work.hidden = true;
  }

  showFault(id: string, { isReady, words }: { readonly isReady: boolean; readonly words: string }): void {
    const act = this.#faults.get(id);
    if (act === undefined) return;
    act.disabled = !isReady;
    act.textContent = words;
  }

  /** A button for each process that is stopped. */
  showNodes(view: ClusterView): void {
    const stopped = stoppedParties(view);
    const shown = stopped.map(({ words }) => words).join();
    if (this.#stopped.dataset['shown'] === shown) return;
    this.#stopped.dataset['shown'] = shown;
    this.#stopped.replaceChildren(...stopped.map(({ party, words }) => button(`Start ${words}`, () => this.#acts.restart(party))));
  }

  showGoals(verdict: Verdict | null): void {
    this.#goals.replaceChildren(...goalLines(this.#drill, verdict).map((goal) => {
      const links = goal.evidence.flatMap((it) => [' ', momentLink(this.#session, it.at, `${it.text}, ${clockText(it.at)}`)]);
      return element('li', {}, mark(goal.state, goal.word),
        element('div', {}, element('b', {}, goal.kind), ` ${goal.text}`,
          goal.detail === '' && links.length === 0 ? null : element('small', {}, goal.detail === '' ? '' : `${goal.detail}.`, ...links)));
    }));
  }

  showSeeds(graded: readonly SeedVerdict[]): void {
    const { held, isPassed, sentence, replay } = seedsSummary(graded);
    const isDone = graded.length === SEEDS.length;
    const squares = SEEDS.map((seed) => {
      const verdict = graded.find((it) => it.seed === seed)?.verdict;
      return element('i', verdict === undefined ? { class: 'waiting' } : verdict.passed ? {} : { class: 'x' });
    });
    const state = !isDone ? mark('open', 'Grading') : isPassed ? mark('met', 'Passed') : mark('broken', 'Not yet');
    this.#verdict.hidden = false;
    this.#verdict.replaceChildren(
      element('header', {}, element('h3', {}, `Over ${SEEDS.length} seeds`), state),
      element('p', { class: 'score' }, element('b', {}, String(held)), ` of ${SEEDS.length} held`),
      element('div', { class: 'seeds', role: 'img', 'aria-label': `${graded.length} of ${SEEDS.length} seeds graded, ${graded.length - held} not held` }, ...squares),
      element('p', {}, sentence),
      ...(isDone && replay !== null ? [element('p', { class: 'go' }, button(`Replay seed ${replay}`, () => this.#acts.replay(replay), { class: 'primary' }))] : []));
  }
}
