// Spans of virtual time as a cell writes them: milliseconds as a number, or text with a unit.
import { CellArgumentError } from '../cell-problem.ts';

const UNIT_US: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000, m: 60_000_000, min: 60_000_000, h: 3_600_000_000 };

/** @returns whole microseconds, at least 0. */
export function durationUs(value: unknown, whose: string): number {
  const us = typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? textUs(value) : Number.NaN;
  if (Number.isFinite(us) && us >= 0) return Math.round(us);
  throw new CellArgumentError({
    what: `${whose} needs a span of time`,
    expected: 'milliseconds as a number, or text such as "30s", "500ms", "2m"',
    found: JSON.stringify(value) ?? String(value),
    cure: `Write ${whose.replace(/\(.*$/, '')}("30s").`,
  });
}

export function durationMs(value: unknown, whose: string): number {
  return Math.round(durationUs(value, whose) / 1_000);
}

function textUs(text: string): number {
  const match = /^\s*([\d_]+(?:\.\d+)?)\s*(us|ms|s|min|m|h)\s*$/.exec(text);
  return match === null ? Number.NaN : Number((match[1] ?? '').replaceAll('_', '')) * (UNIT_US[match[2] ?? ''] ?? Number.NaN);
}
