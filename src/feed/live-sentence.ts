/** What is read aloud while time flows: at most one sentence a second, and a sum when more has happened than can be said. Pure. */
import type { FeedLine } from './feed-lines.ts';

export const SPOKEN_EVERY_MS = 1_000;

export interface Spoken { readonly text: string; readonly lastId: number; readonly atMs: number }

/** The next thing to say, or null. `lines` are the lines now, oldest first. */
export function nextSpoken(lines: readonly FeedLine[], last: Spoken, nowMs: number): Spoken | null {
  const newest = lines.at(-1);
  if (newest === undefined || newest.id === last.lastId || nowMs - last.atMs < SPOKEN_EVERY_MS) return null;
  const fresh = newest.id > last.lastId ? lines.filter((line) => line.id > last.lastId) : [newest];
  const news = fresh.filter((line) => line.weight === 'news');
  const told = news.at(-1) ?? newest;
  const text = news.length > 2 ? `${news.length} events. The last: ${told.sentence}` : news.length === 2 ? news.map((it) => it.sentence).join(' ') : told.sentence;
  return { text, lastId: newest.id, atMs: nowMs };
}

/** News is the headline for this long; then what letters do is. */
const HEADLINE_US = 4_000_000;

/** The one sentence for a place that has room for one. */
export function headline(lines: readonly FeedLine[], us: number): FeedLine | null {
  const news = lines.findLast((line) => line.weight === 'news');
  return news !== undefined && us - news.atUs <= HEADLINE_US ? news : (lines.at(-1) ?? null);
}
