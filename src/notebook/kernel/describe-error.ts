// From something that was thrown in a cell to what the learner reads.
import { didYouMean, nearestWord } from '#src/lesson/author-error.ts';
import { CellArgumentError } from '../cell-problem.ts';
import type { CellProblem } from '../cell-problem.ts';
import { ForbiddenNameError, FORBIDDEN_NAMES } from './forbidden-names.ts';
import { KafkaJSError } from './kafkajs-errors.ts';
import { calledAt } from './placed-calls.ts';

/** Thrown by the graph for a name that no cell gives and no cell has. */
export class UnknownNameError extends Error {
  override readonly name = 'UnknownNameError';
  readonly unknown: string;

  constructor(name: string) {
    super(`${name} is not defined`);
    this.unknown = name;
  }
}

/** Finds places in stacks: the line of a frame that lies in this cell. */
export interface CellPlaces {
  lineIn(cell: string, stack: string): number | null;
  codeOf(cell: string): string;
  /** Every name that a cell could have meant. */
  names(): readonly string[];
}

type Parts = Pick<CellProblem, 'code' | 'what' | 'expected' | 'found' | 'cure'> & Partial<Pick<CellProblem, 'line' | 'column' | 'edit'>>;

/** Longer messages are cut before they are looked at: searching them would take longer than the cell did. */
const MESSAGE_MAX = 2_000;

/** What was thrown belongs to the cell: it may throw again when it is read. */
export function describeError(cell: string, error: unknown, places: CellPlaces): CellProblem {
  try {
    return described(cell, error, places);
  } catch {
    return { ...unreadable('something that cannot be read'), cell, line: null, column: null, found: 'a value that throws when it is looked at', edit: null };
  }
}

function described(cell: string, error: unknown, places: CellPlaces): CellProblem {
  const line = error instanceof Error ? lineOf(cell, error, places) : null;
  const parts = partsOf(error, places);
  return { line, column: null, edit: null, ...parts, cell, found: parts.found === '' ? sourceLine(cell, line, places) : parts.found };
}

function lineOf(cell: string, error: Error, places: CellPlaces): number | null {
  const site = calledAt.get(error);
  return (site === undefined ? null : places.lineIn(cell, site)) ?? places.lineIn(cell, typeof error.stack === 'string' ? error.stack : '');
}

function sourceLine(cell: string, line: number | null, places: CellPlaces): string {
  const text = line === null ? '' : (places.codeOf(cell).split('\n')[line - 1] ?? '').trim();
  return text === '' ? 'an error' : text;
}

function partsOf(error: unknown, places: CellPlaces): Parts {
  if (error instanceof CellArgumentError) return { code: 'cell-argument', what: error.message, expected: error.expected, found: error.found, cure: error.cure };
  if (error instanceof ForbiddenNameError) return forbidden(error.forbidden);
  if (error instanceof UnknownNameError) return unknownName(error.unknown, places);
  if (error instanceof KafkaJSError) return kafkaError(error);
  if (!(error instanceof Error)) return unreadable(text(error));
  if (error.name === 'EvalError') return forbidden('eval');
  const missing = /^(?:Can't find variable: )?([\w$]+)(?: is not defined)?$/.exec(messageOf(error))?.[1];
  if (error instanceof ReferenceError && missing !== undefined) return FORBIDDEN_NAMES.has(missing) || missing === 'eval' || missing === 'Function' ? forbidden(missing) : unknownName(missing, places);
  return notAFunction(error) ?? { code: 'cell-threw', what: `the cell threw ${error.name}: ${messageOf(error)}`, expected: 'a cell that runs to its end', found: '', cure: 'Mend this line, or catch the error with try and catch.' };
}

function unreadable(what: string): Parts {
  return { code: 'cell-threw', what: `the cell threw ${what}`, expected: 'a cell that runs to its end', found: '', cure: 'Throw an Error with a message, or catch it in the cell.' };
}

function messageOf({ message }: Error): string {
  const text = String(message);
  return text.length <= MESSAGE_MAX ? text : `${text.slice(0, MESSAGE_MAX)}…`;
}

function text(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, MESSAGE_MAX);
  } catch {
    return 'something that cannot be written down';
  }
}

function forbidden(name: string): Parts {
  const isEval = name === 'eval' || name === 'Function';
  return {
    code: 'cell-forbidden-name',
    what: isEval ? 'a cell cannot make code out of text' : `a cell has no ${name}`,
    expected: 'kafka, cluster, display, console and the language itself',
    found: '',
    cure: isEval ? 'Write the code itself.' : (FORBIDDEN_NAMES.get(name) ?? 'Use kafka, cluster and display.'),
  };
}

function unknownName(name: string, places: CellPlaces): Parts {
  const known = places.names();
  const near = nearestWord(name, known);
  return {
    code: 'cell-unknown-name',
    what: `${name} is not defined${near === null ? '' : `; did you mean ${near}?`}`,
    expected: 'a name that a cell on this page gives, or kafka, cluster, display',
    found: name,
    cure: didYouMean(name, known, `Define it first: const ${name} = …`),
    edit: near === null ? null : { from: name, to: near },
  };
}

function kafkaError(error: KafkaJSError): Parts {
  const type: unknown = 'type' in error ? error.type : null;
  const named = typeof type === 'string' && type !== error.message ? `${type}: ` : '';
  return {
    code: 'cell-kafka-error',
    what: `${error.name}: ${named}${error.message}`,
    expected: 'a call that the cluster can carry out',
    found: '',
    cure: error.retriable ? 'The cluster may be able to later: let time pass with await cluster.advance("10s"), or look at cluster.observe().' : 'Trying again does not help: change the call.',
  };
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  cluster: ['kill', 'powerLoss', 'shutDown', 'pause', 'resume', 'restart', 'partitionNetwork', 'cut', 'heal', 'dropNext', 'advance', 'now', 'observe', 'read', 'fork', 'electPreferredLeaders', 'measure', 'check', 'kafka'],
  kafka: ['producer', 'admin'],
  producer: ['connect', 'send', 'sendBatch', 'disconnect'],
  admin: ['connect', 'disconnect', 'createTopics', 'listTopics', 'fetchTopicMetadata', 'fetchTopicOffsets', 'fetchTopicOffsetsByTimestamp', 'describeCluster'],
};

/** A call that an engine names is short. */
const CALL_CHARACTERS_MAX = 300;

function notAFunction(error: Error): Parts | null {
  const match = /([\w$]+)\.([\w$]+)(?:\(\.\.\.\))? is not a function/.exec(messageOf(error).slice(0, CALL_CHARACTERS_MAX));
  const [, object = '', method = ''] = match ?? [];
  if (match === null) return null;
  const known = METHODS[object] ?? [];
  const near = nearestWord(method, known);
  return {
    code: 'cell-threw',
    what: `${object}.${method} is not a function${near === null ? '' : `; did you mean ${near}?`}`,
    expected: known.length === 0 ? 'a function' : known.join(', '),
    found: '',
    cure: near === null ? `Look at what ${object} has with display(${object}); a promise needs await.` : `Write ${object}.${near}.`,
    edit: near === null ? null : { from: `${object}.${method}`, to: `${object}.${near}` },
  };
}
