/**
 * Lessons as an Astro content collection. Parsing is ours (parse-lesson.ts), rendering is Astro's Markdown engine,
 * once per lesson; glosses and measured numbers are put into its HTML.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Loader, LoaderContext } from 'astro/loaders';
import { checkFidelityIds, readCourse } from './course.ts';
import type { Course } from './course.ts';
import { readFidelityLedger } from './fidelity-ledger.ts';
import { addGlosses, readGlossary } from './glossary.ts';
import { checkMeasured, fillMeasuredLinks } from './measured-links.ts';
import type { MeasuredNumbers } from './measured-links.ts';
import type { Lesson } from './parse-lesson.ts';

export interface LessonLoaderOptions {
  /** Runs a lesson's cluster and gives the text of its measured numbers. Left out: the page measures them. */
  readonly measure?: (lesson: Lesson) => Promise<MeasuredNumbers>;
}

/** Collection `lessons`: id "part/lesson", data = Lesson, rendered HTML with placeholders for the blocks. */
export function lessonLoader(options: LessonLoaderOptions = {}): Loader {
  // Running a lesson costs most of a reload, and a lesson that was not touched gives the same numbers.
  const measured = new Map<string, MeasuredNumbers>();
  const numbersOf = async (lesson: Lesson): Promise<MeasuredNumbers> => {
    if (options.measure === undefined) return new Map();
    const key = JSON.stringify(lesson);
    const numbers = measured.get(key) ?? (await options.measure(lesson));
    checkMeasured(lesson, numbers);
    measured.set(key, numbers);
    return numbers;
  };
  return {
    name: 'lessons',
    load: async (context) => {
      const load = async (): Promise<void> => {
        const root = fileURLToPath(context.config.root);
        const course = readCourse(root);
        checkAgainstLedger(course, root);
        context.store.clear();
        for (const lesson of course.lessons) await storeLesson(lesson, await numbersOf(lesson), root, context);
      };
      await load();
      reloadOnChange(context, load);
    },
  };
}

async function storeLesson(lesson: Lesson, numbers: MeasuredNumbers, root: string, context: LoaderContext): Promise<void> {
  const glossaryFile = 'lessons/glossary.yml';
  const glossary = readGlossary(readFileSync(join(root, glossaryFile), 'utf8'), glossaryFile);
  const rendered = await context.renderMarkdown(lesson.markdown);
  const html = addGlosses(fillMeasuredLinks(scrollable(rendered.html), lesson.blocks, numbers), glossary);
  context.store.set({
    id: `${lesson.partId}/${lesson.id}`,
    data: { ...lesson },
    filePath: lesson.file,
    rendered: { ...rendered, html },
  });
}

/** What may be wider than the column scrolls by itself, and a keyboard can reach it. */
function scrollable(html: string): string {
  return html
    .replaceAll('<pre>', '<pre tabindex="0">')
    .replaceAll(/<code>([^<]{29,})<\/code>/g, '<code class="long">$1</code>')
    .replaceAll('<table>', '<div class="table-box" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>');
}

/** Collection `parts`: the plan of the course with what is open in it. */
export function partLoader(): Loader {
  return {
    name: 'parts',
    load: async (context) => {
      const load = async (): Promise<void> => {
        context.store.clear();
        for (const part of readCourse(fileURLToPath(context.config.root)).parts) {
          context.store.set({ id: part.id, data: { ...part } });
        }
      };
      await load();
      reloadOnChange(context, load);
    },
  };
}

/** A ledger that has no row yet cannot judge. */
function checkAgainstLedger(course: Course, root: string): void {
  const file = join(root, 'engine/FIDELITY.md');
  if (!existsSync(file)) return;
  const ids = readFidelityLedger(readFileSync(file, 'utf8')).map((row) => row.id);
  if (ids.length > 0) checkFidelityIds(course, ids);
}

/** In `npm run dev` a saved lesson shows at once, and a mistake in it is written to the terminal. */
function reloadOnChange(context: LoaderContext, load: () => Promise<void>): void {
  const folder = fileURLToPath(new URL('lessons/', context.config.root));
  const reload = (path: string): void => {
    if (!path.startsWith(folder)) return;
    load().catch((reason: unknown) => context.logger.error(reason instanceof Error ? reason.message : String(reason)));
  };
  context.watcher?.add(folder);
  context.watcher?.on('change', reload).on('add', reload).on('unlink', reload);
}
