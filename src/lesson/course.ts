/** The course as a whole: nine parts, their planned lessons, and the lessons that exist. Reads `lessons/`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuthorError, didYouMean } from './author-error.ts';
import { NAME_PATTERN, name } from './front-matter.ts';
import { parseLesson } from './parse-lesson.ts';
import type { Lesson } from './parse-lesson.ts';
import { listOf, optional, readYaml, record, required, text } from './strict-yaml.ts';

/** A place for a lesson in its part: a link once `lesson` is there, until then a title that is not yet open. */
export interface LessonSlot {
  readonly id: string;
  readonly title: string;
  /** Position in the part, from 1. */
  readonly number: number;
  readonly lesson: Lesson | null;
}

export interface Part {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  /** A shorter title for narrow frames. */
  readonly short: string;
  readonly question: string;
  readonly slots: readonly LessonSlot[];
}

export interface Course {
  readonly parts: readonly Part[];
  /** The lessons that exist, in the order of the course. */
  readonly lessons: readonly Lesson[];
}

interface PartPlan {
  readonly title: string;
  readonly short?: string;
  readonly question: string;
  readonly lessons: readonly { readonly id: string; readonly title: string }[];
}

const partPlan = record({
  title: required(text),
  short: optional(text),
  question: required(text),
  lessons: required(listOf(record({ id: required(name), title: required(text) }))),
});

/** Reads every part and lesson under `root`/lessons. Throws AuthorError for the first thing that is wrong. */
export function readCourse(root: string): Course {
  const folders = numberedFolders(join(root, 'lessons'));
  const parts = folders.map((folder) => readPart(root, folder));
  const course = { parts, lessons: parts.flatMap((part) => part.slots.flatMap((slot) => slot.lesson ?? [])) };
  checkNeeds(course);
  return course;
}

function readPart(root: string, folder: NumberedFolder): Part {
  const file = `lessons/${folder.path}/part.yml`;
  const source = readPresent(root, file, 'Add part.yml with title, question and lessons.');
  const plan: PartPlan = readYaml(source, { file, block: 'the part', firstLine: 1 }, partPlan);
  const lessons = numberedFolders(join(root, 'lessons', folder.path)).map((lessonFolder) => {
    const lessonFile = `lessons/${folder.path}/${lessonFolder.path}/index.md`;
    const lesson = parseLesson(readPresent(root, lessonFile, 'Add index.md, or remove the folder.'), lessonFile);
    checkDrillFiles(root, lesson);
    return lesson;
  });
  return {
    id: folder.name,
    number: folder.number,
    title: plan.title,
    short: plan.short ?? plan.title,
    question: plan.question,
    slots: slotsOf(plan, lessons),
  };
}

/** Planned lessons in their order, then lessons that nobody planned, by the number of their folder. */
function slotsOf(plan: PartPlan, lessons: readonly Lesson[]): readonly LessonSlot[] {
  const planned = plan.lessons.map((it) => ({ ...it, lesson: lessons.find((lesson) => lesson.id === it.id) ?? null }));
  const unplanned = lessons
    .filter((lesson) => !plan.lessons.some((it) => it.id === lesson.id))
    .map((lesson) => ({ id: lesson.id, title: lesson.title, lesson }));
  return [...planned, ...unplanned].map((slot, index) => ({
    id: slot.id,
    title: slot.lesson?.title ?? slot.title,
    number: index + 1,
    lesson: slot.lesson,
  }));
}

/** What a lesson needs has to stand earlier in the course; it may be planned only. */
function checkNeeds(course: Course): void {
  const order = course.parts.flatMap((part) => part.slots.map((slot) => slot.id));
  for (const lesson of course.lessons) {
    for (const need of lesson.needs) {
      const position = order.indexOf(need);
      if (position !== -1 && position < order.indexOf(lesson.id)) continue;
      throw new AuthorError({
        code: 'unknown-lesson',
        file: lesson.file,
        line: 1,
        what: position === -1 ? `needs "${need}", which no lesson is called` : `needs "${need}", which comes later`,
        expected: 'ids of lessons that stand earlier in the course',
        found: need,
        cure: position === -1 ? didYouMean(need, order, 'Look the ids up in part.yml.') : 'Take it out of "needs", or move the lesson.',
      });
    }
  }
}

function checkDrillFiles(root: string, lesson: Lesson): void {
  for (const block of lesson.blocks) {
    if (block.kind !== 'drill') continue;
    const file = lesson.file.replace(/index\.md$/, block.file);
    if (existsSync(join(root, file))) continue;
    throw new AuthorError({
      code: 'missing-file',
      file: lesson.file,
      line: block.line,
      what: `the drill "${block.file}" does not exist`,
      expected: file,
      found: 'no such file',
      cure: 'Add the file beside index.md, or remove the drill block.',
    });
  }
}

/** Throws when a lesson names a row that engine/FIDELITY.md does not have: a badge must lead somewhere. */
export function checkFidelityIds(course: Course, known: readonly string[]): void {
  for (const lesson of course.lessons) {
    const named = [
      ...lesson.fidelity.map((id) => ({ id, line: 1 })),
      ...lesson.blocks.flatMap((block) => (block.kind === 'simplified' ? [{ id: block.fidelity, line: block.line }] : [])),
    ];
    for (const { id, line } of named) {
      if (known.includes(id)) continue;
      throw new AuthorError({
        code: 'unknown-fidelity-id',
        file: lesson.file,
        line,
        what: `names "${id}", which is no row of the fidelity ledger`,
        expected: 'an id of engine/FIDELITY.md',
        found: id,
        cure: didYouMean(id, known, 'Add the row to engine/FIDELITY.md first.'),
      });
    }
  }
}

function readPresent(root: string, file: string, cure: string): string {
  const path = join(root, file);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  throw new AuthorError({ code: 'missing-file', file, line: 1, what: 'this file does not exist', expected: file, found: 'no such file', cure });
}

interface NumberedFolder {
  readonly path: string;
  readonly number: number;
  readonly name: string;
}

/** Folders NN-name, by number. Others (`_kit`, `_template`) are not lessons. */
function numberedFolders(directory: string): readonly NumberedFolder[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      const match = /^(\d{2})-(.+)$/.exec(entry.name);
      const [, number = '', folderName = ''] = match ?? [];
      if (!entry.isDirectory() || !NAME_PATTERN.test(folderName)) return [];
      return [{ path: entry.name, number: Number(number), name: folderName }];
    })
    .sort((a, b) => a.number - b.number);
}
