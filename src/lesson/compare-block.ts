/** The `compare` fence: two clusters of the lesson side by side, with the same seed, the same inputs and one clock. */
import { AuthorError } from './author-error.ts';
import { headAsYaml } from './cluster-block.ts';
import type { Fence } from './fence-scanner.ts';
import { name } from './front-matter.ts';
import { steps } from './predict-block.ts';
import type { PredictStep } from './predict-block.ts';
import { optional, readYaml, record, required, text } from './strict-yaml.ts';

/** The rows of the table "what differs" that an author may explain. */
export const DIFFERENCE_ROWS = ['detect', 'leaderless', 'decided', 'epochs', 'messages', 'committed', 'lost'] as const;
export type DifferenceRow = (typeof DIFFERENCE_ROWS)[number];

export interface CompareForm {
  /** Ids of two cluster blocks of the lesson. */
  readonly left: string;
  readonly right: string;
  readonly title: string;
  /** What is to be seen, for a reader who does not see it. */
  readonly describe: string;
  /** Given to both clusters, one after the other, when the reader asks for it. */
  readonly steps: readonly PredictStep[];
  /** Why a row of the table differs, in the author's words; a row without has the page's own. */
  readonly why: Readonly<Partial<Record<DifferenceRow, string>>>;
}

const why = record({
  detect: optional(text), leaderless: optional(text), decided: optional(text), epochs: optional(text), messages: optional(text),
  committed: optional(text), lost: optional(text),
});
const compareHead = record({ left: required(name), right: required(name) });
const compare = record({ title: required(text), describe: required(text), steps: required(steps), why: optional(why) });

export function readCompare(fence: Fence, file: string): CompareForm {
  const { left, right } = readYaml(
    headAsYaml(fence.attributes),
    { file, block: 'the head of the compare block', firstLine: fence.line, isHead: true },
    compareHead,
  );
  const form = readYaml(fence.body, { file, block: 'the compare block', firstLine: fence.line + 1 }, compare);
  if (left === right) {
    throw new AuthorError({
      code: 'wrong-kind', file, line: fence.line, what: `the compare block sets "${left}" beside itself`,
      expected: 'two cluster blocks of this lesson', found: left, cure: 'Add a second cluster block, and name it on one side.',
    });
  }
  const role = form.steps.find((step) => 'broker' in step && typeof step.broker === 'string');
  if (role !== undefined) {
    throw new AuthorError({
      code: 'wrong-kind', file, line: fence.line, what: 'a step of the compare block names a broker by its role',
      expected: 'the id of a broker, for the same is done to both clusters', found: 'broker' in role ? String(role.broker) : role.verb, cure: 'Write the id.',
    });
  }
  return { left, right, title: form.title, describe: form.describe, steps: form.steps, why: withoutGaps(form.why ?? {}) };
}

function withoutGaps(written: Readonly<Partial<Record<DifferenceRow, string | undefined>>>): CompareForm['why'] {
  return Object.fromEntries(Object.entries(written).filter(([, words]) => words !== undefined)) as CompareForm['why'];
}
