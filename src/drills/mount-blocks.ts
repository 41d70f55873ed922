/**
 * Wakes the live blocks of a lesson page: predictions, measured numbers, "why?", diagrams, what is said elsewhere, drills. Code cells belong to
 * the notebook. Predictions, diagrams and drills are loaded when the reader comes near it.
 */
import '#src/styles/drills.css';
import { blocksInPage } from '#src/page/lesson-blocks-in-page.ts';
import { progress } from '#src/page/progress.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { mountElsewhere } from './elsewhere-box.ts';
import { lessonOnBench } from './lesson-on-bench.ts';
import { MeasuredNumbers, mountMeasuredLinks } from './measured-links.ts';

export interface BlocksOfPage {
  readonly session: LiveSession;
  /** The live cluster beside the text; links to a moment scroll to it on narrow pages. */
  readonly bench: HTMLElement | null;
}

export function mountBlocks(root: HTMLElement, { session, bench }: BlocksOfPage): void {
  const blocks = blocksInPage(root);
  const lesson = root.closest<HTMLElement>('[data-lesson-path]')?.dataset['lessonPath'] ?? '';
  // What a comparison measures stays as the build has measured it: its two runs are the same in every browser.
  const measures = blocks.flatMap(({ block }) => (block.kind === 'measures' ? block.measures.filter((measure) => measure.of === null) : []));
  const file = `lesson ${lesson}`;
  const numbers = new MeasuredNumbers(session, measures, file);
  mountMeasuredLinks(root, numbers, session);
  const isLessonOnBench = lessonOnBench(session);
  for (const { element, block } of blocks) {
    switch (block.kind) {
      case 'predict':
        whenNear(element, async () => (await import('./predict-form.ts')).mountPredict(element, block, { session, measures, file, isLessonOnBench, said: (label) => progress.said(lesson, block.id, label) }), session);
        break;
      case 'why':
        whenNear(element, async () => (await import('./why-block.ts')).mountWhy(element, block, { session, numbers }), session);
        break;
      case 'mermaid':
        whenNear(element, async () => (await import('#src/diagrams/mount-mermaid.ts')).mountMermaid(element, block, session), session);
        break;
      case 'compare':
        whenNear(element, async () => (await import('#src/compare/mount-compare.ts')).mountCompare(element, block, { onPlay: () => session.pause() }), session);
        break;
      case 'drill':
        whenNear(element, async () => (await import('./mount-drill.ts')).mountDrill(element, { session, progress }), session);
        break;
      default:
        break;
    }
  }
  for (const element of root.querySelectorAll<HTMLElement>('[data-block="elsewhere"]')) mountElsewhere(element);
  if (bench !== null) showBenchOnNarrowPages(root, bench);
}

function whenNear(element: HTMLElement, load: () => Promise<void>, session: LiveSession): void {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    load().catch((reason: unknown) => session.fail(reason));
  }, { rootMargin: '600px' });
  observer.observe(element);
}

/** Where the bench stands above the text, a link to a moment would change a picture that nobody sees. */
function showBenchOnNarrowPages(root: HTMLElement, bench: HTMLElement): void {
  root.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href="#bench"]') : null;
    if (link === null) return;
    const { bottom } = bench.getBoundingClientRect();
    if (bottom <= 0) bench.scrollIntoView({ block: 'start' });
  });
}
