/** The `predict` fence: the learner says first, then the cluster runs and its answer is measured, never typed. */
import { isMap, isScalar, isSeq } from 'yaml';
import type { ParsedNode } from 'yaml';
import { AuthorError, didYouMean } from './author-error.ts';
import { headAsYaml } from './cluster-block.ts';
import type { Fence } from './fence-scanner.ts';
import { name } from './front-matter.ts';
import {
  duration, entriesOf, integer, listOf, optional, readYaml, record, required, text, textLike, wrongKind,
} from './strict-yaml.ts';
import type { Reader, YamlPlace } from './strict-yaml.ts';

/** One thing done to the cluster once the learner has answered. Verbs are those of engine/cluster/commands.ts, and `advance`. */
export type PredictStep =
  | { readonly verb: BrokerVerb; readonly broker: number | BrokerRole }
  | { readonly verb: 'advance'; readonly duration: string }
  | { readonly verb: 'cut' | 'heal'; readonly from: readonly number[]; readonly to: readonly number[] }
  | { readonly verb: 'elect-leaders' }
  | { readonly verb: 'send'; readonly producer: string; readonly topic: string; readonly key: string | null; readonly value: string };

const BROKER_VERBS = ['kill', 'power-loss', 'shut-down', 'pause', 'resume', 'restart'] as const;
type BrokerVerb = (typeof BROKER_VERBS)[number];

/** A broker by what it is when the prediction begins: which one that is depends on the run. */
export const BROKER_ROLES = ['controller', 'stopped', 'other'] as const;
export type BrokerRole = (typeof BROKER_ROLES)[number];

/** What is measured in the run after the steps. */
export type PredictAnswer =
  | {
      readonly measure: 'leader' | 'leaderEpoch' | 'isr' | 'highWatermark' | 'logEnd';
      readonly topic: string;
      readonly partition: number;
    }
  | { readonly measure: 'partitionOf'; readonly topic: string; readonly key: string }
  | { readonly measure: 'lostAcknowledged'; readonly topic: string }
  | { readonly measure: 'named'; readonly name: string };

export interface PredictOption {
  readonly label: string;
  /** The measured value, or the range "from..to" of them, that makes this option right; null when none can. */
  readonly value: string | null;
}

export interface PredictForm {
  readonly id: string;
  readonly ask: string;
  readonly options: readonly PredictOption[];
  readonly then: readonly PredictStep[];
  readonly answer: PredictAnswer;
  readonly why: string | null;
  /** Words on the button; null: made from the steps. */
  readonly button: string | null;
}

const BROKER_MAX = 100_000;
const PARTITION_MAX = 100_000;
const broker = integer(0, BROKER_MAX);
const partition = integer(0, PARTITION_MAX);

const brokerStep =
  (verb: BrokerVerb): Reader<PredictStep> =>
  (node, place, key) => {
    const role = BROKER_ROLES.find((known) => known === (isScalar(node) ? node.value : null));
    return { verb, broker: role ?? broker(node, place, key) };
  };

/** `cut: { from: [1], to: [2, 3] }`: nothing passes between the two sides. */
const sides = record({ from: required(listOf(broker)), to: required(listOf(broker)) });
const linkStep =
  (verb: 'cut' | 'heal'): Reader<PredictStep> =>
  (node, place, key) => ({ verb, ...sides(node, place, key) });

const sendForm = record({ producer: required(text), topic: required(text), key: optional(text), value: required(text) });
const preferred = textLike(/^preferred$/, 'preferred');

const STEP_READERS: Readonly<Record<PredictStep['verb'], Reader<PredictStep>>> = {
  kill: brokerStep('kill'),
  'power-loss': brokerStep('power-loss'),
  'shut-down': brokerStep('shut-down'),
  pause: brokerStep('pause'),
  resume: brokerStep('resume'),
  restart: brokerStep('restart'),
  cut: linkStep('cut'),
  heal: linkStep('heal'),
  advance: (node, place, key) => ({ verb: 'advance', duration: duration(node, place, key) }),
  'elect-leaders': (node, place, key) => {
    preferred(node, place, key);
    return { verb: 'elect-leaders' };
  },
  send: (node, place, key) => {
    const form = sendForm(node, place, key);
    return { verb: 'send', producer: form.producer, topic: form.topic, key: form.key ?? null, value: form.value };
  },
};

/** `{ kill: 2, advance: 15s }`, or a list of such mappings when a verb comes twice. Order is the order of writing. */
export const steps: Reader<readonly PredictStep[]> = (node, place, key) => {
  if (node !== null && isSeq(node)) {
    return node.items.flatMap((item) => steps(item as ParsedNode, place, key));
  }
  return keyedReads(node, place, { key, readers: STEP_READERS, noun: 'step' });
};

const partitionAnswer =
  (measure: 'leader' | 'leaderEpoch' | 'isr' | 'highWatermark' | 'logEnd'): Reader<PredictAnswer> =>
  (node, place, key) => {
    const [topic, number] = pairOf(node, place, key, '[topic, partition]');
    return { measure, topic: text(topic, place, key), partition: partition(number, place, key) };
  };

const ANSWER_READERS: Readonly<Record<string, Reader<PredictAnswer>>> = {
  leader: partitionAnswer('leader'),
  leaderEpoch: partitionAnswer('leaderEpoch'),
  isr: partitionAnswer('isr'),
  highWatermark: partitionAnswer('highWatermark'),
  logEnd: partitionAnswer('logEnd'),
  partitionOf: (node, place, key) => {
    const [topic, recordKey] = pairOf(node, place, key, '[topic, key]');
    return { measure: 'partitionOf', topic: text(topic, place, key), key: text(recordKey, place, key) };
  },
  lostAcknowledged: (node, place, key) => ({ measure: 'lostAcknowledged', topic: text(node, place, key) }),
  measure: (node, place, key) => ({ measure: 'named', name: text(node, place, key) }),
};

const answer: Reader<PredictAnswer> = (node, place, key) => {
  const [first, ...more] = keyedReads(node, place, { key, readers: ANSWER_READERS, noun: 'measurement' });
  if (first === undefined || more.length > 0) {
    throw wrongKind(node, place, key, { expected: 'exactly one measurement', cure: 'Keep one; ask the other in a second predict block.' });
  }
  return first;
};

const option: Reader<PredictOption> = (node, place, key) => {
  if (node !== null && isMap(node)) {
    const entry = entriesOf(node)[0];
    if (entry !== undefined && node.items.length === 1) return { label: entry.name, value: text(entry.value, place, entry.name) };
  }
  const label = text(node, place, key);
  return { label, value: impliedValue(label) };
};

const predict = record({
  ask: required(text),
  options: required(listOf(option)),
  then: optional(steps),
  answer: required(answer),
  why: optional(text),
  button: optional(text),
});
const predictHead = record({ id: required(name) });

export function readPredict(fence: Fence, file: string): PredictForm {
  const head = readYaml(
    headAsYaml(fence.attributes),
    { file, block: 'the head of the predict block', firstLine: fence.line, isHead: true },
    predictHead,
  );
  const form = readYaml(fence.body, { file, block: 'the predict block', firstLine: fence.line + 1 }, predict);
  if (form.options.length < 2) {
    throw new AuthorError({
      code: 'wrong-kind',
      file,
      line: fence.line,
      what: `predict "${head.id}" leaves no choice`,
      expected: 'two options or more',
      found: `${form.options.length}`,
      cure: 'Add an answer that somebody would really give.',
    });
  }
  return {
    id: head.id,
    ask: form.ask,
    options: form.options,
    then: form.then ?? [],
    answer: form.answer,
    why: form.why ?? null,
    button: form.button ?? null,
  };
}

const NUMBER_WORDS = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/**
 * The measured value that a label names by itself: "broker 3" and "partition 3" are 3, "none" is 0, "nobody" is -1
 * (Kafka's number for "no leader"). Other labels name no value, and can only be wrong.
 */
export function impliedValue(label: string): string | null {
  const words = label.trim().toLowerCase();
  if (words === 'nobody') return '-1';
  const numbered = /^(?:(?:broker|partition|offset|epoch)\s+)?(\d+)$/.exec(words);
  if (numbered !== null) return numbered[1] ?? null;
  const spelled = NUMBER_WORDS.indexOf(words);
  if (spelled !== -1) return String(spelled);
  return /^(yes|no)$/.test(words) ? String(words === 'yes') : null;
}

function pairOf(node: ParsedNode | null, place: YamlPlace, key: string, shape: string): readonly [ParsedNode, ParsedNode] {
  if (node !== null && isSeq(node) && node.items.length === 2) {
    const [first, second] = node.items as ParsedNode[];
    if (first !== undefined && second !== undefined) return [first, second];
  }
  throw wrongKind(node, place, key, { expected: shape, cure: `Write "${key}: ${shape}".` });
}

/** Reads a mapping whose keys choose the reader of their value. */
function keyedReads<T>(
  node: ParsedNode | null,
  place: YamlPlace,
  table: { readonly key: string; readonly readers: Readonly<Record<string, Reader<T>>>; readonly noun: string },
): readonly T[] {
  const known = Object.keys(table.readers);
  if (node === null || !isMap(node)) {
    throw wrongKind(node, place, table.key, {
      expected: `a mapping with ${known.join(', ')}`,
      cure: `Write "${table.key}: { ${known[0] ?? ''}: … }".`,
    });
  }
  return entriesOf(node).map(({ name: written, nameNode, value }) => {
    const read = Object.hasOwn(table.readers, written) ? table.readers[written] : undefined;
    if (read !== undefined) return read(value, place, written);
    throw new AuthorError({
      code: 'unknown-key',
      file: place.file,
      ...place.locate(nameNode.range[0]),
      what: `unknown ${table.noun} "${written}" under "${table.key}" in ${place.block}`,
      expected: known.join(', '),
      found: written,
      cure: didYouMean(written, known, 'Look the words up in lessons/AUTHORING.md.'),
    });
  });
}
