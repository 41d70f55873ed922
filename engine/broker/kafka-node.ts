// A combined node (process.roles=broker,controller): one process with the broker's listener on 9092 and the controller's on 9093. This file only
// routes: connections, requests, responses and timers to the quorum, the broker's life cycle and the broker; and carries what one
// part wants of another. Source: SharedServer.scala, BrokerServer.scala, KafkaApis.handle (3.9). FIDELITY: BROKER-STARTUP.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import {
  activeController, connectionKey, type KraftHost, kraftConnectionClosed, kraftRequest, kraftResponse, type KraftState, kraftTimer, shutDownKraft, startKraft,
} from "#engine/metadata/kraft-server.ts";
import type { Message, RequestMessage, RequestOf } from "#engine/protocol/messages.ts";
import {
  createNetworkClient, type Endpoint, type NetworkClient, networkClosed, networkConnected, networkReceived, type NetworkResult, networkSend, networkTimer,
  networkTimerName,
} from "#engine/protocol/network-client.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { ALTER_PARTITION_TIMER, propagate, SHRINK_TIMER, shrinkIsrs } from "./alter-partition-manager.ts";
import { handleBrokerRequest } from "./broker-apis.ts";
import { brokerControllerResult } from "./broker-controller-result.ts";
import {
  beginControlledShutdown, type LifecycleHost, lifecycleMetadataApplied, lifecycleResponse, type LifecycleState, lifecycleTimer, startLifecycle,
} from "./broker-lifecycle.ts";
import { type BrokerState, createBroker, reply } from "./broker-state.ts";
import {
  askController, type ControllerChannel, controllerResult, controllerTimer, controllerTimerName, createControllerChannel, isWaiting, pumpController,
} from "./controller-channel.ts";
import { expireDelayedFetches, forgetFetchesOf } from "./delayed-fetch.ts";
import { expireDelayedProduces } from "./delayed-produce.ts";
import { becomeReady, CHECKPOINT_TIMER, checkpointPeriodically, closeLogs, expireProducers, PRODUCER_EXPIRATION_TIMER, publishMetadata } from "./metadata-publisher.ts";
import { CONTROLLER_PORT, type KafkaNodeSettings } from "./node-settings.ts";
import { purgatoryTimerName } from "./purgatory.ts";
import { FETCHER_TIMER, fetcherResult, fetcherTimer } from "./replica-fetcher.ts";
import { closeChannel, listenerOf, openChannel, receiveRequest, REQUEST_TIMER, requestServed } from "./request-channel.ts";

/** The whole memory of a node. */
export interface KafkaNodeState {
  readonly settings: KafkaNodeSettings;
  readonly kraft: KraftState;
  readonly lifecycle: LifecycleState;
  readonly broker: BrokerState;
  readonly raftNetwork: NetworkClient;
  readonly heartbeatChannel: ControllerChannel;
}

/** What the parts ask for while one event is handled; carried out when the handler is through. */
interface Wishes { readonly committed: RaftBatch[]; mayExit: boolean; exit: boolean }
type Parts = Pick<KafkaNodeState, "settings" | "broker" | "raftNetwork" | "heartbeatChannel">;

export const kafkaNode: ProcessKind = {
  kind: "kafka-node",
  start(process, settings) {
    return startNode(process, settings as KafkaNodeSettings);
  },
  onTimer(process, state, name, payload, sequence) {
    const node = state as KafkaNodeState;
    handling(process, node, wishes => onTimer(process, node, wishes, name, payload, sequence));
  },
  onMessage(process, state, connection, message) {
    const node = state as KafkaNodeState;
    const received = message as Message;
    if (received.type === "request") receiveRequest(process, node.broker.requests, connection, received);
    else handling(process, node, wishes => {
      for (const client of clientsOf(node)) {
        const result = networkReceived(client, connection, received);
        if (result !== null) return route(process, node, wishes, client, result);
      }
    });
  },
  onConnected(process, state, connection) {
    for (const client of clientsOf(state as KafkaNodeState)) if (networkConnected(process, client, connection)) return;
  },
  onAccepted(process, state, connection, port) {
    const { broker } = state as KafkaNodeState;
    if (port === CONTROLLER_PORT) openChannel(broker.requests, connection, "controller");
    else if (broker.isReady && !broker.isShuttingDown) openChannel(broker.requests, connection, "broker");
    else process.close(connection, "the broker's listener is not open");
  },
  onClosed(process, state, connection) {
    const node = state as KafkaNodeState;
    handling(process, node, wishes => onClosed(process, node, wishes, connection));
  },
  onInput(process, state, input) {
    const node = state as KafkaNodeState;
    if ((input as { readonly do: string }).do !== "shut-down") return;
    handling(process, node, wishes => beginControlledShutdown(process, lifecycleHost(process, node, wishes), node.lifecycle));
  },
};

function startNode(process: ProcessContext, settings: KafkaNodeSettings): KafkaNodeState {
  const parts: Parts = {
    settings, broker: createBroker(settings),
    raftNetwork: createNetworkClient("raft", {
      clientId: `raft-client-${settings.nodeId}`, reconnectBackoffMs: 50, reconnectBackoffMaxMs: 500, connectionSetupTimeoutMs: 10_000,
    }),
    heartbeatChannel: createControllerChannel("heartbeat", settings.nodeId),
  };
  const wishes: Wishes = { committed: [], mayExit: false, exit: false };
  const kraft = startKraft(process, kraftHost(process, parts, wishes), settings);
  const lifecycle = startLifecycle(process, lifecycleHost(process, parts, wishes), settings);
  const node: KafkaNodeState = { ...parts, kraft, lifecycle };
  carryOut(process, node, wishes);
  return node;
}

function kraftHost(process: ProcessContext, parts: Parts, wishes: Wishes): KraftHost {
  return {
    send: (toNode, request) => networkSend(process, parts.raftNetwork, connectionKey(toNode, request.context), voterEndpoint(parts.settings, toNode), request),
    reply: (to, body) => reply(process, parts.broker, to, body),
    committed: batches => { wishes.committed.push(...batches); },
    shutDownDone: () => { wishes.exit = true; },
  };
}

function lifecycleHost(process: ProcessContext, parts: Parts, wishes: Wishes): LifecycleHost {
  return {
    sendToController: request => askController(process, parts.heartbeatChannel, request),
    registered: brokerEpoch => {
      parts.broker.brokerEpoch = brokerEpoch;
      becomeReady(process, parts.broker);
    },
    mayExit: () => { wishes.mayExit = true; },
  };
}

function voterEndpoint(settings: KafkaNodeSettings, nodeId: number): Endpoint {
  const voter = settings.quorum.find(known => known.nodeId === nodeId);
  invariant(voter !== undefined, `node ${nodeId} is not a voter`);
  return voter;
}

/** Runs a handler, then what its parts have asked of each other. */
function handling(process: ProcessContext, node: KafkaNodeState, handler: (wishes: Wishes) => void): void {
  const wishes: Wishes = { committed: [], mayExit: false, exit: false };
  handler(wishes);
  carryOut(process, node, wishes);
}

function carryOut(process: ProcessContext, node: KafkaNodeState, wishes: Wishes): void {
  const { broker } = node;
  if (wishes.committed.length > 0 && !broker.isShuttingDown) {
    publishMetadata(process, broker, wishes.committed);
    lifecycleMetadataApplied(process, lifecycleHost(process, node, wishes), node.lifecycle, broker.image.offset);
  }
  if (wishes.mayExit && !broker.isShuttingDown) shutDownBroker(process, node, wishes);
  if (wishes.exit) return process.exit();
  pumpControllerChannels(process, node);
}

/** Runs after every event, so it looks for the controller only when there is something to send to it. */
function pumpControllerChannels(process: ProcessContext, node: KafkaNodeState): void {
  const { heartbeatChannel, broker: { alterPartitionChannel, forwardingChannel } } = node;
  if (!isWaiting(heartbeatChannel) && !isWaiting(alterPartitionChannel) && !isWaiting(forwardingChannel)) return;
  const id = activeController(node.kraft);
  if (id === -1) return;
  const controller = { id, endpoint: voterEndpoint(node.settings, id) };
  pumpController(process, heartbeatChannel, controller);
  pumpController(process, alterPartitionChannel, controller);
  pumpController(process, forwardingChannel, controller);
}

/** The controller has let the broker go: its listener closes, its logs are closed cleanly, and last the quorum is left. */
function shutDownBroker(process: ProcessContext, node: KafkaNodeState, wishes: Wishes): void {
  const { broker } = node;
  broker.isShuttingDown = true;
  broker.fetchers.clear();
  for (const [connection, queue] of [...broker.requests.connections]) {
    if (queue.listener !== "broker") continue;
    closeChannel(broker.requests, connection);
    process.close(connection, "the broker shuts down");
  }
  closeLogs(process, broker);
  shutDownKraft(process, kraftHost(process, node, wishes), node.kraft);
}

function clientsOf(node: KafkaNodeState): readonly NetworkClient[] {
  const { broker } = node;
  return [broker.fetcherNetwork, node.raftNetwork, node.heartbeatChannel.network, broker.alterPartitionChannel.network, broker.forwardingChannel.network];
}

function channelsOf(node: KafkaNodeState): readonly ControllerChannel[] {
  return [node.heartbeatChannel, node.broker.alterPartitionChannel, node.broker.forwardingChannel];
}

/** What became of a request goes to the part that asked. */
function route(process: ProcessContext, node: KafkaNodeState, wishes: Wishes, client: NetworkClient, result: NetworkResult): void {
  const { broker } = node;
  if (client === broker.fetcherNetwork) fetcherResult(process, broker, result);
  else if (client === node.raftNetwork) kraftResponse(process, kraftHost(process, node, wishes), node.kraft, result);
  else {
    for (const channel of channelsOf(node)) {
      if (channel.network !== client) continue;
      const done = controllerResult(process, channel, result);
      if (done !== null) fromController(process, node, wishes, channel, done);
    }
  }
}

function fromController(process: ProcessContext, node: KafkaNodeState, wishes: Wishes, channel: ControllerChannel, result: NetworkResult): void {
  if (channel === node.heartbeatChannel) lifecycleResponse(process, lifecycleHost(process, node, wishes), node.lifecycle, result);
  else brokerControllerResult(process, node.broker, result);
}

function onClosed(process: ProcessContext, node: KafkaNodeState, wishes: Wishes, connection: number): void {
  const { broker } = node;
  if (closeChannel(broker.requests, connection)) {
    forgetFetchesOf(broker, connection);
    kraftConnectionClosed(process, kraftHost(process, node, wishes), node.kraft, connection);
    return;
  }
  for (const client of clientsOf(node)) {
    const results = networkClosed(process, client, connection);
    if (results === null) continue;
    for (const result of results) route(process, node, wishes, client, result);
    return;
  }
}

function onTimer(process: ProcessContext, node: KafkaNodeState, wishes: Wishes, name: string, payload: unknown, sequence: number): void {
  const { broker } = node;
  switch (name) {
    case REQUEST_TIMER: {
      const request = requestServed(process, broker.requests, payload);
      if (request !== null) serve(process, node, wishes, request.connection, request.message);
      return;
    }
    case FETCHER_TIMER: return fetcherTimer(process, broker, payload as number, sequence);
    case SHRINK_TIMER: return shrinkIsrs(process, broker);
    case ALTER_PARTITION_TIMER: return propagate(process, broker);
    case CHECKPOINT_TIMER: return checkpointPeriodically(process, broker);
    case PRODUCER_EXPIRATION_TIMER: return expireProducers(process, broker);
    case purgatoryTimerName(broker.delayedFetches): return expireDelayedFetches(process, broker, sequence);
    case purgatoryTimerName(broker.delayedProduces): return expireDelayedProduces(process, broker, sequence);
  }
  if (kraftTimer(process, kraftHost(process, node, wishes), node.kraft, name, payload, sequence)) return;
  if (lifecycleTimer(process, lifecycleHost(process, node, wishes), node.lifecycle, name, payload, sequence)) return;
  for (const client of clientsOf(node)) {
    if (name !== networkTimerName(client)) continue;
    for (const result of networkTimer(process, client, payload as string, sequence)) route(process, node, wishes, client, result);
    return;
  }
  for (const channel of channelsOf(node)) {
    if (name !== controllerTimerName(channel)) continue;
    for (const result of controllerTimer(process, channel, sequence)) fromController(process, node, wishes, channel, result);
    return;
  }
}

/** A request whose turn it is: the controller's listener belongs to the quorum and the controller. */
function serve(process: ProcessContext, node: KafkaNodeState, wishes: Wishes, connection: number, message: RequestMessage): void {
  const replyTo: ReplyTo = { connection, correlationId: message.correlationId, api: message.api };
  if (listenerOf(node.broker.requests, connection) === "controller") {
    kraftRequest(process, kraftHost(process, node, wishes), node.kraft, message.api, message.body as RequestOf<typeof message.api>, replyTo);
  } else if (!handleBrokerRequest(process, node.broker, message, replyTo)) {
    closeChannel(node.broker.requests, connection);
    process.close(connection, `${message.api} is not an api of this listener`);
  }
}
