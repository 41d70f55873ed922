import { describe, expect, test } from "vitest";
import { evaluateCheck } from "#engine/checks/check.ts";
import { findLosses } from "#engine/checks/history-checks.ts";
import type { Invariant } from "#engine/checks/run-history.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import { observe } from "#engine/cluster/observe.ts";
import type { ViewFact } from "#engine/cluster/view.ts";
import { comparable, isMetadataSettled } from "./compare-views.ts";
import { type RandomRun, randomRun, randomSpec } from "./random-run.ts";

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const LIFE = { safetySeconds: 50, livenessSeconds: 25 } as const;

function told(run: RandomRun): string {
  const lines = run.inputs.map(input => `  ${(input.at / 1_000_000).toFixed(2)} s  ${JSON.stringify(input.command)}`);
  return `seed ${run.seed}; its inputs:\n${lines.join("\n")}`;
}

function expectSafe(run: RandomRun): void {
  const why = told(run);
  expect(run.history.violations, why).toEqual([]);
  expect(evaluateCheck({ check: "no-acknowledged-loss" }, run.view, run.history), why).toMatchObject({ holds: true });
}

function expectLively(run: RandomRun): void {
  const why = told(run);
  for (const check of ["all-nodes-running", "all-brokers-unfenced", "active-controller", "has-leader", "fully-replicated"] as const) {
    expect(evaluateCheck({ check }, run.view, run.history), `${check}: ${why}`).toMatchObject({ holds: true });
  }
  const [careful] = run.view.producers;
  const lastAcknowledged = run.history.partitions.get("user-events-0")?.acknowledged.at(-1)?.at ?? 0;
  expect(careful?.acknowledged, why).toBeGreaterThan(0);
  expect(run.cluster.now - lastAcknowledged, why).toBeLessThan(10_000_000);
}

/** Seeds run once; the tests below look at all of them. */
const runs = new Map<number, RandomRun>();
let compared = 0;

describe("random workloads and faults", () => {
  test.each(SEEDS)("seed %i: nothing acknowledged is lost, logs agree, and the cluster recovers; folded and observed views agree", seed => {
    const run = randomRun(seed, {
      ...LIFE,
      onStretch: (cluster, view) => {
        const observed = observe(cluster);
        const settled = isMetadataSettled(observed);
        expect(comparable(view, settled)).toEqual(comparable(observed, settled));
        if (settled) compared += 1;
      },
    });
    runs.set(seed, run);
    expectSafe(run);
    expectLively(run);
  });

  test("the runs were not empty: every fault, every kind of change, and the named anomaly came up", () => {
    const total = (kind: string): number => [...runs.values()].reduce((sum, run) => sum + (run.counts[kind] ?? 0), 0);
    for (const kind of ["kill", "power-loss", "shut-down", "pause", "cut", "heal", "drop", "restart", "elect-leaders"]) {
      expect(total(`did ${kind}`), kind).toBeGreaterThan(5);
    }
    for (const kind of ["partition-changed", "became-leader", "became-follower", "log-truncated", "isr-proposed", "broker-fenced",
      "batch-acknowledged", "batch-retried", "batch-failed", "records-consumed", "message-held", "message-dropped", "raft-role"]) {
      expect(total(kind), kind).toBeGreaterThan(20);
    }
    const histories = [...runs.values()].map(run => run.history);
    expect(histories.some(history => history.anomalies.some(anomaly => anomaly.name === "every-replica-of-the-isr-lost-its-page-cache"))).toBe(true);
    const losses = histories.flatMap(findLosses);
    expect(losses.filter(loss => loss.batch.acks === 1).length, "acks=1 loses records").toBeGreaterThan(0);
    expect(compared).toBeGreaterThan(200);
    const batches = histories.flatMap(history => [...history.partitions.values()]).reduce((sum, partition) => sum + partition.committed.length, 0);
    expect(batches).toBeGreaterThan(50_000);
  });

  test.each(SEEDS.slice(0, 4))("seed %i: a replay of its inputs gives the same digest", seed => {
    const run = runs.get(seed);
    if (run === undefined) throw new Error("the seed has not been run");
    const replay = Cluster.build(randomSpec(seed), seed);
    run.inputs.forEach((input, index) => {
      replay.runUntil(input.at);
      // The harness forgets what it still wanted to drop when it heals.
      if (input.command.do === "heal" && index === healingIndex(run)) replay.simulation.world.network.drops.length = 0;
      replay.apply(index, input.command);
    });
    replay.runUntil(run.cluster.now);
    expect(replay.digest()).toBe(run.cluster.digest());
  });
});

function healingIndex(run: RandomRun): number {
  return run.inputs.findLastIndex(input => input.command.do === "heal");
}

describe("seeds that taught something", () => {
  test.each([
    [616, "a batch written in two epochs, of which the acknowledged one stayed"],
    [286, "a controlled shutdown that waits for a quorum and ends only after the other nodes are back"],
  ])("seed %i: %s", seed => {
    const run = randomRun(seed, { safetySeconds: 60, livenessSeconds: 30 });
    expectSafe(run);
    expectLively(run);
  });
});

describe("the canary", () => {
  /** Whether a broken world is noticed in one of a few lives. */
  function isCaught(mutate: () => (fact: ViewFact) => ViewFact, notices: (run: RandomRun) => boolean): boolean {
    return SEEDS.slice(0, 8).some(seed => notices(randomRun(seed, { ...LIFE, mutate: mutate() })));
  }

  function violates(check: Invariant): (run: RandomRun) => boolean {
    return run => run.history.violations.some(violation => violation.check === check);
  }

  test("a follower that stores another batch than its leader is caught", () => {
    expect(isCaught(oneFollowerBatchDiffers, violates("logs-agree-below-high-watermark"))).toBe(true);
  });

  test("a second leader of an epoch is caught", () => {
    const mutate = () => (fact: ViewFact): ViewFact =>
      fact.fact.kind === "became-leader" ? { ...fact, fact: { ...fact.fact, leaderEpoch: 0 } } : fact;
    expect(isCaught(mutate, violates("one-leader-per-epoch"))).toBe(true);
  });

  test("a high watermark that goes back is caught", () => {
    expect(isCaught(everyHundredthHighWatermarkGoesBack, violates("high-watermark-does-not-go-back-within-an-epoch"))).toBe(true);
  });

  test("a lost acknowledged record is caught", () => {
    // As if a leader were elected whose log lacks what was acknowledged.
    const mutate = () => (fact: ViewFact): ViewFact =>
      fact.fact.kind === "log-appended" && !fact.fact.asLeader && fact.fact.batch.baseOffset % 50 === 0
        ? { ...fact, fact: { ...fact.fact, batch: { ...fact.fact.batch, crc: (fact.fact.batch.crc ?? 0) ^ 1 } } } : fact;
    expect(isCaught(mutate, run => !evaluateCheck({ check: "no-acknowledged-loss" }, run.view, run.history).holds)).toBe(true);
  });
});

function oneFollowerBatchDiffers(): (fact: ViewFact) => ViewFact {
  let changed = false;
  return fact => {
    if (changed || fact.fact.kind !== "log-appended" || fact.fact.asLeader || fact.at < 20_000_000) return fact;
    changed = true;
    return { ...fact, fact: { ...fact.fact, batch: { ...fact.fact.batch, crc: (fact.fact.batch.crc ?? 0) ^ 1 } } };
  };
}

function everyHundredthHighWatermarkGoesBack(): (fact: ViewFact) => ViewFact {
  let count = 0;
  return fact => {
    if (fact.fact.kind !== "high-watermark") return fact;
    count += 1;
    return count % 100 === 0 ? { ...fact, fact: { ...fact.fact, offset: Math.max(0, fact.fact.offset - 3) } } : fact;
  };
}
