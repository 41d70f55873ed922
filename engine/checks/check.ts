// Named checks as data. The same check guards the fuzzer, grades a drill and speaks in a lesson; it sees the read model and nothing else.
import { evaluateHistoryCheck, type HistoryCheck } from "./history-checks.ts";
import { evaluatePlacementCheck, type PlacementCheck } from "./placement-checks.ts";
import type { RunHistory } from "./run-history.ts";
import { evaluateViewCheck, type ViewCheck } from "./view-checks.ts";
import type { ClusterView } from "#engine/cluster/view.ts";

export type Check =
  | ViewCheck | HistoryCheck | PlacementCheck
  /** All of them hold; the first that does not is told. */
  | { readonly check: "all-of"; readonly checks: readonly Check[] };

/** @property detail one clause in plain words: what is the case. @property evidence ids of facts that show it; may be empty. */
export interface CheckResult { readonly holds: boolean; readonly detail: string; readonly evidence: readonly number[] }

export function evaluateCheck(check: Check, view: ClusterView, history: RunHistory): CheckResult {
  switch (check.check) {
    case "no-acknowledged-loss": case "one-leader-per-epoch": case "logs-agree-below-high-watermark":
    case "high-watermark-does-not-go-back-within-an-epoch": case "leader-is-a-replica-in-sync": case "acknowledged-by-at-least":
    case "high-watermark-is-on-every-in-sync-replica": case "acknowledged-is-committed": case "one-controller-per-epoch":
    case "committed-is-not-cut":
      return evaluateHistoryCheck(check, history);
    case "replicas-per-broker": case "leaders-per-broker": case "replication-factor": case "no-reassignment": case "ensemble-serves":
      return evaluatePlacementCheck(check, view);
    case "all-of": {
      const results = check.checks.map(each => evaluateCheck(each, view, history));
      return results.find(result => !result.holds) ?? { holds: true, detail: "", evidence: [] };
    }
    default: return evaluateViewCheck(check, view);
  }
}
