// Who is controller in ZooKeeper mode, how it is replaced, what it does for a broker that leaves, and what goes on without an ensemble's quorum.
import { describe, expect, test } from "vitest";
import { cutLink, healLink } from "#engine/core/connections.ts";
import { SECOND } from "#engine/core/time.ts";
import { batchOf } from "./kafka-cluster-world.ts";
import { hostOf, nameOf, ZooKeeperClusterWorld } from "./zookeeper-cluster-world.ts";

const ORDERS = [[1, 2, 3], [2, 3, 1], [3, 1, 2]];

function booted(seed = 7, overrides = {}): ZooKeeperClusterWorld {
  return new ZooKeeperClusterWorld([1, 2, 3], { seed, overrides }).boot();
}

function otherThan(world: ZooKeeperClusterWorld, id: number): number {
  return world.running().find(other => other !== id) ?? 0;
}

describe("the race for /controller", () => {
  test("one broker wins, epoch 1, and everybody's metadata names it", () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const world = booted(seed);
      const controller = world.controller();
      expect([1, 2, 3]).toContain(controller);
      expect(world.znode("/controller_epoch")).toEqual({ data: "1", version: 1 });
      expect(world.znode("/controller")?.data).toMatch(new RegExp(`^\\{"version":2,"brokerid":${controller},"timestamp":"\\d+","kraftControllerEpoch":-1\\}$`));
      for (const id of [1, 2, 3]) expect(world.metadata(id).controllerId).toBe(controller);
    }
  });

  test("the znodes of a fresh cluster are those of a real one", () => {
    const world = booted();
    expect(world.znodesBelow("")).toEqual([
      "admin", "brokers", "cluster", "config", "consumers", "controller", "controller_epoch", "feature", "isr_change_notification",
      "latest_producer_id_block", "log_dir_event_notification", "zookeeper",
    ]);
    expect(world.znodesBelow("/brokers")).toEqual(["ids", "seqid", "topics"]);
    expect(world.znodesBelow("/config")).toEqual(["brokers", "changes", "clients", "ips", "topics", "users"]);
    expect(world.znode("/feature")?.data).toBe("{\"features\":{},\"version\":2,\"status\":1}");
    expect(world.znode("/cluster/id")?.data).toBe("{\"version\":\"1\",\"id\":\"test-cluster-id-000001\"}");
    expect(world.znode("/latest_producer_id_block")?.data).toBe(null);
    expect(world.znode("/brokers/ids/1")).toEqual({ version: 1, data: expect.stringMatching(new RegExp(
      "^\\{\"features\":\\{\\},\"listener_security_protocol_map\":\\{\"PLAINTEXT\":\"PLAINTEXT\"\\},\"endpoints\":\\[\"PLAINTEXT://host-1:9092\"\\],"
      + "\"jmx_port\":-1,\"port\":9092,\"host\":\"host-1\",\"version\":5,\"timestamp\":\"\\d+\"\\}$")) as string });
  });

  test("an operator deletes /controller: the race begins at once, the epoch rises, no partition changes", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    const before = world.states("orders", 3);
    const from = world.now;
    expect(world.zooKeeper({ op: "delete", path: "/controller", version: -1 }).error).toBe("OK");
    world.until("a new controller", () => world.znode("/controller_epoch")?.data === "2" && world.controller() !== -1);
    expect(world.now - from).toBeLessThan(0.2 * SECOND);
    world.run(1);
    expect(world.states("orders", 3)).toEqual(before);
    expect(world.metadata(1).controllerId).toBe(world.controller());
    expect(world.facts("controller-resigned")).toHaveLength(1);
  });

  test("a dead controller is replaced when its session has expired; its partitions are without a leader in between", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    const dead = world.controller();
    const from = world.now;
    world.kill(dead);
    world.until("a new controller", () => world.controller() !== -1, 21);
    const seconds = (world.now - from) / SECOND;
    expect(seconds).toBeGreaterThan(11);
    expect(seconds).toBeLessThan(20.1);
    world.until("all are led", () => ORDERS.every((_, partition) => ![-1, dead].includes(world.state("orders", partition)?.[0] ?? -1)), 2);
    world.run(0.2);
    const led = ORDERS.findIndex(([preferred]) => preferred === dead);
    const reasons = world.facts("partition-changed").filter(({ fact }) => fact.partition === led).map(({ fact }) => [fact.leader === -1, fact.leaderEpoch, fact.reason]);
    expect(reasons).toEqual([[false, 0, "created"], [true, 1, "controller-failover"], [false, 2, "controller-failover"]]);
    expect(world.state("orders", led)?.slice(1)).toEqual([2, expect.any(Array), 2, 2]);
  });
});

describe("zombies", () => {
  test("a controller that slept longer than its session learns that it is none, and registers anew", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    const zombie = world.controller();
    const oldEpoch = world.node(zombie).broker.brokerEpoch;
    world.simulation.pause(nameOf(zombie));
    world.until("a new controller", () => world.running().filter(id => id !== zombie).some(id => world.node(id).controller.activeController === id), 25);
    world.run(2);
    world.simulation.resume(nameOf(zombie));
    world.until("it has resigned", () => world.facts("controller-resigned").some(({ fact }) => fact.broker === zombie), 20);
    world.until("it is back", () => world.running().every(id => world.alive(id).length === 3), 20);
    expect(world.node(zombie).broker.brokerEpoch).toBeGreaterThan(oldEpoch);
    expect(world.controller()).not.toBe(zombie);
    world.until("in all ISRs", () => ORDERS.every((_, partition) => world.state("orders", partition)?.[2].length === 3), 10);
  });

  test("brokers refuse what a controller with an older epoch tells them", () => {
    const world = booted();
    const controller = world.controller();
    const body = { controllerId: 2, isKRaftController: false, controllerEpoch: 0, brokerEpoch: -1, topicStates: [], liveBrokers: [] };
    const by = otherThan(world, controller);
    expect(world.call(by, "UpdateMetadata", body).error).toBe("STALE_CONTROLLER_EPOCH");
    expect(world.call(by, "StopReplica", { ...body, topicStates: [] }).error).toBe("STALE_CONTROLLER_EPOCH");
    expect(world.facts("controller-fenced").map(({ fact }) => [fact.broker, fact.controllerEpoch, fact.requestEpoch, fact.api]))
      .toEqual([[by, 1, 0, "UpdateMetadata"], [by, 1, 0, "StopReplica"]]);
    expect(world.call(by, "UpdateMetadata", { ...body, controllerEpoch: 1, brokerEpoch: 1 }).error).toBe("STALE_BROKER_EPOCH");
    expect(world.alive(by)).toEqual([1, 2, 3]);
  });

  test("a controller whose epoch was raised behind its back cannot write any more: it resigns", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    const controller = world.controller();
    world.zooKeeper({ op: "setData", path: "/controller_epoch", data: "9", version: -1 });
    const before = world.states("orders", 3);
    const answer = world.call(controller, "AlterPartitionReassignments", { timeoutMs: 30_000, allowReplicationFactorChange: true, topics: [
      { name: "orders", partitions: [{ partitionIndex: 0, replicas: [2, 1, 3] }] }] });
    expect(answer.error).toBe("NOT_CONTROLLER");
    expect(world.states("orders", 3)).toEqual(before);
  });
});

describe("a broker leaves in order", () => {
  test("its leaderships move before it ends, its replicas leave the ISRs, and the one it cannot move goes with its session", () => {
    const world = booted();
    world.createTopic("orders", [[2, 3, 1], [1, 2, 3], [3, 1, 2]]);
    world.createTopic("two", [[2, 1]]);
    world.createTopic("one", [[2]]);
    const from = world.now;
    world.shutDown(2);
    world.until("leaders have moved", () => world.state("orders", 0)?.[0] === 3 && world.state("two")?.[0] === 1);
    expect(world.isRunning(2)).toBe(true);
    expect(world.state("one")?.slice(0, 2)).toEqual([2, 0]);
    world.until("it has ended", () => !world.isRunning(2));
    world.until("its last partition is without a leader", () => world.state("one")?.[0] === -1);
    expect(world.now - from).toBeLessThan(1 * SECOND);
    expect(world.states("orders", 3)).toEqual([[3, 1, [3, 1], 1], [1, 1, [1, 3], 1], [3, 1, [3, 1], 1]]);
    expect(world.states("two", 1)).toEqual([[1, 1, [1], 1]]);
    expect(world.states("one", 1)).toEqual([[-1, 1, [2], 1]]);
    world.start(2);
    world.run(5);
    expect(world.states("one", 1)).toEqual([[2, 2, [2], 2]]);
    expect(world.states("orders", 3)).toEqual([[3, 1, [3, 1, 2], 2], [1, 1, [1, 3, 2], 2], [3, 1, [3, 1, 2], 2]]);
  });

  test("the only in-sync replica of two asks three times, five seconds apart", () => {
    const world = booted();
    world.createTopic("two", [[2, 1]]);
    world.shutDown(1);
    world.until("1 has ended", () => !world.isRunning(1));
    world.until("1 is noticed", () => world.alive(2).length === 2);
    const from = world.now;
    world.shutDown(2);
    world.until("2 has ended", () => !world.isRunning(2));
    expect((world.now - from) / SECOND).toBeGreaterThan(10);
    expect((world.now - from) / SECOND).toBeLessThan(11);
    world.until("nobody leads", () => world.state("two")?.[0] === -1);
    expect(world.state("two")?.slice(0, 3)).toEqual([-1, 2, [2]]);
  });

  test("a broker that cannot say goodbye to the ensemble ends when it has waited long enough", () => {
    const world = booted();
    const leaving = otherThan(world, world.controller());
    world.shutDown(leaving);
    for (let zoo = 1; zoo <= 3; zoo += 1) cutLink(world.simulation, hostOf(leaving), `zoo-${zoo}`);
    world.until("it has ended", () => !world.isRunning(leaving), 20);
    world.until("its session has run out", () => world.alive(world.controller()).length === 2, 21);
  });

  test("the controller itself leaves: the next one is there at once and changes nothing", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    const leaving = world.controller();
    world.shutDown(leaving);
    world.until("a new controller", () => !world.isRunning(leaving) && world.controller() !== -1);
    const [a, b] = [1, 2, 3].filter(id => id !== leaving) as [number, number];
    world.run(1);
    for (let partition = 0; partition < 3; partition += 1) {
      const [leader, epoch, isr, version, controllerEpoch] = world.state("orders", partition) ?? [];
      expect([a, b]).toContain(leader);
      expect([epoch, isr?.length, version, controllerEpoch]).toEqual([1, 2, 1, 1]);
    }
    expect(world.znode("/controller_epoch")?.data).toBe("2");
  });
});

describe("an ensemble without a quorum", () => {
  test("records flow, nothing is decided; leaders move once it is back and the dead broker's session has run out", () => {
    const world = booted();
    world.createTopic("orders", ORDERS, { "min.insync.replicas": "2" });
    for (const id of [2, 3]) world.simulation.crash(`zookeeper-${id}`);
    world.run(40);
    for (const id of [1, 2, 3]) expect(world.produce(id, "orders", batchOf(["x"]), -1, 5_000, id - 1).error).toBe("NONE");
    world.kill(3);
    world.run(60);
    expect(world.produce(1, "orders", batchOf(["x"]), -1, 3_000).error).toBe("REQUEST_TIMED_OUT");
    expect(world.metadata(1, ["orders"]).topics[0]?.partitions.map(partition => partition.leaderId)).toEqual([1, 2, 3]);
    const created = world.ask(world.connect(world.node(1).broker.controllerId === 3 ? 2 : world.node(1).broker.controllerId), "CreateTopics", {
      topics: [{ name: "without", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 30_000, validateOnly: false });
    world.run(30);
    expect(world.answer(created)).toBeUndefined();
    const from = world.now;
    for (const id of [2, 3]) world.simulation.start(`zookeeper-${id}`);
    world.until("leaders have moved", () => { const leader = world.state("orders", 2)?.[0]; return leader === 1 || leader === 2; }, 40);
    expect((world.now - from) / SECOND).toBeGreaterThan(12);
    expect((world.now - from) / SECOND).toBeLessThan(24);
    world.run(3);
    expect(world.produce(1, "orders", batchOf(["x"]), -1, 3_000).error).toBe("NONE");
  });

  test("a leader's proposal waits for the ensemble, and comes before the dead broker's session runs out: the leader epoch stays", () => {
    const world = booted();
    world.createTopic("orders", ORDERS, { "min.insync.replicas": "2" });
    expect(world.controller()).not.toBe(3);
    for (const id of [2, 3]) world.simulation.crash(`zookeeper-${id}`);
    world.run(203);
    world.kill(3);
    world.run(27);
    for (const id of [1, 2]) expect(world.produce(id, "orders", batchOf(["x"]), -1, 3_000, id - 1).error).toBe("REQUEST_TIMED_OUT");
    for (const id of [2, 3]) world.simulation.start(`zookeeper-${id}`);
    world.run(30);
    expect(world.states("orders", 3)).toEqual([[1, 0, [1, 2], 1], [2, 0, [2, 1], 1], [1, 1, [1, 2], 1]]);
  });

  test("a broker that is cut off from the ensemble alone loses its registration, and gets it back", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    const lonely = otherThan(world, world.controller());
    for (let zoo = 1; zoo <= 3; zoo += 1) {
      cutLink(world.simulation, hostOf(lonely), `zoo-${zoo}`);
      cutLink(world.simulation, `zoo-${zoo}`, hostOf(lonely));
    }
    world.until("it is given up", () => world.alive(world.controller()).length === 2, 25);
    world.run(2);
    for (let partition = 0; partition < 3; partition += 1) expect(world.state("orders", partition)?.[2]).not.toContain(lonely);
    for (let zoo = 1; zoo <= 3; zoo += 1) {
      healLink(world.simulation, hostOf(lonely), `zoo-${zoo}`);
      healLink(world.simulation, `zoo-${zoo}`, hostOf(lonely));
    }
    world.until("it is back in all ISRs", () => [0, 1, 2].every(partition => world.state("orders", partition)?.[2].length === 3), 60);
  });
});
