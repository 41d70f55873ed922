// Reads what the kernel has sent. The kernel runs code that nobody has checked, so every message is taken apart here and built
// anew: a shape that is not expected, an absurd size or a value that is no plain data ends the run.
import { CELL_LIMITS } from './cell-protocol.ts';
import type { CallCommand, CellEvent, FromKernel, HandCommand, Move, Operation, Request } from './cell-protocol.ts';
import type { CellProblem, CellProblemCode } from './cell-problem.ts';
import type { AtomType, InspectedValue } from './inspected-value.ts';
import type { SpecChanges } from '#engine/host/api.ts';

/** What is expected of a message that is too large: the one breach that an honest cell can commit. */
export const SIZE_EXPECTED = 'message of a possible size';

/** The kernel said something that it cannot say by itself. */
export class KernelMessageError extends Error {
  override readonly name = 'KernelMessageError';
  readonly where: string;
  readonly expected: string;

  constructor(where: string, expected: string) {
    super(`the message of a cell has no ${expected} at ${where}`);
    this.where = where;
    this.expected = expected;
  }
}

const HAND_VERBS = ['kill', 'power-loss', 'shut-down', 'pause', 'resume', 'restart', 'cut', 'heal', 'drop', 'slow-disk', 'limit-disk', 'fail-log-directory'] as const;
const CALL_VERBS = [
  'send', 'close-client', 'read', 'create-topic', 'delete-topics', 'create-partitions', 'reassign', 'list-reassignments', 'alter-configs', 'describe-configs',
  'alter-client-quotas', 'delete-records', 'elect-leaders', 'fetch-metadata', 'list-offsets', 'describe-quorum', 'add-controller', 'remove-controller', 'zookeeper', 'four-letter-word',
] as const;
const LEVELS = ['log', 'warn', 'error'] as const;
const SOURCES = ['display', 'result', 'console'] as const;
const ATOMS: readonly AtomType[] = ['string', 'number', 'boolean', 'null', 'undefined', 'bigint', 'symbol', 'function', 'date', 'error', 'cut'];
const NAME_MAX = 200;
const WORD_MAX = 2_000;
const LIST_MAX = 100_000;
/** All cells of a page may show what they can in one turn, and begin and end. */
const EVENTS_MAX = CELL_LIMITS.cellsMax * (CELL_LIMITS.shownPerCellMax + 4);
/** What is drawn at once: more than a kernel sends by itself, and little enough for a page. */
const SHOWN_LIST_MAX = CELL_LIMITS.entriesPerNodeMax;
/** The first one too many is the bridge's to refuse, in words. */
const REQUESTS_MAX = CELL_LIMITS.requestsMax + 1;

type Fields = Readonly<Record<string, unknown>>;

export function readKernelMessage(value: unknown): FromKernel {
  const message = fields(plainData(value, { nodes: CELL_LIMITS.messageNodesMax, characters: CELL_LIMITS.messageCharactersMax }, 0), 'message');
  const type = message['type'];
  switch (type) {
    case 'ready': {
      const { origin, evalIsBlocked, open } = fields(message['lockdown'], 'lockdown');
      return { type, lockdown: { origin: text(origin, 'origin'), evalIsBlocked: evalIsBlocked === true, open: list(open, 'open').map((name) => text(name, 'open')) } };
    }
    case 'pong':
      return { type, nonce: whole(message['nonce'], 'nonce') };
    case 'turn':
      return {
        type, run: whole(message['run'], 'run'), events: list(message['events'], 'events', EVENTS_MAX).map(cellEvent),
        requests: list(message['requests'], 'requests', REQUESTS_MAX).map(request), move: message['move'] === null ? null : move(message['move']),
      };
    case 'done':
      return { type, run: whole(message['run'], 'run'), events: list(message['events'], 'events', EVENTS_MAX).map(cellEvent) };
    default:
      throw new KernelMessageError('type', 'known type');
  }
}

interface Budget {
  nodes: number;
  characters: number;
}

const NESTING_MAX = 40;

/** A copy made of plain objects, lists, text, finite numbers, booleans and null; anything else is refused. */
function plainData(value: unknown, budget: Budget, depth: number): unknown {
  budget.nodes -= 1;
  if (budget.nodes < 0 || depth > NESTING_MAX) throw new KernelMessageError('its size', SIZE_EXPECTED);
  if (typeof value === 'string') budget.characters -= value.length;
  if (budget.characters < 0) throw new KernelMessageError('its size', SIZE_EXPECTED);
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' && Number.isFinite(value)) return value;
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.map((item: unknown) => plainData(item, budget, depth + 1));
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) throw new KernelMessageError('a value', 'plain data');
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    budget.characters -= key.length;
    Object.defineProperty(copy, key, { value: plainData(item, budget, depth + 1), enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function request(value: unknown): Request {
  const { request: number, world, cell, operation: asked } = fields(value, 'request');
  return { request: whole(number, 'request'), world: whole(world, 'world'), cell: text(cell, 'cell'), operation: readOperation(fields(asked, 'operation')) };
}

/** Also read by the kernel before it sends: a learner's slip is said where it was made, and costs no kernel. */
export function readOperation(value: Fields): Operation {
  const op = value['op'];
  switch (op) {
    // The engine checks the fields of a command itself, and says what is wrong in words for the learner.
    case 'hand':
      return { op, command: command(value['command'], HAND_VERBS) as HandCommand };
    case 'call':
      return { op, command: command(value['command'], CALL_VERBS) as CallCommand };
    case 'open-producer':
      return { op, wish: text(value['wish'], 'wish'), settings: settings(value['settings']) };
    case 'fork':
      return { op, changes: fields(value['changes'], 'changes') as SpecChanges };
    case 'measure':
      return { op, name: text(value['name'], 'name'), topic: text(value['topic'], 'topic'), partition: whole(value['partition'], 'partition') };
    case 'check':
      return { op, name: text(value['name'], 'name') };
    default:
      throw new KernelMessageError('operation', 'known operation');
  }
}

function command(value: unknown, verbs: readonly string[]): Fields {
  const given = fields(value, 'command');
  if (!verbs.some((verb) => verb === given['do'])) throw new KernelMessageError('command', `verb of ${verbs.join(', ')}`);
  if ('call' in given) throw new KernelMessageError('command', 'command without a call number');
  return given;
}

function settings(value: unknown): Readonly<Record<string, string | number | boolean>> {
  const given = fields(value, 'settings');
  for (const setting of Object.values(given)) {
    if (typeof setting !== 'string' && typeof setting !== 'number' && typeof setting !== 'boolean') throw new KernelMessageError('settings', 'setting as text, number or truth');
  }
  return given as Readonly<Record<string, string | number | boolean>>;
}

function move(value: unknown): Move {
  const { world, until, awaitsOutcome } = fields(value, 'move');
  return { world: whole(world, 'world'), until: until === null ? null : whole(until, 'until'), awaitsOutcome: awaitsOutcome === true };
}

function cellEvent(value: unknown): CellEvent {
  const given = fields(value, 'event');
  const { event } = given;
  const cell = text(given['cell'], 'cell');
  switch (event) {
    case 'started':
    case 'finished':
      return { event, cell, at: whole(given['at'], 'at') };
    case 'failed':
      return { event, cell, at: whole(given['at'], 'at'), problem: problem(fields(given['problem'], 'problem')) };
    case 'shown':
      return {
        event, cell, from: oneOf(given['from'], SOURCES, 'from'), level: oneOf(given['level'], LEVELS, 'level'),
        values: list(given['values'], 'values', SHOWN_LIST_MAX).map((item) => inspected(item, 0)),
      };
    default:
      throw new KernelMessageError('event', 'known event');
  }
}

function problem(value: Fields): CellProblem {
  const { edit } = value;
  const change = edit === null || edit === undefined ? null : fields(edit, 'edit');
  return {
    code: text(value['code'], 'code') as CellProblemCode,
    cell: text(value['cell'], 'cell'),
    line: value['line'] === null ? null : whole(value['line'], 'line'),
    column: value['column'] === null ? null : whole(value['column'], 'column'),
    what: words(value['what']), expected: words(value['expected']), found: words(value['found']), cure: words(value['cure']),
    edit: change === null ? null : { from: text(change['from'], 'from'), to: text(change['to'], 'to') },
  };
}

function words(value: unknown): string {
  if (typeof value !== 'string') throw new KernelMessageError('problem', 'sentence');
  return value.length <= WORD_MAX ? value : `${value.slice(0, WORD_MAX)}…`;
}

function inspected(value: unknown, depth: number): InspectedValue {
  if (depth > CELL_LIMITS.depthMax + 3) throw new KernelMessageError('value', 'value of a possible depth');
  const given = fields(value, 'value');
  const { kind } = given;
  switch (kind) {
    case 'text':
      return { kind, text: shownText(given['text']) };
    case 'atom':
      return { kind, type: oneOf(given['type'], ATOMS, 'type'), text: shownText(given['text']) };
    case 'tree':
      return {
        kind, label: shownText(given['label']), isList: given['isList'] === true, size: whole(given['size'], 'size'),
        entries: list(given['entries'], 'entries', SHOWN_LIST_MAX).map((entry) => {
          const { key, value: inner } = fields(entry, 'entry');
          return { key: shownText(key), value: inspected(inner, depth + 1) };
        }),
      };
    case 'table':
      return {
        kind, columns: list(given['columns'], 'columns', SHOWN_LIST_MAX).map(shownText), size: whole(given['size'], 'size'),
        rows: list(given['rows'], 'rows', SHOWN_LIST_MAX).map((row) => list(row, 'row', SHOWN_LIST_MAX).map((cell) => (cell === null ? null : inspected(cell, depth + 1)))),
      };
    default:
      throw new KernelMessageError('value', 'known kind');
  }
}

/** Text that will be drawn; the kernel has cut it, and a little more than its limit is its own "…". */
function shownText(value: unknown): string {
  if (typeof value !== 'string' || value.length > CELL_LIMITS.textCharactersMax + 100) throw new KernelMessageError('value', 'text of a possible length');
  return value;
}

function fields(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new KernelMessageError(where, 'object');
  return value as Fields;
}

function list(value: unknown, where: string, lengthMax: number = LIST_MAX): readonly unknown[] {
  if (!Array.isArray(value) || value.length > lengthMax) throw new KernelMessageError(where, 'list');
  return value;
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string' || value.length > NAME_MAX) throw new KernelMessageError(where, 'short text');
  return value;
}

function whole(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new KernelMessageError(where, 'whole number');
  return value;
}

function oneOf<Word extends string>(value: unknown, known: readonly Word[], where: string): Word {
  const found = known.find((word) => word === value);
  if (found === undefined) throw new KernelMessageError(where, `word of ${known.join(', ')}`);
  return found;
}
