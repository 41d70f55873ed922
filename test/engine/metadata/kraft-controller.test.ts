import { expect, test } from "vitest";
import type { MetadataRecord } from "#engine/metadata/records.ts";
import { cutBoth, TestCluster } from "./kraft-test-node.ts";

function booted(seed: number, options: ConstructorParameters<typeof TestCluster>[1] = {}): TestCluster {
  const cluster = new TestCluster(seed, options);
  cluster.boot();
  return cluster;
}

/** Boots until the active controller is the wished one: seeds decide who wins. */
function bootedWithController(wish: number, options: ConstructorParameters<typeof TestCluster>[1] = {}): TestCluster {
  for (let seed = 1; seed < 100; seed += 1) {
    const cluster = booted(seed, options);
    if (cluster.active() === wish) return cluster;
  }
  throw new Error(`no seed makes ${wish} the controller`);
}

function records(cluster: TestCluster): MetadataRecord[] {
  return cluster.node(cluster.active()).committed.flatMap(batch => batch.records as readonly MetadataRecord[]);
}

function isFenced(cluster: TestCluster, id: number): boolean {
  return cluster.image().brokers.get(id)?.fenced ?? true;
}

test("a cluster boots with the records that a recording of 3.9.1 shows", () => {
  const cluster = booted(1);
  cluster.run(1000);
  const types = records(cluster).map(record => record.type as string);
  expect(types.slice(0, 5)).toEqual(["LeaderChangeMessage", "BeginTransactionRecord", "FeatureLevelRecord", "ZkMigrationStateRecord", "EndTransactionRecord"]);
  expect(types.filter(type => type === "RegisterBrokerRecord")).toHaveLength(3);
  expect(types.filter(type => type === "BrokerRegistrationChangeRecord")).toHaveLength(3);
  expect(types.filter(type => type === "RegisterControllerRecord")).toHaveLength(3);
  expect(types.filter(type => type === "NoOpRecord").length).toBeGreaterThan(1);
  expect(records(cluster)[2]).toEqual({ type: "FeatureLevelRecord", name: "metadata.version", featureLevel: 21 });
});

test("a broker's epoch is the offset of its registration, and it starts fenced", () => {
  const cluster = booted(2);
  for (const batch of cluster.node(cluster.active()).committed) {
    for (const [index, record] of batch.records.entries()) {
      const metadata = record as MetadataRecord;
      if (metadata.type === "RegisterBrokerRecord") expect(metadata).toMatchObject({ brokerEpoch: batch.baseOffset + index, fenced: true });
    }
  }
  expect(cluster.facts("broker-registered").map(fact => fact.broker).toSorted()).toEqual([1, 2, 3]);
  expect(cluster.facts("broker-unfenced").map(fact => fact.broker).toSorted()).toEqual([1, 2, 3]);
});

test("a topic is one batch of topic, settings and partitions, and its facts come when it is committed", () => {
  const cluster = booted(3);
  expect(cluster.createTopic("orders", [[1, 2, 3], [2, 3, 1]], { "min.insync.replicas": "2" })).toMatchObject({ error: "NONE", numPartitions: 2, replicationFactor: 3 });
  const batch = cluster.node(cluster.active()).committed.find(candidate => candidate.records.some(record => record.type === "TopicRecord"));
  expect(batch?.records.map(record => record.type).filter(type => type !== "NoOpRecord")).toEqual(["TopicRecord", "ConfigRecord", "PartitionRecord", "PartitionRecord"]);
  expect(cluster.facts("topic-created")).toMatchObject([{ topic: "orders", partitions: 2, configs: [["min.insync.replicas", "2"]] }]);
  expect(cluster.facts("partition-changed").map(fact => [fact.partition, fact.leader, fact.leaderEpoch, fact.partitionEpoch, fact.isr, fact.reason]))
    .toEqual([[0, 1, 0, 0, [1, 2, 3], "created"], [1, 2, 0, 0, [2, 3, 1], "created"]]);
  cluster.run(1000);
  for (const id of cluster.ids) expect(cluster.node(id).image.topics.get("orders")).toEqual(cluster.image().topics.get("orders"));
});

test("the worked failure table: leader, epochs and in-sync replicas of every row", () => {
  const cluster = bootedWithController(2);
  cluster.createTopic("orders", [[1, 2, 3]]);
  expect(cluster.partition("orders")).toEqual([1, 0, 0, [1, 2, 3]]);

  const killed3Ms = cluster.nowMs;
  cluster.simulation.crash("broker-3");
  cluster.runUntil(() => isFenced(cluster, 3), 10_000);
  expect(cluster.nowMs - killed3Ms).toBeGreaterThan(6900);
  expect(cluster.nowMs - killed3Ms).toBeLessThan(9200);
  expect(cluster.partition("orders")).toEqual([1, 0, 1, [1, 2]]);
  // Broker 3 comes back fenced and unfenced, but only the leader brings it into the in-sync replicas; it stays out of them here.
  cluster.simulation.start("broker-3");
  cluster.runUntil(() => !isFenced(cluster, 3), 20_000);
  expect(cluster.partition("orders")).toEqual([1, 0, 1, [1, 2]]);

  cluster.simulation.crash("broker-1");
  cluster.runUntil(() => isFenced(cluster, 1), 10_000);
  expect(cluster.partition("orders")).toEqual([2, 1, 2, [2]]);
  cluster.simulation.start("broker-1");
  cluster.runUntil(() => !isFenced(cluster, 1), 20_000);
  expect(cluster.partition("orders")).toEqual([2, 1, 2, [2]]);

  expect(cluster.alterIsr("orders", [2, 1]).topics[0]?.partitions[0]).toMatchObject({ error: "NONE", isr: [2, 1], leaderEpoch: 1, partitionEpoch: 3 });
  expect(cluster.partition("orders")).toEqual([2, 1, 3, [2, 1]]);
  cluster.alterIsr("orders", [2, 1, 3]);
  expect(cluster.partition("orders")).toEqual([2, 1, 4, [2, 1, 3]]);
  const answer = cluster.ask(3, "ElectLeaders", { electionType: 0, topicPartitions: null, timeoutMs: 1000 });
  expect(answer.results).toEqual([{ topic: "orders", partitions: [{ partition: 0, error: "NONE", errorMessage: null }] }]);
  expect(cluster.partition("orders")).toEqual([1, 2, 5, [2, 1, 3]]);
  expect(cluster.facts("partition-changed").map(fact => fact.reason)).toEqual(
    ["created", "broker-fenced", "broker-fenced", "isr-expanded", "isr-expanded", "preferred-election"]);
  expect(cluster.facts("broker-fenced").every(fact => fact.silentForUs >= 9_000_000 && fact.silentForUs < 9_100_000)).toBe(true);
});

test("fencing writes the partitions first and the broker last, in one batch", () => {
  const cluster = bootedWithController(1);
  cluster.createTopic("orders", [[3, 1, 2], [1, 2, 3]]);
  cluster.simulation.crash("broker-3");
  cluster.runUntil(() => isFenced(cluster, 3), 10_000);
  cluster.run(100);
  const batch = cluster.node(1).committed.find(candidate => candidate.records.some(record => record.type === "PartitionChangeRecord"));
  expect(batch?.records.map(record => record.type).filter(type => type !== "NoOpRecord")).toEqual(
    ["PartitionChangeRecord", "PartitionChangeRecord", "BrokerRegistrationChangeRecord"]);
});

test("the last in-sync replica stays in the list when nobody leads, and leads again when it is back", () => {
  const cluster = bootedWithController(1);
  cluster.createTopic("solo", [[2]]);
  cluster.simulation.crash("broker-2");
  cluster.runUntil(() => isFenced(cluster, 2), 10_000);
  expect(cluster.partition("solo")).toEqual([-1, 1, 1, [2]]);
  cluster.simulation.start("broker-2");
  cluster.runUntil(() => !isFenced(cluster, 2), 20_000);
  expect(cluster.partition("solo")).toEqual([2, 2, 2, [2]]);
  cluster.run(100);
  expect(cluster.facts("partition-changed").map(fact => fact.reason)).toEqual(["created", "broker-fenced", "broker-unfenced"]);
});

test("a new controller starts all sessions afresh and fences a broker that died with its predecessor 9 s after it took over", () => {
  const cluster = bootedWithController(3);
  cluster.createTopic("orders", [[3, 1, 2]]);
  const diedMs = cluster.nowMs;
  cluster.simulation.crash("broker-3");
  cluster.runUntil(() => cluster.active() !== -1, 10_000);
  const tookOverMs = cluster.nowMs;
  expect(cluster.partition("orders")).toEqual([3, 0, 0, [3, 1, 2]]);
  cluster.runUntil(() => isFenced(cluster, 3), 12_000);
  expect(cluster.nowMs - tookOverMs).toBeGreaterThan(8900);
  expect(cluster.nowMs - tookOverMs).toBeLessThan(9200);
  expect(cluster.nowMs - diedMs).toBeLessThan(15_000);
  expect(cluster.partition("orders")).toEqual([1, 1, 1, [1, 2]]);
});

test("two brokers that die at once are fenced one after the other", () => {
  const cluster = bootedWithController(1, { nodes: 5 });
  cluster.simulation.crash("broker-4");
  cluster.simulation.crash("broker-5");
  cluster.run(12_000);
  const fenced = cluster.entries().filter(entry => entry.fact.kind === "broker-fenced");
  expect(fenced).toHaveLength(2);
  const changes = cluster.node(1).committed.flatMap(batch => batch.records as readonly MetadataRecord[]).filter(record => record.type === "BrokerRegistrationChangeRecord" && record.fenced === 1);
  expect(changes).toHaveLength(2);
});

test("leaders go home by themselves 300 s after the first imbalance, not when a setting forbids it", () => {
  for (const [auto, expected] of [["true", [1, 2, 3, [2, 1]]], ["false", [2, 1, 2, [2, 1]]]] as const) {
    const cluster = bootedWithController(3, { overrides: { "auto.leader.rebalance.enable": auto } });
    cluster.createTopic("orders", [[1, 2]]);
    cluster.simulation.crash("broker-1");
    cluster.runUntil(() => isFenced(cluster, 1), 10_000);
    const movedMs = cluster.nowMs;
    cluster.simulation.start("broker-1");
    cluster.runUntil(() => !isFenced(cluster, 1), 20_000);
    cluster.alterIsr("orders", [2, 1]);
    cluster.run(movedMs + 299_900 - cluster.nowMs);
    expect(cluster.partition("orders")).toEqual([2, 1, 2, [2, 1]]);
    cluster.run(500);
    expect(cluster.partition("orders")).toEqual(expected);
  }
});

test("producer ids come in blocks of 1000", () => {
  const cluster = booted(4);
  const starts = [1, 2, 1].map(brokerId => cluster.ask(brokerId, "AllocateProducerIds", { brokerId, brokerEpoch: cluster.image().brokers.get(brokerId)?.brokerEpoch ?? -1 }));
  expect(starts).toMatchObject([{ producerIdStart: 0, producerIdLen: 1000 }, { producerIdStart: 1000 }, { producerIdStart: 2000 }]);
  expect(cluster.ask(1, "AllocateProducerIds", { brokerId: 1, brokerEpoch: 99_999 })).toMatchObject({ error: "STALE_BROKER_EPOCH" });
});

test("a controller that is not active answers NOT_CONTROLLER to everything", () => {
  const cluster = booted(5);
  const standby = cluster.ids.find(id => id !== cluster.active()) ?? 1;
  expect(cluster.ask(1, "BrokerHeartbeat", { brokerId: 1, brokerEpoch: 0, currentMetadataOffset: 0, wantFence: false, wantShutDown: false, offlineLogDirs: [] }, standby)).toMatchObject({ error: "NOT_CONTROLLER" });
  expect(cluster.ask(1, "ElectLeaders", { electionType: 0, topicPartitions: null, timeoutMs: 0 }, standby)).toMatchObject({ error: "NOT_CONTROLLER" });
  expect(cluster.ask(1, "AllocateProducerIds", { brokerId: 1, brokerEpoch: 0 }, standby)).toMatchObject({ error: "NOT_CONTROLLER" });
  expect(cluster.ask(1, "AlterPartition", { brokerId: 1, brokerEpoch: 0, topics: [] }, standby)).toMatchObject({ error: "NOT_CONTROLLER" });
  const created = cluster.ask(1, "CreateTopics", { topics: [{ name: "x", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 0, validateOnly: false }, standby);
  expect(created.topics).toMatchObject([{ name: "x", error: "NOT_CONTROLLER" }]);
});

test("who waits for a commit when leadership is lost is told NOT_CONTROLLER, and what was not committed is forgotten", () => {
  const cluster = booted(6);
  const leader = cluster.active();
  for (const other of cluster.ids) if (other !== leader) cutBoth(cluster.simulation, leader, other);
  cluster.put(leader, "CreateTopics", { topics: [{ name: "lost", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 0, validateOnly: false }, leader);
  cluster.run(200);
  expect(cluster.controller(leader).image.topics.has("lost")).toBe(true);
  cluster.runUntil(() => cluster.answers().length > 0, 5000);
  expect(cluster.answers()[0]?.response).toMatchObject({ topics: [{ name: "lost", error: "NOT_CONTROLLER" }] });
  expect(cluster.controller(leader).active).toBeNull();
  expect(cluster.controller(leader).image.topics.has("lost")).toBe(false);
  expect(cluster.facts("topic-created")).toEqual([]);
});

test("records of a dead controller that its successor commits are told by the successor", () => {
  const cluster = bootedWithController(2);
  const before = cluster.facts("topic-created").length;
  cluster.put(2, "CreateTopics", { topics: [{ name: "heir", numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] }], timeoutMs: 0, validateOnly: false }, 2);
  // The batch has reached a follower's log and the controller dies before it can know that.
  const hasTopic = (id: number): boolean => {
    const file = cluster.simulation.process(`broker-${id}`).disk.get("__cluster_metadata-0/00000000000000000000.log");
    return file?.kind === "log" && [...file.entries].some(batch => (batch as { records: readonly { type: string }[] }).records.some(record => record.type === "TopicRecord"));
  };
  while (!hasTopic(1) && !hasTopic(3)) cluster.simulation.step();
  cluster.simulation.crash("broker-2");
  expect(cluster.facts("topic-created")).toHaveLength(before);
  cluster.runUntil(() => cluster.active() !== -1, 15_000);
  expect(cluster.facts("topic-created").filter(fact => fact.topic === "heir")).toHaveLength(1);
  expect(cluster.image().topics.has("heir")).toBe(true);
});

test("a cluster that starts again from its disks knows everything and tells none of it again", () => {
  const cluster = booted(1);
  cluster.createTopic("orders", [[1, 2, 3]]);
  cluster.run(2000);
  for (const id of cluster.ids) cluster.simulation.losePower(`broker-${id}`);
  cluster.run(20_000);
  const before = cluster.entries().length;
  for (const id of cluster.ids) cluster.simulation.start(`broker-${id}`);
  cluster.run(30_000);
  // The new controller gives the old incarnations a session each; they are fenced before the new ones may register.
  expect(cluster.partition("orders")).toEqual([3, 4, 4, [3]]);
  const kinds = cluster.entries().slice(before).map(entry => entry.fact.kind);
  expect(kinds).toContain("broker-registered");
  expect(kinds).not.toContain("topic-created");
});
