// How long a partition was without a leader the last time it lost one, from the facts of the trace.
//
// It begins when the process of the leader stopped (or was paused for good), which is before anybody knew, and ends when a replica has
// become leader. That is what a producer feels, not what the controller believes.
import type { ViewFact } from '#engine/cluster/view.ts';

/** @returns microseconds; null when the partition has never lost its leader. Still without one: up to `now`. */
export function leaderlessUs(facts: readonly ViewFact[], { topic, partition }: { readonly topic: string; readonly partition: number }, now: number): number | null {
  let leader = -1;
  let lostAt: number | null = null;
  let measured: number | null = null;
  const lose = (at: number): void => {
    if (lostAt === null && leader !== -1) lostAt = at;
    leader = -1;
  };
  for (const { at, process, fact } of facts) {
    if (fact.kind === 'became-leader' && fact.topic === topic && fact.partition === partition) {
      if (lostAt !== null) measured = at - lostAt;
      lostAt = null;
      leader = fact.broker;
    } else if (fact.kind === 'process-stopped' && process === `broker-${leader}`) lose(at);
    else if (fact.kind === 'process-stopped' && fact.process === `broker-${leader}`) lose(at);
    else if (fact.kind === 'became-follower' && fact.topic === topic && fact.partition === partition && fact.broker === leader) lose(at);
    else if (fact.kind === 'partition-changed' && fact.topic === topic && fact.partition === partition && fact.leader === -1) lose(at);
  }
  return lostAt === null ? measured : now - lostAt;
}
