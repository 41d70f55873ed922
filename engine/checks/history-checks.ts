// Checks of a whole run: has anything ever gone wrong? Invariants are recorded as they break; a loss is looked for in the leaders' logs.
import type { CheckResult } from "./check.ts";
import { type Acknowledged, type Anomaly, holdsBatch, type Invariant, type PartitionHistory, type RunHistory } from "./run-history.ts";

export type HistoryCheck =
  | { readonly check: Invariant }
  /** No acks=all producer was told that a record is safe while the ISR, as committed, had fewer members. FIDELITY: CHECK-COPIES. */
  | { readonly check: "acknowledged-by-at-least"; readonly copies: number; readonly topic?: string }
  /**
   * Every batch that was acknowledged to a producer with these acks (default: all) is in the log of the present leader. A partition without
   * a leader cannot tell and breaks nothing. Losses by a named anomaly (every replica of the ISR lost its page cache, an unclean
   * election) count only with `excused: false`.
   */
  | { readonly check: "no-acknowledged-loss"; readonly acks?: "all" | "any"; readonly topic?: string; readonly excused?: boolean };

export interface Loss { readonly partition: PartitionHistory; readonly batch: Acknowledged; readonly excuse: Anomaly | null }

export function evaluateHistoryCheck(check: HistoryCheck, history: RunHistory): CheckResult {
  if (check.check === "no-acknowledged-loss") return evaluateLoss(check, history);
  if (check.check === "acknowledged-by-at-least") return evaluateCopies(check, history);
  const violations = history.violations.filter(violation => violation.check === check.check);
  return {
    holds: violations.length === 0, detail: violations[0]?.detail ?? "it has held throughout",
    evidence: violations.slice(0, 5).map(violation => violation.factId),
  };
}

function evaluateLoss(check: HistoryCheck & { check: "no-acknowledged-loss" }, history: RunHistory): CheckResult {
  const losses = findLosses(history).filter(loss =>
    (check.acks === "any" || loss.batch.acks === -1) && (check.topic === undefined || check.topic === loss.partition.topic)
    && (loss.excuse === null || check.excused === false));
  const first = losses[0];
  if (first === undefined) return { holds: true, detail: "every acknowledged record is in its leader's log", evidence: [] };
  const records = losses.reduce((sum, loss) => sum + loss.batch.count, 0);
  return {
    holds: false,
    detail: `${records} acknowledged records are lost, the first at offset ${first.batch.baseOffset} of ${first.partition.topic}-${first.partition.partition}`,
    evidence: losses.slice(0, 5).map(loss => loss.batch.factId),
  };
}

function evaluateCopies({ copies, topic }: HistoryCheck & { check: "acknowledged-by-at-least" }, history: RunHistory): CheckResult {
  for (const partition of history.partitions.values()) {
    const { thinnest } = partition;
    if (topic !== undefined && topic !== partition.topic || thinnest === null || thinnest.copies >= copies) continue;
    const kept = thinnest.copies === 1 ? "1 copy" : `${thinnest.copies} copies`;
    return { holds: false, detail: `offset ${thinnest.offset} of ${partition.topic}-${partition.partition} was acknowledged with ${kept} in sync`, evidence: [thinnest.factId] };
  }
  return { holds: true, detail: `every receipt stood for ${copies} copies at least`, evidence: [] };
}

/** All acknowledged batches that the present leaders do not have, with the anomaly that explains it, if any. */
export function findLosses(history: RunHistory): Loss[] {
  const losses: Loss[] = [];
  for (const partition of history.partitions.values()) {
    for (const batch of partition.acknowledged) {
      if (batch.entry === null || holdsBatch(partition, batch.entry) !== false) continue;
      const { entry } = batch;
      // A leader that has not heard of the unclean election yet goes on in its old epoch, alone.
      const excuse = history.anomalies.find(({ name, topic, partition: index, leaderEpoch, at }) => topic === partition.topic && index === partition.partition
        && (at >= batch.appendedAt || name === "unclean-election" && entry.leaderEpoch < leaderEpoch)) ?? null;
      losses.push({ partition, batch, excuse });
    }
  }
  return losses;
}
