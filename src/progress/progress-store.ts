/**
 * What this browser remembers of a reader's course: lessons read to the end, cells run, predictions said, drills passed. One record under one
 * key, with the number of its shape. Storage may be closed, full, or hold what somebody else wrote: then there is no memory, and no error.
 */

export const PROGRESS_KEY = 'sorting-office.progress';
const SHAPE = 1;
/** More entries than the course will ever have; a record above this is not ours. */
const ENTRIES_MAX = 2_000;
const TEXT_MAX = 200;

export interface DrillResult {
  readonly passed: boolean;
  /** Seeds on which every goal was met, of how many. */
  readonly held: number;
  readonly seeds: number;
}

export interface Progress {
  /** "part/lesson" */
  readonly lessons: readonly string[];
  /** "part/lesson#cell" */
  readonly cells: readonly string[];
  /** What was said, by "part/lesson#predict": the label of the option. */
  readonly predictions: Readonly<Record<string, string>>;
  /** Best verdict by drill id. */
  readonly drills: Readonly<Record<string, DrillResult>>;
}

const NOTHING: Progress = { lessons: [], cells: [], predictions: {}, drills: {} };

/** The two methods of Storage that are needed, so that a test gives its own. */
export type Memory = Pick<Storage, 'getItem' | 'setItem'>;

export class ProgressStore {
  readonly #memory: Memory | null;
  #progress: Progress;

  /** `memory` null: nothing is kept beyond this page. */
  constructor(memory: Memory | null) {
    this.#memory = memory;
    this.#progress = readProgress(read(memory));
  }

  get progress(): Progress {
    return this.#progress;
  }

  lessonDone(lesson: string): void {
    this.#keep({ ...this.#progress, lessons: withEntry(this.#progress.lessons, lesson) });
  }

  cellRun(lesson: string, cell: string): void {
    this.#keep({ ...this.#progress, cells: withEntry(this.#progress.cells, `${lesson}#${cell}`) });
  }

  said(lesson: string, predict: string, answer: string): void {
    this.#keep({ ...this.#progress, predictions: { ...this.#progress.predictions, [`${lesson}#${predict}`]: answer } });
  }

  /** Keeps the better of two verdicts: a passed drill stays passed. */
  drillGraded(drill: string, result: DrillResult): void {
    const before = this.#progress.drills[drill];
    const isBetter = before === undefined || (result.passed && !before.passed) || (result.passed === before.passed && result.held > before.held);
    if (isBetter) this.#keep({ ...this.#progress, drills: { ...this.#progress.drills, [drill]: result } });
  }

  #keep(progress: Progress): void {
    this.#progress = progress;
    write(this.#memory, JSON.stringify({ shape: SHAPE, ...progress }));
  }
}

/** The store of this browser. */
export function browserProgress(): ProgressStore {
  return new ProgressStore(browserMemory());
}

/** Any text, as far as it is a record of ours; else nothing. */
export function readProgress(text: string | null): Progress {
  const saved = parsed(text);
  if (!isRecord(saved) || saved['shape'] !== SHAPE) return NOTHING;
  return {
    lessons: texts(saved['lessons']),
    cells: texts(saved['cells']),
    predictions: entriesOf(saved['predictions'], (value) => (isText(value) ? value : null)),
    drills: entriesOf(saved['drills'], drillResult),
  };
}

function drillResult(value: unknown): DrillResult | null {
  if (!isRecord(value)) return null;
  const { passed, held, seeds } = value;
  return typeof passed === 'boolean' && isCount(held) && isCount(seeds) ? { passed, held, seeds } : null;
}

function withEntry(list: readonly string[], entry: string): readonly string[] {
  return list.includes(entry) ? list : [...list, entry].slice(-ENTRIES_MAX);
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? [...new Set(value.filter(isText))].slice(0, ENTRIES_MAX) : [];
}

function entriesOf<Value>(value: unknown, read: (entry: unknown) => Value | null): Readonly<Record<string, Value>> {
  if (!isRecord(value)) return {};
  const kept = Object.entries(value).slice(0, ENTRIES_MAX).flatMap(([key, entry]): [string, Value][] => {
    const known = isText(key) ? read(entry) : null;
    return known === null ? [] : [[key, known]];
  });
  return Object.fromEntries(kept);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_MAX;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (reason) {
    if (reason instanceof SyntaxError) return null;
    throw reason;
  }
}

function browserMemory(): Memory | null {
  try {
    return window.localStorage;
  } catch (reason) {
    if (reason instanceof DOMException) return null;
    throw reason;
  }
}

function read(memory: Memory | null): string | null {
  try {
    return memory?.getItem(PROGRESS_KEY) ?? null;
  } catch (reason) {
    if (reason instanceof DOMException) return null;
    throw reason;
  }
}

function write(memory: Memory | null, text: string): void {
  try {
    memory?.setItem(PROGRESS_KEY, text);
  } catch (reason) {
    // A full or closed storage costs the memory, not the lesson.
    if (!(reason instanceof DOMException)) throw reason;
  }
}
