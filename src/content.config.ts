import { defineCollection } from 'astro:content';
import { z } from 'astro/zod';
import { createEngine } from '#engine/host/in-process.ts';
import { walkLesson } from '#src/drills/lesson-walk.ts';
import type { Part } from '#src/lesson/course.ts';
import { lessonLoader, partLoader } from '#src/lesson/lesson-loader.ts';
import type { MeasuredNumbers } from '#src/lesson/measured-links.ts';
import type { Lesson } from '#src/lesson/parse-lesson.ts';
import { measureLesson } from '#src/scripts/measure-lesson.ts';

/** Runs the lesson as a reader does who does everything in order. If the engine changes, the text changes. */
async function measure(lesson: Lesson): Promise<MeasuredNumbers> {
  const walked = await walkLesson(lesson, createEngine());
  return new Map([...walked.measures].map(([name, measured]): [string, string] => [name, measured.text]));
}

// The loaders have read everything strictly, with errors in the author's words; here only the types are named.
export const collections = {
  lessons: defineCollection({ loader: lessonLoader({ measure }), schema: z.custom<Lesson>() }),
  parts: defineCollection({ loader: partLoader(), schema: z.custom<Part>() }),
};
