// Real nodes with the roles a test gives them, and somebody who sends single requests to their listeners.
import { cutLink, healLink } from "#engine/core/connections.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import { fromMs } from "#engine/core/time.ts";
import { kafkaNode, type KraftNodeState } from "#engine/broker/kafka-node.ts";
import type { KafkaNodeSettings } from "#engine/broker/node-settings.ts";
import { readMetaProperties } from "#engine/metadata/node-storage.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";
import type { Api, Message, RequestMessage, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { KafkaVersion } from "#engine/protocol/version-profile.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { METADATA_LOG_PATH } from "#engine/raft/metadata-log.ts";

interface Asker { readonly waiting: Map<number, RequestMessage>; readonly answers: Map<number, unknown> }
interface AskerInput { readonly host: string; readonly port: number; readonly message: RequestMessage }

const ASKER: ProcessKind = {
  kind: "asker",
  start: (): Asker => ({ waiting: new Map(), answers: new Map() }),
  onTimer: () => undefined,
  onMessage: (_process, state, _connection, raw) => {
    const message = raw as Message;
    if (message.type === "response") (state as Asker).answers.set(message.correlationId, message.body);
  },
  onConnected: (process, state, connection) => {
    const message = (state as Asker).waiting.get(connection);
    if (message !== undefined) process.send(connection, "ask", message, 100);
  },
  onAccepted: () => undefined,
  onClosed: (_process, state, connection) => {
    const message = (state as Asker).waiting.get(connection);
    if (message !== undefined && !(state as Asker).answers.has(message.correlationId)) (state as Asker).answers.set(message.correlationId, null);
  },
  onInput: (process, state, raw) => {
    const { host, port, message } = raw as AskerInput;
    (state as Asker).waiting.set(process.connect(host, port), message);
  },
};

/** @property initialVoters a quorum whose voters stand in the log, formatted with these; without it, all controllers are voters by the settings. */
export interface QuorumWorldOptions {
  readonly seed?: number;
  readonly controllers: readonly number[];
  readonly brokers?: readonly number[];
  readonly combined?: readonly number[];
  readonly kafka?: KafkaVersion;
  readonly initialVoters?: readonly number[];
  readonly overrides?: KafkaNodeSettings["overrides"];
  readonly startsLater?: readonly number[];
  /** In place of the real node: with a planted defect. */
  readonly kind?: ProcessKind;
}

export class QuorumWorld {
  readonly simulation: Simulation;
  readonly controllers: readonly number[];
  readonly brokers: readonly number[];
  readonly ids: readonly number[];
  #correlation = 0;

  constructor(options: QuorumWorldOptions) {
    const { controllers, brokers = [], combined = [], kafka = "3.9", initialVoters, overrides = {}, startsLater = [] } = options;
    this.controllers = [...controllers, ...combined];
    this.brokers = [...brokers, ...combined];
    this.ids = [...new Set([...this.controllers, ...this.brokers])];
    this.simulation = Simulation.create(options.seed ?? 1, [...this.ids.map(hostOf), "client"], new Map([[kafkaNode.kind, options.kind ?? kafkaNode], [ASKER.kind, ASKER]]));
    const quorum = this.controllers.map(nodeId => ({
      nodeId, host: hostOf(nodeId), port: 9093, ...initialVoters?.includes(nodeId) === true ? { directoryId: firstDirectoryOf(nodeId) } : {},
    }));
    for (const nodeId of this.ids) {
      const isBoth = combined.includes(nodeId);
      const settings: KafkaNodeSettings = {
        nodeId, host: hostOf(nodeId), rack: null, clusterId: "test-cluster", kafka, mode: "kraft",
        roles: isBoth ? ["broker", "controller"] : controllers.includes(nodeId) ? ["controller"] : ["broker"],
        quorum, isQuorumDynamic: initialVoters !== undefined, zookeeperConnect: [], overrides,
      };
      this.simulation.addProcess(this.nameOf(nodeId), kafkaNode.kind, hostOf(nodeId), isBoth ? [9092, 9093] : controllers.includes(nodeId) ? [9093] : [9092], settings);
      if (!startsLater.includes(nodeId)) this.simulation.start(this.nameOf(nodeId));
    }
    this.simulation.addProcess("client", ASKER.kind, "client", [], null);
    this.simulation.start("client");
  }

  nameOf(id: number): string { return this.controllers.includes(id) && !this.brokers.includes(id) ? `controller-${id}` : `broker-${id}`; }

  get nowMs(): number { return this.simulation.world.now / 1000; }

  run(ms: number): void { this.simulation.runUntil(this.simulation.world.now + fromMs(ms)); }

  /** Runs until it is so and gives the milliseconds that it took; fails after `limitMs`. */
  until(what: string, holds: () => boolean, limitMs = 30_000): number {
    const since = this.nowMs;
    while (!holds()) {
      invariant(this.nowMs - since < limitMs, `${what}: not within ${limitMs} ms`);
      this.run(2);
    }
    return this.nowMs - since;
  }

  isUp(id: number): boolean {
    const process = this.simulation.process(this.nameOf(id));
    return process.status === "running" && process.state !== null;
  }

  node(id: number): KraftNodeState {
    invariant(this.isUp(id), `node ${id} does not run`);
    return this.simulation.process(this.nameOf(id)).state as KraftNodeState;
  }

  /** The active controller with the highest epoch; -1 for none. */
  active(): number {
    const active = this.controllers.filter(id => this.isUp(id) && (this.node(id).kraft.controller?.active ?? null) !== null);
    return active.sort((a, b) => this.node(b).kraft.raft.epoch - this.node(a).kraft.raft.epoch)[0] ?? -1;
  }

  /** Brokers that a broker's image shows as unfenced. */
  unfenced(by: number): number[] {
    return [...this.node(by).broker?.image.brokers.values() ?? []].filter(broker => !broker.fenced).map(broker => broker.brokerId).toSorted((a, b) => a - b);
  }

  boot(): this {
    this.until("boot", () => this.active() !== -1 && this.brokers.every(id => !this.isUp(id) || this.unfenced(id).length === this.brokers.filter(other => this.isUp(other)).length));
    return this;
  }

  kill(id: number): void { this.simulation.crash(this.nameOf(id)); }
  start(id: number): void { this.simulation.start(this.nameOf(id)); }
  stop(id: number): void { this.simulation.input(this.nameOf(id), { do: "shut-down" }); }

  cut(a: number, b: number): void {
    cutLink(this.simulation, hostOf(a), hostOf(b));
    cutLink(this.simulation, hostOf(b), hostOf(a));
  }

  heal(a: number, b: number): void {
    healLink(this.simulation, hostOf(a), hostOf(b));
    healLink(this.simulation, hostOf(b), hostOf(a));
  }

  directoryOf(id: number): string {
    return readMetaProperties(this.simulation.process(this.nameOf(id)).disk)?.directoryId ?? "";
  }

  /** Every batch of the metadata log on a node's disk. */
  logOf(id: number): RaftBatch[] {
    const file = this.simulation.process(this.nameOf(id)).disk.get(METADATA_LOG_PATH);
    return file?.kind === "log" ? [...file.entries] as RaftBatch[] : [];
  }

  put<A extends Api>(id: number, api: A, body: RequestOf<A>, port = 9093): number {
    this.#correlation += 1;
    const message = { type: "request", api, correlationId: this.#correlation, clientId: "test", body } as RequestMessage;
    this.simulation.input("client", { host: hostOf(id), port, message } satisfies AskerInput);
    return this.#correlation;
  }

  answer<A extends Api>(correlation: number): ResponseOf<A> | null | undefined {
    return (this.simulation.process("client").state as Asker).answers.get(correlation) as ResponseOf<A> | null | undefined;
  }

  ask<A extends Api>(id: number, api: A, body: RequestOf<A>, port = 9093): ResponseOf<A> {
    const correlation = this.put(id, api, body, port);
    this.until(`${api} of node ${id}`, () => this.answer(correlation) !== undefined, 70_000);
    return this.answer<A>(correlation) as ResponseOf<A>;
  }

  addVoter(id: number, directoryId = this.directoryOf(id)): ResponseOf<"AddRaftVoter"> {
    return this.ask(this.active(), "AddRaftVoter", {
      clusterId: "test-cluster", timeoutMs: 5000, voterId: id, voterDirectoryId: directoryId, listeners: [{ name: "CONTROLLER", host: hostOf(id), port: 9093 }],
      ackWhenCommitted: true,
    });
  }

  removeVoter(id: number, directoryId = this.directoryOf(id)): ResponseOf<"RemoveRaftVoter"> {
    return this.ask(this.active(), "RemoveRaftVoter", { clusterId: "test-cluster", voterId: id, voterDirectoryId: directoryId });
  }

  describe(id = this.active()): ResponseOf<"DescribeQuorum"> { return this.ask(id, "DescribeQuorum", {}); }

  facts<K extends KafkaFact["kind"]>(kind: K): (KafkaFact & { readonly kind: K })[] {
    return [...this.simulation.world.trace].filter(entry => entry.fact.kind === kind).map(entry => entry.fact as KafkaFact & { readonly kind: K });
  }
}

export function hostOf(id: number): string { return `host-${id}`; }

export function firstDirectoryOf(id: number): string { return `DIRECTORY-OF-NODE-${String(id).padStart(4, "0")}`; }
