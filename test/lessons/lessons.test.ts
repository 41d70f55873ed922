/** Every lesson, walked from its first block to its last: cells run, claims hold, predictions are answered, numbers are measured. */
import { describe, expect, it } from 'vitest';
import { createEngine } from '#engine/host/in-process.ts';
import { walkLesson } from '#src/drills/lesson-walk.ts';
import { isRight } from '#src/drills/predict-answer.ts';
import { readMoment } from '#src/diagrams/moment.ts';
import { readMeasure } from '#src/drills/measure-words.ts';
import { cellsOf, measuresOf } from '#src/lesson/parse-lesson.ts';
import { evaluateClaim } from './claims.ts';
import { lessonsOfCourse } from './lesson-files.ts';

const TIMEOUT_MS = 120_000;
const lessons = lessonsOfCourse();

describe.each(lessons.map((lesson) => ({ name: `${lesson.partId}/${lesson.id}`, lesson })))('$name', async ({ lesson }) => {
  const walked = await walkLesson(lesson, createEngine());

  it('has three cells or more, a prediction, a "why?", and something that people say elsewhere', () => {
    const count = (kind: string): number => lesson.blocks.filter((block) => block.kind === kind).length;
    expect(cellsOf(lesson).length).toBeGreaterThanOrEqual(3);
    for (const kind of ['predict', 'why', 'elsewhere', 'claims', 'measures']) expect([kind, count(kind)]).toEqual([kind, expect.toSatisfy((n: number) => n >= 1)]);
  });

  it('every moment of a diagram and every measure has words that can be read', () => {
    for (const block of lesson.blocks) {
      if (block.kind !== 'mermaid') continue;
      for (const words of [block.from, block.to]) if (words !== null) expect({ words, moment: readMoment(words) }).not.toEqual({ words, moment: null });
    }
    for (const measure of measuresOf(lesson.blocks)) expect(() => readMeasure(measure, lesson.file)).not.toThrow();
  });

  it('every cell runs without a problem', () => {
    const problems = [...walked.cells.values()].flatMap((cell) => (cell.problem === null ? [] : [{ cell: cell.id, problem: cell.problem }]));
    expect(problems).toEqual([]);
    expect([...walked.cells.keys()]).toEqual(cellsOf(lesson).map((cell) => cell.id));
  });

  it('every number is measured', () => {
    const missing = measuresOf(lesson.blocks).map((measure) => measure.name).filter((name) => !walked.measures.has(name));
    expect(missing).toEqual([]);
  });

  it('every prediction is answered by the run, and exactly one option is right', () => {
    for (const block of lesson.blocks) {
      if (block.kind !== 'predict') continue;
      const answer = walked.answers.get(block.id) ?? null;
      const right = block.options.filter((option) => answer !== null && isRight(option, answer.value)).map((option) => option.label);
      expect({ predict: block.id, answer: answer?.value ?? null, right }).toEqual({ predict: block.id, answer: expect.any(String), right: [expect.any(String)] });
    }
  });

  it('every claim holds', { timeout: TIMEOUT_MS }, async () => {
    for (const block of lesson.blocks) {
      if (block.kind !== 'claims') continue;
      const code = cellsOf(lesson).find((cell) => cell.id === block.for)?.code ?? '';
      const rerun = async (changed: string): Promise<unknown> =>
        (await walkLesson(lesson, createEngine(), { changed: { cell: block.for, code: changed } })).cells.get(block.for)?.result;
      for (const claim of block.claims) {
        const value = await evaluateClaim(claim.expression, { cell: block.for, code, walked, rerun });
        expect({ claim: claim.sentence, result: walked.cells.get(block.for)?.result, holds: value }).toMatchObject({ claim: claim.sentence, holds: true });
      }
    }
  });
});

describe('a walk', () => {
  it('gives the same numbers when it is walked again', async () => {
    const [lesson] = lessons;
    if (lesson === undefined) throw new Error('there is no lesson');
    const [once, again] = [await walkLesson(lesson, createEngine()), await walkLesson(lesson, createEngine())];
    expect([...once.measures]).toEqual([...again.measures]);
  });
});

describe('the claims', () => {
  it('can fail', async () => {
    const [lesson] = lessons;
    if (lesson === undefined) throw new Error('there is no lesson');
    const walked = await walkLesson(lesson, createEngine());
    const [cell] = cellsOf(lesson);
    const scope = { cell: cell?.id ?? '', code: cell?.code ?? '', walked, rerun: () => Promise.resolve(null) };
    expect(await evaluateClaim('result.length === 2', scope)).toBe(false);
    await expect(evaluateClaim('nobody.knows.this', scope)).rejects.toThrow(/nobody/);
    await expect(evaluateClaim('replacing("not in the cell", "x").result', scope)).rejects.toThrow(/does not hold/);
  });
});
