// A process that hosts the controller part of a node and a broker's life cycle, and no broker: it talks KRaft on port 9093 and keeps the image
// that a broker would have. Operator inputs are requests to the active controller; their answers come out as outcomes.
import { cutLink, healLink } from "#engine/core/connections.ts";
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import { fromMs } from "#engine/core/time.ts";
import type { TraceEntry } from "#engine/core/trace.ts";
import {
  beginControlledShutdown, type LifecycleHost, lifecycleMetadataApplied, lifecycleResponse, type LifecycleState, lifecycleTimer, startLifecycle,
} from "#engine/broker/broker-lifecycle.ts";
import type { KafkaNodeSettings } from "#engine/broker/node-settings.ts";
import { applyBatch, createImage } from "#engine/metadata/apply-record.ts";
import type { ControllerState } from "#engine/metadata/controller-state.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";
import {
  activeController, connectionKey, kraftConnectionClosed, type KraftHost, kraftRequest, kraftResponse, type KraftState, kraftTimer, shutDownKraft, startKraft,
} from "#engine/metadata/kraft-server.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";
import type { Api, Message, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import {
  createNetworkClient, type NetworkClient, networkClosed, networkConnected, networkReceived, type NetworkResult, networkSend, networkTimer, networkTimerName,
} from "#engine/protocol/network-client.ts";
import { sendResponse } from "#engine/protocol/reply-to.ts";
import type { KafkaVersion } from "#engine/protocol/version-profile.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";

interface Waiting { readonly api: Api; readonly body: RequestOf<Api>; readonly timeoutMs: number; readonly context: unknown; readonly untilUs: number }

export interface TestNodeSettings extends KafkaNodeSettings { readonly withBroker: boolean }

export interface TestNode {
  readonly settings: TestNodeSettings;
  readonly network: NetworkClient;
  kraft: KraftState | null;
  lifecycle: LifecycleState | null;
  image: MetadataImage;
  committed: RaftBatch[];
  waiting: Waiting[];
  mayExit: boolean;
}

/** An answer to a request that a test has put in. `to`: asked this node, not the active controller. */
export interface Answer { readonly label: string; readonly api: Api; readonly response: unknown }
export type TestInput =
  | { readonly do: "ask"; readonly label: string; readonly api: Api; readonly body: unknown; readonly to?: number }
  | { readonly do: "shut-down" };

const RETRY_US = fromMs(50);

function kraftHost(process: ProcessContext, node: TestNode): KraftHost {
  return {
    send: (to, request) => networkSend(process, node.network, connectionKey(to.nodeId, request.context), to, request),
    reply: (to, body) => sendResponse(process, to, body),
    committed: batches => {
      for (const batch of batches) {
        node.committed.push(batch);
        applyBatch(node.image, batch);
      }
      if (node.lifecycle !== null) lifecycleMetadataApplied(process, lifecycleHost(process, node), node.lifecycle, node.image.offset);
    },
    shutDownDone: () => process.exit(),
  };
}

function lifecycleHost(process: ProcessContext, node: TestNode): LifecycleHost {
  return {
    sendToController: request => sendToController(process, node, { ...request, untilUs: process.now + fromMs(request.timeoutMs) }),
    registered: () => undefined,
    isReady: () => true,
    mayExit: () => {
      node.mayExit = true;
      if (node.kraft !== null) shutDownKraft(process, kraftHost(process, node), node.kraft);
    },
  };
}

function sendToController(process: ProcessContext, node: TestNode, request: Waiting): void {
  const controller = node.kraft === null ? -1 : activeController(node.kraft);
  const voter = node.settings.quorum.find(candidate => candidate.nodeId === controller);
  if (voter === undefined) {
    node.waiting.push(request);
    process.schedule(RETRY_US, "retry");
    return;
  }
  networkSend(process, node.network, `broker-to-${controller}`, voter, { ...request, context: request });
}

function onResults(process: ProcessContext, node: TestNode, results: readonly NetworkResult[]): void {
  for (const result of results) {
    const context = result.context as { readonly for?: string } & Partial<Waiting>;
    if (context.for === "kraft" && node.kraft !== null) kraftResponse(process, kraftHost(process, node), node.kraft, result);
    else if (context.untilUs !== undefined) onControllerAnswer(process, node, context as Waiting, result);
    else process.outcome({ label: (context as { label?: string }).label ?? "", api: result.api, response: result.response });
  }
}

/** NOT_CONTROLLER and lost connections are tried again, as the channel between broker and controller does. */
function onControllerAnswer(process: ProcessContext, node: TestNode, request: Waiting, result: NetworkResult): void {
  const error = (result.response as { readonly error?: string } | null)?.error;
  if ((result.response === null || error === "NOT_CONTROLLER") && process.now < request.untilUs) {
    node.waiting.push(request);
    process.schedule(RETRY_US, "retry");
    return;
  }
  const inner = request.context as { readonly for: string; readonly label?: string };
  if (inner.for === "lifecycle" && node.lifecycle !== null) {
    lifecycleResponse(process, lifecycleHost(process, node), node.lifecycle, { ...result, context: inner });
  } else process.outcome({ label: inner.label ?? "", api: result.api, response: result.response });
}

export const KRAFT_NODE: ProcessKind = {
  kind: "kraft-node",
  start(process, settings): TestNode {
    const node: TestNode = {
      settings: settings as TestNodeSettings, kraft: null, lifecycle: null, image: createImage(), committed: [], waiting: [], mayExit: false,
      network: createNetworkClient("kraft", { clientId: process.name, reconnectBackoffMs: 50, reconnectBackoffMaxMs: 500, connectionSetupTimeoutMs: 10_000 }),
    };
    node.kraft = startKraft(process, kraftHost(process, node), node.settings);
    if (node.settings.withBroker) node.lifecycle = startLifecycle(process, lifecycleHost(process, node), node.settings);
    return node;
  },
  onTimer(process, state, name, payload, sequence) {
    const node = state as TestNode;
    if (name === "retry") {
      const request = node.waiting.shift();
      if (request !== undefined) sendToController(process, node, request);
    } else if (name === networkTimerName(node.network)) onResults(process, node, networkTimer(process, node.network, payload as string, sequence));
    else if (node.kraft !== null && kraftTimer(process, kraftHost(process, node), node.kraft, name, payload, sequence)) return;
    else if (node.lifecycle !== null) lifecycleTimer(process, lifecycleHost(process, node), node.lifecycle, name, payload, sequence);
  },
  onMessage(process, state, connection, raw) {
    const node = state as TestNode;
    const message = raw as Message;
    if (message.type === "response") {
      const result = networkReceived(node.network, connection, message);
      if (result !== null) onResults(process, node, [result]);
    } else if (node.kraft !== null) {
      const to = { connection, correlationId: message.correlationId, api: message.api };
      kraftRequest(process, kraftHost(process, node), node.kraft, message, to);
    }
  },
  onConnected(process, state, connection) { networkConnected(process, (state as TestNode).network, connection); },
  onAccepted() { /* nothing is kept for a connection */ },
  onClosed(process, state, connection) {
    const node = state as TestNode;
    const results = networkClosed(process, node.network, connection);
    if (results !== null) onResults(process, node, results);
    else if (node.kraft !== null) kraftConnectionClosed(process, kraftHost(process, node), node.kraft, connection);
  },
  onInput(process, state, raw) {
    const node = state as TestNode;
    const input = raw as TestInput;
    if (input.do === "shut-down") {
      if (node.lifecycle !== null) beginControlledShutdown(process, lifecycleHost(process, node), node.lifecycle);
      else if (node.kraft !== null) shutDownKraft(process, kraftHost(process, node), node.kraft);
      return;
    }
    const body = input.body as RequestOf<Api>;
    const context = { for: "test", label: input.label };
    if (input.to === undefined) sendToController(process, node, { api: input.api, body, timeoutMs: 30_000, context, untilUs: process.now + fromMs(30_000) });
    else {
      const voter = node.settings.quorum.find(candidate => candidate.nodeId === input.to);
      if (voter !== undefined) networkSend(process, node.network, `test-to-${input.to}`, voter, { api: input.api, body, timeoutMs: 5000, context });
    }
  },
};

// ---- a cluster of them

export class TestCluster {
  readonly simulation: Simulation;
  readonly ids: readonly number[];
  #asked = 0;

  constructor(seed: number, options: { readonly nodes?: number; readonly withBroker?: boolean; readonly overrides?: KafkaNodeSettings["overrides"]; readonly racks?: readonly string[]; readonly kafka?: KafkaVersion } = {}) {
    const ids = Array.from({ length: options.nodes ?? 3 }, (_, index) => index + 1);
    this.ids = ids;
    this.simulation = Simulation.create(seed, ids.map(id => `host-${id}`), new Map([[KRAFT_NODE.kind, KRAFT_NODE]]));
    const quorum = ids.map(id => ({ nodeId: id, host: `host-${id}`, port: 9093 }));
    for (const id of ids) {
      const settings: TestNodeSettings = {
        nodeId: id, host: `host-${id}`, rack: options.racks?.[id - 1] ?? null, clusterId: "test-cluster", quorum, overrides: options.overrides ?? {},
        kafka: options.kafka ?? "3.9", mode: "kraft", roles: ["broker", "controller"], isQuorumDynamic: false, zookeeperConnect: [],
        withBroker: options.withBroker ?? true,
      };
      this.simulation.addProcess(`broker-${id}`, "kraft-node", `host-${id}`, [9092, 9093], settings);
      this.simulation.start(`broker-${id}`);
    }
  }

  get nowMs(): number { return this.simulation.world.now / 1000; }

  run(ms: number): void { this.simulation.runUntil(this.simulation.world.now + fromMs(ms)); }

  /** Runs until the condition holds; fails after `limitMs`. Looks every 5 ms. */
  runUntil(condition: () => boolean, limitMs = 30_000): void {
    const end = this.simulation.world.now + fromMs(limitMs);
    while (!condition()) {
      if (this.simulation.world.now >= end) throw new Error(`not true after ${limitMs} ms`);
      this.run(5);
    }
  }

  isRunning(id: number): boolean { return this.simulation.process(`broker-${id}`).status === "running"; }

  node(id: number): TestNode {
    const state = this.simulation.process(`broker-${id}`).state;
    if (state === null) throw new Error(`broker-${id} has no state`);
    return state as TestNode;
  }

  kraft(id: number): KraftState {
    const kraft = this.node(id).kraft;
    if (kraft === null) throw new Error(`broker-${id} has no controller part`);
    return kraft;
  }

  controller(id: number): ControllerState {
    const { controller } = this.kraft(id);
    if (controller === null) throw new Error(`broker-${id} has no controller`);
    return controller;
  }

  running(): number[] { return this.ids.filter(id => this.simulation.process(`broker-${id}`).status !== "stopped" && this.simulation.process(`broker-${id}`).state !== null); }

  /** The active controller; -1 when there is none (or two, during a cut: then the one of the higher epoch). */
  active(): number {
    const active = this.running().filter(id => this.controller(id).active !== null);
    return active.sort((a, b) => this.kraft(b).raft.epoch - this.kraft(a).raft.epoch)[0] ?? -1;
  }

  /** The active controller's image. */
  image(): MetadataImage { return this.controller(this.active()).image; }

  /** Runs until all brokers are registered and unfenced. */
  boot(): void {
    this.runUntil(() => this.active() !== -1 && this.image().brokers.size === this.ids.length
      && [...this.image().brokers.values()].every(broker => !broker.fenced) && this.running().every(id => this.node(id).lifecycle?.state === "running"));
  }

  /** Sends a request from a node to the active controller (or to `to`) and runs until the answer is there. */
  ask<A extends Api>(from: number, api: A, body: RequestOf<A>, to?: number): ResponseOf<A> {
    const label = this.put(from, api, body, to);
    let found: Answer | undefined;
    this.runUntil(() => (found = this.answers().find(answer => answer.label === label)) !== undefined, 60_000);
    return found?.response as ResponseOf<A>;
  }

  put<A extends Api>(from: number, api: A, body: RequestOf<A>, to?: number): string {
    this.#asked += 1;
    const label = `ask ${this.#asked}`;
    const input: TestInput = { do: "ask", label, api, body, ...(to === undefined ? {} : { to }) };
    this.simulation.input(`broker-${from}`, input);
    return label;
  }

  answers(): Answer[] { return [...this.simulation.world.outcomes] as Answer[]; }

  entries(): TraceEntry[] { return [...this.simulation.world.trace]; }

  facts<K extends KafkaFact["kind"]>(kind: K): (KafkaFact & { readonly kind: K })[] {
    return this.entries().filter(entry => entry.fact.kind === kind).map(entry => entry.fact as KafkaFact & { readonly kind: K });
  }

  createTopic(name: string, assignment: readonly (readonly number[])[], configs: Readonly<Record<string, string>> = {}): ResponseOf<"CreateTopics">["topics"][number] {
    const from = this.running()[0] ?? 1;
    const response = this.ask(from, "CreateTopics", {
      topics: [{
        name, numPartitions: -1, replicationFactor: -1, assignments: assignment.map((brokers, partition) => ({ partition, brokers })),
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      }], timeoutMs: 30_000, validateOnly: false,
    });
    const topic = response.topics[0];
    if (topic === undefined) throw new Error("no answer for the topic");
    return topic;
  }

  /** leader, leader epoch, partition epoch, in-sync replicas: as recordings write a partition. */
  partition(topic: string, partition = 0): readonly [number, number, number, readonly number[]] {
    const found = this.image().topics.get(topic)?.partitions[partition];
    if (found === undefined) throw new Error(`no partition ${topic}-${partition}`);
    return [found.leader, found.leaderEpoch, found.partitionEpoch, found.isr];
  }

  /** What the leader of a partition would ask: other in-sync replicas. */
  alterIsr(topic: string, isr: readonly number[], change: Partial<{ brokerId: number; brokerEpoch: number; leaderEpoch: number; partitionEpoch: number; recovery: number }> = {}): ResponseOf<"AlterPartition"> {
    const found = this.image().topics.get(topic)?.partitions[0];
    if (found === undefined) throw new Error(`no topic ${topic}`);
    const brokerId = change.brokerId ?? found.leader;
    const epochOf = (id: number): number => this.image().brokers.get(id)?.brokerEpoch ?? -1;
    return this.ask(this.running()[0] ?? 1, "AlterPartition", {
      brokerId, brokerEpoch: change.brokerEpoch ?? epochOf(brokerId), topics: [{
        topic, partitions: [{
          partition: 0, leaderEpoch: change.leaderEpoch ?? found.leaderEpoch, newIsr: isr.map(id => ({ brokerId: id, brokerEpoch: epochOf(id) })),
          leaderRecoveryState: change.recovery ?? 0, partitionEpoch: change.partitionEpoch ?? found.partitionEpoch,
        }],
      }],
    });
  }
}

export function cutBoth(simulation: Simulation, from: number, to: number): void {
  cutLink(simulation, `host-${from}`, `host-${to}`);
  cutLink(simulation, `host-${to}`, `host-${from}`);
}

export function healBoth(simulation: Simulation, from: number, to: number): void {
  healLink(simulation, `host-${from}`, `host-${to}`);
  healLink(simulation, `host-${to}`, `host-${from}`);
}
