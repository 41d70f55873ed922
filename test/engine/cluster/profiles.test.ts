// Each profile as a whole: it opens, an operator's commands work in it, faults hit it, and what its facts add up to is what is observed.
import { describe, expect, test } from "vitest";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { Operated } from "./operated-cluster.ts";

const PROFILES = [
  "guides/three-nodes", "guides/three-nodes-4.3", "guides/three-nodes-zookeeper", "guides/three-brokers-three-controllers",
  "guides/three-brokers-three-controllers-4.3",
] as const;

function opened(preset: string): Operated {
  return new Operated({ ...PRESETS[preset] as ClusterSpec, topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }] });
}

describe.each(PROFILES)("%s", preset => {
  test("opens, with its topic, a controller and every broker in service", () => {
    const operated = opened(preset);
    const { view } = operated;
    expect(operated.cluster.isOpen).toBe(true);
    expect(view.topics.map(({ name, partitions }) => [name, partitions.map(({ leader }) => leader)])).toEqual([["user-events", [1, 2, 3]]]);
    expect(view.nodes.map(({ id }) => id)).toContain(view.activeController);
    for (const node of view.nodes) if (node.name.startsWith("broker-")) expect(node.belief).toBe("unfenced");
    operated.expectFoldedAsObserved();
  });

  test("an operator creates, grows, configures, moves and deletes topics", () => {
    const operated = opened(preset);
    expect(operated.value(call => ({ do: "create-topic", topic: "orders", partitions: 2, replicationFactor: 2, configs: { "min.insync.replicas": 2 }, call }))).toBeNull();
    expect(operated.topic("orders").configs).toEqual([["min.insync.replicas", "2"]]);
    expect(operated.value(call => ({ do: "create-partitions", topic: "orders", partitions: 4, call }))).toBeNull();
    expect(operated.topic("orders").partitions.map(({ replicas }) => replicas.length)).toEqual([2, 2, 2, 2]);
    expect(operated.value(call => ({ do: "alter-configs", resource: { topic: "orders" }, configs: { "min.insync.replicas": null, "retention.ms": 60_000 }, call }))).toBeNull();
    expect(operated.topic("orders").configs).toEqual([["retention.ms", "60000"]]);
    expect(operated.value(call => ({ do: "describe-configs", resource: { topic: "orders" }, call })))
      .toContainEqual(expect.objectContaining({ name: "retention.ms", value: "60000", source: "DYNAMIC_TOPIC_CONFIG" }));
    const [first] = operated.topic("orders").partitions;
    const moved = [...new Set([3, 2, 1].filter(id => id !== first?.replicas[0]))];
    expect(operated.value(call => ({ do: "reassign", partitions: [{ topic: "orders", partition: 0, replicas: moved }], call }), 20))
      .toEqual([{ topic: "orders", partition: 0, error: "NONE", errorMessage: null }]);
    expect(operated.topic("orders").partitions[0]).toMatchObject({ replicas: moved, leader: moved[0] });
    expect(operated.topic("orders").partitions[0]).not.toHaveProperty("addingReplicas");
    expect(operated.value(call => ({ do: "list-reassignments", call }))).toEqual([]);
    operated.expectFoldedAsObserved();
    expect(operated.value(call => ({ do: "delete-topics", topics: ["orders"], call }), 10)).toMatchObject([{ topic: "orders", error: "NONE" }]);
    expect(operated.view.topics.map(({ name }) => name)).toEqual(["user-events"]);
    operated.expectFoldedAsObserved();
  });

  test("Kafka's own errors come back in its words", () => {
    const operated = opened(preset);
    expect(operated.ask(call => ({ do: "create-topic", topic: "user-events", partitions: 1, replicationFactor: 1, call })))
      .toMatchObject({ ok: false, error: { name: "TOPIC_ALREADY_EXISTS", message: "Topic 'user-events' already exists." } });
    expect(operated.ask(call => ({ do: "create-topic", topic: "", partitions: 1, replicationFactor: 1, call })))
      .toMatchObject({ ok: false, error: { name: "INVALID_TOPIC_EXCEPTION", message: "The given topic name '' cannot be represented in a request." } });
    expect(operated.ask(call => ({ do: "create-topic", topic: "wide", partitions: 1, replicationFactor: 4, call }))).toMatchObject({ ok: false, error: { name: "INVALID_REPLICATION_FACTOR" } });
    expect(operated.ask(call => ({ do: "create-partitions", topic: "user-events", partitions: 2, call }))).toMatchObject({ ok: false, error: { name: "INVALID_PARTITIONS" } });
    expect(operated.value(call => ({ do: "delete-topics", topics: ["nowhere"], call }))).toEqual([
      { topic: "nowhere", error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: "This server does not host this topic-partition." },
    ]);
    expect(operated.value(call => ({ do: "reassign", partitions: [{ topic: "user-events", partition: 0, replicas: null }], call })))
      .toMatchObject([{ partition: 0, error: "NO_REASSIGNMENT_IN_PROGRESS" }]);
  });

  test("a bare request is answered by the node that it went to, once", () => {
    const operated = opened(preset);
    expect(operated.value(call => ({
      do: "request", to: 1, api: "ListOffsets", call, body: { topics: [{ name: "user-events", partitions: [{ partition: 0, timestamp: -1 }, { partition: 1, timestamp: -1 }] }] },
    }), 1)).toMatchObject({ topics: [{ partitions: [{ partition: 0, error: "NONE", offset: 0 }, { partition: 1, error: "NOT_LEADER_OR_FOLLOWER" }] }] });
    operated.do({ do: "kill", node: 1 });
    expect(operated.ask(call => ({ do: "request", to: 1, api: "Metadata", body: {}, call }), 1)).toMatchObject({ ok: false, error: { name: "Disconnect" } });
    operated.do({ do: "pause", node: 2 });
    expect(operated.ask(call => ({ do: "request", to: 2, api: "Metadata", body: {}, timeoutMs: 700, call }), 1)).toMatchObject({ ok: false, error: { name: "Timeout" } });
  });

  test("the controller dies, a broker is cut off and comes back: facts and observation agree all the way", () => {
    const operated = opened(preset);
    const { activeController } = operated.view;
    operated.do({ do: "kill", node: activeController });
    for (let step = 0; step < 30; step += 1) {
      operated.advance(1);
      operated.expectFoldedAsObserved();
    }
    expect(operated.view.activeController).not.toBe(activeController);
    expect(operated.view.activeController).not.toBe(-1);
    operated.do({ do: "restart", node: activeController });
    operated.advance(15);
    operated.do({ do: "cut", from: [2], to: operated.cluster.spec.nodes.map(({ id }) => id).filter(id => id !== 2) });
    for (let step = 0; step < 10; step += 1) {
      operated.advance(2.5);
      operated.expectFoldedAsObserved();
    }
    operated.do({ do: "heal", from: [], to: [] });
    operated.advance(40);
    operated.expectFoldedAsObserved();
    for (const partition of operated.topic("user-events").partitions) expect([...partition.isr].sort((a, b) => a - b)).toEqual([1, 2, 3]);
  });
});
