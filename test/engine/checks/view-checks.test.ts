import { describe, expect, test } from "vitest";
import { type Check, evaluateCheck } from "#engine/checks/check.ts";
import { RunHistory } from "#engine/checks/run-history.ts";
import { initialView } from "#engine/cluster/fold-facts.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { ClusterView, PartitionView, ReplicaView } from "#engine/cluster/view.ts";

const spec = PRESETS["guides/three-nodes"] as ClusterSpec;

function replica(broker: number, role: ReplicaView["role"], logEnd: number): ReplicaView {
  return { broker, role, leaderEpoch: 1, logStart: 0, logEnd, highWatermark: 5, batches: [] };
}

function partition(changes: Partial<PartitionView> = {}): PartitionView {
  return {
    topic: "t", partition: 0, leader: 1, leaderEpoch: 1, partitionEpoch: 3, isr: [1, 2], replicas: [1, 2, 3], highWatermark: 5,
    logs: [replica(1, "leader", 5), replica(2, "follower", 5), replica(3, "follower", 5)], ...changes,
  };
}

function world(partitions: readonly PartitionView[], changes: Partial<ClusterView> = {}): ClusterView {
  const fresh = initialView(spec);
  return {
    ...fresh, activeController: 2,
    nodes: fresh.nodes.map(node => ({ ...node, status: "running", belief: "unfenced" })),
    topics: [{ name: "t", topicId: "x", configs: [["min.insync.replicas", "2"]], partitions }],
    producers: [{ id: "p", status: "running", acks: -1, idempotent: true, accepted: 9, acknowledged: 7, failed: 0 }], ...changes,
  };
}

function holds(check: Check, view: ClusterView): boolean {
  return evaluateCheck(check, view, new RunHistory()).holds;
}

const good = world([partition()]);
const stopped = (node: number): Partial<ClusterView> => ({ nodes: good.nodes.map(each => each.id === node ? { ...each, status: "stopped" } : each) });

/** Each check with a view where it holds and one where it does not. */
const CASES: readonly (readonly [Check, ClusterView, ClusterView])[] = [
  [{ check: "topic-exists", topic: "t" }, good, world([], { topics: [] })],
  [{ check: "has-leader" }, good, world([partition({ leader: -1 })])],
  [{ check: "has-leader", topic: "t", partition: 0 }, good, world([partition()], stopped(1))],
  [{ check: "leader-of", topic: "t", partition: 0, broker: 1 }, good, world([partition({ leader: 2 })])],
  [{ check: "leader-epoch-at-least", topic: "t", partition: 0, leaderEpoch: 1 }, good, world([partition({ leaderEpoch: 0 })])],
  [{ check: "in-sync-count", atLeast: 2 }, good, world([partition({ isr: [1] })])],
  [{ check: "in-sync-replicas", topic: "t", partition: 0, isr: [2, 1] }, good, world([partition({ isr: [1, 3] })])],
  [{ check: "fully-replicated" }, world([partition({ isr: [3, 2, 1] })]), good],
  [{ check: "writable" }, good, world([partition({ isr: [1] })])],
  [{ check: "leader-balance" }, good, world([partition(), partition({ partition: 1, leader: 2 })])],
  [{ check: "replicas-agree" }, good, world([partition({ logs: [replica(1, "leader", 5), replica(2, "follower", 4)] })])],
  [{ check: "node-status", node: 3, status: "stopped" }, world([partition()], stopped(3)), good],
  [{ check: "all-nodes-running" }, good, world([partition()], stopped(2))],
  [{ check: "all-brokers-unfenced" }, good, initialView(spec)],
  [{ check: "active-controller" }, good, initialView(spec)],
  [{ check: "active-controller", node: 2 }, good, { ...good, activeController: 3 }],
  [{ check: "links-whole" }, good, { ...good, cuts: [{ from: "a", to: "b" }] }],
  [{ check: "acknowledged-at-least", producer: "p", count: 7 }, good, { ...good, producers: [] }],
  [{ check: "nothing-failed", producer: "p" }, good, { ...good, producers: good.producers.map(producer => ({ ...producer, failed: 1 })) }],
];

describe("a check of one moment", () => {
  test.each(CASES.map(([check, yes, no]) => [JSON.stringify(check), check, yes, no] as const))("%s tells yes from no", (_name, check, yes, no) => {
    expect(holds(check, yes)).toBe(true);
    expect(holds(check, no)).toBe(false);
    expect(evaluateCheck(check, no, new RunHistory()).detail).not.toBe("");
  });

  test("of partitions that do not exist never holds", () => {
    expect(holds({ check: "has-leader" }, world([], { topics: [] }))).toBe(false);
    expect(holds({ check: "has-leader", topic: "nowhere" }, good)).toBe(false);
    expect(holds({ check: "leader-of", topic: "t", partition: 7, broker: 1 }, good)).toBe(false);
  });

  test("takes min.insync.replicas from the topic before the one it is given", () => {
    const alone = world([partition({ isr: [1] })]);
    expect(holds({ check: "writable", minInsyncReplicas: 1 }, alone)).toBe(false);
    expect(holds({ check: "writable", minInsyncReplicas: 1 }, { ...alone, topics: alone.topics.map(topic => ({ ...topic, configs: [] })) })).toBe(true);
  });
});
