import { beforeEach, describe, expect, test } from "vitest";
import { evaluateCheck } from "#engine/checks/check.ts";
import { findLosses } from "#engine/checks/history-checks.ts";
import { RunHistory } from "#engine/checks/run-history.ts";
import { initialView } from "#engine/cluster/fold-facts.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { ExportedFact } from "#engine/cluster/view.ts";

const view = initialView(PRESETS["guides/three-nodes"] as ClusterSpec);
const of = { topic: "t", partition: 0 };
let history: RunHistory;
let id = 0;

beforeEach(() => {
  history = new RunHistory();
  id = 0;
});

function tell(...facts: readonly ExportedFact[]): void {
  for (const fact of facts) history.add({ id: id, at: id++ * 1000, process: "", cause: -1, quiet: false, fact });
}

function changed(leader: number, leaderEpoch: number, isr: readonly number[], partitionEpoch: number, reason: "created" | "broker-fenced" | "isr-expanded" | "unclean-election" = "created"): ExportedFact {
  return { kind: "partition-changed", ...of, replicas: [1, 2, 3], leader, leaderEpoch, isr, partitionEpoch, reason };
}
const leads = (broker: number, leaderEpoch: number): ExportedFact => ({ kind: "became-leader", ...of, broker, leaderEpoch, epochStartOffset: 0 });
const marked = (broker: number, offset: number): ExportedFact => ({ kind: "high-watermark", ...of, broker, offset });
const truncated = (broker: number, to: number): ExportedFact => ({ kind: "log-truncated", ...of, broker, from: 99, to });
const darkened = (broker: number): ExportedFact => ({ kind: "process-stopped", process: `broker-${broker}`, how: "power-loss" });
function appended(broker: number, baseOffset: number, leaderEpoch: number, crc: number, asLeader = false): ExportedFact {
  return {
    kind: "log-appended", ...of, broker, asLeader,
    batch: { baseOffset, count: 1, leaderEpoch, producerId: -1, producerEpoch: -1, baseSequence: -1, sizeBytes: 70, crc, records: [] },
  };
}
function acknowledged(baseOffset: number): ExportedFact {
  return { kind: "batch-acknowledged", ...of, client: "p", baseOffset, count: 1, producerId: -1, baseSequence: -1 };
}
const names = (): string[] => history.violations.map(violation => violation.check);

describe("receipts and the copies they stood for", () => {
  const atLeast = (copies: number, topic = "t") => evaluateCheck({ check: "acknowledged-by-at-least", copies, topic }, view, history);

  test("an acknowledgement counts the ISR as it was committed at that moment", () => {
    tell(changed(1, 0, [1, 2, 3], 0), acknowledged(0), changed(1, 0, [1, 2], 1), acknowledged(1));
    expect([atLeast(2).holds, atLeast(3).holds]).toEqual([true, false]);
    tell(changed(1, 0, [1], 2), acknowledged(2), changed(1, 0, [1, 2, 3], 3), acknowledged(3));
    expect(atLeast(2)).toEqual({ holds: false, detail: "offset 2 of t-0 was acknowledged with 1 copy in sync", evidence: [5] });
    expect(atLeast(2, "another").holds).toBe(true);
  });

  test("who asked for less than all was promised less", () => {
    tell({ kind: "producer-opened", client: "p", acks: 1, idempotent: false }, changed(1, 0, [1], 0), acknowledged(0));
    expect(atLeast(2).holds).toBe(true);
  });
});

describe("one leader per epoch", () => {
  test("two brokers in one epoch break it, one broker twice does not", () => {
    tell(leads(1, 0), leads(1, 0), leads(2, 1));
    expect(names()).toEqual([]);
    tell(leads(3, 1));
    expect(names()).toEqual(["one-leader-per-epoch"]);
    expect(history.violations[0]?.detail).toBe("brokers 2 and 3 both lead t-0 in leader epoch 1");
  });

  test("what the controller says and what a broker does have to agree", () => {
    tell(changed(1, 4, [1, 2], 0), leads(2, 4));
    expect(names()).toEqual(["one-leader-per-epoch"]);
  });

  test("the quorum is held to it as well", () => {
    const role = (node: number, epoch: number): ExportedFact => ({ kind: "raft-role", node, role: "leader", epoch, leader: node });
    tell(role(1, 1), role(2, 2));
    expect(names()).toEqual([]);
    tell(role(3, 2));
    expect(names()).toEqual(["one-leader-per-epoch"]);
  });
});

describe("logs agree below the high watermark", () => {
  test("another batch at a committed offset breaks it", () => {
    tell(leads(1, 0), appended(1, 0, 0, 77, true), marked(1, 1), appended(2, 0, 0, 78));
    expect(names()).toEqual([]);
    tell(marked(2, 1));
    expect(names()).toEqual(["logs-agree-below-high-watermark"]);
  });

  test("another batch above it, cut off in time, does not", () => {
    tell(leads(1, 0), appended(1, 0, 0, 77, true), appended(1, 1, 0, 5, true), appended(2, 0, 0, 77), marked(1, 1), marked(2, 1));
    tell(leads(2, 1), appended(2, 1, 1, 6, true), truncated(1, 1), appended(1, 1, 1, 6), marked(2, 2), marked(1, 2));
    expect(names()).toEqual([]);
  });

  test("a batch that was cut off although it was committed shows when another takes its place", () => {
    tell(leads(1, 0), appended(1, 0, 0, 77, true), marked(1, 1), leads(2, 1), appended(2, 0, 1, 80, true), marked(2, 1));
    expect(names()).toEqual(["logs-agree-below-high-watermark"]);
  });
});

test("a leader's high watermark may go back at an election, not within its epoch", () => {
  tell(leads(1, 0), appended(1, 0, 0, 1, true), marked(1, 1), leads(1, 1), marked(1, 1));
  expect(names()).toEqual([]);
  tell(marked(1, 0));
  expect(names()).toEqual(["high-watermark-does-not-go-back-within-an-epoch"]);
});

test("a leader outside its ISR, or an ISR outside the replicas, breaks a rule", () => {
  tell(changed(1, 0, [2, 3], 0));
  tell(changed(2, 1, [2, 4], 1));
  expect(names()).toEqual(["leader-is-a-replica-in-sync", "leader-is-a-replica-in-sync"]);
  expect(evaluateCheck({ check: "leader-is-a-replica-in-sync" }, view, history)).toMatchObject({ holds: false, evidence: [0, 1] });
});

describe("an acknowledged record", () => {
  const written: readonly ExportedFact[] = [
    { kind: "producer-opened", client: "p", acks: -1, idempotent: false }, changed(1, 0, [1, 2, 3], 0), leads(1, 0), appended(1, 0, 0, 7, true), acknowledged(0),
  ];

  test("is lost when a new leader does not have it", () => {
    tell(...written, changed(2, 1, [2, 3], 1, "broker-fenced"), leads(2, 1));
    expect(findLosses(history)).toMatchObject([{ batch: { baseOffset: 0 }, excuse: null }]);
    expect(evaluateCheck({ check: "no-acknowledged-loss" }, view, history)).toMatchObject({ holds: false, evidence: [4] });
    expect(evaluateCheck({ check: "no-acknowledged-loss", topic: "other" }, view, history).holds).toBe(true);
  });

  test("is not lost while its followers have it, and nobody can tell while nobody leads", () => {
    tell(...written, appended(2, 0, 0, 7), changed(-1, 1, [2], 1, "broker-fenced"));
    expect(findLosses(history)).toEqual([]);
    tell(changed(2, 2, [2], 2), leads(2, 2));
    expect(findLosses(history)).toEqual([]);
  });

  test("is not lost when the same batch was written twice, in two epochs, and the second one went away", () => {
    const again = (broker: number, leaderEpoch: number): ExportedFact => {
      const fact = appended(broker, 0, leaderEpoch, 7, true);
      return fact.kind === "log-appended" ? { ...fact, batch: { ...fact.batch, producerId: 5, baseSequence: 0 } } : fact;
    };
    const answer: ExportedFact = { kind: "batch-acknowledged", ...of, client: "p", baseOffset: 0, count: 1, producerId: 5, baseSequence: 0 };
    tell(changed(1, 0, [1, 2], 0), leads(1, 0), again(1, 0), changed(2, 1, [2], 1, "broker-fenced"), leads(2, 1), again(2, 1));
    tell(changed(1, 2, [1], 2), leads(1, 2), answer);
    expect(findLosses(history)).toEqual([]);
    expect(history.partitions.get("t-0")?.acknowledged[0]?.entry).not.toBeNull();
  });

  test("of acks=1 counts only where it is asked for", () => {
    tell({ kind: "producer-opened", client: "p", acks: 1, idempotent: false }, ...written.slice(1), changed(2, 1, [2, 3], 1, "broker-fenced"), leads(2, 1));
    expect(evaluateCheck({ check: "no-acknowledged-loss" }, view, history).holds).toBe(true);
    expect(evaluateCheck({ check: "no-acknowledged-loss", acks: "any" }, view, history).holds).toBe(false);
  });

  test("may be lost when every member of the ISR has lost its page cache, by the name of that anomaly", () => {
    tell(...written, darkened(2), darkened(3));
    expect(history.anomalies).toEqual([]);
    tell(darkened(1));
    expect(history.anomalies).toMatchObject([{ name: "every-replica-of-the-isr-lost-its-page-cache", ...of }]);
    tell(changed(2, 1, [2], 1, "broker-fenced"), leads(2, 1));
    expect(evaluateCheck({ check: "no-acknowledged-loss" }, view, history).holds).toBe(true);
    expect(evaluateCheck({ check: "no-acknowledged-loss", excused: false }, view, history).holds).toBe(false);
  });

  test("has no excuse when a member of the ISR was refilled in between", () => {
    tell(...written, darkened(2), changed(1, 0, [1, 3], 1, "broker-fenced"), changed(1, 0, [1, 3, 2], 2, "isr-expanded"), darkened(1), darkened(3));
    expect(history.anomalies).toEqual([]);
  });

  test("that comes after the anomaly has no excuse", () => {
    tell(changed(1, 0, [1], 0), darkened(1), ...written.slice(0, 1), leads(1, 0), appended(1, 0, 0, 7, true), acknowledged(0));
    tell(changed(2, 1, [2], 1, "broker-fenced"), leads(2, 1));
    expect(history.anomalies).toHaveLength(1);
    expect(findLosses(history)).toMatchObject([{ excuse: null }]);
  });

  test("may be lost by an unclean election, by that name", () => {
    tell(...written, changed(3, 1, [3], 1, "unclean-election"), leads(3, 1));
    expect(findLosses(history)).toMatchObject([{ excuse: { name: "unclean-election" } }]);
  });
});
