/** The lessons of this repository, as their loader reads them. */
import { fileURLToPath } from 'node:url';
import { readCourse } from '#src/lesson/course.ts';
import type { Lesson } from '#src/lesson/parse-lesson.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function lessonsOfCourse(): readonly Lesson[] {
  return readCourse(ROOT).lessons;
}
