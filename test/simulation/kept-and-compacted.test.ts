// Topics that forget: by size, and all but the newest of each key. Brokers die, stay away until the leaders have moved on, and come back.
import { expect, test } from "vitest";
import { RunHistory } from "#engine/checks/run-history.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { foldChange, initialView } from "#engine/cluster/fold-facts.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { factFeed } from "#engine/grading/replay-run.ts";

const SECOND = 1_000_000;
const settings = {
  "log.retention.check.interval.ms": 10_000, "log.initial.task.delay.ms": 5_000, "log.cleaner.backoff.ms": 3_000, "log.segment.delete.delay.ms": 5_000,
};
const preset = PRESETS["guides/three-nodes"] as ClusterSpec;
const spec: ClusterSpec = {
  ...preset, nodes: preset.nodes.map(node => ({ ...node, settings })),
  topics: [
    { name: "clicks", assignment: [[1, 2, 3]], configs: { "min.insync.replicas": "2", "segment.bytes": "2000", "retention.bytes": "4000" } },
    { name: "customers", assignment: [[2, 3]], configs: { "segment.bytes": "2000", "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1" } },
  ],
  producers: [
    { id: "web", settings: { "linger.ms": 0, "batch.size": 1000 }, workload: { topic: "clicks", everyMs: 50, keys: ["a", "b", "c"], records: 1500 } },
    { id: "office", settings: { "linger.ms": 120, "batch.size": 1000 }, workload: { topic: "customers", everyMs: 50, keys: ["a", "b", "c", "d"], records: 1500 } },
  ],
};

test("nothing that is kept contradicts what was committed, and everybody ends with the same logs", () => {
  const cluster = Cluster.build(spec, 5);
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
  cluster.runUntil(20 * SECOND);
  for (const [node, how] of [[3, "kill"], [1, "power-loss"], [2, "shut-down"]] as const) {
    give({ do: how, node });
    cluster.runUntil(cluster.now + 25 * SECOND);
    give({ do: "restart", node });
    cluster.runUntil(cluster.now + 15 * SECOND);
  }
  // A replica that copies what compaction has left.
  give({ do: "reassign", partitions: [{ topic: "customers", partition: 0, replicas: [2, 3, 1] }], call: 1 });
  cluster.runUntil(cluster.now + 30 * SECOND);
  feed();
  expect(history.violations).toEqual([]);
  const [clicks, customers] = view.topics.map(topic => topic.partitions[0]);
  expect(clicks?.isr).toHaveLength(3);
  for (const partition of [clicks, customers]) expect(new Set(partition?.logs.map(log => log.logEnd))).toEqual(new Set([1500]));
  expect(Math.min(...clicks?.logs.map(log => log.logStart) ?? [])).toBeGreaterThan(1000);
  const facts = [...cluster.simulation.world.trace].map(entry => entry.fact.kind);
  for (const kind of ["segments-deleted", "log-compacted", "segment-rolled"]) expect(facts).toContain(kind);
});
