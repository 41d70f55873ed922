// Topics in ZooKeeper mode: what operators are told who create, enlarge and delete them (texts of a recorded 3.9.1 cluster), where replicas go,
// settings, producer ids.
import { describe, expect, test } from "vitest";
import { SECOND } from "#engine/core/time.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import { batchOf } from "./kafka-cluster-world.ts";
import { ZooKeeperClusterWorld } from "./zookeeper-cluster-world.ts";

const ORDERS = [[1, 2, 3], [2, 3, 1], [3, 1, 2]];

function booted(options: ConstructorParameters<typeof ZooKeeperClusterWorld>[1] = {}, ids: readonly number[] = [1, 2, 3]): ZooKeeperClusterWorld {
  return new ZooKeeperClusterWorld(ids, options).boot();
}

function grow(world: ZooKeeperClusterWorld, name: string, count: number, assignments: readonly (readonly number[])[] | null = null): unknown {
  const [result] = world.call(world.controller(), "CreatePartitions", {
    topics: [{ name, count, assignments: assignments?.map(brokerIds => ({ brokerIds })) ?? null }], timeoutMs: 30_000, validateOnly: false }).results;
  return [result?.error, result?.errorMessage];
}

function deletion(name: string): RequestOf<"DeleteTopics"> {
  return { topics: [{ name, topicId: "AAAAAAAAAAAAAAAAAAAAAA" }], timeoutMs: 30_000 };
}

describe("creating", () => {
  test("the znodes of a topic are those of a real one", () => {
    const world = booted();
    const { topicId } = world.create("orders", { assignment: ORDERS, configs: { "retention.ms": "3600000" } });
    expect(world.znode("/brokers/topics/orders")).toEqual({
      version: 0, data: `{"partitions":{"0":[1,2,3],"1":[2,3,1],"2":[3,1,2]},"topic_id":"${topicId}","adding_replicas":{},"removing_replicas":{},"version":3}` });
    expect(world.znode("/brokers/topics/orders/partitions/0/state")).toEqual({
      version: 0, data: "{\"controller_epoch\":1,\"leader\":1,\"version\":1,\"leader_epoch\":0,\"isr\":[1,2,3]}" });
    expect(world.znode("/config/topics/orders")?.data).toBe("{\"version\":1,\"config\":{\"retention.ms\":\"3600000\"}}");
    expect(world.znodesBelow("/config/changes")).toEqual([]);
    expect(world.facts("topic-created").map(({ fact }) => [fact.topic, fact.partitions, fact.configs])).toEqual([["orders", 3, [["retention.ms", "3600000"]]]]);
    for (const id of [1, 2, 3]) expect(world.metadata(id, ["orders"]).topics[0]?.partitions.map(({ leaderId }) => leaderId)).toEqual([1, 2, 3]);
  });

  test("leaders go round from a random start, followers shift with each turn", () => {
    const orbits = new Set<string>();
    for (let seed = 1; seed <= 6; seed += 1) {
      const world = booted({ seed });
      world.create("placed", { partitions: 6, replicationFactor: 3 });
      const replicas = Array.from({ length: 6 }, (_, partition) => world.metadata(1, ["placed"]).topics[0]?.partitions[partition]?.replicaNodes ?? []);
      const leaders = replicas.map(([leader]) => leader);
      expect(leaders.slice(3)).toEqual(leaders.slice(0, 3));
      expect(new Set(leaders).size).toBe(3);
      for (let partition = 0; partition < 3; partition += 1) {
        // The two followers change places in the second turn.
        expect(replicas[partition + 3]?.slice(1)).toEqual(replicas[partition]?.slice(1).reverse());
      }
      orbits.add(JSON.stringify(replicas));
    }
    expect(orbits.size).toBeGreaterThan(1);
  });

  test("racks: leaders alternate between them, and each partition lies in both", () => {
    const world = booted({ rackOf: id => id % 2 === 0 ? "r1" : "r2" }, [1, 2, 3, 4, 5, 6]);
    world.create("racked", { partitions: 6, replicationFactor: 2 });
    const partitions = world.metadata(1, ["racked"]).topics[0]?.partitions ?? [];
    for (const { replicaNodes: [leader = 0, follower = 0] } of partitions) expect(leader % 2).not.toBe(follower % 2);
    const leaders = partitions.map(({ replicaNodes: [leader] }) => leader ?? 0);
    const start = [2, 1, 4, 3, 6, 5].indexOf(leaders[0] ?? 0);
    expect(leaders).toEqual([...[2, 1, 4, 3, 6, 5].slice(start), ...[2, 1, 4, 3, 6, 5].slice(0, start)]);
  });

  test.each([
    ["no partitions", { partitions: 0, replicationFactor: 1 }, "INVALID_PARTITIONS", "Number of partitions must be larger than 0."],
    ["no replicas", { partitions: 1, replicationFactor: 0 }, "INVALID_REPLICATION_FACTOR", "Replication factor must be larger than 0."],
    ["too many replicas", { partitions: 1, replicationFactor: 4 }, "INVALID_REPLICATION_FACTOR", "Replication factor: 4 larger than available brokers: 3."],
    ["uneven lists", { assignment: [[1, 2], [3]] }, "INVALID_REPLICA_ASSIGNMENT", "All partitions should have the same number of replicas"],
    ["a broker twice", { assignment: [[1, 1]] }, "INVALID_REPLICA_ASSIGNMENT", "Duplicate replica assignment found: HashMap(0 -> ArrayBuffer(1, 1))"],
    ["an unknown setting", { partitions: 1, replicationFactor: 1, configs: { foo: "1" } }, "INVALID_CONFIG", "Unknown topic config name: foo"],
    ["a null setting", { partitions: 1, replicationFactor: 1, configs: { "retention.ms": null } }, "INVALID_CONFIG", "Null value not supported for topic configs: retention.ms"],
    ["both ways", { partitions: 1, assignment: [[1]] }, "INVALID_REQUEST",
      "Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at the same time."],
  ] as const)("%s", (_, wish, error, errorMessage) => {
    expect(booted().create("wrong", wish)).toMatchObject({ error, errorMessage });
  });

  test("names that exist, collide or are illegal", () => {
    const world = booted();
    world.createTopic("a.b", [[1]]);
    expect(world.create("a.b", { partitions: 1, replicationFactor: 1 })).toMatchObject({ error: "TOPIC_ALREADY_EXISTS", errorMessage: "Topic 'a.b' already exists." });
    expect(world.create("a_b", { partitions: 1, replicationFactor: 1 }))
      .toMatchObject({ error: "INVALID_TOPIC_EXCEPTION", errorMessage: "Topic 'a_b' collides with existing topics: a.b" });
    expect(world.create("a b", { partitions: 1, replicationFactor: 1 })).toMatchObject({ error: "INVALID_TOPIC_EXCEPTION",
      errorMessage: "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'" });
  });

  test("a broker that nobody knows is taken into an assignment, and left out of the ISR", () => {
    const world = booted();
    expect(world.create("odd", { assignment: [[1, 9]] }).error).toBe("NONE");
    expect(world.state("odd")?.slice(0, 3)).toEqual([1, 0, [1]]);
  });

  test("with only dead replicas the request times out, the topic exists, and gets its leader when they are back", () => {
    const world = booted();
    const dead = [1, 2, 3].find(id => id !== world.controller()) ?? 0;
    world.kill(dead);
    world.until("noticed", () => world.alive(world.controller()).length === 2, 25);
    expect(world.create("three", { partitions: 3, replicationFactor: 3 }))
      .toMatchObject({ error: "INVALID_REPLICATION_FACTOR", errorMessage: "Replication factor: 3 larger than available brokers: 2." });
    const from = world.now;
    expect(world.create("only-dead", { assignment: [[dead]] })).toMatchObject({ error: "REQUEST_TIMED_OUT", errorMessage: null });
    expect(world.now - from).toBeGreaterThanOrEqual(30 * SECOND);
    expect(world.znode("/brokers/topics/only-dead")).not.toBeNull();
    expect(world.state("only-dead")).toBeNull();
    expect(world.metadata(world.controller(), ["only-dead"]).topics[0]?.error).toBe("UNKNOWN_TOPIC_OR_PARTITION");
    world.start(dead);
    world.until("led", () => world.state("only-dead") !== null, 10);
    expect(world.states("only-dead", 1)).toEqual([[dead, 0, [dead], 0]]);
  });

  test("a broker that is not the controller says so", () => {
    const world = booted();
    const other = [1, 2, 3].find(id => id !== world.controller()) ?? 0;
    const answer = world.call(other, "CreateTopics", { topics: [{ name: "x", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 1_000, validateOnly: false });
    expect(answer.topics[0]?.error).toBe("NOT_CONTROLLER");
    expect(world.call(other, "ElectLeaders", { electionType: 0, topicPartitions: null, timeoutMs: 1_000 }).error).toBe("NOT_CONTROLLER");
  });

  test("a topic that a client misses is made by the broker that it asks, and told as not led yet", () => {
    const world = booted();
    const other = [1, 2, 3].find(id => id !== world.controller()) ?? 0;
    const ask = (name: string): string => world.call(other, "Metadata", { topics: [{ name }], allowAutoTopicCreation: true }).topics[0]?.error ?? "";
    expect(ask("missed")).toBe("LEADER_NOT_AVAILABLE");
    world.run(0.5);
    expect(ask("missed")).toBe("NONE");
    expect(world.facts("topic-created").map(({ fact }) => fact.topic)).toEqual(["missed"]);
  });
});

describe("enlarging", () => {
  test("new partitions follow the old ones, or the operator's lists", () => {
    const world = booted();
    world.createTopic("orders", [[2, 3, 1], [3, 1, 2], [1, 2, 3]]);
    expect(grow(world, "orders", 5)).toEqual(["NONE", null]);
    expect(grow(world, "orders", 6, [[2, 1, 3]])).toEqual(["NONE", null]);
    const replicas = world.metadata(1, ["orders"]).topics[0]?.partitions.map(partition => partition.replicaNodes);
    expect(replicas).toEqual([[2, 3, 1], [3, 1, 2], [1, 2, 3], [2, 3, 1], [3, 1, 2], [2, 1, 3]]);
    expect(world.states("orders", 6)[5]).toEqual([2, 0, [2, 1, 3], 0]);
    expect(world.facts("partition-changed").filter(({ fact }) => fact.reason === "partitions-added")).toHaveLength(3);
  });

  test("what is refused", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    expect(grow(world, "orders", 2)).toEqual(["INVALID_PARTITIONS", "Topic currently has 3 partitions, which is higher than the requested 2."]);
    expect(grow(world, "orders", 3)).toEqual(["INVALID_PARTITIONS", "Topic already has 3 partitions."]);
    expect(grow(world, "orders", 6, [[1, 2, 3]])).toEqual(["INVALID_REPLICA_ASSIGNMENT", "Increasing the number of partitions by 3 but 1 assignments provided."]);
    expect(grow(world, "nope", 6)).toEqual(["UNKNOWN_TOPIC_OR_PARTITION", "The topic 'nope' does not exist."]);
  });
});

describe("deleting", () => {
  test("every replica deletes, then the znodes go", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    world.produce(1, "orders", batchOf(["x"]), -1);
    expect(world.call(world.controller(), "DeleteTopics", deletion("orders")).responses[0]?.error).toBe("NONE");
    world.until("gone", () => world.znode("/brokers/topics/orders") === null, 5);
    world.run(1);
    expect(world.znodesBelow("/brokers/topics")).toEqual([]);
    expect(world.znodesBelow("/admin/delete_topics")).toEqual([]);
    expect(world.znode("/config/topics/orders")).toBeNull();
    for (const id of [1, 2, 3]) {
      expect(world.node(id).broker.partitions.has("orders")).toBe(false);
      expect(world.metadata(id).topics).toEqual([]);
    }
    expect(world.facts("topic-deleted").map(({ fact }) => fact.topic)).toEqual(["orders"]);
    world.createTopic("orders", ORDERS);
    expect(world.states("orders", 3)[0]).toEqual([1, 0, [1, 2, 3], 0]);
  });

  test("a dead broker holds a deletion up until it is back", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    const dead = [1, 2, 3].find(id => id !== world.controller()) ?? 0;
    world.kill(dead);
    world.until("noticed", () => world.alive(world.controller()).length === 2, 25);
    world.run(1);
    expect(world.call(world.controller(), "DeleteTopics", deletion("orders")).responses[0]?.error).toBe("NONE");
    world.run(30);
    expect(world.znode("/brokers/topics/orders")).not.toBeNull();
    expect(world.create("orders", { partitions: 1, replicationFactor: 1 })).toMatchObject({ error: "TOPIC_ALREADY_EXISTS", errorMessage: "Topic 'orders' is marked for deletion." });
    world.start(dead);
    world.until("gone", () => world.znode("/brokers/topics/orders") === null, 10);
    world.run(1);
    expect(world.znodesBelow("/admin/delete_topics")).toEqual([]);
    expect(world.node(dead).broker.partitions.has("orders")).toBe(false);
  });

  test("a topic that is not there", () => {
    const world = booted();
    expect(world.call(world.controller(), "DeleteTopics", deletion("nope")).responses[0]?.error).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  });
});

describe("settings and producer ids", () => {
  test("a changed setting of a topic reaches its replicas through a notification", () => {
    const world = booted();
    world.createTopic("orders", ORDERS);
    const answer = world.call(2, "IncrementalAlterConfigs", { resources: [{ resourceType: 2, resourceName: "orders", configs: [
      { name: "min.insync.replicas", configOperation: 0, value: "2" }] }], validateOnly: false });
    expect(answer.responses[0]?.error).toBe("NONE");
    world.run(0.5);
    expect(world.znode("/config/topics/orders")?.data).toBe("{\"version\":1,\"config\":{\"min.insync.replicas\":\"2\"}}");
    expect(world.znodesBelow("/config/changes")).toEqual(["config_change_0000000000"]);
    expect(world.znode("/config/changes/config_change_0000000000")?.data).toBe("{\"version\":2,\"entity_path\":\"topics/orders\"}");
    for (const id of [1, 2, 3]) expect(world.replica(id, "orders").config.minInsyncReplicas).toBe(2);
    expect(world.facts("topic-configured").map(({ fact }) => fact.configs)).toEqual([[["min.insync.replicas", "2"]]]);
    const wrong = world.call(2, "IncrementalAlterConfigs", { resources: [{ resourceType: 2, resourceName: "orders", configs: [
      { name: "foo", configOperation: 0, value: "2" }] }], validateOnly: false });
    expect(wrong.responses[0]).toMatchObject({ error: "INVALID_CONFIG", errorMessage: "Unknown topic config name: foo" });
  });

  test("a broker that restarts reads the settings of its topics before it opens their logs", () => {
    const world = booted();
    world.createTopic("orders", ORDERS, { "min.insync.replicas": "2" });
    world.shutDown(1);
    world.until("ended", () => !world.isRunning(1));
    world.start(1);
    world.until("back", () => world.isRunning(1) && world.node(1).broker.partitions.has("orders"), 10);
    expect(world.replica(1, "orders").config.minInsyncReplicas).toBe(2);
  });

  test("producer ids come in blocks of a thousand, each in the znode", () => {
    const world = booted();
    const idOf = (broker: number): number => {
      for (;;) {
        const { error, producerId } = world.call(broker, "InitProducerId", { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 });
        if (error === "NONE") return producerId;
        world.run(0.1);
      }
    };
    expect(idOf(2)).toBe(0);
    expect(world.znode("/latest_producer_id_block")?.data).toBe("{\"version\":1,\"broker\":2,\"block_start\":\"0\",\"block_end\":\"999\"}");
    expect(idOf(2)).toBe(1);
    expect(idOf(3)).toBe(1000);
  });
});
