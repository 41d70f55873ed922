/** Numbers in the prose that nobody typed: `[](run:name)` becomes the value that this lesson's own run gives. */
import { AuthorError } from './author-error.ts';
import { escapeHtml } from './inline-markdown.ts';
import type { LessonBlock } from './lesson-blocks.ts';
import { measuresOf } from './parse-lesson.ts';
import type { Lesson } from './parse-lesson.ts';

/** Text of each measured number, by the name of its measure: leaderless -> "8.914 s". */
export type MeasuredNumbers = ReadonlyMap<string, string>;

/** Throws when the lesson's run ended without one of its numbers: then the prose around it is not true. */
export function checkMeasured(lesson: Lesson, numbers: MeasuredNumbers): void {
  for (const { name, what, line } of measuresOf(lesson.blocks)) {
    if (numbers.has(name)) continue;
    throw new AuthorError({
      code: 'measured-nothing',
      file: lesson.file,
      line,
      what: `this lesson's run gives no value for "${name}"`,
      expected: what,
      found: 'nothing of the kind in the whole run, with every prediction and every cell run in order',
      cure: 'Check the moment after which it is measured, or take the measure out.',
    });
  }
}

/**
 * Fills the empty `run:` links of rendered HTML. A number that the build did not measure says so and is filled in
 * by the page's own cluster; it never shows an invented value.
 */
export function fillMeasuredLinks(html: string, blocks: readonly LessonBlock[], numbers: MeasuredNumbers): string {
  const asked = new Set(blocks.flatMap((block) => (block.kind === 'why' && block.of !== null ? [block.of] : [])));
  const measures = new Map(measuresOf(blocks).map((measure) => [measure.name, measure]));
  return html.replaceAll(/<a href="run:([^"]+)"><\/a>/g, (_, name: string) => {
    const value = numbers.get(name);
    const measure = measures.get(name);
    const target = asked.has(name) ? `#why-${name}` : placeOf(measure?.of ?? null, blocks);
    const title = escapeHtml(measure?.what ?? name);
    const state = value === undefined ? ' data-unmeasured' : '';
    const text = value === undefined ? 'not yet measured' : escapeHtml(value);
    return `<a class="engine" href="${target}" data-measure="${escapeHtml(name)}" title="${title}"${state}>${text}</a>`;
  });
}

/** Where the run of a measure is shown. */
function placeOf(side: string | null, blocks: readonly LessonBlock[]): string {
  const compared = blocks.find((block) => block.kind === 'compare' && (block.left === side || block.right === side));
  return compared?.kind === 'compare' ? `#compare-${compared.left}` : '#bench';
}
