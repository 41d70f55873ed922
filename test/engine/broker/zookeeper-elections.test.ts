// Leaders and replicas that an operator moves in ZooKeeper mode: reassignments with the epochs and znode versions of a recorded 3.9.1 cluster, preferred
// and unclean elections, the automatic balance.
import { describe, expect, test } from "vitest";
import { failDirectory } from "#engine/core/disk.ts";
import { SECOND } from "#engine/core/time.ts";
import { batchOf } from "./kafka-cluster-world.ts";
import { ZooKeeperClusterWorld } from "./zookeeper-cluster-world.ts";

const ORDERS = [[1, 2, 3], [2, 3, 1], [3, 1, 2]];

function booted(ids: readonly number[] = [1, 2, 3], overrides = {}, seed = 7): ZooKeeperClusterWorld {
  return new ZooKeeperClusterWorld(ids, { overrides, seed }).boot();
}

function reassign(world: ZooKeeperClusterWorld, ...lists: readonly (readonly number[] | null)[]): unknown[] {
  const answer = world.call(world.controller(), "AlterPartitionReassignments", { timeoutMs: 30_000, allowReplicationFactorChange: true, topics: [
    { name: "orders", partitions: lists.map((replicas, partitionIndex) => ({ partitionIndex, replicas })) }] });
  return answer.responses.flatMap(({ partitions }) => partitions.map(({ error, errorMessage }) => errorMessage === null ? error : [error, errorMessage]));
}

function assignmentVersion(world: ZooKeeperClusterWorld): number | undefined {
  return world.znode("/brokers/topics/orders")?.version;
}

function replicas(world: ZooKeeperClusterWorld): unknown {
  return (JSON.parse(world.znode("/brokers/topics/orders")?.data ?? "{}") as Record<string, unknown>)["partitions"];
}

describe("reassignment", () => {
  test("move, turn round, shrink and grow: epochs, versions and assignments as recorded", () => {
    const world = booted([1, 2, 3, 4]);
    world.createTopic("orders", [[1, 2, 3], [2, 3, 1]]);
    for (let record = 0; record < 5; record += 1) world.produce(1, "orders", batchOf(["x"]), -1);

    expect(reassign(world, [2, 3, 4], [3, 4, 1])).toEqual(["NONE", "NONE"]);
    world.run(2);
    // Start +1, join +0, the leader moves +1, the old replica leaves +1.
    expect(world.states("orders", 2)).toEqual([[2, 3, [2, 3, 4], 4], [3, 3, [3, 1, 4], 4]]);
    expect(replicas(world)).toEqual({ 0: [2, 3, 4], 1: [3, 4, 1] });
    expect(assignmentVersion(world)).toBe(4);
    expect(world.node(1).broker.partitions.get("orders")?.[0] ?? null).toBeNull();
    expect(world.replica(4, "orders").log.logEndOffset).toBe(5);

    expect(reassign(world, [4, 3, 2], [1, 4, 3])).toEqual(["NONE", "NONE"]);
    world.run(1);
    expect(world.states("orders", 2)).toEqual([[2, 4, [2, 3, 4], 5], [3, 4, [3, 1, 4], 5]]);
    expect(replicas(world)).toEqual({ 0: [4, 3, 2], 1: [1, 4, 3] });
    expect(assignmentVersion(world)).toBe(8);

    expect(reassign(world, [2], [3, 4])).toEqual(["NONE", "NONE"]);
    world.run(1);
    expect(world.states("orders", 2)).toEqual([[2, 7, [2], 8], [3, 6, [3, 4], 7]]);
    expect(assignmentVersion(world)).toBe(12);

    expect(reassign(world, [2, 3, 4], [3, 4, 1])).toEqual(["NONE", "NONE"]);
    world.run(2);
    const [first, second] = world.states("orders", 2) as [number, number, readonly number[], number][];
    expect([first?.[0], first?.[1], first?.[2].toSorted(), first?.[3]]).toEqual([2, 9, [2, 3, 4], 12]);
    expect(second).toEqual([3, 8, [3, 4, 1], 10]);
    expect(assignmentVersion(world)).toBe(16);
    expect(world.replica(3, "orders").log.logEndOffset).toBe(5);
  });

  test("while it runs it is listed and blocks growth; cancelled, the set is the old one and the order is not", () => {
    const world = booted([1, 2, 3, 4]);
    world.createTopic("orders", [[1, 2, 3], [2, 3, 1]]);
    world.kill(4);
    // Broker 4 is dead, but its session still lives: the move begins and cannot end.
    expect(reassign(world, [2, 3, 4], [3, 4, 1])).toEqual(["NONE", "NONE"]);
    expect(world.states("orders", 2)).toEqual([[1, 1, [1, 2, 3], 1], [2, 1, [2, 3, 1], 1]]);
    expect(world.znode("/brokers/topics/orders")).toMatchObject({ version: 2, data: expect.stringContaining(
      "{\"partitions\":{\"0\":[2,3,4,1],\"1\":[3,4,1,2]},") as string });
    expect(world.znode("/brokers/topics/orders")?.data).toContain("\"adding_replicas\":{\"0\":[4],\"1\":[4]},\"removing_replicas\":{\"0\":[1],\"1\":[2]},\"version\":3}");
    const listed = world.call(world.controller(), "ListPartitionReassignments", { timeoutMs: 30_000, topics: null });
    expect(listed.topics).toEqual([{ name: "orders", partitions: [
      { partitionIndex: 0, replicas: [2, 3, 4, 1], addingReplicas: [4], removingReplicas: [1] },
      { partitionIndex: 1, replicas: [3, 4, 1, 2], addingReplicas: [4], removingReplicas: [2] },
    ] }]);
    expect(world.call(world.controller(), "CreatePartitions", { topics: [{ name: "orders", count: 5, assignments: null }], timeoutMs: 1_000, validateOnly: false }).results[0])
      .toMatchObject({ error: "REASSIGNMENT_IN_PROGRESS", errorMessage: "A partition reassignment is in progress for the topic 'orders'." });
    expect(reassign(world, null, null)).toEqual(["NONE", "NONE"]);
    expect(replicas(world)).toEqual({ 0: [2, 3, 1], 1: [3, 1, 2] });
    expect(world.states("orders", 2)).toEqual([[1, 2, [1, 2, 3], 2], [2, 2, [2, 3, 1], 2]]);
    expect(assignmentVersion(world)).toBe(6);
    expect(reassign(world, null)).toEqual(["NO_REASSIGNMENT_IN_PROGRESS"]);
    expect(world.facts("partition-changed").filter(({ fact }) => fact.reason === "reassignment-cancelled" && fact.replicas.length === 3)).not.toHaveLength(0);
  });

  test("what is refused", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    expect(reassign(world, [], [2, 2], [1, 9], [1])).toEqual([
      ["INVALID_REPLICA_ASSIGNMENT", "Empty replica list specified in partition reassignment."],
      ["INVALID_REPLICA_ASSIGNMENT", "Duplicate replica ids in partition reassignment replica list: ArrayBuffer(2, 2)"],
      ["INVALID_REPLICA_ASSIGNMENT", expect.stringContaining("Replica assignment has brokers that are not alive. Replica list: ")],
      ["UNKNOWN_TOPIC_OR_PARTITION", "The partition does not exist."],
    ]);
  });

  test("a new controller finishes what the old one has begun", () => {
    const world = booted([1, 2, 3, 4]);
    const first = world.controller();
    const others = [1, 2, 3, 4].filter(id => id !== first) as [number, number, number];
    const [a, b, added] = others;
    world.createTopic("orders", [[a, b]]);
    world.simulation.pause(`broker-${added}`);
    reassign(world, [b, added]);
    world.kill(first);
    world.until("a new controller", () => world.controller() !== -1 && world.controller() !== first, 25);
    world.simulation.resume(`broker-${added}`);
    world.until("moved", () => JSON.stringify(replicas(world)) === JSON.stringify({ 0: [b, added] }) && world.state("orders")?.[2].length === 2, 60);
    expect(world.state("orders")?.[0]).toBe(b);
  });
});

describe("elections", () => {
  test("preferred: what is not needed, not possible, not there", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    const away = [1, 2, 3].find(id => id !== world.controller()) ?? 0;
    const led = ORDERS.findIndex(([preferred]) => preferred === away);
    world.shutDown(away);
    world.until("ended", () => !world.isRunning(away));
    world.run(0.5);
    const elect = (partition: number, topic = "orders"): unknown => {
      const [result] = world.call(world.controller(), "ElectLeaders", { electionType: 0, topicPartitions: [{ topic, partitions: [partition] }], timeoutMs: 5_000 }).results;
      return [result?.partitions[0]?.error, result?.partitions[0]?.errorMessage];
    };
    expect(elect(led)).toEqual(["PREFERRED_LEADER_NOT_AVAILABLE",
      `Failed to elect leader for partition orders-${led} under strategy PreferredReplicaPartitionLeaderElectionStrategy`]);
    expect(elect((led + 1) % 3)).toEqual(["ELECTION_NOT_NEEDED", null]);
    expect(elect(9)).toEqual(["UNKNOWN_TOPIC_OR_PARTITION", "The partition does not exist."]);
    expect(elect(0, "nope")).toEqual(["UNKNOWN_TOPIC_OR_PARTITION", "The partition does not exist."]);
    world.start(away);
    world.until("back", () => world.state("orders", led)?.[2].length === 3, 10);
    const epoch = world.state("orders", led)?.[1] ?? 0;
    expect(elect(led)).toEqual(["NONE", null]);
    expect(world.state("orders", led)?.slice(0, 2)).toEqual([away, epoch + 1]);
  });

  test("unclean, by command: the only live replica leads, marked as recovering until its ISR grows", () => {
    const world = booted();
    const [a, b] = [1, 2, 3].filter(id => id !== world.controller()) as [number, number];
    world.createTopic("orders", [[a, b]]);
    world.produce(a, "orders", batchOf(["both"]), -1);
    world.kill(b);
    world.until("b has left", () => world.state("orders")?.[2].length === 1, 25);
    world.run(0.5);
    world.produce(a, "orders", batchOf(["only-a"]), -1);
    world.kill(a);
    world.until("nobody leads", () => world.state("orders")?.[0] === -1, 25);
    world.start(b);
    world.run(3);
    expect(world.states("orders", 1)).toEqual([[-1, 2, [a], 2]]);
    const elect = (electionType: number): unknown => world.call(world.controller(), "ElectLeaders", {
      electionType, topicPartitions: [{ topic: "orders", partitions: [0] }], timeoutMs: 5_000 }).results[0]?.partitions[0]?.error;
    expect(elect(0)).toBe("PREFERRED_LEADER_NOT_AVAILABLE");
    expect(elect(1)).toBe("NONE");
    expect(world.znode("/brokers/topics/orders/partitions/0/state")).toEqual({ version: 3,
      data: `{"controller_epoch":1,"leader":${b},"version":1,"leader_recovery_state":1,"leader_epoch":3,"isr":[${b}]}` });
    expect(world.facts("partition-changed").at(-1)?.fact.reason).toBe("unclean-election");
    world.produce(b, "orders", batchOf(["new-b"]), -1);
    world.start(a);
    world.until("a follows", () => world.state("orders")?.[2].length === 2, 10);
    expect(world.znode("/brokers/topics/orders/partitions/0/state")).toEqual({ version: 4,
      data: `{"controller_epoch":1,"leader":${b},"version":1,"leader_epoch":3,"isr":[${b},${a}]}` });
    expect(world.facts("log-truncated").map(({ fact }) => [fact.broker, fact.from, fact.to])).toContainEqual([a, 2, 1]);
  });

  test("unclean, by setting: as soon as the in-sync replica is gone", () => {
    const world = booted();
    const [a, b] = [1, 2, 3].filter(id => id !== world.controller()) as [number, number];
    world.createTopic("orders", [[a, b]], { "unclean.leader.election.enable": "true" });
    world.kill(b);
    world.until("b has left", () => world.state("orders")?.[2].length === 1, 25);
    world.start(b);
    world.simulation.pause(`broker-${b}`);
    world.kill(a);
    world.simulation.resume(`broker-${b}`);
    world.until("somebody leads", () => world.state("orders")?.[0] === b, 45);
  });

  test("leaders go home by themselves, 300 s after the last look", () => {
    const world = booted([1, 2, 3], { "auto.leader.rebalance.enable": true });
    world.createTopic("orders", ORDERS);
    const away = [1, 2, 3].find(id => id !== world.controller()) ?? 0;
    const led = ORDERS.findIndex(([preferred]) => preferred === away);
    world.run(6);
    world.shutDown(away);
    world.until("ended", () => !world.isRunning(away));
    world.start(away);
    world.until("in sync", () => world.state("orders", led)?.[2].length === 3, 20);
    const [, epoch] = world.state("orders", led) ?? [];
    world.run(250);
    expect(world.state("orders", led)?.[0]).not.toBe(away);
    world.run(60);
    expect(world.state("orders", led)?.slice(0, 2)).toEqual([away, (epoch ?? 0) + 1]);
    expect(world.facts("partition-changed").at(-1)?.fact.reason).toBe("automatic-preferred-election");
    expect(world.now / SECOND).toBeLessThan(330);
  });
});

describe("a log directory fails", () => {
  test("the broker tells by a znode, the controller finds out which replicas are gone, and others lead", () => {
    const world = booted([1, 2, 3], { "log.dirs": "/data/a,/data/b" });
    const hurt = [1, 2, 3].find(id => id !== world.controller()) ?? 0;
    const other = world.controller();
    world.createTopic("orders", [[hurt, other], [hurt, other], [hurt, other], [hurt, other]]);
    const [directory] = world.node(hurt).broker.logs.directories;
    const places = [0, 1, 2, 3].filter(partition => world.replica(hurt, "orders", partition).log.logDirectory === directory?.path);
    expect(places.length).toBeGreaterThan(0);
    expect(places.length).toBeLessThan(4);
    failDirectory(world.simulation.process(`broker-${hurt}`), directory?.path ?? "");
    world.produce(hurt, "orders", batchOf(["x"]), 1, 1_000, places[0]);
    world.run(6);
    for (const partition of [0, 1, 2, 3]) {
      const [leader, , isr] = world.state("orders", partition) ?? [];
      expect([leader, isr]).toEqual(places.includes(partition) ? [other, [other]] : [hurt, [hurt, other]]);
    }
    expect(world.znodesBelow("/log_dir_event_notification")).toEqual([]);
    expect(world.facts("partition-changed").filter(({ fact }) => fact.reason === "log-directory-failed").length).toBeGreaterThanOrEqual(places.length);
  });
});
