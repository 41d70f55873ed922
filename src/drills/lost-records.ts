/**
 * Records that had their acknowledgement and are gone: what `acks=all` promises, held against the log of whoever leads now. The check that
 * grades drills looks for them; here they are counted, whatever excuses them.
 */
import { findLosses } from '#engine/checks/history-checks.ts';
import { RunHistory } from '#engine/checks/run-history.ts';
import type { ViewFact } from '#engine/cluster/view.ts';

export interface LostRecords {
  readonly count: number;
  /** The fact by which the log came back shorter; null while nothing is lost. */
  readonly factId: number | null;
}

/** Counts acknowledged records of a topic that the log of the present leader does not hold. */
export function lostAcknowledged(facts: readonly ViewFact[], topic: string): LostRecords {
  const history = new RunHistory();
  for (const fact of facts) history.add(fact);
  const losses = findLosses(history).filter((loss) => loss.partition.topic === topic);
  const [first] = losses;
  if (first === undefined) return { count: 0, factId: null };
  const shortened = facts.find(({ id, fact }) =>
    id > first.batch.factId && (fact.kind === 'log-opened' || fact.kind === 'log-truncated')
    && fact.topic === topic && fact.partition === first.partition.partition);
  return { count: losses.reduce((sum, loss) => sum + loss.batch.count, 0), factId: shortened?.id ?? first.batch.factId };
}
