// A cluster moves from ZooKeeper to KRaft, as an operator does it, while a producer goes on; and back.
import { beforeAll, describe, expect, it } from "vitest";
import type { ClusterSnapshot } from "#engine/cluster/cluster.ts";
import { MigratingCluster } from "./migrating-cluster.ts";

describe("a migration to KRaft", () => {
  const cluster = new MigratingCluster();
  let inDualWrite: ClusterSnapshot;

  beforeAll(() => {
    cluster.startControllers();
    cluster.intoMigration();
    inDualWrite = cluster.cluster.snapshot();
  });

  it("copies ZooKeeper's metadata in one transaction, with epochs and ISR, and claims the office for good", () => {
    expect(cluster.znode("/controller")).toMatchObject({ data: { brokerid: expect.any(Number) as number, kraftControllerEpoch: 1 }, ephemeral: false });
    const states = cluster.records("ZK_MIGRATION_STATE_RECORD");
    expect(states.map(({ record }) => record.data)).toEqual([{ zkMigrationState: 2 }, { zkMigrationState: 1 }]);
    const copied = cluster.records("PARTITION_RECORD").map(({ record }) => record.data);
    expect(copied).toHaveLength(3);
    expect(copied[0]).toMatchObject({ partitionId: 0, replicas: [1, 2, 3], leaderEpoch: expect.any(Number) as number });
    expect(copied[0]).not.toHaveProperty("directories");
    expect(cluster.records("REGISTER_BROKER_RECORD").every(({ record }) => record.data["isMigratingZkBroker"] === true)).toBe(true);
    for (const partition of cluster.topic("orders").partitions) expect([...partition.isr].sort()).toEqual([1, 2, 3]);
  });

  it("writes every change to ZooKeeper too, and leads the brokers that are left there", () => {
    cluster.value(call => ({ do: "create-topic", call, topic: "dual", partitions: -1, replicationFactor: -1, assignment: [[2, 3, 1], [3, 1, 2]] }));
    expect(cluster.znode("/brokers/topics/dual")?.data).toMatchObject({ partitions: { 0: [2, 3, 1], 1: [3, 1, 2] } });
    expect(cluster.znode("/brokers/topics/dual/partitions/1/state")).toMatchObject({ data: { controller_epoch: 1, leader: 3, leader_epoch: 0, isr: [3, 1, 2] }, version: 0 });
    cluster.do({ do: "kill", node: "broker-2" });
    cluster.advance(20);
    expect(cluster.topic("dual").partitions[0]).toMatchObject({ leader: 3, isr: [3, 1] });
    expect(cluster.znode("/brokers/topics/dual/partitions/0/state")).toMatchObject({ data: { leader: 3, leader_epoch: 1, isr: [3, 1] } });
    cluster.do({ do: "restart", node: "broker-2" });
    cluster.advance(20);
    expect(cluster.topic("dual").partitions[0]).toMatchObject({ leader: 3, isr: [3, 1, 2] });
  });

  it("goes on in dual write when the active controller dies: the next one claims the office", () => {
    const before = cluster.znode("/controller")?.data as Readonly<Record<string, number>>;
    cluster.do({ do: "kill", node: `controller-${before["brokerid"]}` });
    cluster.advance(15);
    const after = cluster.znode("/controller")?.data as Readonly<Record<string, number>>;
    expect(after["brokerid"]).not.toBe(before["brokerid"]);
    expect(after["kraftControllerEpoch"]).toBeGreaterThan(before["kraftControllerEpoch"] ?? 0);
    cluster.do({ do: "restart", node: `controller-${before["brokerid"]}` });
    cluster.advance(10);
  });

  it("moves broker after broker to KRaft on the same disk, and is finished when controllers without the flag lead", () => {
    for (const broker of [1, 2, 3]) {
      cluster.intoKraft(broker);
      expect(cluster.znode(`/brokers/ids/${broker}`)).toBeUndefined();
    }
    cluster.finalise();
    expect(cluster.records("ZK_MIGRATION_STATE_RECORD").at(-1)?.record.data).toEqual({ zkMigrationState: 3 });
    for (const id of [1, 2, 3]) cluster.do({ do: "kill", node: `zookeeper-${id}` });
    cluster.advance(30);
    cluster.value(call => ({ do: "create-topic", call, topic: "after", partitions: 3, replicationFactor: 3 }));
    for (const partition of cluster.topic("orders").partitions) expect([...partition.isr].sort()).toEqual([1, 2, 3]);
    const [till] = cluster.view.producers ?? [];
    expect(till).toMatchObject({ failed: 0 });
  });

  it("can be taken back before that: a broker takes the office when /controller is deleted, and keeps what was written", () => {
    cluster.cluster.restore(inDualWrite);
    cluster.value(call => ({ do: "create-topic", call, topic: "dual", partitions: -1, replicationFactor: -1, assignment: [[2, 3, 1], [3, 1, 2]] }));
    cluster.intoKraft(1);
    cluster.backToZooKeeper(1);
    for (const id of [101, 102, 103]) cluster.do({ do: "shut-down", node: `controller-${id}` });
    cluster.advance(10);
    expect(cluster.znode("/controller")).toMatchObject({ ephemeral: false });
    cluster.value(call => ({ do: "zookeeper", call, operation: { op: "delete", path: "/controller", version: -1 } }));
    cluster.advance(10);
    const controller = cluster.znode("/controller");
    expect(controller).toMatchObject({ ephemeral: true, data: { kraftControllerEpoch: -1 } });
    cluster.value(call => ({ do: "create-topic", call, topic: "back", partitions: -1, replicationFactor: -1, assignment: [[1, 2, 3]] }));
    expect(cluster.znode("/brokers/topics/back/partitions/0/state")).toMatchObject({ data: { leader: 1, isr: [1, 2, 3] } });
    expect(cluster.znode("/brokers/topics/dual/partitions/1/state")?.data).toMatchObject({ isr: expect.arrayContaining([1, 2, 3]) as number[] });
  });
});
