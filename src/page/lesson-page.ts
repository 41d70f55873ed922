/** The one client entry of a lesson page: folds the bench, keeps progress, and mounts the live parts. */
import { startBenchFold } from './bench-fold.ts';
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

const bench = document.getElementById('bench');
const lesson = document.querySelector<HTMLElement>('[data-lesson-path]');
if (bench !== null) startBenchFold(bench);
if (lesson !== null) startProgress(lesson);
document.querySelector('[data-shows="bench"]')?.addEventListener('click', () => window.scrollTo({ top: 0 }));
