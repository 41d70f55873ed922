import { expect, test } from "vitest";
import { type Check, evaluateCheck } from "#engine/checks/check.ts";
import { RunHistory } from "#engine/checks/run-history.ts";
import { initialView } from "#engine/cluster/fold-facts.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { ClusterView, EnsembleView, PartitionView, ZooKeeperServerView } from "#engine/cluster/view.ts";

const dedicated = initialView(PRESETS["guides/three-brokers-three-controllers"] as ClusterSpec);
const zooKeeper = initialView(PRESETS["guides/three-nodes-zookeeper"] as ClusterSpec);

function partition(number: number, replicas: readonly number[], changes: Partial<PartitionView> = {}): PartitionView {
  return {
    topic: "t", partition: number, leader: replicas[0] ?? -1, leaderEpoch: 0, partitionEpoch: 0, isr: replicas, replicas, highWatermark: 0, logs: [], ...changes,
  };
}

function holding(...partitions: readonly PartitionView[]): ClusterView {
  return { ...dedicated, topics: [{ name: "t", topicId: "x", configs: [], partitions }, { name: "other", topicId: "y", configs: [], partitions: [partition(0, [1])] }] };
}

function served(changes: Readonly<Record<number, Partial<ZooKeeperServerView>>>): ClusterView {
  const ensemble = zooKeeper.ensemble as EnsembleView;
  const servers = ensemble.servers.map((server): ZooKeeperServerView =>
    ({ ...server, status: "running", state: server.id === 3 ? "leading" : "following", leader: 3, ...changes[server.id] }));
  return { ...zooKeeper, ensemble: { ...ensemble, servers } };
}

const say = (check: Check, view: ClusterView): string | true => {
  const { holds, detail } = evaluateCheck(check, view, new RunHistory());
  return holds || detail;
};

test("replicas are counted for every broker, and for no controller", () => {
  const view = holding(partition(0, [1, 2]), partition(1, [1, 2]));
  expect(say({ check: "replicas-per-broker", atLeast: 1, atMost: 2, topic: "t" }, view)).toBe("broker 3 holds 0 replicas");
  expect(say({ check: "replicas-per-broker", atLeast: 0, atMost: 2, topic: "t" }, view)).toBe(true);
  expect(say({ check: "replicas-per-broker", atLeast: 0, atMost: 2 }, view)).toBe("broker 1 holds 3 replicas");
});

test("leaders are counted for every broker", () => {
  const view = holding(partition(0, [1, 2]), partition(1, [1, 2]), partition(2, [3, 2], { leader: -1 }));
  expect(say({ check: "leaders-per-broker", atLeast: 0, atMost: 1, topic: "t" }, view)).toBe("broker 1 leads 2 partitions");
  expect(say({ check: "leaders-per-broker", atLeast: 0, atMost: 2, topic: "t" }, view)).toBe(true);
  expect(say({ check: "leaders-per-broker", atLeast: 1, atMost: 2, topic: "t" }, view)).toBe("broker 2 leads 0 partitions");
});

test("the replication factor is that of the thinnest partition", () => {
  const view = holding(partition(0, [1, 2, 3]), partition(1, [1, 2]));
  expect(say({ check: "replication-factor", atLeast: 2, topic: "t" }, view)).toBe(true);
  expect(say({ check: "replication-factor", atLeast: 3, topic: "t" }, view)).toBe("t-1 has 2 replicas: [1, 2]");
  expect(say({ check: "replication-factor", atLeast: 1, topic: "gone" }, view)).toBe("there is no partition");
});

test("a partition that gains or loses replicas is being moved", () => {
  expect(say({ check: "no-reassignment" }, holding(partition(0, [1, 2])))).toBe(true);
  expect(say({ check: "no-reassignment" }, holding(partition(0, [1, 2], { addingReplicas: [2] })))).toBe("t-0 is being moved: replicas [1, 2]");
  expect(say({ check: "no-reassignment" }, holding(partition(0, [1, 2], { removingReplicas: [2] })))).toBe("t-0 is being moved: replicas [1, 2]");
});

test("the ensemble serves with a leader and a majority behind it", () => {
  expect(say({ check: "ensemble-serves" }, served({}))).toBe(true);
  expect(say({ check: "ensemble-serves" }, served({ 1: { status: "stopped" } }))).toBe(true);
  expect(say({ check: "ensemble-serves" }, served({ 1: { status: "stopped" }, 2: { status: "stopped" } }))).toBe("zookeeper-3 leads 1 of 3 servers");
  expect(say({ check: "ensemble-serves" }, served({ 1: { state: "looking" }, 2: { leader: 1 } }))).toBe("zookeeper-3 leads 1 of 3 servers");
  expect(say({ check: "ensemble-serves" }, served({ 3: { status: "stopped" } }))).toBe("2 of 3 ZooKeeper servers run, and none of them leads");
  expect(say({ check: "ensemble-serves" }, dedicated)).toBe("0 of 0 ZooKeeper servers run, and none of them leads");
});

test("several checks hold together or not at all, and the first that does not is told", () => {
  const all = (atLeast: number): Check => ({ check: "all-of", checks: [{ check: "no-reassignment" }, { check: "replication-factor", atLeast, topic: "t" }] });
  const view = holding(partition(0, [1, 2]));
  expect(say(all(2), view)).toBe(true);
  expect(say(all(3), view)).toBe("t-0 has 2 replicas: [1, 2]");
});
