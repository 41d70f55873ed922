/** Where the reader is in the course: marks finished lessons wherever the page draws them, and remembers the last one. */
import { browserProgress } from '#src/progress/progress-store.ts';

/** The one store of this page: a second one would write back what it had read before the first one wrote. */
export const progress = browserProgress();

const LAST_KEY = 'sorting-office.last';

export interface LastLesson {
  /** "part/lesson" */
  readonly path: string;
  /** "3.6" */
  readonly place: string;
}

export function markDone(path: string): void {
  progress.lessonDone(path);
  showProgress();
}

/** Turns the letters of finished lessons to manila. */
export function showProgress(): void {
  const done = new Set(progress.progress.lessons);
  for (const letter of document.querySelectorAll<HTMLElement>('[data-lesson]')) {
    letter.toggleAttribute('data-done', done.has(letter.dataset['lesson'] ?? ''));
  }
}

export function rememberLast(last: LastLesson): void {
  try {
    localStorage.setItem(LAST_KEY, JSON.stringify(last));
  } catch (reason) {
    // A closed or full storage costs the memory, not the lesson.
    if (!(reason instanceof DOMException)) throw reason;
  }
}

/** Null when there is none, or when the storage holds something else. */
export function lastLesson(): LastLesson | null {
  try {
    return lastLessonIn(JSON.parse(localStorage.getItem(LAST_KEY) ?? 'null'));
  } catch (reason) {
    if (reason instanceof DOMException || reason instanceof SyntaxError) return null;
    throw reason;
  }
}

function lastLessonIn(saved: unknown): LastLesson | null {
  if (typeof saved !== 'object' || saved === null || !('path' in saved) || !('place' in saved)) return null;
  const { path, place } = saved;
  return typeof path === 'string' && typeof place === 'string' && PATH.test(path) ? { path, place } : null;
}

/** "part/lesson" and nothing that could lead elsewhere. */
const PATH = /^[a-z0-9-]+\/[a-z0-9-]+$/;
