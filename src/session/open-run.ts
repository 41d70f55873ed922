/**
 * Opens a run without asking too much of the engine at once. A file may ask for a day of a busy cluster; the engine works in slices of about a
 * tenth of a second, so that a click waits no longer, and what is not open in time is given up while the run before it stays as it was.
 */
import type { RunFile, SessionInfo } from '#engine/host/api.ts';
import type { AsyncEngine } from './engine-client.ts';
import { AuthorError } from '#engine/cluster/author-error.ts';

export const OPEN_MS_MAX = 20_000;
/** An end beyond this is refused by the engine, which says why. */
const RUN_US_MAX = 86_400_000_000;
const FIRST_SLICE_US = 1_000_000;
const SLICE_MS = 100;
export const SLICE_US_MIN = 50_000;
const SLICE_US_MAX = 600_000_000;

/** Simulates up to the end of the run. Throws AuthorError when that takes too long. `clock`: milliseconds of the wall. */
export async function openRun(engine: AsyncEngine, run: RunFile, clock: () => number = () => performance.now()): Promise<SessionInfo> {
  if (!Number.isSafeInteger(run.until) || run.until <= FIRST_SLICE_US || run.until > RUN_US_MAX) return engine.open(run);
  const from = clock();
  const info = await engine.open({ ...run, until: FIRST_SLICE_US });
  try {
    let sliceUs = FIRST_SLICE_US;
    for (let at = info.head; at < run.until;) {
      const sliceFrom = clock();
      if (sliceFrom - from > OPEN_MS_MAX) throw tooSlow(at, run.until, sliceFrom - from);
      at = await engine.advance(info.session, Math.min(run.until, at + sliceUs));
      sliceUs = nextSliceUs(sliceUs, clock() - sliceFrom);
    }
  } catch (error) {
    await engine.close(info.session);
    throw error;
  }
  return { ...info, head: run.until };
}

/** How much to ask for next, when `sliceUs` took so long. */
export function nextSliceUs(sliceUs: number, tookMs: number): number {
  return tookMs > SLICE_MS ? Math.max(SLICE_US_MIN, Math.floor((sliceUs * SLICE_MS) / tookMs)) : Math.min(SLICE_US_MAX, sliceUs * 2);
}

function tooSlow(at: number, until: number, tookMs: number): AuthorError {
  const seconds = (us: number): string => `${Math.round(us / 1_000_000)} s`;
  return new AuthorError({
    code: 'too-large', what: 'the run takes too long to open here', where: 'until', expected: `a run that is simulated within ${OPEN_MS_MAX / 1_000} s`,
    found: `after ${Math.round(tookMs / 1_000)} s it had come to ${seconds(at)} of ${seconds(until)}`,
    cure: 'Save the run at an earlier moment, or open one with less traffic.',
  });
}
