/** A drill or an opened file may take the bench: what a lesson asks is about the lesson's own cluster. */
import type { LiveSession } from '#src/session/live-session.ts';

/** Whether the bench shows the cluster that it showed first: the lesson's. */
export function lessonOnBench(session: LiveSession): () => boolean {
  let lesson: string | null = null;
  const isLesson = (): boolean => {
    const run = session.openedRun;
    if (run === null) return false;
    const cluster = JSON.stringify(run.spec);
    lesson ??= cluster;
    return cluster === lesson;
  };
  // The first run is the lesson's, also for what is loaded after another has taken its place.
  session.listen({ runChanged: () => void isLesson() });
  return isLesson;
}
