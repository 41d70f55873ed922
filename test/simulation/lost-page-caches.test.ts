import { describe, expect, test } from "vitest";
import { evaluateCheck } from "#engine/checks/check.ts";
import { findLosses } from "#engine/checks/history-checks.ts";
import { RunHistory } from "#engine/checks/run-history.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { foldChange, initialView } from "#engine/cluster/fold-facts.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { factFeed } from "#engine/grading/replay-run.ts";

const SECOND = 1_000_000;
const spec: ClusterSpec = {
  ...PRESETS["guides/three-nodes"] as ClusterSpec,
  topics: [{ name: "user-events", assignment: [[1, 2, 3]], configs: { "min.insync.replicas": "2" } }],
  producers: [{ id: "orders", workload: { topic: "user-events", everyMs: 50, keys: ["customer-123"], records: 200 } }],
};

/** Lets the workload end, does this to all three nodes at once, starts them again and waits. */
function afterHitting(what: "kill" | "power-loss", waitSeconds = 1): { history: RunHistory; logEnds: readonly number[]; holds: boolean } {
  const cluster = Cluster.build(spec, 11);
  const history = new RunHistory();
  let view = initialView(spec);
  const feed = factFeed(cluster, fact => {
    history.add(fact);
    view = foldChange(view, fact);
  });
  let input = 0;
  const give = (command: Command): void => {
    expect(cluster.apply(input, command)).toBeNull();
    input += 1;
  };
  cluster.runUntil((14 + waitSeconds) * SECOND);
  for (const node of [1, 2, 3]) give({ do: what, node });
  cluster.runUntil(cluster.now + 2 * SECOND);
  for (const node of [1, 2, 3]) give({ do: "restart", node });
  cluster.runUntil(cluster.now + 60 * SECOND);
  feed();
  const { holds } = evaluateCheck({ check: "no-acknowledged-loss" }, view, history);
  return { history, holds, logEnds: view.topics[0]?.partitions[0]?.logs.map(log => log.logEnd) ?? [] };
}

describe("every replica of the ISR loses its page cache", () => {
  test("and records that were acknowledged with acks=all and min.insync.replicas=2 are gone: Kafka does not force them to disk", () => {
    const { history, logEnds, holds } = afterHitting("power-loss");
    expect(new Set(logEnds).size).toBe(1);
    expect(logEnds[0]).toBeLessThan(200);
    const losses = findLosses(history);
    expect(losses.length).toBeGreaterThan(0);
    expect(losses.every(loss => loss.excuse?.name === "every-replica-of-the-isr-lost-its-page-cache")).toBe(true);
    expect(holds).toBe(true);
    expect(history.violations).toEqual([]);
  });

  test("nothing is lost when the same three processes are killed: their page caches outlive them", () => {
    const { history, logEnds } = afterHitting("kill");
    expect(logEnds).toEqual([200, 200, 200]);
    expect(findLosses(history)).toEqual([]);
    expect(history.anomalies).toEqual([]);
  });

  test("nothing is lost when the operating systems had time to write the pages back", () => {
    const { history, logEnds } = afterHitting("power-loss", 60);
    expect(logEnds).toEqual([200, 200, 200]);
    expect(findLosses(history)).toEqual([]);
  });
});
