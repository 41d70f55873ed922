/**
 * Walks a lesson as a reader does who does everything in order: opens its cluster, lets each prediction run, runs each cell. Tests hold the
 * lesson's claims against it, and the build takes the numbers of the prose from it. Runs in Node; the engine is given.
 */
import type { ViewFact } from '#engine/cluster/view.ts';
import type { EngineApi } from '#engine/host/api.ts';
import { clusterSpecOf } from '#src/lesson/cluster-spec-of.ts';
import type { CellBlock, ClusterBlock, CompareBlock, PredictBlock } from '#src/lesson/lesson-blocks.ts';
import { measuresOf } from '#src/lesson/parse-lesson.ts';
import type { Lesson } from '#src/lesson/parse-lesson.ts';
import type { PredictStep } from '#src/lesson/predict-block.ts';
import type { CellSource } from '#src/notebook/cell-protocol.ts';
import { createHeadlessNotebook } from '#src/notebook/run-cells-headless.ts';
import type { HeadlessCell, HeadlessNotebook } from '#src/notebook/run-cells-headless.ts';
import { measureRun } from './measure-run.ts';
import type { Measured } from './measure-run.ts';
import { readMeasure } from './measure-words.ts';
import { checkSession } from './named-check.ts';
import { measuredAnswer } from './predict-answer.ts';
import type { MeasuredAnswer } from './predict-answer.ts';
import { roleHolders, runStepOf } from './predict-steps.ts';

export interface WalkedLesson {
  readonly cells: ReadonlyMap<string, HeadlessCell>;
  /** What the run answered to each prediction; null when it had no answer. */
  readonly answers: ReadonlyMap<string, MeasuredAnswer | null>;
  /** What was measured at the end of the walk; a measure that found nothing is missing. */
  readonly measures: ReadonlyMap<string, Measured>;
  readonly facts: readonly ViewFact[];
}

export interface WalkOptions {
  /** Another text for a cell; the walk ends with that cell. */
  readonly changed?: { readonly cell: string; readonly code: string };
  readonly seed?: number;
}

export async function walkLesson(lesson: Lesson, engine: EngineApi, options: WalkOptions = {}): Promise<WalkedLesson> {
  const spec = clusterSpecOf(lesson.cluster);
  const openingUs = (spec.startMs ?? 0) * 1_000;
  const { session } = engine.open({
    format: 'sorting-office-run', engine: engine.engineVersion, spec, seed: options.seed ?? lesson.cluster.seed, inputs: [], until: openingUs,
  });
  const walker = new Walker(lesson, engine, { session, openingUs, changed: options.changed ?? null });
  try {
    return await walker.walk();
  } finally {
    engine.close(session);
  }
}

class Walker {
  readonly #lesson: Lesson;
  readonly #engine: EngineApi;
  readonly #session: number;
  readonly #openingUs: number;
  readonly #changed: { readonly cell: string; readonly code: string } | null;
  readonly #sources: readonly CellSource[];
  readonly #notebook: HeadlessNotebook;
  readonly #cells = new Map<string, HeadlessCell>();
  readonly #answers = new Map<string, MeasuredAnswer | null>();
  /** What each side of a comparison tells, after the comparison's own steps. */
  readonly #sides = new Map<string, { readonly facts: readonly ViewFact[]; readonly openingUs: number }>();
  #now: number;

  constructor(lesson: Lesson, engine: EngineApi, at: { readonly session: number; readonly openingUs: number; readonly changed: { readonly cell: string; readonly code: string } | null }) {
    this.#lesson = lesson;
    this.#engine = engine;
    this.#session = at.session;
    this.#openingUs = at.openingUs;
    this.#changed = at.changed;
    this.#now = at.openingUs;
    const cells = lesson.blocks.filter((block): block is CellBlock => block.kind === 'cell');
    this.#sources = cells.map(({ id, code }) => ({ id, code: at.changed?.cell === id ? at.changed.code : code }));
    this.#notebook = createHeadlessNotebook(engine, at.session, { seed: lesson.cluster.seed, check: checkSession });
  }

  async walk(): Promise<WalkedLesson> {
    for (const block of this.#lesson.blocks) {
      if (block.kind === 'predict') this.#predict(block);
      if (block.kind === 'compare') this.#compare(block);
      if (block.kind !== 'cell') continue;
      this.#now = await this.#notebook.run(this.#sources, block.id, this.#now);
      const cell = this.#notebook.cell(block.id);
      if (cell !== null) this.#cells.set(block.id, cell);
      if (block.id === this.#changed?.cell) break;
    }
    const facts = this.#facts();
    return { cells: this.#cells, answers: this.#answers, measures: this.#measures(facts), facts };
  }

  #predict(block: PredictBlock): void {
    const engine = this.#engine;
    const session = this.#session;
    engine.command(session, { do: 'predict', id: block.id, answer: block.options[0]?.label ?? '' }, this.#now);
    this.#now = this.#take(session, this.#now, block.then);
    this.#answers.set(block.id, measuredAnswer(block.answer, {
      facts: this.#facts(), view: engine.observe(session, this.#now), openingUs: this.#openingUs,
      measures: measuresOf(this.#lesson.blocks), file: this.#lesson.file,
    }));
  }

  /** Two runs beside the bench's, with the seed of the left one, from the later of their openings. */
  #compare({ left, right, steps }: CompareBlock): void {
    const clusters = this.#lesson.blocks.filter((block): block is ClusterBlock => block.kind === 'cluster');
    const sides = [left, right].flatMap((id) => clusters.find((cluster) => cluster.id === id) ?? []);
    const openingUs = Math.max(...sides.map((side) => (clusterSpecOf(side).startMs ?? 0) * 1_000));
    const engine = this.#engine;
    for (const side of sides) {
      const { session } = engine.open({
        format: 'sorting-office-run', engine: engine.engineVersion, spec: clusterSpecOf(side), seed: sides[0]?.seed ?? side.seed, inputs: [], until: openingUs,
      });
      this.#take(session, openingUs, steps);
      this.#sides.set(side.id, { facts: engine.facts(session, 0).facts, openingUs });
      engine.close(session);
    }
  }

  /** @returns the moment after the last step. */
  #take(session: number, from: number, steps: readonly PredictStep[]): number {
    const engine = this.#engine;
    let now = from;
    const holders = roleHolders(engine.observe(session, from));
    for (const step of steps.map((it) => runStepOf(it, holders))) {
      if (step.kind === 'advance') now = engine.advance(session, now + step.us);
      else engine.command(session, step.kind === 'command' ? step.command : step.make(engine.nextCall(session)), now);
    }
    return now;
  }

  #facts(): readonly ViewFact[] {
    return this.#engine.facts(this.#session, 0).facts;
  }

  #measures(facts: readonly ViewFact[]): ReadonlyMap<string, Measured> {
    const measures = new Map<string, Measured>();
    for (const measure of measuresOf(this.#lesson.blocks)) {
      const run = measure.of === null ? { facts, openingUs: this.#openingUs } : this.#sides.get(measure.of);
      const measured = run === undefined ? null : measureRun(readMeasure(measure, this.#lesson.file), run.facts, run.openingUs);
      if (measured !== null) measures.set(measure.name, measured);
    }
    return measures;
  }
}
