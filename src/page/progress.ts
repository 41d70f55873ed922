/** Which lessons this browser has finished, and where it was last. Kept on this device only. */

const DONE_KEY = 'sorting-office.done';
const LAST_KEY = 'sorting-office.last';

export interface LastLesson {
  /** "part/lesson" */
  readonly path: string;
  /** "3.6" */
  readonly place: string;
}

/** Paths ("part/lesson") of finished lessons. Unreadable storage is an empty set. */
export function doneLessons(): ReadonlySet<string> {
  const saved = parse(read(DONE_KEY));
  return new Set(Array.isArray(saved) ? saved.filter((path): path is string => typeof path === 'string') : []);
}

export function markDone(path: string): void {
  write(DONE_KEY, JSON.stringify([...new Set([...doneLessons(), path])]));
  showProgress();
}

export function rememberLast(last: LastLesson): void {
  write(LAST_KEY, JSON.stringify(last));
}

export function lastLesson(): LastLesson | null {
  const saved = parse(read(LAST_KEY));
  if (typeof saved !== 'object' || saved === null || !('path' in saved) || !('place' in saved)) return null;
  const { path, place } = saved;
  return typeof path === 'string' && typeof place === 'string' ? { path, place } : null;
}

/** Turns the letters of finished lessons to manila, wherever the page draws them. */
export function showProgress(): void {
  const done = doneLessons();
  for (const letter of document.querySelectorAll<HTMLElement>('[data-lesson]')) {
    letter.toggleAttribute('data-done', done.has(letter.dataset['lesson'] ?? ''));
  }
}

function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (reason) {
    if (reason instanceof SyntaxError) return null;
    throw reason;
  }
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch (reason) {
    if (reason instanceof DOMException) return null;
    throw reason;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch (reason) {
    if (!(reason instanceof DOMException)) throw reason;
  }
}
