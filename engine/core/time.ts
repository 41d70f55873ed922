// Virtual time: integer microseconds since the world began.
export const MILLISECOND = 1_000;
export const SECOND = 1_000_000;

/** Kafka's settings and timestamps are in milliseconds; both count from the same epoch. */
export function toMs(us: number): number {
  return Math.floor(us / MILLISECOND);
}

export function fromMs(ms: number): number {
  return ms * MILLISECOND;
}
