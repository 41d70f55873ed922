// Runs of real nodes against recordings of Apache Kafka 3.9.1 (three brokers, KRaft): leader, leader epoch and in-sync replicas after each step.
import { expect, test } from "vitest";
import { kafkaNode } from "#engine/broker/kafka-node.ts";
import type { KraftNodeState } from "#engine/broker/kafka-node.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import { SECOND } from "#engine/core/time.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";
import type { Api, RequestOf, ResponseMessage } from "#engine/protocol/messages.ts";
import { createNetworkClient, type NetworkClient, networkClosed, networkConnected, networkReceived, networkSend } from "#engine/protocol/network-client.ts";

interface Question { readonly node: number; readonly api: Api; readonly body: RequestOf<Api> }

/** Asks a node's controller listener and hands the answer out. */
const ASKER: ProcessKind = {
  kind: "asker",
  start: () => createNetworkClient("asker", { clientId: "asker", reconnectBackoffMs: 50, reconnectBackoffMaxMs: 500, connectionSetupTimeoutMs: 10_000 }),
  onInput(process, state, input) {
    const { node, api, body } = input as Question;
    networkSend(process, state as NetworkClient, String(node), { host: `host-${node}`, port: 9093 }, { api, body, timeoutMs: 5000, context: null });
  },
  onMessage(process, state, connection, message) {
    process.outcome(networkReceived(state as NetworkClient, connection, message as ResponseMessage)?.response ?? null);
  },
  onConnected(process, state, connection) { networkConnected(process, state as NetworkClient, connection); },
  onClosed(process, state, connection) { networkClosed(process, state as NetworkClient, connection); },
  onTimer() { /* time-outs do not matter here */ },
  onAccepted() { /* nobody connects */ },
};

class Recording {
  readonly simulation: Simulation;
  readonly #ids: readonly number[];

  constructor(seed: number, overrides: Readonly<Record<string, string>>, nodes: number) {
    const ids = Array.from({ length: nodes }, (_, index) => index + 1);
    this.#ids = ids;
    this.simulation = Simulation.create(seed, ids.map(id => `host-${id}`), new Map([[kafkaNode.kind, kafkaNode], [ASKER.kind, ASKER]]));
    const quorum = ids.map(nodeId => ({ nodeId, host: `host-${nodeId}`, port: 9093 }));
    for (const nodeId of ids) {
      this.simulation.addProcess(`broker-${nodeId}`, kafkaNode.kind, `host-${nodeId}`, [9092, 9093], { nodeId, host: `host-${nodeId}`, rack: null, clusterId: "test-cluster", kafka: "3.9", mode: "kraft", roles: ["broker", "controller"], isQuorumDynamic: false, zookeeperConnect: [], quorum, overrides });
      this.simulation.start(`broker-${nodeId}`);
    }
    this.simulation.addProcess("asker", "asker", "host-asker", [], {});
    this.simulation.start("asker");
    this.simulation.runUntil(10 * SECOND);
  }

  seconds(count: number): void { this.simulation.runUntil(this.simulation.world.now + count * SECOND); }

  node(id: number): KraftNodeState | null { return this.simulation.process(`broker-${id}`).state as KraftNodeState | null; }

  get controller(): number { return this.#ids.find(id => (this.node(id)?.kraft.controller?.active ?? null) !== null) ?? -1; }

  get image(): MetadataImage {
    const node = this.node(this.controller);
    if (node === null || node.kraft.controller === null) throw new Error("no active controller");
    return node.kraft.controller.image;
  }

  ask(api: Api, body: unknown): unknown {
    const before = this.simulation.world.outcomes.length;
    this.simulation.input("asker", { node: this.controller, api, body });
    this.seconds(1);
    expect(this.simulation.world.outcomes.length).toBe(before + 1);
    return this.simulation.world.outcomes.last;
  }

  create(name: string, assignment: readonly (readonly number[])[]): void {
    const assignments = assignment.map((brokers, partition) => ({ partition, brokers }));
    this.ask("CreateTopics", { topics: [{ name, numPartitions: -1, replicationFactor: -1, assignments, configs: [] }], timeoutMs: 30_000, validateOnly: false });
  }

  /** [leader, leader epoch, in-sync replicas] of each partition, as the recordings write them. */
  partitions(topic: string): (readonly [number, number, readonly number[]])[] {
    return (this.image.topics.get(topic)?.partitions ?? []).map(partition => [partition.leader, partition.leaderEpoch, partition.isr]);
  }

  stop(id: number): void {
    this.simulation.input(`broker-${id}`, { do: "shut-down" });
    this.seconds(8);
    expect(this.simulation.process(`broker-${id}`).status).toBe("stopped");
  }
}

/** A run whose active controller is the wished node, so that stopping brokers does not move it. */
function recording(controller: number, overrides: Readonly<Record<string, string>> = {}, nodes = 3): Recording {
  for (let seed = 1; seed < 60; seed += 1) {
    const run = new Recording(seed, overrides, nodes);
    if (run.controller === controller) return run;
  }
  throw new Error(`no seed elects ${controller}`);
}

const NO_BALANCE = { "auto.leader.rebalance.enable": "false" };

test("controlled shutdown as recorded: leaders move, the only replica stays in the list, both come back with higher epochs", () => {
  const run = recording(3, NO_BALANCE);
  run.create("orders-stop", [[2, 3, 1], [1, 2, 3], [3, 1, 2]]);
  run.create("orders-stop-rf2", [[2, 1]]);
  run.create("orders-stop-rf1", [[2]]);
  run.seconds(2);

  run.stop(2);
  expect(run.partitions("orders-stop")).toEqual([[3, 1, [3, 1]], [1, 0, [1, 3]], [3, 0, [3, 1]]]);
  expect(run.partitions("orders-stop-rf2")).toEqual([[1, 1, [1]]]);
  expect(run.partitions("orders-stop-rf1")).toEqual([[-1, 1, [2]]]);

  run.simulation.start("broker-2");
  run.seconds(10);
  expect(run.partitions("orders-stop")).toEqual([[3, 1, [3, 1, 2]], [1, 0, [1, 3, 2]], [3, 0, [3, 1, 2]]]);
  expect(run.partitions("orders-stop-rf2")).toEqual([[1, 1, [1, 2]]]);
  expect(run.partitions("orders-stop-rf1")).toEqual([[2, 2, [2]]]);

  run.stop(1);
  expect(run.partitions("orders-stop")).toEqual([[3, 1, [3, 2]], [2, 1, [3, 2]], [3, 0, [3, 2]]]);
  expect(run.partitions("orders-stop-rf2")).toEqual([[2, 2, [2]]]);
  expect(run.partitions("orders-stop-rf1")).toEqual([[2, 2, [2]]]);
});

test("preferred election as recorded: by request after a stop and after a kill", () => {
  const run = recording(3, NO_BALANCE);
  run.create("orders-pref", [[1, 2, 3], [2, 3, 1], [3, 1, 2]]);
  run.seconds(2);
  run.stop(1);
  expect(run.partitions("orders-pref")).toEqual([[2, 1, [2, 3]], [2, 0, [2, 3]], [3, 0, [3, 2]]]);
  run.simulation.start("broker-1");
  run.seconds(10);
  expect(run.partitions("orders-pref")).toEqual([[2, 1, [2, 3, 1]], [2, 0, [2, 3, 1]], [3, 0, [3, 2, 1]]]);
  run.ask("ElectLeaders", { electionType: 0, topicPartitions: [{ topic: "orders-pref", partitions: [0] }], timeoutMs: 1000 });
  expect(run.partitions("orders-pref")[0]).toEqual([1, 2, [2, 3, 1]]);
  run.simulation.crash("broker-1");
  run.seconds(10);
  expect(run.partitions("orders-pref")).toEqual([[2, 3, [2, 3]], [2, 0, [2, 3]], [3, 0, [3, 2]]]);
  expect(run.ask("ElectLeaders", { electionType: 0, topicPartitions: [{ topic: "orders-pref", partitions: [0] }], timeoutMs: 1000 })).toMatchObject(
    { results: [{ topic: "orders-pref", partitions: [{ partition: 0, error: "PREFERRED_LEADER_NOT_AVAILABLE" }] }] });
  run.simulation.start("broker-1");
  run.seconds(10);
  expect(run.partitions("orders-pref")).toEqual([[2, 3, [2, 3, 1]], [2, 0, [2, 3, 1]], [3, 0, [3, 2, 1]]]);
  run.ask("ElectLeaders", { electionType: 0, topicPartitions: null, timeoutMs: 1000 });
  expect(run.partitions("orders-pref")[0]).toEqual([1, 4, [2, 3, 1]]);
});

test("automatic balance as recorded: home again 300 s after the leader had to leave", () => {
  const run = recording(3);
  run.create("orders-auto", [[1, 2, 3], [2, 3, 1], [3, 1, 2]]);
  run.seconds(2);
  run.stop(1);
  run.simulation.start("broker-1");
  run.seconds(12);
  expect(run.partitions("orders-auto")[0]).toEqual([2, 1, [2, 3, 1]]);
  run.seconds(270);
  expect(run.partitions("orders-auto")[0]).toEqual([2, 1, [2, 3, 1]]);
  run.seconds(20);
  expect(run.partitions("orders-auto")[0]).toEqual([1, 2, [2, 3, 1]]);
});

test("the failure table as recorded, row by row (five nodes, so that a majority of the quorum survives)", () => {
  const run = recording(4, NO_BALANCE, 5);
  const row = (): readonly unknown[] => {
    const partition = run.image.topics.get("orders")?.partitions[0];
    return [partition?.leader, partition?.isr, partition?.leaderEpoch, partition?.partitionEpoch];
  };
  run.create("orders", [[1, 2, 3]]);
  run.seconds(2);
  expect(row()).toEqual([1, [1, 2, 3], 0, 0]);
  run.simulation.crash("broker-3");
  run.seconds(10);
  expect(row()).toEqual([1, [1, 2], 0, 1]);
  run.simulation.crash("broker-1");
  run.seconds(10);
  expect(row()).toEqual([2, [2], 1, 2]);
  run.simulation.start("broker-1");
  run.seconds(10);
  expect(row()).toEqual([2, [2, 1], 1, 3]);
  run.simulation.start("broker-3");
  run.seconds(10);
  expect(row()).toEqual([2, [2, 1, 3], 1, 4]);
  run.ask("ElectLeaders", { electionType: 0, topicPartitions: null, timeoutMs: 1000 });
  expect(row()).toEqual([1, [2, 1, 3], 2, 5]);
});

test("the cost of a failover as recorded: a new controller within 2.6 to 4.1 s, mostly epoch +2, and a broker that died with the old one fenced after 11.2 to 13.6 s", () => {
  const rises: number[] = [];
  for (let seed = 1; seed <= 8; seed += 1) {
    const run = new Recording(seed, NO_BALANCE, 3);
    const old = run.controller;
    const epoch = run.node(old)?.kraft.raft.epoch ?? 0;
    const killedAt = run.simulation.world.now;
    run.simulation.crash(`broker-${old}`);
    while (run.controller === -1) run.simulation.runUntil(run.simulation.world.now + SECOND / 1000);
    rises.push((run.node(run.controller)?.kraft.raft.epoch ?? 0) - epoch);
    const tookUs = run.simulation.world.now - killedAt;
    expect(tookUs, `seed ${seed}`).toBeGreaterThan(2.6 * SECOND);
    expect(tookUs, `seed ${seed}`).toBeLessThan(4.1 * SECOND);
    run.seconds(12);
    const fencedAt = [...run.simulation.world.trace].find(entry => entry.fact.kind === "broker-fenced")?.at ?? 0;
    expect(fencedAt - killedAt, `seed ${seed}`).toBeGreaterThan(11.2 * SECOND);
    expect(fencedAt - killedAt, `seed ${seed}`).toBeLessThan(13.6 * SECOND);
  }
  expect(rises.filter(rise => rise === 2).length).toBeGreaterThan(4);
});
