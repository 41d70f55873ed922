// The names that every cell has, bound to that cell: its own clock and console, its own hand on the cluster.
import { CellArgumentError } from '../cell-problem.ts';
import type { InspectedValue } from '../inspected-value.ts';
import type { CellAccess } from './cluster-object.ts';
import { createCluster } from './cluster-object.ts';
import { RESULT_NAME } from './compile-cell.ts';
import { durationUs } from './duration.ts';
import { FORBIDDEN_NAMES, forbiddenObject } from './forbidden-names.ts';
import { inspectShown, inspectValue } from './inspect-value.ts';
import { seededMath } from './seeded-math.ts';
import { virtualDate } from './virtual-clock.ts';

export interface Shown {
  readonly from: 'display' | 'result' | 'console';
  readonly level: 'log' | 'warn' | 'error';
  readonly values: readonly InspectedValue[];
}

export interface ScopeOptions {
  readonly access: CellAccess;
  readonly seed: string;
  readonly show: (shown: Shown) => void;
  /** The value of the last expression, as it is: headless runs hand it to claims. */
  readonly result: (value: unknown) => void;
  /** A timer's function threw. */
  readonly timerThrew: (error: unknown) => void;
}

export type CellScope = ReadonlyMap<string, unknown>;

/** Every name that `cellScope` binds. A cell that gives one of them itself takes precedence. */
export const SCOPE_NAMES: ReadonlySet<string> = new Set([
  ...FORBIDDEN_NAMES.keys(), 'kafka', 'cluster', 'Kafka', 'display', 'console', 'Math', 'Date', 'performance',
  'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', RESULT_NAME,
]);

export function cellScope(options: ScopeOptions): CellScope {
  const { access, seed, show, result } = options;
  const { clock } = access.world;
  const cluster = createCluster(access);
  const display = (value: unknown): unknown => {
    show({ from: 'display', level: 'log', values: [inspectShown(value)] });
    return value;
  };
  return new Map<string, unknown>([
    ...[...FORBIDDEN_NAMES.keys()].map((name) => [name, forbiddenObject(name)] as const),
    ['kafka', cluster.kafka],
    ['cluster', cluster],
    ['Kafka', kafkaConstructor(cluster.kafka)],
    ['display', display],
    ['console', cellConsole(show)],
    ['Math', seededMath(seed)],
    ['Date', virtualDate(() => Math.floor(clock.now / 1_000))],
    ['performance', { now: () => clock.now / 1_000, timeOrigin: 0 }],
    ...timers(options),
    [RESULT_NAME, (value: unknown) => {
      result(value);
      if (value !== undefined) show({ from: 'result', level: 'log', values: [inspectValue(value)] });
    }],
  ]);
}

/** `new Kafka({ clientId, brokers })` of an application means the Kafka of this page. */
function kafkaConstructor(kafka: object): unknown {
  return function Kafka(): object {
    return kafka;
  };
}

function cellConsole(show: ScopeOptions['show']): unknown {
  const write = (level: Shown['level']) => (...values: readonly unknown[]) => {
    show({ from: 'console', level, values: values.map(inspectShown) });
  };
  const log = write('log');
  return { log, info: log, debug: log, table: log, dir: log, warn: write('warn'), error: write('error') };
}

/** Of HTML: a timer's delay is a 32-bit number. */
const TIMER_MS_MAX = 2_147_483_647;

function noFunction(found: unknown): CellArgumentError {
  return new CellArgumentError({
    what: 'a timer needs a function', expected: 'setTimeout(() => { … }, ms)', found: typeof found === 'string' ? JSON.stringify(found.slice(0, 80)) : typeof found,
    cure: 'Write an arrow function around what is to happen.',
  });
}

type TimerFunction = (...values: readonly unknown[]) => unknown;

function timers({ access: { cell, world }, timerThrew }: ScopeOptions): readonly (readonly [string, unknown])[] {
  const guarded = (run: TimerFunction, values: readonly unknown[]) => {
    if (typeof run !== 'function') throw noFunction(run);
    return () => {
      try {
        run(...values);
      } catch (error) {
        timerThrew(error);
      }
    };
  };
  // As in a browser: anything that is no positive number means "as soon as possible", and a repetition takes time.
  const delay = (ms: unknown): number => (typeof ms === 'string' ? durationUs(ms, 'setTimeout(run, ms)') : Math.round(Math.min(TIMER_MS_MAX, Math.max(1, Number(ms) || 0)) * 1_000));
  const clear = (id: unknown): void => world.clock.clear(Number(id));
  return [
    ['setTimeout', (run: TimerFunction, ms?: unknown, ...values: readonly unknown[]) => world.clock.set(cell, delay(ms), guarded(run, values))],
    ['setInterval', (run: TimerFunction, ms?: unknown, ...values: readonly unknown[]) => world.clock.set(cell, delay(ms), guarded(run, values), delay(ms))],
    ['clearTimeout', clear],
    ['clearInterval', clear],
  ];
}
