// Replicas that come, replicas that go, and records that are deleted from the front: what brokers do when the controller says so.
import { describe, expect, test } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command, Outcome } from "#engine/cluster/commands.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { SECOND } from "#engine/core/time.ts";
import type { KraftNodeState } from "#engine/broker/kafka-node.ts";
import type { Partition } from "#engine/broker/partition.ts";

let input = 0;
let call = 1;

function built(count = 400, spec: Partial<ClusterSpec> = {}): Cluster {
  const cluster = Cluster.build({
    kafka: "3.9", mode: "kraft", nodes: [1, 2, 3, 4].map(id => ({ id, host: `h${id}` })), settings: { "auto.leader.rebalance.enable": false },
    topics: [{ name: "orders", assignment: [[1, 2, 3]] }], producers: [{ id: "p" }], ...spec,
  }, 3);
  for (let second = 1; second < 30 && !cluster.isOpen; second += 1) cluster.runUntil(second * SECOND);
  const records = Array.from({ length: count }, (_, index) => ({ key: null, value: `${index}-`.padEnd(1_000, "x"), partition: 0 }));
  apply(cluster, { do: "send", producer: "p", topic: "orders", call: call++, records });
  run(cluster, 3);
  return cluster;
}

function run(cluster: Cluster, seconds: number): void { cluster.runUntil(cluster.now + Math.round(seconds * SECOND)); }
function apply(cluster: Cluster, command: Command): void { cluster.apply(input++, command); }

function replica(cluster: Cluster, id: number): Partition | null {
  const { broker } = cluster.simulation.process(`broker-${id}`).state as KraftNodeState;
  return broker?.partitions.get("orders")?.[0] ?? null;
}

function registration(cluster: Cluster) {
  return (cluster.simulation.process("broker-2").state as KraftNodeState).broker?.image.topics.get("orders")?.partitions[0];
}

function outcome(cluster: Cluster, number: number): Outcome | undefined {
  return [...cluster.outcomes].map(value => value as Outcome).find(found => found.call === number);
}

describe("a reassignment", () => {
  test("the new replica copies and joins, the old one is stopped and its files are gone", () => {
    const cluster = built();
    const before = replica(cluster, 1)?.log.logEndOffset;
    expect(before).toBe(400);
    apply(cluster, { do: "reassign", call: call++, partitions: [{ topic: "orders", partition: 0, replicas: [2, 3, 4] }] });
    run(cluster, 5);
    expect(registration(cluster)).toMatchObject({ replicas: [2, 3, 4], isr: [2, 3, 4], leader: 2, addingReplicas: [], removingReplicas: [] });
    expect(replica(cluster, 4)?.log).toMatchObject({ logEndOffset: 400, highWatermark: 400 });
    expect(replica(cluster, 1)).toBeNull();
    run(cluster, 61);
    expect([...cluster.simulation.process("broker-1").disk.keys()].filter(path => path.includes("orders-0"))).toEqual([]);
  });

  test("throttled to 200 kB a second three megabytes take their time, and members of the ISR are not held back", () => {
    const cluster = built(3_000);
    const rates = { "leader.replication.throttled.rate": 200_000, "follower.replication.throttled.rate": 200_000 };
    apply(cluster, { do: "alter-configs", resource: { broker: "" }, configs: rates, call: call++ });
    apply(cluster, { do: "alter-configs", resource: { topic: "orders" }, call: call++, configs: {
      "leader.replication.throttled.replicas": "0:1,0:2,0:3", "follower.replication.throttled.replicas": "0:4" } });
    run(cluster, 2);
    apply(cluster, { do: "reassign", call: call++, partitions: [{ topic: "orders", partition: 0, replicas: [2, 3, 4] }] });
    run(cluster, 3);
    // One answer of replica.fetch.max.bytes passes before anything is measured.
    const copied = replica(cluster, 4)?.log.logEndOffset ?? -1;
    expect(copied).toBeGreaterThan(0);
    expect(copied).toBeLessThan(1_100);
    expect(registration(cluster)).toMatchObject({ isr: [1, 2, 3], leader: 1 });
    const number = call++;
    apply(cluster, { do: "send", producer: "p", topic: "orders", call: number, records: [{ key: null, value: "now", partition: 0 }] });
    run(cluster, 1);
    expect(outcome(cluster, number)?.ok).toBe(true);
    run(cluster, 15);
    expect(registration(cluster)).toMatchObject({ replicas: [2, 3, 4], isr: [2, 3, 4], leader: 2 });
  });
});

describe("deleting records", () => {
  test("all replicas begin where the leader begins before the answer comes, and a consumer at the beginning finds the new one", () => {
    const cluster = built();
    const number = call++;
    apply(cluster, { do: "delete-records", topic: "orders", partition: 0, beforeOffset: 300, call: number });
    run(cluster, 2);
    expect(outcome(cluster, number)).toMatchObject({ ok: true, value: { lowWatermark: 300 } });
    expect([1, 2, 3].map(id => replica(cluster, id)?.log.logStartOffset)).toEqual([300, 300, 300]);
  });

  test("not beyond the high watermark", () => {
    const cluster = built();
    const number = call++;
    apply(cluster, { do: "delete-records", topic: "orders", partition: 0, beforeOffset: 401, call: number });
    run(cluster, 2);
    expect(outcome(cluster, number)).toMatchObject({ ok: false, error: { name: "OFFSET_OUT_OF_RANGE" } });
  });
});
