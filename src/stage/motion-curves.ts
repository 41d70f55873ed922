/** Durations and curves of everything that moves on the stage. All of it is a function of the clock: no timers, no transitions. */

/** One hop of a letter, in shown time. */
export const HOP_US = 420_000;
/** A watermark, waves, a tear. */
export const MOVE_US = 280_000;
export const STAMP_US = 160_000;
export const TICK_US = 90_000;
/** A refused letter stays crossed where it stopped for this long. */
export const LINGER_US = 500_000;

/** How the reader wants things to move. */
export interface Pace {
  /** Times as fast as a wall clock, where changes take place. */
  readonly speed: number;
  /** The same for the way of a letter from outside, before anything has happened to it. */
  readonly leadSpeed: number;
  /** Reduced motion: every change is a switch. */
  readonly isStill: boolean;
}

/** Durations count shown time in slow motion; above 1x they shrink with the speed. */
export function durationUs(shownUs: number, pace: Pace): number {
  return shownUs * Math.min(1, pace.speed);
}

/** While the clock is slowed down for letters, a hop of a third of a millisecond takes a third of a second. */
export const LETTER_SPEED = 0.001;

export function paceOf(session: { readonly speed: number; readonly isSlowForLetters: boolean }, isStill: boolean): Pace {
  return { speed: session.isSlowForLetters ? LETTER_SPEED : session.speed, leadSpeed: session.speed, isStill };
}

export function clamp01(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** How much of a change that began at `sinceUs` has been done at `us`: 0 to 1. */
export function progress(us: number, sinceUs: number, shownUs: number, pace: Pace): number {
  if (us < sinceUs) return 0;
  return pace.isStill ? 1 : clamp01((us - sinceUs) / durationUs(shownUs, pace));
}

export function easeOut(part: number): number {
  return 1 - (1 - part) ** 3;
}

/** cubic-bezier(.45, .05, .35, 1): a letter gathers way and comes to rest, and does not bounce. */
export function easeTravel(part: number): number {
  const x1 = 0.45;
  const x2 = 0.35;
  let s = part;
  for (let round = 0; round < 5; round += 1) {
    const value = 3 * x1 * s * (1 - s) ** 2 + 3 * x2 * s * s * (1 - s) + s ** 3 - part;
    const slope = 3 * x1 * (1 - s) * (1 - 3 * s) + 3 * x2 * s * (2 - 3 * s) + 3 * s * s;
    if (slope !== 0) s -= value / slope;
  }
  return 0.15 * s * (1 - s) ** 2 + 3 * s * s * (1 - s) + s ** 3;
}
