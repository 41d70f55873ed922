/** Lets the shown clock run to a moment in sight: fast when it is far, at once when the reader wants no motion or asks for the end. */
import type { LiveSession } from '#src/session/live-session.ts';
import type { Speed } from '#src/session/session-listener.ts';

/** A stretch longer than this is shown in fast motion. */
const FAST_FROM_US = 3_000_000;
const FAST: Speed = 10;
/** A page that is not seen gets no frames: after this long the clock is moved without them. */
const PATIENCE_MS = 8_000;

export const SKIP_EVENT = 'sorting-office:skip';

export async function playUntil(session: LiveSession, targetUs: number): Promise<void> {
  if (document.documentElement.dataset['motion'] === 'still' || document.hidden) return session.seek(targetUs);
  const speed = session.speed;
  if (targetUs - session.shownUs > FAST_FROM_US) session.setSpeed(FAST);
  session.play();
  await arrival(session, targetUs);
  session.pause();
  session.setSpeed(speed);
  // The last frame may have gone a little further, and a skip has not gone at all: the answer belongs to this moment.
  await session.seek(targetUs);
}

/** Resolves when the clock is there, or somebody (the reader, a hidden tab, patience) ends the wait. */
function arrival(session: LiveSession, targetUs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stop();
      clearTimeout(patience);
      document.removeEventListener(SKIP_EVENT, end);
      document.removeEventListener('visibilitychange', end);
      resolve();
    };
    const patience = setTimeout(end, PATIENCE_MS);
    const stop = session.listen({ clockMoved: () => { if (session.shownUs >= targetUs) end(); } });
    document.addEventListener(SKIP_EVENT, end);
    document.addEventListener('visibilitychange', end);
  });
}
