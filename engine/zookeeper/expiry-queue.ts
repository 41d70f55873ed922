// Deadlines in buckets of one tick: an entry expires at the first bucket boundary after its time, so a moved deadline costs next to nothing.
// Source: ExpiryQueue.java (3.8.4). FIDELITY: ZK-SESSIONS.

/** Plain data. `buckets` and `deadlines` in microseconds; `timer` 0: none is armed. */
export interface ExpiryQueue {
  readonly intervalUs: number;
  readonly deadlines: Map<number, number>;
  readonly buckets: Map<number, Set<number>>;
  timer: number;
  timerAtUs: number;
}

export function createExpiryQueue(intervalUs: number): ExpiryQueue {
  return { intervalUs, deadlines: new Map(), buckets: new Map(), timer: 0, timerAtUs: 0 };
}

/** ExpiryQueue.roundToNextInterval. */
function bucketOf(queue: ExpiryQueue, atUs: number): number {
  return (Math.floor(atUs / queue.intervalUs) + 1) * queue.intervalUs;
}

/** Gives an entry a (new) deadline, as of `nowUs`. */
export function updateExpiry(queue: ExpiryQueue, id: number, expiresUs: number, nowUs: number): void {
  const bucket = bucketOf(queue, expiresUs);
  const before = queue.deadlines.get(id);
  if (before === bucket) return;
  if (before !== undefined) queue.buckets.get(before)?.delete(id);
  queue.deadlines.set(id, bucket);
  const members = queue.buckets.get(bucket);
  if (members !== undefined) {
    members.add(id);
    return;
  }
  queue.buckets.set(bucket, new Set([id]));
  for (const [at, others] of queue.buckets) if (at <= nowUs && others.size === 0) queue.buckets.delete(at);
}

export function removeExpiry(queue: ExpiryQueue, id: number): void {
  const before = queue.deadlines.get(id);
  if (before === undefined) return;
  queue.deadlines.delete(id);
  queue.buckets.get(before)?.delete(id);
}

/** The earliest bucket with an entry; undefined when nothing is waiting. A bucket everybody has left stays until its time has come. */
export function nextExpiryUs(queue: ExpiryQueue): number | undefined {
  let earliest: number | undefined;
  for (const [bucket, members] of queue.buckets) if (members.size > 0 && (earliest === undefined || bucket < earliest)) earliest = bucket;
  return earliest;
}

/** Takes everything whose bucket has come. */
export function pollExpired(queue: ExpiryQueue, nowUs: number): number[] {
  const expired: number[] = [];
  for (const bucket of [...queue.buckets.keys()].filter(at => at <= nowUs).sort((a, b) => a - b)) {
    for (const id of queue.buckets.get(bucket) ?? []) {
      queue.deadlines.delete(id);
      expired.push(id);
    }
    queue.buckets.delete(bucket);
  }
  return expired;
}
