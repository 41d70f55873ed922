/** The one client entry of a lesson page: folds the bench, keeps progress, and mounts the live parts. */
import { mountBlocks } from '#src/drills/mount-blocks.ts';
import { mountCells } from '#src/notebook/mount-cells.ts';
import { mountBench } from '#src/stage/mount-bench.ts';
import { startBenchFold } from './bench-fold.ts';
import { benchInPage } from './lesson-blocks-in-page.ts';
import { markDone, rememberLast } from './progress.ts';

function startProgress(lesson: HTMLElement): void {
  const path = lesson.dataset['lessonPath'] ?? '';
  rememberLast({ path, place: lesson.dataset['lessonPlace'] ?? '' });
  const end = lesson.querySelector('.neighbours');
  if (end === null) return;
  // A lesson is done when its end has been in sight: nothing else is asked of a reader.
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    markDone(path);
  });
  observer.observe(end);
}

function startLive(lesson: HTMLElement): void {
  const live = benchInPage();
  if (live === null) return;
  startBenchFold(live.element);
  const bench = mountBench(live.element, { spec: live.spec, seed: live.seed, variant: 'lesson' });
  mountBlocks(lesson, { session: bench.session, bench: live.element });
  mountCells(lesson, { session: bench.session });
}

const lesson = document.querySelector<HTMLElement>('[data-lesson-path]');
if (lesson !== null) {
  startProgress(lesson);
  startLive(lesson);
}
document.querySelector('[data-shows="bench"]')?.addEventListener('click', () => window.scrollTo({ top: 0 }));
