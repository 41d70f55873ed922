// How long a partition was without a leader the last time it lost one, from the facts of the trace.
//
// It begins when the leader's process stopped, which is before anybody knew, or when the metadata log named nobody; it ends with the
// record that names the next leader, or when the old one leads again. The same span as a lesson's "time without a leader".
import type { ViewFact } from '#engine/cluster/view.ts';

/** @returns microseconds; null when the partition has never lost its leader. Still without one: up to `now`. */
export function leaderlessUs(facts: readonly ViewFact[], of: { readonly topic: string; readonly partition: number }, now: number): number | null {
  let leader = -1;
  let lostAt: number | null = null;
  let measured: number | null = null;
  for (const { at, fact } of facts) {
    if (fact.kind === 'process-stopped') {
      if (fact.process === `broker-${leader}`) lostAt ??= at;
      continue;
    }
    if (fact.kind !== 'partition-changed' && fact.kind !== 'became-leader' || fact.topic !== of.topic || fact.partition !== of.partition) continue;
    const next = fact.kind === 'became-leader' ? fact.broker : fact.leader;
    if (next === -1) {
      if (leader !== -1) lostAt ??= at;
      leader = -1;
      continue;
    }
    if (lostAt !== null && (next !== leader || fact.kind === 'became-leader')) {
      measured = at - lostAt;
      lostAt = null;
    }
    leader = next;
  }
  return lostAt === null ? measured : now - lostAt;
}
