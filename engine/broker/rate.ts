// A rate over sliding samples, as Kafka's quotas measure: a ring of windows that begin with the first record of a window; what lies longer
// back than all windows together no longer counts. Source: SampledStat.java, Rate.java, SimpleRate.java (3.9). FIDELITY: BROKER-QUOTA.

interface Sample { startMs: number; sum: number; isUsed: boolean }

/** Plain data. @property samples at most quota.window.num (11) of quota.window.size.seconds (1) each. */
export interface Rate { samples: Sample[]; current: number }

const SAMPLES = 11;
const WINDOW_MS = 1_000;

export function createRate(): Rate {
  return { samples: [], current: 0 };
}

export function recordRate(rate: Rate, amount: number, nowMs: number): void {
  let sample = currentSample(rate, nowMs);
  if (nowMs - sample.startMs >= WINDOW_MS) sample = advance(rate, nowMs);
  sample.sum += amount;
  sample.isUsed = true;
}

function currentSample(rate: Rate, nowMs: number): Sample {
  const known = rate.samples[rate.current];
  if (known !== undefined) return known;
  const first = { startMs: nowMs, sum: 0, isUsed: false };
  rate.samples.push(first);
  return first;
}

function advance(rate: Rate, nowMs: number): Sample {
  rate.current = (rate.current + 1) % SAMPLES;
  const sample = rate.samples[rate.current];
  if (sample === undefined) return currentSample(rate, nowMs);
  sample.startMs = nowMs;
  sample.sum = 0;
  sample.isUsed = false;
  return sample;
}

function purgeObsolete(rate: Rate, nowMs: number): void {
  for (const sample of rate.samples) {
    if (sample.isUsed && nowMs - sample.startMs >= SAMPLES * WINDOW_MS) {
      sample.startMs = nowMs;
      sample.sum = 0;
      sample.isUsed = false;
    }
  }
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
  purgeObsolete(rate, nowMs);
  let oldestMs = nowMs;
  for (const sample of rate.samples) if (sample.startMs < oldestMs) oldestMs = sample.startMs;
  const elapsedMs = nowMs - oldestMs;
  if (isSimple) return Math.max(elapsedMs, WINDOW_MS);
  const missing = SAMPLES - 1 - Math.floor(elapsedMs / WINDOW_MS);
  const windowMs = missing > 0 ? elapsedMs + missing * WINDOW_MS : elapsedMs;
  return windowMs === 0 ? WINDOW_MS : windowMs;
}
