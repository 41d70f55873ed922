/** The live blocks of a lesson as typed data, and the reader of each. */
import { AuthorError } from './author-error.ts';
import { headAsYaml, readCluster } from './cluster-block.ts';
import type { ClusterForm } from './cluster-block.ts';
import { readCompare } from './compare-block.ts';
import type { CompareForm } from './compare-block.ts';
import type { Fence, LiveFenceName } from './fence-scanner.ts';
import { fidelityId, name } from './front-matter.ts';
import { readPredict } from './predict-block.ts';
import type { PredictForm } from './predict-block.ts';
import { optional, readYaml, record, required, text, textLike } from './strict-yaml.ts';
import type { Reader } from './strict-yaml.ts';

interface AtLine {
  /** One-based line of the opening fence in the author's file. */
  readonly line: number;
}
export interface ClusterBlock extends AtLine, ClusterForm {
  readonly kind: 'cluster';
}
export interface CellBlock extends AtLine {
  readonly kind: 'cell';
  readonly id: string;
  readonly code: string;
  /** Position among the cells of the lesson, from 1. */
  readonly number: number;
  /** Id of the cluster that the cell's `cluster` object drives; null: the first one. */
  readonly of: string | null;
}
export interface Claim extends AtLine {
  readonly sentence: string;
  readonly expression: string;
}
/** Sentences about a cell's result, each with the expression that `npm test` evaluates. Never shown. */
export interface ClaimsBlock extends AtLine {
  readonly kind: 'claims';
  readonly for: string;
  readonly claims: readonly Claim[];
}
export interface Measure extends AtLine {
  readonly name: string;
  /** What is measured, in words with a fixed grammar: "time without a leader, user-events 1, after kill 2". */
  readonly what: string;
  /** A side of the lesson's comparison whose run is measured; null: the run on the bench. */
  readonly of: string | null;
}
export interface MeasuresBlock extends AtLine {
  readonly kind: 'measures';
  readonly measures: readonly Measure[];
}
export interface PredictBlock extends AtLine, PredictForm {
  readonly kind: 'predict';
}
export interface ElsewhereBlock extends AtLine {
  readonly kind: 'elsewhere';
  readonly says: string;
  readonly where: string;
  readonly try: string | null;
}
export interface WhyBlock extends AtLine {
  readonly kind: 'why';
  readonly ask: string;
  /** Name of the measure whose chain of causes is shown; null: the last event of the run. */
  readonly of: string | null;
  readonly says: string | null;
}
export interface SimplifiedBlock extends AtLine {
  readonly kind: 'simplified';
  readonly fidelity: string;
  readonly says: string;
}
export interface MermaidBlock extends AtLine {
  readonly kind: 'mermaid';
  readonly diagram: 'sequence' | 'graph';
  readonly alt: string;
  readonly caption: string | null;
  /** Where the excerpt of the trace begins and ends, in words: "kill 2", "first ack of partition 1". */
  readonly from: string | null;
  readonly to: string | null;
}
/** Two clusters side by side: the same inputs, one clock. */
export interface CompareBlock extends AtLine, CompareForm {
  readonly kind: 'compare';
}
export interface DrillBlock extends AtLine {
  readonly kind: 'drill';
  /** File beside the lesson that exports the drill. */
  readonly file: string;
  readonly title: string | null;
  readonly ask: string | null;
}
export interface DeeperBlock extends AtLine {
  readonly kind: 'deeper';
  readonly items: readonly string[];
}
export type LessonBlock =
  | ClusterBlock | CellBlock | ClaimsBlock | MeasuresBlock | PredictBlock | ElsewhereBlock | WhyBlock
  | SimplifiedBlock | MermaidBlock | CompareBlock | DrillBlock | DeeperBlock;

const noHead = record({});
const cellHead = record({ id: required(name), of: optional(name) });
const measuresHead = record({ of: optional(name) });
const claimsHead = record({ for: required(name) });
const elsewhere = record({ says: required(text), where: required(text), try: optional(text) });
const whyHead = record({ of: optional(text) });
const why = record({ ask: required(text), says: optional(text) });
const simplifiedHead = record({ id: required(fidelityId) });
const mermaidHead = record({ from: optional(text), to: optional(text) });
const mermaid = record({ alt: required(text), caption: optional(text) });
const drillHead = record({ file: required(textLike(/^(?:[a-z][a-z0-9-]*\/)?[a-z][a-z0-9-]*\.ts$/, 'a file beside the lesson, such as drill.ts, or in a folder of its own, such as second/drill.ts')) });
const drill = record({ title: optional(text), ask: optional(text) });

const DIAGRAMS = ['sequence', 'graph'] as const;
type Diagram = (typeof DIAGRAMS)[number];
/** Names that can stand in an expression: `measure.leaderless`. */
const MEASURE_NAME = /^[a-z][A-Za-z0-9]*$/;

export function readBlock(fence: Fence, file: string, cellNumber: number): LessonBlock {
  rejectWords(fence, file);
  const line = fence.line;
  const head = <T>(reader: Reader<T>): T =>
    readYaml(headAsYaml(fence.attributes), { file, block: `the head of the ${fence.name} block`, firstLine: line, isHead: true }, reader);
  const body = <T>(reader: Reader<T>): T =>
    readYaml(fence.body, { file, block: `the ${fence.name} block`, firstLine: line + 1 }, reader);
  switch (fence.name) {
    case 'cluster':
      return { kind: 'cluster', line, ...readCluster(fence, file) };
    case 'predict':
      return { kind: 'predict', line, ...readPredict(fence, file) };
    case 'compare':
      return { kind: 'compare', line, ...readCompare(fence, file) };
    case 'cell': {
      const { id, of } = head(cellHead);
      requireBody(fence, file, 'one statement of TypeScript or more');
      return { kind: 'cell', line, id, of: of ?? null, code: fence.body, number: cellNumber };
    }
    case 'claims':
      return { kind: 'claims', line, for: head(claimsHead).for, claims: readClaims(fence, file) };
    case 'measures':
      return { kind: 'measures', line, measures: readMeasures(fence, file, head(measuresHead).of ?? null) };
    case 'elsewhere': {
      head(noHead);
      const { says, where, try: tryThis } = body(elsewhere);
      return { kind: 'elsewhere', line, says, where, try: tryThis ?? null };
    }
    case 'why': {
      const { of } = head(whyHead);
      const { ask, says } = body(why);
      return { kind: 'why', line, ask, of: of ?? null, says: says ?? null };
    }
    case 'simplified': {
      const { id } = head(simplifiedHead);
      requireBody(fence, file, 'one sentence: what is simpler here than in Kafka');
      return { kind: 'simplified', line, fidelity: id, says: fence.body.trim().replaceAll(/\s*\n\s*/g, ' ') };
    }
    case 'mermaid': {
      const { from, to } = head(mermaidHead);
      const { alt, caption } = body(mermaid);
      return { kind: 'mermaid', line, diagram: diagramOf(fence, file), alt, caption: caption ?? null, from: from ?? null, to: to ?? null };
    }
    case 'drill': {
      const { file: drillFile } = head(drillHead);
      const form = fence.body.trim() === '' ? {} : body(drill);
      return { kind: 'drill', line, file: drillFile, title: form.title ?? null, ask: form.ask ?? null };
    }
    case 'deeper':
      head(noHead);
      return { kind: 'deeper', line, items: readItems(fence, file) };
  }
}

/** Only `mermaid` has a bare word after its name. */
function rejectWords(fence: Fence, file: string): void {
  const allowed = fence.name === 'mermaid' ? 1 : 0;
  const extra = fence.words[allowed];
  if (extra === undefined) return;
  throw new AuthorError({
    code: 'fence-attribute',
    file,
    line: fence.line,
    what: `the word "${extra}" after "${fence.name}" has no meaning`,
    expected: 'key=value',
    found: extra,
    cure: `Remove it, or write "key=${extra}".`,
  });
}

function diagramOf(fence: Fence, file: string): Diagram {
  const written = fence.words[0] ?? '';
  const diagram = DIAGRAMS.find((known) => known === written);
  if (diagram !== undefined) return diagram;
  throw new AuthorError({
    code: 'fence-attribute',
    file,
    line: fence.line,
    what: 'the mermaid block does not say which diagram',
    expected: 'mermaid sequence, or mermaid graph',
    found: written === '' ? 'mermaid alone' : written,
    cure: 'Write "sequence" for what just happened, "graph" for the cluster as it is.',
  });
}

function requireBody(fence: Fence, file: string, expected: string): void {
  if (fence.body.trim() !== '') return;
  throw new AuthorError({
    code: 'fence-empty',
    file,
    line: fence.line,
    what: `the ${displayName(fence.name)} block is empty`,
    expected,
    found: 'nothing between the backticks',
    cure: 'Fill the block, or remove it.',
  });
}

function displayName(fenceName: LiveFenceName): string {
  return fenceName === 'cell' ? 'ts cell' : fenceName;
}

interface NumberedLine extends AtLine {
  readonly text: string;
}

/** Lines of a fence; a line that begins with white space continues the one before it. */
function logicalLines(fence: Fence): readonly NumberedLine[] {
  const lines: { line: number; text: string }[] = [];
  fence.body.split('\n').forEach((written, index) => {
    if (written.trim() === '') return;
    const last = lines.at(-1);
    if (/^\s/.test(written) && last !== undefined) last.text += ` ${written.trim()}`;
    else lines.push({ line: fence.line + 1 + index, text: written.trim() });
  });
  return lines;
}

function readClaims(fence: Fence, file: string): readonly Claim[] {
  requireBody(fence, file, '"sentence: expression", one per line');
  return logicalLines(fence).map(({ line, text: written }) => {
    const match = /^(.*?):\s+(\S.*)$/.exec(written);
    const [, sentence = '', expression = ''] = match ?? [];
    if (match !== null) return { line, sentence, expression };
    throw new AuthorError({
      code: 'claim-without-expression',
      file,
      line,
      what: 'a claim without an expression',
      expected: 'a sentence, a colon, a space, and the expression that proves it',
      found: written,
      cure: 'Add ": expression", or say it in the prose instead.',
    });
  });
}

function readMeasures(fence: Fence, file: string, of: string | null): readonly Measure[] {
  requireBody(fence, file, '"name: what is measured", one per line');
  return logicalLines(fence).map(({ line, text: written }) => {
    const match = /^([^\s:]+):\s+(\S.*)$/.exec(written);
    const [, measure = '', what = ''] = match ?? [];
    if (MEASURE_NAME.test(measure)) return { line, name: measure, what, of };
    throw new AuthorError({
      code: 'wrong-kind',
      file,
      line,
      what: 'a measure without a name',
      expected: 'a name such as leaderless, a colon, a space, and what is measured',
      found: written,
      cure: 'Begin the line with a name in camelCase: claims and cells write it as measure.name.',
    });
  });
}

function readItems(fence: Fence, file: string): readonly string[] {
  requireBody(fence, file, 'a list, "- item" per line');
  return logicalLines(fence).map(({ line, text: written }) => {
    const item = /^-\s+(\S.*)$/.exec(written)?.[1];
    if (item !== undefined) return item;
    throw new AuthorError({
      code: 'wrong-kind',
      file,
      line,
      what: 'the deeper block holds something else than a list',
      expected: '"- item"',
      found: written,
      cure: 'Begin the line with "- ", or indent it to continue the line before.',
    });
  });
}
