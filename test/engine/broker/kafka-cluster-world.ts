// A world of combined nodes and one client that a test steers: it asks any node anything and keeps what comes back.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import { SECOND } from "#engine/core/time.ts";
import type { TraceEntry } from "#engine/core/trace.ts";
import type { LifecycleState } from "#engine/broker/broker-lifecycle.ts";
import type { BrokerState } from "#engine/broker/broker-state.ts";
import { kafkaNode, type KraftNodeState } from "#engine/broker/kafka-node.ts";
import type { KafkaNodeSettings } from "#engine/broker/node-settings.ts";
import type { Partition } from "#engine/broker/partition.ts";
import { activeController } from "#engine/metadata/kraft-server.ts";
import type { PartitionRegistration } from "#engine/metadata/image.ts";
import { messageTag, requestSizeBytes } from "#engine/protocol/message-size.ts";
import type { Api, RequestMessage, RequestOf, ResponseMessage, ResponseOf } from "#engine/protocol/messages.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { RecordBatchBuilder } from "#engine/protocol/record-batch-codec.ts";

interface AskerState { ready: number[]; refused: number[]; answers: Map<number, ResponseMessage>; answeredAtUs: Map<number, number>; closed: number[] }
type AskerInput = { readonly connectTo: string; readonly port: number } | { readonly connection: number; readonly message: RequestMessage };

/** Opens a connection for each input, sends at once, notes answers by correlation id. */
const asker: ProcessKind = {
  kind: "asker",
  start: (): AskerState => ({ ready: [], refused: [], answers: new Map(), answeredAtUs: new Map(), closed: [] }),
  onTimer() {},
  onAccepted() {},
  onMessage(process, state, _connection, message) {
    const response = message as ResponseMessage;
    (state as AskerState).answers.set(response.correlationId, response);
    (state as AskerState).answeredAtUs.set(response.correlationId, process.now);
  },
  onConnected: (_process, state, connection) => { (state as AskerState).ready.push(connection); },
  onClosed: (_process, state, connection) => { (state as AskerState).closed.push(connection); },
  onInput(process, _state, input) {
    const asked = input as AskerInput;
    if ("connectTo" in asked) process.connect(asked.connectTo, asked.port);
    else process.send(asked.connection, messageTag(asked.message.api, "request"), asked.message, requestSizeBytes(asked.message));
  },
};

export const KINDS: ReadonlyMap<string, ProcessKind> = new Map([[kafkaNode.kind, kafkaNode], [asker.kind, asker]]);

export class ClusterWorld {
  simulation: Simulation;
  readonly ids: readonly number[];
  #correlation = 0;

  constructor(ids: readonly number[] = [1, 2, 3], overrides: KafkaNodeSettings["overrides"] = {}, seed = 7, rackOf: (id: number) => string | null = () => null) {
    this.ids = ids;
    const hosts = [...ids.map(hostOf), "client"];
    this.simulation = Simulation.create(seed, hosts, KINDS);
    const quorum = ids.map(nodeId => ({ nodeId, host: hostOf(nodeId), port: 9093 }));
    for (const nodeId of ids) {
      const settings: KafkaNodeSettings = { nodeId, host: hostOf(nodeId), rack: rackOf(nodeId), clusterId: "test-cluster", kafka: "3.9", mode: "kraft", roles: ["broker", "controller"], isQuorumDynamic: false, zookeeperConnect: [], quorum, overrides };
      this.simulation.addProcess(`broker-${nodeId}`, kafkaNode.kind, hostOf(nodeId), [9092, 9093], settings);
      this.simulation.start(`broker-${nodeId}`);
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

  /** A node that is a broker too. */
  node(id: number): KraftNodeState & { readonly broker: BrokerState; readonly lifecycle: LifecycleState } {
    const process = this.simulation.process(`broker-${id}`);
    invariant(process.status !== "stopped", `broker ${id} is stopped`);
    return process.state as KraftNodeState & { readonly broker: BrokerState; readonly lifecycle: LifecycleState };
  }

  isRunning(id: number): boolean { return this.simulation.process(`broker-${id}`).status === "running" && this.simulation.process(`broker-${id}`).state !== null; }

  controller(): number {
    const running = this.ids.filter(id => this.isRunning(id));
    const believed = running.map(id => activeController(this.node(id).kraft));
    return believed.every(id => id === believed[0]) ? believed[0] ?? -1 : -1;
  }

  unfenced(by: number): number[] {
    return [...this.node(by).broker.image.brokers.values()].filter(broker => !broker.fenced).map(broker => broker.brokerId);
  }

  /** All brokers are unfenced in everybody's image. */
  boot(): this {
    this.until("boot", () => this.ids.every(id => this.isRunning(id) && this.unfenced(id).length === this.ids.length));
    return this;
  }

  registration(topic: string, partition = 0, by?: number): PartitionRegistration | undefined {
    const from = by ?? this.ids.find(id => this.isRunning(id)) ?? 0;
    return this.node(from).broker.image.topics.get(topic)?.partitions[partition];
  }

  replica(id: number, topic: string, partition = 0): Partition {
    const found = this.node(id).broker.partitions.get(topic)?.[partition];
    invariant(found !== undefined && found !== null, `broker ${id} has no replica of ${topic}-${partition}`);
    return found;
  }

  get #asker(): AskerState { return this.simulation.process("client").state as AskerState; }

  connect(id: number, port = 9092): number {
    const known = this.#asker.ready.length;
    this.simulation.input("client", { connectTo: hostOf(id), port } satisfies AskerInput);
    this.until("connected", () => this.#asker.ready.length > known);
    return this.#asker.ready[known] as number;
  }

  isClosed(connection: number): boolean { return this.#asker.closed.includes(connection); }

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

  answeredAtUs(correlation: number): number { return this.#asker.answeredAtUs.get(correlation) ?? -1; }

  call<A extends Api>(id: number, api: A, body: RequestOf<A>, seconds = 70): ResponseOf<A> {
    const correlation = this.ask(this.connect(id), api, body);
    this.until(`${api} of broker ${id}`, () => this.answer(correlation) !== undefined, seconds);
    return this.answer<A>(correlation) as ResponseOf<A>;
  }

  createTopic(name: string, assignment: readonly (readonly number[])[], configs: Readonly<Record<string, string>> = {}): void {
    const by = this.ids.find(id => this.isRunning(id)) ?? 0;
    const response = this.call(by, "CreateTopics", {
      topics: [{
        name, numPartitions: -1, replicationFactor: -1, assignments: assignment.map((brokers, partition) => ({ partition, brokers })),
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      }], timeoutMs: 30_000, validateOnly: false,
    });
    invariant(response.topics[0]?.error === "NONE", `create ${name}: ${JSON.stringify(response.topics)}`);
    this.until(`${name} on its brokers`, () => assignment.every((brokers, partition) =>
      brokers.every(id => !this.isRunning(id) || this.node(id).broker.partitions.get(name)?.[partition] != null)));
  }

  produceBody(topic: string, batch: RecordBatch, acks: number, timeoutMs = 5_000, partition = 0): RequestOf<"Produce"> {
    return { transactionalId: null, acks, timeoutMs, topics: [{ name: topic, partitions: [{ index: partition, records: [batch] }] }] };
  }

  produce(id: number, topic: string, batch: RecordBatch, acks: number, timeoutMs = 5_000): ProduceAnswer {
    const response = this.call(id, "Produce", this.produceBody(topic, batch, acks, timeoutMs));
    return response.topics[0]?.partitions[0] as ProduceAnswer;
  }

  fetchBody(topic: string, offset: number, how: Partial<FetchWish> = {}): RequestOf<"Fetch"> {
    const { maxWaitMs = 0, epoch = -1, lastFetchedEpoch = -1, minBytes = 1, replicaId = -1 } = how;
    return {
      replicaId, replicaEpoch: -1, maxWaitMs, minBytes, maxBytes: 50_000_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: how.rackId ?? "",
      topics: [{ topic, partitions: [{
        partition: 0, currentLeaderEpoch: epoch, fetchOffset: offset, lastFetchedEpoch, logStartOffset: -1, partitionMaxBytes: 1_048_576 }] }],
    };
  }

  fetch(id: number, topic: string, offset: number, how: Partial<FetchWish> = {}): FetchAnswer {
    return this.call(id, "Fetch", this.fetchBody(topic, offset, how)).topics[0]?.partitions[0] as FetchAnswer;
  }

  facts<K extends KafkaFact["kind"]>(kind: K, since = 0): (TraceEntry & { readonly fact: Extract<KafkaFact, { readonly kind: K }> })[] {
    return [...this.simulation.world.trace].filter(entry => entry.id >= since && entry.fact.kind === kind) as never;
  }
}

type ProduceAnswer = ResponseOf<"Produce">["topics"][number]["partitions"][number];
type FetchAnswer = ResponseOf<"Fetch">["topics"][number]["partitions"][number];
interface FetchWish { readonly maxWaitMs: number; readonly epoch: number; readonly lastFetchedEpoch: number; readonly minBytes: number; readonly replicaId: number; readonly rackId: string }

export function hostOf(id: number): string { return `host-${id}`; }

export interface Stamp { readonly producerId: number; readonly producerEpoch: number; readonly baseSequence: number }

export function batchOf(values: readonly string[], stamp?: Stamp, timestampMs = 1_000): RecordBatch {
  const builder = new RecordBatchBuilder();
  for (const value of values) builder.append(timestampMs, null, value);
  return stamp === undefined ? builder.build() : builder.build({ ...stamp, transactional: false });
}
