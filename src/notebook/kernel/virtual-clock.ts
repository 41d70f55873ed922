// Time inside cells. The clock of a world stands still while code runs and moves only when the page says so; timers,
// Date and performance.now follow the clock of the page's own cluster. One timer fires per turn, in order of time, then of
// setting, so that what a timer starts is finished before the next one fires.

export interface Timer {
  readonly id: number;
  readonly at: number;
  readonly cell: string;
  /** Microseconds between repetitions; null for a timer that fires once. */
  readonly every: number | null;
  /** A repeating timer does not keep a run alive once its cell has ended. */
  readonly fire: () => void;
}

export class VirtualClock {
  /** Virtual microseconds. */
  now: number;
  private nextId = 1;
  private readonly timers = new Map<number, Timer>();

  constructor(now: number) {
    this.now = now;
  }

  set(cell: string, delayUs: number, fire: () => void, every: number | null = null): number {
    const id = this.nextId;
    this.nextId += 1;
    this.timers.set(id, { id, at: Math.min(this.now + delayUs, Number.MAX_SAFE_INTEGER), cell, every, fire });
    return id;
  }

  clear(id: number): void {
    this.timers.delete(id);
  }

  clearWhere(matches: (timer: Timer) => boolean): void {
    for (const timer of [...this.timers.values()]) if (matches(timer)) this.timers.delete(timer.id);
  }

  /** When the next timer fires; null when none is set. */
  nextAt(): number | null {
    return this.next()?.at ?? null;
  }

  /** Fires the first timer that is due. */
  fireDue(): boolean {
    const timer = this.next();
    if (timer === null || timer.at > this.now) return false;
    if (timer.every === null) this.timers.delete(timer.id);
    else this.timers.set(timer.id, { ...timer, at: timer.at + timer.every });
    timer.fire();
    return true;
  }

  private next(): Timer | null {
    let first: Timer | null = null;
    for (const timer of this.timers.values()) {
      if (first === null || timer.at < first.at || timer.at === first.at && timer.id < first.id) first = timer;
    }
    return first;
  }
}

const LOCAL_PARTS = ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds'] as const;

/** A Date whose present is the clock's and whose time zone is UTC everywhere, so that a run does not depend on the machine. */
export function virtualDate(nowMs: () => number): DateConstructor {
  class VirtualDate extends Date {
    constructor(...parts: readonly unknown[]) {
      super(parts.length === 0 ? nowMs() : parts.length === 1 ? oneArgument(parts[0]) : Date.UTC(...(parts as [number, number])));
    }

    static override now(): number {
      return nowMs();
    }

    static override parse(text: string): number {
      return Date.parse(inUtc(String(text)));
    }

    override getTimezoneOffset(): number {
      return 0;
    }

    override toString(): string {
      return this.toUTCString();
    }

    override toDateString(): string {
      return super.toLocaleDateString('en-US', { timeZone: 'UTC' });
    }

    override toTimeString(): string {
      return this.toISOString().slice(11, 19);
    }

    override toLocaleString(locales: Locales = 'en-US', options: Intl.DateTimeFormatOptions = {}): string {
      return super.toLocaleString(locales, { timeZone: 'UTC', ...options });
    }

    override toLocaleDateString(locales: Locales = 'en-US', options: Intl.DateTimeFormatOptions = {}): string {
      return super.toLocaleDateString(locales, { timeZone: 'UTC', ...options });
    }

    override toLocaleTimeString(locales: Locales = 'en-US', options: Intl.DateTimeFormatOptions = {}): string {
      return super.toLocaleTimeString(locales, { timeZone: 'UTC', ...options });
    }
  }
  const methods = Date.prototype as unknown as Record<string, (...parts: number[]) => unknown>;
  for (const part of LOCAL_PARTS) {
    for (const verb of part === 'Day' ? ['get'] : ['get', 'set']) {
      Object.defineProperty(VirtualDate.prototype, `${verb}${part}`, { value: methods[`${verb}UTC${part}`], configurable: true });
    }
  }
  // Called without `new` it gives the time as text; and the language's own Date, with the machine's clock, is not its parent.
  const made = new Proxy(VirtualDate, { apply: () => new VirtualDate().toString(), getPrototypeOf: () => functionPrototype });
  Object.defineProperty(VirtualDate.prototype, 'constructor', { value: made, writable: true, configurable: true });
  return made as unknown as DateConstructor;
}

const functionPrototype = Object.getPrototypeOf(() => 0) as object;

type Locales = Parameters<Date['toLocaleString']>[0];

function oneArgument(value: unknown): number | string {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' ? inUtc(value) : Number(value);
}

/** A date and a time without a zone mean the machine's zone elsewhere; here they mean UTC, as every clock of a cell does. */
function inUtc(text: string): string {
  const parts = /^\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*$/.exec(text);
  return parts === null ? text : `${parts[1]}T${parts[2]}Z`;
}
