/** A lesson's file as data. Pure: text in, Lesson or AuthorError out; no Astro, no file system. */
import { AuthorError, didYouMean } from './author-error.ts';
import { scanFences } from './fence-scanner.ts';
import type { Fence } from './fence-scanner.ts';
import { NAME_PATTERN, splitFrontMatter } from './front-matter.ts';
import type { FrontMatter } from './front-matter.ts';
import { readBlock } from './lesson-blocks.ts';
import type { CellBlock, ClusterBlock, LessonBlock, Measure } from './lesson-blocks.ts';

export interface Lesson extends FrontMatter {
  /** Name of the lesson's folder without its number; frozen once published. */
  readonly id: string;
  /** Name of the part's folder without its number. */
  readonly partId: string;
  /** Path from the root of the repository. */
  readonly file: string;
  /** The world on the bench: the first cluster block. */
  readonly cluster: ClusterBlock;
  /** Every live block, in order; block n stands where placeholder n stands in `markdown`. */
  readonly blocks: readonly LessonBlock[];
  readonly markdown: string;
}

/** Reads the text of `lessons/NN-part/NN-lesson/index.md`. Throws AuthorError. */
export function parseLesson(text: string, file: string): Lesson {
  const { partId, id } = namesInPath(file);
  const source = text.replaceAll('\r\n', '\n');
  const { frontMatter, body, bodyLine } = splitFrontMatter(source, file);
  const { markdown, fences } = scanFences(body, file, bodyLine);
  let cellNumber = 0;
  const blocks = fences.map((fence) => {
    if (fence.name === 'cell') cellNumber += 1;
    const block = readBlock(fence, file, cellNumber);
    // A cluster runs the lesson's own profile, unless it names another.
    return block.kind === 'cluster' && block.profile === null ? { ...block, profile: { kafka: frontMatter.kafka, mode: frontMatter.mode } } : block;
  });
  checkNames(blocks, file);
  checkReferences(blocks, file);
  checkMeasuredNumbers({ source, fences, blocks, file, bodyLine });
  return { ...frontMatter, id, partId, file, cluster: firstCluster(blocks, file), blocks, markdown };
}

export function cellsOf(lesson: Lesson): readonly CellBlock[] {
  return lesson.blocks.filter((block) => block.kind === 'cell');
}

export function measuresOf(blocks: readonly LessonBlock[]): readonly Measure[] {
  return blocks.flatMap((block) => (block.kind === 'measures' ? block.measures : []));
}

/** `lessons/01-the-post-office/20-the-sorting-office/index.md` names its part, itself and their order. */
function namesInPath(file: string): { readonly partId: string; readonly id: string } {
  const match = /(?:^|\/)\d{2}-([^/]+)\/\d{2}-([^/]+)\/index\.md$/.exec(file);
  const [, partId = '', id = ''] = match ?? [];
  if (NAME_PATTERN.test(partId) && NAME_PATTERN.test(id)) return { partId, id };
  throw new AuthorError({
    code: 'folder-name',
    file,
    line: 1,
    what: 'the folder of this lesson has another kind of name',
    expected: 'lessons/NN-part/NN-lesson/index.md: two digits, a hyphen, small letters and hyphens',
    found: file,
    cure: 'Rename the folder. Leave gaps between the numbers, so that a lesson can be put between two others.',
  });
}

function firstCluster(blocks: readonly LessonBlock[], file: string): ClusterBlock {
  const cluster = blocks.find((block) => block.kind === 'cluster');
  if (cluster !== undefined) return cluster;
  throw new AuthorError({
    code: 'missing-block',
    file,
    line: 1,
    what: 'the lesson has no cluster',
    expected: 'one "cluster" block at least: every page has a live cluster beside it',
    found: 'none',
    cure: 'Add ```cluster id=main seed=7 after the front matter.',
  });
}

/** Cells, predictions, clusters and measures each have names of their own, used once. */
function checkNames(blocks: readonly LessonBlock[], file: string): void {
  const seen = new Map<string, number>();
  const check = (noun: string, name: string, line: number): void => {
    const earlier = seen.get(`${noun} ${name}`);
    if (earlier !== undefined) {
      throw new AuthorError({
        code: 'duplicate-id',
        file,
        line,
        what: `${noun} "${name}" is defined twice`,
        expected: 'each name once in a lesson',
        found: `"${name}" here and on line ${earlier}`,
        cure: 'Rename one of them, with its claims.',
      });
    }
    seen.set(`${noun} ${name}`, line);
  };
  for (const block of blocks) {
    if (block.kind === 'cell' || block.kind === 'predict' || block.kind === 'cluster') check(block.kind, block.id, block.line);
    if (block.kind === 'measures') for (const measure of block.measures) check('measure', measure.name, measure.line);
  }
}

function checkReferences(blocks: readonly LessonBlock[], file: string): void {
  const cells = blocks.flatMap((block) => (block.kind === 'cell' ? [block.id] : []));
  const clusters = blocks.flatMap((block) => (block.kind === 'cluster' ? [block.id] : []));
  // Predictions and "why?" speak of the bench.
  const measuresOfBench = measuresOf(blocks).flatMap((measure) => (measure.of === null ? [measure.name] : []));
  const sides = blocks.flatMap((block) => (block.kind === 'compare' ? [block.left, block.right] : []));
  for (const { of, line } of measuresOf(blocks)) {
    if (of !== null) requireKnown(of, { noun: 'side of a comparison', known: sides, file, line });
  }
  for (const block of blocks) {
    if (block.kind === 'claims') requireKnown(block.for, { noun: 'cell', known: cells, file, line: block.line });
    if (block.kind === 'cell' && block.of !== null) {
      requireKnown(block.of, { noun: 'cluster', known: clusters, file, line: block.line });
    }
    if (block.kind === 'compare') {
      for (const side of [block.left, block.right]) requireKnown(side, { noun: 'cluster', known: clusters, file, line: block.line });
    }
    if (block.kind === 'why' && block.of !== null) {
      requireKnown(block.of, { noun: 'measure', known: measuresOfBench, file, line: block.line });
    }
    if (block.kind === 'predict' && block.answer.measure === 'named') {
      requireKnown(block.answer.name, { noun: 'measure', known: measuresOfBench, file, line: block.line });
    }
  }
}

function requireKnown(
  written: string,
  reference: { readonly noun: string; readonly known: readonly string[]; readonly file: string; readonly line: number },
): void {
  const { noun, known, file, line } = reference;
  if (known.includes(written)) return;
  throw new AuthorError({
    code: 'unknown-reference',
    file,
    line,
    what: `no ${noun} of this lesson is called "${written}"`,
    expected: known.length === 0 ? `a ${noun} block in this lesson` : known.join(', '),
    found: written,
    cure: didYouMean(written, known, `Add the ${noun}, or name one that exists.`),
  });
}

/** `[](run:name)` in the prose: the name is measured in this lesson, and nobody typed a number between the brackets. */
function checkMeasuredNumbers(lesson: {
  readonly source: string;
  readonly fences: readonly Fence[];
  readonly blocks: readonly LessonBlock[];
  readonly file: string;
  readonly bodyLine: number;
}): void {
  const { file } = lesson;
  const known = measuresOf(lesson.blocks).map((measure) => measure.name);
  lesson.source.split('\n').forEach((text, index) => {
    const line = index + 1;
    if (line < lesson.bodyLine || isInFence(line, lesson.fences)) return;
    for (const link of text.matchAll(/\[([^\]]*)\]\(run:([^)]*)\)/g)) {
      const [, typed = '', name = ''] = link;
      const column = link.index + 1;
      if (typed !== '') {
        throw new AuthorError({
          code: 'measured-number-typed',
          file,
          line,
          column,
          what: `the measured number "${name}" has a text`,
          expected: 'empty brackets: the run fills them in',
          found: `[${typed}]`,
          cure: `Write [](run:${name}).`,
        });
      }
      requireKnown(name, { noun: 'measure', known, file, line });
    }
  });
}

function isInFence(line: number, fences: readonly Fence[]): boolean {
  return fences.some((fence) => line >= fence.line && line <= fence.line + fence.body.split('\n').length);
}
