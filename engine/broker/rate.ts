// A rate over sliding samples, as Kafka's quotas measure: a ring of windows that begin with the first record of a window; a window in which nothing
// has been recorded for as long as all windows together no longer counts. Source: SampledStat.java, Rate.java, SimpleRate.java (3.9).
// FIDELITY: BROKER-QUOTA, BROKER-REPLICATION-THROTTLE.

interface Sample { startMs: number; lastMs: number; sum: number }

/** Plain data. */
export interface Rate { readonly samples: Sample[]; current: number }

/** quota.window.num and quota.window.size.seconds. */
const WINDOWS = 11;
export const WINDOW_MS = 1_000;
/** One more, because a window may overlap the beginning of what is measured. */
const SAMPLES_MAX = WINDOWS + 1;

export function createRate(): Rate {
  return { samples: [], current: 0 };
}

export function recordRate(rate: Rate, amount: number, nowMs: number): void {
  let sample = currentSample(rate, nowMs);
  if (nowMs - sample.startMs >= WINDOW_MS) {
    rate.current = (rate.current + 1) % SAMPLES_MAX;
    const next = rate.samples[rate.current];
    if (next !== undefined) reset(next, nowMs);
    sample = currentSample(rate, nowMs);
  }
  sample.sum += amount;
  sample.lastMs = nowMs;
}

function currentSample(rate: Rate, nowMs: number): Sample {
  const known = rate.samples[rate.current];
  if (known !== undefined) return known;
  const fresh = { startMs: nowMs, lastMs: nowMs, sum: 0 };
  rate.samples.push(fresh);
  return fresh;
}

function reset(sample: Sample, nowMs: number): void {
  sample.startMs = nowMs;
  sample.lastMs = nowMs;
  sample.sum = 0;
}

/** Amount a second. `isSimple`: over the time since the oldest sample, at least one window (SimpleRate); else over all windows at least (Rate). */
export function measureRate(rate: Rate, nowMs: number, isSimple: boolean): number {
  const windowMs = windowSizeMs(rate, nowMs, isSimple);
  let sum = 0;
  for (const sample of rate.samples) sum += sample.sum;
  return sum * 1_000 / windowMs;
}

/** The time over which the rate is measured now, in milliseconds. */
export function windowSizeMs(rate: Rate, nowMs: number, isSimple: boolean): number {
  let oldestMs = nowMs;
  for (const sample of rate.samples) {
    if (nowMs - sample.lastMs >= WINDOWS * WINDOW_MS) reset(sample, nowMs);
    if (sample.startMs < oldestMs) oldestMs = sample.startMs;
  }
  const elapsedMs = nowMs - oldestMs;
  if (isSimple) return Math.max(elapsedMs, WINDOW_MS);
  const missing = WINDOWS - 1 - Math.floor(elapsedMs / WINDOW_MS);
  const windowMs = missing > 0 ? elapsedMs + missing * WINDOW_MS : elapsedMs;
  return windowMs === 0 ? WINDOW_MS : windowMs;
}

/** How long to wait until a rate that is too high has sunk to `limit`: QuotaUtils.throttleTime. */
export function throttleTimeMs(rate: Rate, limit: number, nowMs: number): number {
  const measured = measureRate(rate, nowMs, false);
  return measured <= limit ? 0 : Math.round((measured - limit) / limit * windowSizeMs(rate, nowMs, false));
}
