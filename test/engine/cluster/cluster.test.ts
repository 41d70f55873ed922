import { describe, expect, test } from "vitest";
import { evaluateCheck } from "#engine/checks/check.ts";
import { RunHistory } from "#engine/checks/run-history.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import { observe } from "#engine/cluster/observe.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { linkBetween } from "#engine/core/connections.ts";

const SECOND = 1_000_000;
const threeNodes = PRESETS["guides/three-nodes"] as ClusterSpec;

function opened(spec: ClusterSpec, seed = 7, untilSeconds = 20): Cluster {
  const cluster = Cluster.build(spec, seed);
  while (!cluster.isOpen && cluster.now < untilSeconds * SECOND) cluster.runUntil(cluster.now + SECOND / 10);
  expect(cluster.isOpen).toBe(true);
  return cluster;
}

describe("a cluster of a spec", () => {
  test("opens with its topics assigned as written, and every replica in sync", () => {
    const cluster = opened({ ...threeNodes, topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { "min.insync.replicas": 2 } }] });
    cluster.runUntil(cluster.now + SECOND);
    const [topic] = observe(cluster).topics;
    expect(topic?.configs).toEqual([["min.insync.replicas", "2"]]);
    expect(topic?.partitions.map(({ leader, leaderEpoch, replicas, isr }) => ({ leader, leaderEpoch, replicas, isr }))).toEqual([
      { leader: 1, leaderEpoch: 0, replicas: [1, 2, 3], isr: [1, 2, 3] }, { leader: 2, leaderEpoch: 0, replicas: [2, 3, 1], isr: [2, 3, 1] },
      { leader: 3, leaderEpoch: 0, replicas: [3, 1, 2], isr: [3, 1, 2] },
    ]);
    expect(topic?.partitions[0]?.logs.map(log => log.role)).toEqual(["leader", "follower", "follower"]);
  });

  test.each([1, 2, 5, 9])("of %i nodes opens", count => {
    const nodes = Array.from({ length: count }, (_, index) => ({ id: 10 + index, host: `host-${index}` }));
    const cluster = opened({ kafka: "3.9", mode: "kraft", nodes, topics: [{ name: "t", partitions: 4, replicationFactor: Math.min(3, count) }] }, count);
    cluster.runUntil(cluster.now + 2 * SECOND);
    for (const check of ["has-leader", "fully-replicated", "all-brokers-unfenced", "active-controller"] as const) {
      expect(evaluateCheck({ check }, observe(cluster), new RunHistory()), check).toMatchObject({ holds: true });
    }
  });

  test("without topics opens when its brokers are in service", () => {
    expect(observe(opened(threeNodes)).nodes.map(node => node.belief)).toEqual(["unfenced", "unfenced", "unfenced"]);
  });

  test("opens also when a node dies while it boots, once that node is back", () => {
    const cluster = Cluster.build({ ...threeNodes, topics: [{ name: "t", partitions: 1, replicationFactor: 3 }] }, 3);
    cluster.runUntil(SECOND);
    expect(cluster.apply(0, { do: "kill", node: 2 })).toBeNull();
    cluster.runUntil(8 * SECOND);
    expect(cluster.isOpen).toBe(false);
    expect(cluster.apply(1, { do: "restart", node: 2 })).toBeNull();
    cluster.runUntil(20 * SECOND);
    expect(cluster.isOpen).toBe(true);
  });

  test("starts its clients when the topics are there, not before", () => {
    const cluster = Cluster.build({
      ...threeNodes, topics: [{ name: "t", partitions: 1, replicationFactor: 3 }],
      producers: [{ id: "p", workload: { topic: "t", everyMs: 10, keys: [null], records: 50 } }], consumers: [{ id: "c", topic: "t", from: "beginning" }],
    }, 5);
    cluster.runUntil(SECOND);
    expect(cluster.apply(0, { do: "send", producer: "p", topic: "t", records: [{ key: null, value: "x" }], call: 1 })).toMatchObject({ code: "not-ready" });
    cluster.runUntil(15 * SECOND);
    const view = observe(cluster);
    expect(view.producers[0]).toMatchObject({ accepted: 50, acknowledged: 50, failed: 0 });
    expect(view.consumers[0]?.positions).toEqual([{ topic: "t", partition: 0, position: 50 }]);
  });

  test("has links as slow as the spec says, also to clients that come later", () => {
    const cluster = opened({ ...threeNodes, link: { latencyUs: 5_000, jitterUs: 0 } });
    cluster.apply(0, { do: "open-producer", producer: { id: "late", host: "far-away" } });
    const { world } = cluster.simulation;
    expect(linkBetween(world, "far-away", "cpu-node1").settings).toMatchObject({ latencyUs: 5_000, jitterUs: 0, bytesPerSecond: 125_000_000 });
    expect(linkBetween(world, "cpu-node1", "cpu-node1").settings.latencyUs).toBe(20);
  });

  test("a snapshot is whole: what follows is the same again, the opening included", () => {
    const spec: ClusterSpec = { ...threeNodes, topics: [{ name: "t", partitions: 2, replicationFactor: 3 }], producers: [{ id: "p", workload: { topic: "t", everyMs: 20, keys: ["a"] } }] };
    const cluster = Cluster.build(spec, 9);
    for (const at of [0, 0.7, 1.5, 1.6, 1.7, 3, 6]) {
      cluster.runUntil(Math.round(at * SECOND));
      const snapshot = cluster.snapshot();
      const fork = cluster.fork();
      fork.runUntil(9 * SECOND);
      cluster.runUntil(9 * SECOND);
      expect(fork.digest()).toBe(cluster.digest());
      cluster.restore(snapshot);
    }
  });
});

describe("what an operator does", () => {
  test("a cut between two nodes is a cut between their hosts, both ways unless told otherwise, until it is healed", () => {
    const cluster = opened(threeNodes);
    cluster.apply(0, { do: "cut", from: [1], to: [2, 3] });
    cluster.apply(1, { do: "cut", from: [2], to: [3], oneWay: true });
    expect(observe(cluster).cuts.map(({ from, to }) => `${from}>${to}`)).toEqual([
      "cpu-node1>cpu-node2", "cpu-node1>worker-node3", "cpu-node2>cpu-node1", "cpu-node2>worker-node3", "worker-node3>cpu-node1",
    ]);
    cluster.apply(2, { do: "heal", from: [1], to: [2] });
    expect(observe(cluster).cuts).toHaveLength(3);
    cluster.apply(3, { do: "heal", from: [], to: [] });
    expect(observe(cluster).cuts).toEqual([]);
  });

  test("a controlled shutdown moves the leaders first and ends the process", () => {
    const cluster = opened({ ...threeNodes, topics: [{ name: "t", assignment: [[1, 2, 3]] }] });
    cluster.runUntil(cluster.now + SECOND);
    cluster.apply(0, { do: "shut-down", node: 1 });
    cluster.runUntil(cluster.now + 5 * SECOND);
    const view = observe(cluster);
    expect(view.nodes[0]?.status).toBe("stopped");
    expect(view.topics[0]?.partitions[0]).toMatchObject({ leader: 2, leaderEpoch: 1, isr: [2, 3] });
  });

  test("an observation can spell out the batches of every replica from an offset on", () => {
    const cluster = opened({
      ...threeNodes, topics: [{ name: "t", assignment: [[1, 2, 3]] }],
      producers: [{ id: "p", workload: { topic: "t", everyMs: 10, keys: ["k"], value: "v{n}", records: 10 } }],
    });
    cluster.runUntil(cluster.now + 5 * SECOND);
    expect(observe(cluster).topics[0]?.partitions[0]?.logs[0]?.batches).toEqual([]);
    const [partition] = observe(cluster, { batchesFrom: 8 }).topics[0]?.partitions ?? [];
    for (const log of partition?.logs ?? []) {
      expect(log.batches.flatMap(batch => batch.records.map(record => record.offset)).filter(offset => offset >= 8)).toEqual([8, 9]);
      expect(log.batches.at(-1)?.records.at(-1)).toMatchObject({ key: "k", offset: 9 });
    }
  });
});
