import { defineCollection } from 'astro:content';
import { z } from 'astro/zod';
import type { Part } from '#src/lesson/course.ts';
import { lessonLoader, partLoader } from '#src/lesson/lesson-loader.ts';
import type { Lesson } from '#src/lesson/parse-lesson.ts';
import { measureLesson } from '#src/scripts/measure-lesson.ts';

// The loaders have read everything strictly, with errors in the author's words; here only the types are named.
export const collections = {
  lessons: defineCollection({ loader: lessonLoader({ measure: measureLesson }), schema: z.custom<Lesson>() }),
  parts: defineCollection({ loader: partLoader(), schema: z.custom<Part>() }),
};
