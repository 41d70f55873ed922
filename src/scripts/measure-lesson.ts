/** The measured numbers of a lesson for the build: the lesson is walked from its first block to its last, in this process. Node only. */
import { createEngine } from '#engine/host/in-process.ts';
import { walkLesson } from '#src/drills/lesson-walk.ts';
import type { MeasuredNumbers } from '#src/lesson/measured-links.ts';
import type { Lesson } from '#src/lesson/parse-lesson.ts';

/** What the reader's own run will say when he does everything in order: the page shows these until his run has come as far. */
export async function measureLesson(lesson: Lesson): Promise<MeasuredNumbers> {
  const { measures } = await walkLesson(lesson, createEngine());
  return new Map([...measures].map(([name, measured]) => [name, measured.text]));
}
