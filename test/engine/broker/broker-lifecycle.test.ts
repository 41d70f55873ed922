import { expect, test } from "vitest";
import { TestCluster } from "../metadata/kraft-test-node.ts";

function bootedWithController(wish: number, options: ConstructorParameters<typeof TestCluster>[1] = {}): TestCluster {
  for (let seed = 1; seed < 100; seed += 1) {
    const cluster = new TestCluster(seed, options);
    cluster.boot();
    if (cluster.active() === wish) return cluster;
  }
  throw new Error(`no seed makes ${wish} the controller`);
}

function heartbeats(cluster: TestCluster, from: string): number {
  return cluster.entries().filter(entry => entry.fact.kind === "message" && (entry.fact as { from?: string }).from === from
    && (entry.fact as { tag?: string }).tag === "BrokerHeartbeat request").length;
}

function isStopped(cluster: TestCluster, id: number): boolean {
  return cluster.simulation.process(`broker-${id}`).status === "stopped";
}

test("a broker registers, catches up with its own registration, is unfenced and then sends a heartbeat every 2 s", () => {
  const cluster = bootedWithController(1);
  expect(cluster.node(2).lifecycle).toMatchObject({ state: "running" });
  cluster.run(2000);
  const before = heartbeats(cluster, "broker-2");
  cluster.run(20_000);
  // The 2 s count from the answer.
  expect(heartbeats(cluster, "broker-2") - before).toBeGreaterThanOrEqual(9);
  expect(heartbeats(cluster, "broker-2") - before).toBeLessThanOrEqual(10);
});

test("every start is a new incarnation with a higher epoch; the log directory keeps its id", () => {
  const cluster = bootedWithController(1);
  const first = cluster.node(2).lifecycle;
  cluster.simulation.crash("broker-2");
  cluster.run(10_000);
  cluster.simulation.start("broker-2");
  cluster.run(1);
  cluster.runUntil(() => cluster.node(2).lifecycle?.state === "running");
  const second = cluster.node(2).lifecycle;
  expect(second?.incarnationId).not.toBe(first?.incarnationId);
  expect(second?.logDirectoryIds).toEqual(first?.logDirectoryIds);
  expect(second?.brokerEpoch).toBeGreaterThan(first?.brokerEpoch ?? 0);
});

test("started again right after SIGKILL, a broker is refused as a duplicate until its old session has ended", () => {
  const cluster = bootedWithController(1);
  cluster.createTopic("orders", [[2, 3]]);
  const killedMs = cluster.nowMs;
  cluster.simulation.crash("broker-2");
  cluster.run(500);
  cluster.simulation.start("broker-2");
  cluster.run(1000);
  const refused = cluster.entries().filter(entry => entry.fact.kind === "message"
    && (entry.fact as { message?: { body?: { error?: string } } }).message?.body?.error === "DUPLICATE_BROKER_REGISTRATION");
  expect(refused.length).toBeGreaterThan(2);
  expect(cluster.partition("orders")).toEqual([2, 0, 0, [2, 3]]);
  cluster.runUntil(() => cluster.node(2).lifecycle?.state === "running", 30_000);
  expect(cluster.nowMs - killedMs).toBeGreaterThan(7000);
  expect(cluster.partition("orders")).toEqual([3, 1, 1, [3]]);
});

test("started again after a clean stop, a broker is registered at once", () => {
  const cluster = bootedWithController(1);
  cluster.simulation.input("broker-2", { do: "shut-down" });
  cluster.runUntil(() => isStopped(cluster, 2), 10_000);
  cluster.simulation.start("broker-2");
  const startedMs = cluster.nowMs;
  cluster.run(1);
  cluster.runUntil(() => cluster.node(2).lifecycle?.state === "running", 10_000);
  expect(cluster.nowMs - startedMs).toBeLessThan(2000);
});

test("a broker that leads nothing is fenced at once when it asks to stop, without a record of controlled shutdown", () => {
  const cluster = bootedWithController(1);
  cluster.createTopic("orders", [[3, 2]]);
  cluster.simulation.input("broker-2", { do: "shut-down" });
  cluster.runUntil(() => isStopped(cluster, 2), 1000);
  expect(cluster.partition("orders")).toEqual([3, 0, 1, [3]]);
  expect(cluster.facts("broker-in-controlled-shutdown")).toEqual([]);
  expect(cluster.facts("broker-fenced")).toMatchObject([{ broker: 2, silentForUs: 0 }]);
  expect(cluster.facts("partition-changed").at(-1)?.reason).toBe("controlled-shutdown");
});

test("controlled shutdown moves leaders at once and ends when the others have heard of it; the only replica is left without a leader", () => {
  const cluster = bootedWithController(1);
  cluster.createTopic("orders", [[2, 3, 1], [1, 2, 3]]);
  cluster.createTopic("solo", [[2]]);
  const stopMs = cluster.nowMs;
  cluster.simulation.input("broker-2", { do: "shut-down" });
  cluster.runUntil(() => cluster.partition("orders")[0] !== 2, 500);
  expect(cluster.nowMs - stopMs).toBeLessThan(100);
  expect(cluster.partition("orders")).toEqual([3, 1, 1, [3, 1]]);
  expect(cluster.partition("orders", 1)).toEqual([1, 0, 1, [1, 3]]);
  expect(cluster.partition("solo")).toEqual([-1, 1, 1, [2]]);
  expect(isStopped(cluster, 2)).toBe(false);
  cluster.runUntil(() => isStopped(cluster, 2), 6000);
  expect(cluster.nowMs - stopMs).toBeGreaterThan(100);
  cluster.run(100);
  expect(cluster.facts("broker-in-controlled-shutdown")).toMatchObject([{ broker: 2 }]);
  expect(cluster.facts("broker-fenced")).toMatchObject([{ broker: 2, silentForUs: 0 }]);
  // Fencing it afterwards changes no partition again.
  expect(cluster.partition("orders")).toEqual([3, 1, 1, [3, 1]]);
});

test("a broker on its way out gets no new replicas and cannot join in-sync replicas", () => {
  const cluster = bootedWithController(1);
  cluster.createTopic("orders", [[2, 3]]);
  cluster.createTopic("invoices", [[3, 2]]);
  expect(cluster.alterIsr("invoices", [3]).topics[0]?.partitions[0]).toMatchObject({ error: "NONE" });
  // Broker 3 goes silent, so the shutdown of broker 2 cannot be granted yet.
  cluster.simulation.pause("broker-3");
  cluster.simulation.input("broker-2", { do: "shut-down" });
  cluster.runUntil(() => cluster.image().brokers.get(2)?.inControlledShutdown === true, 1000);
  expect(cluster.alterIsr("invoices", [3, 2]).topics[0]?.partitions[0]).toMatchObject({ error: "INELIGIBLE_REPLICA" });
  const created = cluster.ask(1, "CreateTopics", {
    topics: [{ name: "late", numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] }], timeoutMs: 0, validateOnly: false,
  });
  expect(created.topics[0]).toMatchObject({
    error: "INVALID_REPLICATION_FACTOR",
    errorMessage: "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 2 broker(s) are registered.",
  });
});

test("the active controller itself can be stopped: leaders move, the quorum is handed over, the epoch rises by one", () => {
  const cluster = bootedWithController(2);
  cluster.createTopic("orders", [[2, 3, 1]]);
  const { epoch } = cluster.kraft(2).raft;
  cluster.simulation.input("broker-2", { do: "shut-down" });
  cluster.runUntil(() => isStopped(cluster, 2), 6000);
  cluster.runUntil(() => cluster.active() !== -1, 1000);
  expect(cluster.kraft(cluster.active()).raft.epoch).toBe(epoch + 1);
  expect(cluster.partition("orders")).toEqual([3, 1, 1, [3, 1]]);
});

test("a broker that cannot reach any controller gives up after initial.broker.registration.timeout.ms", () => {
  const cluster = new TestCluster(1);
  cluster.simulation.crash("broker-2");
  cluster.simulation.crash("broker-3");
  cluster.run(59_000);
  expect(isStopped(cluster, 1)).toBe(false);
  cluster.run(7000);
  expect(isStopped(cluster, 1)).toBe(true);
});
