// Brokers and servers die, sleep, leave and come back while an operator moves, makes and deletes: whatever happened, when all are back there is one
// controller, everybody knows everybody, and every partition is led with all its replicas in sync. And a fork of the world behaves as the world does.
import { expect, test } from "vitest";
import { createStream, drawBelow } from "#engine/core/random.ts";
import { nameOf, ZooKeeperClusterWorld } from "./zookeeper-cluster-world.ts";

const IDS = [1, 2, 3, 4];
const ORDERS = [[1, 2, 3], [2, 3, 4], [3, 4, 1], [4, 1, 2]];
const PAUSES = [0.01, 0.3, 2, 8, 20];

type Draw = (bound: number) => number;

/** One thing that may go wrong, or that somebody wants; nothing when it does not fit the moment. */
function disturb(world: ZooKeeperClusterWorld, draw: Draw): void {
  const broker = 1 + draw(4);
  const server = `zookeeper-${1 + draw(3)}`;
  const status = world.simulation.process(nameOf(broker)).status;
  const serverStatus = world.simulation.process(server).status;
  switch (draw(12)) {
    case 0: if (status !== "stopped") world.kill(broker); return;
    case 1: case 2: if (status === "stopped") world.start(broker); return;
    case 3: if (status === "running" && world.isRunning(broker)) world.shutDown(broker); return;
    case 4: if (status === "running") world.simulation.pause(nameOf(broker)); return;
    case 5: if (status === "paused") world.simulation.resume(nameOf(broker)); return;
    case 6: if (serverStatus === "running") world.simulation.crash(server); return;
    case 7: case 8: if (serverStatus === "stopped") world.simulation.start(server); return;
    default: operate(world, draw, broker);
  }
}

function operate(world: ZooKeeperClusterWorld, draw: Draw, broker: number): void {
  const controller = world.controller();
  if (controller === -1 || world.simulation.process(nameOf(controller)).status !== "running" || world.node(controller).phase !== "running") return;
  const connection = world.connect(controller);
  const name = `topic-${draw(3)}`;
  const target = [broker, broker % 4 + 1, (broker + 1) % 4 + 1].slice(0, 1 + draw(3));
  switch (draw(4)) {
    case 0:
      world.ask(connection, "AlterPartitionReassignments", { timeoutMs: 30_000, allowReplicationFactorChange: true, topics: [
        { name: "orders", partitions: [{ partitionIndex: draw(4), replicas: draw(4) === 0 ? null : target }] }] });
      return;
    case 1:
      world.ask(connection, "CreateTopics", { topics: [{ name, numPartitions: 3, replicationFactor: 2, assignments: [], configs: [] }], timeoutMs: 5_000, validateOnly: false });
      return;
    case 2: world.ask(connection, "DeleteTopics", { topics: [{ name, topicId: "AAAAAAAAAAAAAAAAAAAAAA" }], timeoutMs: 5_000 }); return;
    default: world.ask(connection, "ElectLeaders", { electionType: draw(2), topicPartitions: null, timeoutMs: 5_000 });
  }
}

function healAll(world: ZooKeeperClusterWorld): void {
  for (const id of IDS) if (world.simulation.process(nameOf(id)).status === "paused") world.simulation.resume(nameOf(id));
  for (const id of [1, 2, 3]) if (world.simulation.process(`zookeeper-${id}`).status === "stopped") world.simulation.start(`zookeeper-${id}`);
  world.run(30);
  // A broker that comes back before its session has run out ends again: somebody has to start it once more.
  for (let round = 0; round < 3; round += 1) {
    for (const id of IDS) if (world.simulation.process(nameOf(id)).status === "stopped") world.start(id);
    world.run(25);
  }
  world.run(40);
}

test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))("disturbed and healed, seed %i", seed => {
  const stream = createStream(seed, "chaos");
  const draw: Draw = bound => drawBelow(stream, bound);
  const world = new ZooKeeperClusterWorld(IDS, { seed, overrides: { "auto.leader.rebalance.enable": draw(2) === 1 } }).boot();
  world.createTopic("orders", ORDERS);
  for (let step = 0; step < 25; step += 1) {
    disturb(world, draw);
    world.run(PAUSES[draw(PAUSES.length)] ?? 1);
    if (step !== 12) continue;
    const fork = world.simulation.fork();
    fork.runUntil(world.now + 3_000_000);
    world.run(3);
    expect(fork.digest()).toBe(world.simulation.digest());
  }
  healAll(world);
  expect(world.controller()).not.toBe(-1);
  for (const id of IDS) expect(world.alive(id), `metadata of broker ${id}`).toEqual(IDS);
  const { partitions } = JSON.parse(world.znode("/brokers/topics/orders")?.data ?? "{}") as { readonly partitions: Readonly<Record<string, readonly number[]>> };
  for (let partition = 0; partition < ORDERS.length; partition += 1) {
    const [leader, , isr] = world.state("orders", partition) ?? [-1, -1, []];
    expect(leader, `leader of orders-${partition}`).not.toBe(-1);
    expect([...isr].sort((a, b) => a - b), `ISR of orders-${partition}`).toEqual([...partitions[String(partition)] ?? []].sort((a, b) => a - b));
  }
  const written = world.facts("partition-changed").filter(({ fact }) => fact.topic === "orders");
  for (const partition of [0, 1, 2, 3]) {
    const versions = written.filter(({ fact }) => fact.partition === partition).map(({ fact }) => fact.partitionEpoch);
    expect(versions, `versions of orders-${partition} never fall`).toEqual(versions.toSorted((a, b) => a - b));
  }
});
