// KIP-966 with Kafka 4.3: the numbers of a recorded run (three brokers, min.insync.replicas 2, one broker after the other killed and started again).
import { expect, test } from "vitest";
import type { PartitionRegistration } from "#engine/metadata/image.ts";
import { TestCluster } from "./kraft-test-node.ts";

/** Seven nodes, so that three of them may die and the quorum lives on; the topic is on the three that are not the active controller. */
function booted(configs: Readonly<Record<string, string>> = { "min.insync.replicas": "2" }): { readonly cluster: TestCluster; readonly ids: readonly [number, number, number] } {
  const cluster = new TestCluster(2, { nodes: 7, kafka: "4.3" });
  cluster.boot();
  const [a = 1, b = 2, c = 3] = cluster.ids.filter(id => id !== cluster.active());
  cluster.createTopic("orders", [[a, b, c]], configs);
  return { cluster, ids: [a, b, c] };
}

function kill(cluster: TestCluster, id: number): void {
  cluster.simulation.crash(`broker-${id}`);
  cluster.runUntil(() => cluster.image().brokers.get(id)?.fenced === true, 20_000);
}

function start(cluster: TestCluster, id: number): void {
  cluster.simulation.start(`broker-${id}`);
  cluster.runUntil(() => cluster.image().brokers.get(id)?.fenced === false, 30_000);
}

function orders(cluster: TestCluster): PartitionRegistration {
  const partition = cluster.image().topics.get("orders")?.partitions[0];
  if (partition === undefined) throw new Error("no partition orders-0");
  return partition;
}

/** leader, leader epoch, partition epoch, ISR, ELR, last known leader. */
function numbers(cluster: TestCluster): unknown[] {
  const { leader, leaderEpoch, partitionEpoch, isr, elr, lastKnownElr } = orders(cluster);
  return [leader, leaderEpoch, partitionEpoch, isr, elr, lastKnownElr];
}

test("who leaves an ISR that is too small stays eligible, until it registers without having closed its logs", () => {
  const { cluster, ids: [a, b, c] } = booted();
  kill(cluster, c);
  expect(numbers(cluster)).toEqual([a, 0, 1, [a, b], [], []]);
  kill(cluster, a);
  expect(numbers(cluster)).toEqual([b, 1, 2, [b], [a], []]);
  start(cluster, a);
  // Killed: what it had confirmed may not be on its disk.
  expect(numbers(cluster)).toEqual([b, 1, 3, [b], [], []]);
  cluster.alterIsr("orders", [a, b]);
  expect(numbers(cluster)).toEqual([b, 1, 4, [a, b], [], []]);
});

test("with nobody in ISR and ELR the last known leader is elected, marked as recovering", () => {
  const { cluster, ids: [a, b, c] } = booted();
  for (const id of [b, c]) kill(cluster, id);
  expect(numbers(cluster)).toEqual([a, 0, 2, [a], [c], []]);
  kill(cluster, a);
  expect(numbers(cluster)).toEqual([-1, 1, 3, [], [a, c].sort((x, y) => x - y), [a]]);
  start(cluster, b);
  // Neither eligible nor the last leader.
  expect(numbers(cluster)).toEqual([-1, 1, 3, [], [a, c], [a]]);
  start(cluster, a);
  // Back, but no longer trusted, and broker c may have more.
  expect(numbers(cluster)).toEqual([-1, 1, 4, [], [c], [a]]);
  start(cluster, c);
  expect(numbers(cluster)).toEqual([a, 2, 5, [a], [], []]);
  expect(orders(cluster).leaderRecoveryState).toBe("RECOVERING");
  expect(cluster.facts("partition-changed").at(-1)).toMatchObject({ leader: a, isr: [a], reason: "unclean-election" });
});

test("a broker that was stopped in order is elected from the ELR when it is back", () => {
  const { cluster, ids: [a, b, c] } = booted();
  kill(cluster, c);
  kill(cluster, b);
  expect(numbers(cluster)).toEqual([a, 0, 2, [a], [b], []]);
  cluster.simulation.input(`broker-${a}`, { do: "shut-down" });
  cluster.runUntil(() => !cluster.isRunning(a), 60_000);
  expect(numbers(cluster)).toMatchObject([-1, 1, 3, [], [a, b].sort((x, y) => x - y), [a]]);
  start(cluster, a);
  expect(numbers(cluster)).toEqual([a, 2, 4, [a], [b], []]);
  expect(orders(cluster).leaderRecoveryState).toBe("RECOVERED");
});

test("an ISR that is large enough again forgets who was eligible, and so does another min.insync.replicas", () => {
  const { cluster, ids: [a, b, c] } = booted({ "min.insync.replicas": "3" });
  kill(cluster, c);
  kill(cluster, b);
  expect(numbers(cluster)).toEqual([a, 0, 2, [a], [b, c].sort((x, y) => x - y), []]);
  const alter = (configOperation: 0 | 1, value: string | null) => cluster.ask(cluster.active(), "IncrementalAlterConfigs", {
    resources: [{ resourceType: 2, resourceName: "orders", configs: [{ name: "min.insync.replicas", configOperation, value }] }], validateOnly: false,
  }).responses[0];
  expect(alter(0, "2")).toMatchObject({ error: "NONE" });
  expect(numbers(cluster)).toEqual([a, 0, 3, [a], [], []]);
  expect(cluster.facts("partition-changed").at(-1)).toEqual({
    kind: "partition-changed", topic: "orders", partition: 0, replicas: [a, b, c], isr: [a], leader: a, leaderEpoch: 0, partitionEpoch: 3, reason: "eligible-leader-replicas" });
});

test("3.9 keeps the last member in the ISR and elects it as soon as it is back", () => {
  const cluster = new TestCluster(2, { nodes: 5 });
  cluster.boot();
  const [a = 1, b = 2] = cluster.ids.filter(id => id !== cluster.active());
  cluster.createTopic("orders", [[a, b]], { "min.insync.replicas": "2" });
  kill(cluster, b);
  kill(cluster, a);
  expect(numbers(cluster)).toEqual([-1, 1, 2, [a], [], []]);
  start(cluster, a);
  expect(numbers(cluster)).toEqual([a, 2, 3, [a], [], []]);
});

test("an id of 4.3 is free again only when its session has ended, even after an orderly stop", () => {
  const run = (kafka: "3.9" | "4.3"): number => {
    const cluster = new TestCluster(5, { kafka });
    cluster.boot();
    const id = [1, 2, 3].find(candidate => candidate !== cluster.active()) ?? 1;
    cluster.simulation.input(`broker-${id}`, { do: "shut-down" });
    cluster.runUntil(() => !cluster.isRunning(id), 60_000);
    const stoppedMs = cluster.nowMs;
    start(cluster, id);
    return cluster.nowMs - stoppedMs;
  };
  expect(run("3.9")).toBeLessThan(4_000);
  const waitedMs = run("4.3");
  expect(waitedMs).toBeGreaterThan(7_000);
  expect(waitedMs).toBeLessThan(14_000);
});
