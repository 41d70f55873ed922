// A world of brokers in ZooKeeper mode with their ensemble, and one client that a test steers: it asks any broker anything and keeps what comes back.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import { SECOND } from "#engine/core/time.ts";
import type { TraceEntry } from "#engine/core/trace.ts";
import { kafkaNode } from "#engine/broker/kafka-node.ts";
import type { KafkaNodeSettings } from "#engine/broker/node-settings.ts";
import type { Partition } from "#engine/broker/partition.ts";
import type { ZooKeeperNodeState } from "#engine/broker/zookeeper-node-state.ts";
import { messageTag, requestSizeBytes } from "#engine/protocol/message-size.ts";
import type { Api, RequestMessage, RequestOf, ResponseMessage, ResponseOf } from "#engine/protocol/messages.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { newestCommittedTree } from "#engine/zookeeper/committed-tree.ts";
import {
  createZooKeeperClient, openZooKeeperSession, type ZooKeeperClient, zooKeeperClosed, zooKeeperConnected, type ZooKeeperEvent, zooKeeperReceived,
  zooKeeperSend, zooKeeperTimer,
} from "#engine/zookeeper/zookeeper-client.ts";
import type { ZooKeeperAnswer, ZooKeeperOperation, ZooKeeperResponse } from "#engine/zookeeper/zookeeper-protocol.ts";
import { ZOOKEEPER_PORTS, zooKeeperServer, zooKeeperServerName } from "#engine/zookeeper/zookeeper-server.ts";

interface AskerState { readonly zooKeeper: ZooKeeperClient; ready: number[]; answers: Map<number, ResponseMessage>; znodeAnswers: ZooKeeperAnswer[] }
type AskerInput =
  | { readonly connectTo: string; readonly port: number } | { readonly connection: number; readonly message: RequestMessage }
  | { readonly operation: ZooKeeperOperation };

const SERVERS = [1, 2, 3];
const ENSEMBLE = SERVERS.map(id => ({ host: `zoo-${id}`, port: 2181 }));

function keep(state: AskerState, events: readonly ZooKeeperEvent[] | null): void {
  for (const event of events ?? []) if (event.is === "answer") state.znodeAnswers.push(event.answer);
}

/** Opens a connection for each input, sends at once, notes answers by correlation id; and has a session of its own. */
const asker: ProcessKind = {
  kind: "asker",
  start: (): AskerState => ({
    zooKeeper: createZooKeeperClient("asker", { servers: ENSEMBLE, sessionTimeoutMs: 30_000, connectionTimeoutMs: 30_000 }), ready: [],
    answers: new Map(), znodeAnswers: [],
  }),
  onTimer: (process, state, name, _payload, sequence) => keep(state as AskerState, zooKeeperTimer(process, (state as AskerState).zooKeeper, name, sequence)),
  onAccepted() {},
  onMessage(process, state, connection, message) {
    const asking = state as AskerState;
    if (connection === asking.zooKeeper.connection) return keep(asking, zooKeeperReceived(process, asking.zooKeeper, connection, message as ZooKeeperResponse));
    const response = message as ResponseMessage;
    asking.answers.set(response.correlationId, response);
  },
  onConnected: (process, state, connection) => {
    if (!zooKeeperConnected(process, (state as AskerState).zooKeeper, connection)) (state as AskerState).ready.push(connection);
  },
  onClosed: (process, state, connection) => keep(state as AskerState, zooKeeperClosed(process, (state as AskerState).zooKeeper, connection)),
  onInput(process, state, input) {
    const asked = input as AskerInput;
    if ("connectTo" in asked) process.connect(asked.connectTo, asked.port);
    else if ("operation" in asked) {
      openZooKeeperSession(process, (state as AskerState).zooKeeper);
      zooKeeperSend(process, (state as AskerState).zooKeeper, asked.operation, null);
    } else process.send(asked.connection, messageTag(asked.message.api, "request"), asked.message, requestSizeBytes(asked.message));
  },
};

const KINDS: ReadonlyMap<string, ProcessKind> = new Map([[kafkaNode.kind, kafkaNode], [zooKeeperServer.kind, zooKeeperServer], [asker.kind, asker]]);

export interface ZooKeeperWorldOptions {
  readonly overrides?: KafkaNodeSettings["overrides"];
  readonly seed?: number;
  readonly rackOf?: (id: number) => string | null;
  /** Brokers that exist and are not started. */
  readonly later?: readonly number[];
}

export class ZooKeeperClusterWorld {
  simulation: Simulation;
  readonly ids: readonly number[];
  #correlation = 0;
  readonly #first: readonly number[];

  constructor(ids: readonly number[] = [1, 2, 3], options: ZooKeeperWorldOptions = {}) {
    this.ids = ids;
    const { overrides = {}, seed = 7, rackOf = (): null => null, later = [] } = options;
    this.#first = ids.filter(id => !later.includes(id));
    this.simulation = Simulation.create(seed, [...ids.map(hostOf), ...ENSEMBLE.map(({ host }) => host), "client"], KINDS);
    for (const id of SERVERS) {
      this.simulation.addProcess(zooKeeperServerName(id), zooKeeperServer.kind, `zoo-${id}`, ZOOKEEPER_PORTS,
        { serverId: id, host: `zoo-${id}`, servers: SERVERS.map(server => ({ id: server, host: `zoo-${server}` })), overrides: {} });
      this.simulation.start(zooKeeperServerName(id));
    }
    for (const nodeId of ids) {
      const settings: KafkaNodeSettings = {
        nodeId, host: hostOf(nodeId), rack: rackOf(nodeId), clusterId: "test-cluster-id-000001", kafka: "3.9", mode: "zookeeper", roles: [], quorum: [],
        isQuorumDynamic: false, zookeeperConnect: ENSEMBLE, overrides: { "auto.leader.rebalance.enable": false, ...overrides },
      };
      this.simulation.addProcess(nameOf(nodeId), kafkaNode.kind, hostOf(nodeId), [9092], settings);
      if (!later.includes(nodeId)) this.simulation.start(nameOf(nodeId));
    }
    this.simulation.addProcess("client", asker.kind, "client", [], null);
    this.simulation.start("client");
  }

  get now(): number { return this.simulation.world.now; }

  run(seconds: number): void { this.simulation.runUntil(this.now + Math.round(seconds * SECOND)); }

  /** Runs until it is so; a failure after `seconds`. Returns the moment in seconds. */
  until(what: string, holds: () => boolean, seconds = 30): number {
    const end = this.now + seconds * SECOND;
    while (!holds()) {
      const next = this.simulation.nextEventAt();
      invariant(next !== undefined && next <= end, `${what}: not within ${seconds} s`);
      this.simulation.step();
    }
    return this.now / SECOND;
  }

  node(id: number): ZooKeeperNodeState {
    invariant(this.isRunning(id), `broker ${id} is stopped`);
    return this.simulation.process(nameOf(id)).state as ZooKeeperNodeState;
  }

  isRunning(id: number): boolean {
    const process = this.simulation.process(nameOf(id));
    return process.status !== "stopped" && process.state !== null;
  }

  running(): number[] { return this.ids.filter(id => this.isRunning(id)); }

  /** The broker that says it is the controller; -1 for none, or more than one. */
  controller(): number {
    const active = this.running().filter(id => this.node(id).controller.activeController === id);
    return active.length === 1 ? active[0] ?? -1 : -1;
  }

  /** Brokers in the metadata cache of one. */
  alive(by: number): number[] { return [...this.node(by).broker.image.brokers.keys()].sort((a, b) => a - b); }

  /** Everybody knows everybody. */
  boot(seconds = 30): this {
    this.until("boot", () => this.#first.every(id => this.isRunning(id) && this.alive(id).length === this.#first.length), seconds);
    return this;
  }

  /** The committed text and version of a znode; null when it is not there. */
  znode(path: string): { readonly data: string | null; readonly version: number } | null {
    const states = SERVERS.map(id => this.simulation.process(zooKeeperServerName(id))).filter(process => process.state !== null).map(process => process.state);
    const found = newestCommittedTree(states)?.znodes.find(znode => znode.path === path);
    return found === undefined ? null : { data: found.data, version: found.version };
  }

  znodesBelow(path: string): string[] {
    const states = SERVERS.map(id => this.simulation.process(zooKeeperServerName(id))).filter(process => process.state !== null).map(process => process.state);
    return newestCommittedTree(states)?.znodes.filter(znode => znode.path.startsWith(`${path}/`) && znode.path.length > path.length + 1 && !znode.path.slice(path.length + 1).includes("/"))
      .map(znode => znode.path.slice(path.length + 1)).sort() ?? [];
  }

  /** [leader, leaderEpoch, isr, partitionEpoch, controllerEpoch] as written in the state znode. */
  state(topic: string, partition = 0): readonly [number, number, readonly number[], number, number] | null {
    const node = this.znode(`/brokers/topics/${topic}/partitions/${partition}/state`);
    if (node === null || node.data === null) return null;
    const { leader, leader_epoch: leaderEpoch, isr, controller_epoch: controllerEpoch } = JSON.parse(node.data) as StateNode;
    return [leader, leaderEpoch, isr, node.version, controllerEpoch];
  }

  states(topic: string, partitions: number): unknown[] {
    return Array.from({ length: partitions }, (_, partition) => this.state(topic, partition)?.slice(0, 4));
  }

  /** An operation by a session of the client's own. */
  zooKeeper(operation: ZooKeeperOperation): ZooKeeperAnswer {
    const known = this.#asker.znodeAnswers.length;
    this.simulation.input("client", { operation } satisfies AskerInput);
    this.until("a znode operation", () => this.#asker.znodeAnswers.length > known);
    return this.#asker.znodeAnswers[known] as ZooKeeperAnswer;
  }

  replica(id: number, topic: string, partition = 0): Partition {
    const found = this.node(id).broker.partitions.get(topic)?.[partition];
    invariant(found !== undefined && found !== null, `broker ${id} has no replica of ${topic}-${partition}`);
    return found;
  }

  get #asker(): AskerState { return this.simulation.process("client").state as AskerState; }

  connect(id: number): number {
    const known = this.#asker.ready.length;
    this.simulation.input("client", { connectTo: hostOf(id), port: 9092 } satisfies AskerInput);
    this.until("connected", () => this.#asker.ready.length > known);
    return this.#asker.ready[known] as number;
  }

  /** Sends without waiting; gives the correlation id. */
  ask<A extends Api>(connection: number, api: A, body: RequestOf<A>): number {
    this.#correlation += 1;
    const message = { type: "request", api, correlationId: this.#correlation, clientId: "test", body } as RequestMessage;
    this.simulation.input("client", { connection, message } satisfies AskerInput);
    return this.#correlation;
  }

  answer<A extends Api>(correlation: number): ResponseOf<A> | undefined {
    return this.#asker.answers.get(correlation)?.body as ResponseOf<A> | undefined;
  }

  call<A extends Api>(id: number, api: A, body: RequestOf<A>, seconds = 70): ResponseOf<A> {
    const correlation = this.ask(this.connect(id), api, body);
    this.until(`${api} of broker ${id}`, () => this.answer(correlation) !== undefined, seconds);
    return this.answer<A>(correlation) as ResponseOf<A>;
  }

  create(name: string, wish: CreateWish): ResponseOf<"CreateTopics">["topics"][number] {
    const response = this.call(this.controller(), "CreateTopics", {
      topics: [{
        name, numPartitions: wish.partitions ?? -1, replicationFactor: wish.replicationFactor ?? -1,
        assignments: (wish.assignment ?? []).map((brokers, partition) => ({ partition, brokers })),
        configs: Object.entries(wish.configs ?? {}).map(([key, value]) => ({ name: key, value })),
      }], timeoutMs: 30_000, validateOnly: false,
    });
    return response.topics[0] as ResponseOf<"CreateTopics">["topics"][number];
  }

  createTopic(name: string, assignment: readonly (readonly number[])[], configs: Readonly<Record<string, string>> = {}): void {
    const answer = this.create(name, { assignment, configs });
    invariant(answer.error === "NONE", `create ${name}: ${JSON.stringify(answer)}`);
    this.until(`${name} on its brokers`, () => assignment.every((brokers, partition) =>
      brokers.every(id => !this.isRunning(id) || this.node(id).broker.partitions.get(name)?.[partition] != null)));
  }

  produce(id: number, topic: string, batch: RecordBatch, acks: number, timeoutMs = 5_000, partition = 0): ResponseOf<"Produce">["topics"][number]["partitions"][number] {
    const response = this.call(id, "Produce", { transactionalId: null, acks, timeoutMs, topics: [{ name: topic, partitions: [{ index: partition, records: [batch] }] }] });
    return response.topics[0]?.partitions[0] as ResponseOf<"Produce">["topics"][number]["partitions"][number];
  }

  metadata(id: number, topics: readonly string[] | null = null): ResponseOf<"Metadata"> {
    return this.call(id, "Metadata", { topics: topics?.map(name => ({ name })) ?? null, allowAutoTopicCreation: false });
  }

  kill(id: number): void { this.simulation.crash(nameOf(id)); }

  start(id: number): void { this.simulation.start(nameOf(id)); }

  shutDown(id: number): void { this.simulation.input(nameOf(id), { do: "shut-down" }); }

  facts<K extends KafkaFact["kind"]>(kind: K, since = 0): (TraceEntry & { readonly fact: Extract<KafkaFact, { readonly kind: K }> })[] {
    return [...this.simulation.world.trace].filter(entry => entry.id >= since && entry.fact.kind === kind) as never;
  }
}

interface StateNode { readonly leader: number; readonly leader_epoch: number; readonly isr: readonly number[]; readonly controller_epoch: number }

interface CreateWish {
  readonly partitions?: number; readonly replicationFactor?: number; readonly assignment?: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string | null>>;
}

export function hostOf(id: number): string { return `host-${id}`; }
export function nameOf(id: number): string { return `broker-${id}`; }
