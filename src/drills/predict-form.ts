/**
 * Say first, then run. The button wakes when something has been said; what was said becomes an input of the run, stamped before the first
 * step; then the cluster runs in sight, and its own measurement is the answer.
 */
import { inlineMarkdown } from '#src/lesson/inline-markdown.ts';
import type { Measure, PredictBlock } from '#src/lesson/lesson-blocks.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { element, mark } from './dom-element.ts';
import { eventLink } from './event-link.ts';
import { isRight, measuredAnswer } from './predict-answer.ts';
import type { MeasuredAnswer } from './predict-answer.ts';
import { roleHolders, runStepOf } from './predict-steps.ts';
import { SKIP_EVENT, playUntil } from './play-until.ts';

export interface PredictOptions {
  readonly session: LiveSession;
  readonly measures: readonly Measure[];
  readonly file: string;
  /** Whether the bench shows the lesson's own cluster. */
  readonly isLessonOnBench: () => boolean;
  /** Told what was said, so that progress can keep it. */
  readonly said: (label: string) => void;
}

export function mountPredict(root: HTMLElement, block: PredictBlock, options: PredictOptions): void {
  const form = root.querySelector('form');
  const submit = root.querySelector<HTMLButtonElement>('button[type="submit"]');
  const verdict = root.querySelector<HTMLElement>('[data-mount="verdict"]');
  if (form === null || submit === null || verdict === null) return;
  const { session } = options;
  let isRunning = false;
  const chosen = (): number | null => {
    const value = new FormData(form).get(`predict-${block.id}`);
    return typeof value === 'string' ? Number(value) : null;
  };
  const { isLessonOnBench } = options;
  const wake = (): void => {
    const isHere = isLessonOnBench();
    submit.disabled = isRunning || chosen() === null || !isHere;
    // A drill or an opened file is another cluster: the question is not about it.
    submit.title = isHere ? '' : 'The bench shows another cluster now';
  };
  form.addEventListener('change', wake);
  session.listen({ stateChanged: wake });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const option = block.options[chosen() ?? -1];
    if (option === undefined || isRunning) return;
    isRunning = true;
    wake();
    options.said(option.label);
    verdict.replaceChildren();
    const ended = showRunning(root);
    run(block, session, option.label)
      .then(() => showVerdict(verdict, block, { ...options, said: option }))
      .catch((reason: unknown) => session.fail(reason))
      .finally(() => {
        ended();
        isRunning = false;
        wake();
      });
  });
  wake();
}

async function run(block: PredictBlock, session: LiveSession, said: string): Promise<void> {
  await session.give({ do: 'predict', id: block.id, answer: said });
  const { story } = session;
  const holders = story === null ? null : roleHolders(story.viewAt(session.shownUs));
  for (const step of block.then.map((it) => runStepOf(it, holders))) {
    if (step.kind === 'advance') await playUntil(session, session.shownUs + step.us);
    else if (step.kind === 'command') await session.give(step.command);
    else await session.call(step.make);
  }
  session.pause();
}

/** While the cluster runs the note says so; a reader in a hurry may have the answer at once. */
function showRunning(root: HTMLElement): () => void {
  const hint = root.querySelector<HTMLElement>('[data-mount="predict-hint"]');
  if (hint === null) return () => undefined;
  const before = hint.textContent;
  const skip = element('button', { type: 'button', 'data-skip': '' }, 'Show the answer now');
  skip.addEventListener('click', () => root.dispatchEvent(new CustomEvent(SKIP_EVENT, { bubbles: true })));
  hint.replaceChildren('The cluster runs. ', skip);
  root.setAttribute('data-running', '');
  return () => {
    hint.textContent = before;
    root.removeAttribute('data-running');
  };
}

async function showVerdict(
  verdict: HTMLElement,
  block: PredictBlock,
  of: Omit<PredictOptions, 'said'> & { readonly said: PredictBlock['options'][number] },
): Promise<void> {
  const { session } = of;
  const at = session.shownUs;
  const measured = measuredAnswer(block.answer, {
    facts: session.facts.all.slice(0, session.facts.countAt(at)),
    view: await session.observe(at),
    openingUs: (session.openedRun?.spec.startMs ?? 0) * 1_000,
    measures: of.measures,
    file: of.file,
  });
  if (measured === null) {
    verdict.replaceChildren(mark('open', 'Open'), element('span', {}, 'This run has not come to the moment that would answer. Let it run on, or begin the lesson again.'));
    return;
  }
  const right = isRight(of.said, measured.value);
  const link = eventLink(session, measured.factId);
  const answer = answerOf(block, measured);
  verdict.replaceChildren(
    right ? mark('met', 'As you said') : mark('broken', 'The run says'),
    element('span', {}, answer, ...(link === null ? [] : [', ', link]), '. ', block.why === null ? null : marked(block.why)),
  );
}

/** The author's text with its few inline marks; everything else in it is escaped. */
function marked(text: string): HTMLElement {
  const span = element('span');
  span.innerHTML = inlineMarkdown(text);
  return span;
}

/** The words of the option that was right, with the measured number where the words are wider than it. */
function answerOf(block: PredictBlock, { value, text }: MeasuredAnswer): HTMLElement {
  const option = block.options.find((it) => isRight(it, value));
  const measured = element('span', { class: 'engine-value' }, text);
  if (option === undefined || option.label === text) return measured;
  const label = marked(option.label);
  return option.value === text ? label : element('span', {}, label, ' (', measured, ')');
}
