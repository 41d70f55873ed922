// A node in KRaft mode: a broker (listener on 9092), a controller (9093) or both in one process, as process.roles says. Without the
// controller's role it observes the quorum. This file only routes: connections, requests, responses and timers to the quorum, the broker's
// life cycle and the broker; and carries what one part wants of another. Source: SharedServer.scala, BrokerServer.scala,
// ControllerServer.scala, KafkaApis.handle (3.9). FIDELITY: BROKER-STARTUP, RAFT-OBSERVERS.
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import { LOG_DIRECTORY_FAILURE_TIMER } from "#engine/log/log-state.ts";
import { catchUpBatches } from "#engine/metadata/image-snapshot.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";
import {
  connectionKey, controllerEndpoint, isAnsweredByController, type KraftHost, kraftConnectionClosed, kraftRequest, kraftResponse, type KraftState,
  kraftTimer, kraftWriteMigration, shutDownKraft, startKraft,
} from "#engine/metadata/kraft-server.ts";
import type { MigrationDriver, MigrationHost } from "#engine/metadata/migration/migration-state.ts";
import type { Message, RequestMessage } from "#engine/protocol/messages.ts";
import {
  createNetworkClient, type NetworkClient, networkClosed, networkConnected, networkReceived, type NetworkResult, networkSend, networkTimer,
  networkTimerName,
} from "#engine/protocol/network-client.ts";
import { type ReplyTo, sendResponse } from "#engine/protocol/reply-to.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import type { Snapshot } from "#engine/raft/raft-snapshot.ts";
import { votersOf } from "#engine/raft/raft-state.ts";
import { handleBrokerRequest } from "./broker-apis.ts";
import { brokerControllerResult } from "./broker-controller-result.ts";
import {
  beginControlledShutdown, directoryWentOffline, type LifecycleHost, lifecycleMetadataApplied, lifecycleResponse, type LifecycleState, lifecycleTimer, startLifecycle,
} from "./broker-lifecycle.ts";
import { type BrokerState, createBroker } from "./broker-state.ts";
import { brokerTimer } from "./broker-timers.ts";
import {
  askController, type ControllerChannel, controllerResult, controllerTimer, controllerTimerName, createControllerChannel, isWaiting, pumpController,
} from "./controller-channel.ts";
import { forgetFetchesOf } from "./delayed-fetch.ts";
import {
  goOnMigrating, migrationClosed, migrationConnected, migrationDriverTimer, migrationReceived, startMigration, zooKeeperBrokerAnswered,
} from "./kraft-migration.ts";
import { offlineDirectoryIds } from "./log-directories.ts";
import { LOGS_LOADED_TIMER } from "./log-manager.ts";
import { becomeReady, closeLogs, publishMetadata } from "./metadata-publisher.ts";
import { BROKER_PORT, brokerSettings, CONTROLLER_PORT, type KafkaNodeSettings } from "./node-settings.ts";
import { portInUse, serverProperties } from "./node-start-failures.ts";
import { fetcherResult } from "./replica-fetcher.ts";
import {
  closeChannel, createRequestChannel, openChannel, receiveRequest, REQUEST_TIMER, type RequestChannel, requestServed, unmute,
} from "./request-channel.ts";

/** The whole memory of a node in KRaft mode. */
export interface KraftNodeState {
  readonly mode: "kraft";
  readonly settings: KafkaNodeSettings;
  /** This node in the quorum: a voter with a controller, or an observer. */
  readonly kraft: KraftState;
  /** Null on a dedicated controller, as its life cycle is. */
  readonly broker: BrokerState | null;
  readonly lifecycle: LifecycleState | null;
  readonly raftNetwork: NetworkClient;
  readonly heartbeatChannel: ControllerChannel;
  /** Requests at the controller's listener; null on a dedicated broker. */
  readonly controllerRequests: RequestChannel | null;
  /** A controller's part in a migration from ZooKeeper; null on all other nodes. */
  readonly migration: MigrationDriver | null;
  /** Whether the broker's listener was opened. */
  isListening: boolean;
}

/** What the parts ask for while one event is handled; carried out when the handler is through. */
interface Wishes { committed: RaftBatch[]; loaded: Snapshot | null; mayExit: boolean; exit: boolean }
type Parts = Pick<KraftNodeState, "settings" | "broker" | "migration" | "raftNetwork" | "heartbeatChannel" | "controllerRequests">;

export const kraftNode: ProcessKind = {
  kind: "kafka-node",
  start(process, settings) {
    return startNode(process, settings as KafkaNodeSettings);
  },
  onTimer(process, state, name, payload, sequence) {
    const node = state as KraftNodeState;
    handling(process, node, wishes => onTimer(process, node, wishes, name, payload, sequence));
  },
  onMessage(process, state, connection, message) {
    const node = state as KraftNodeState;
    if (node.migration !== null && connection === node.migration.zooKeeper.connection) {
      return handling(process, node, wishes => { migrationReceived(process, node.migration, migrationHost(process, node, wishes), connection, message); });
    }
    const received = message as Message;
    if (received.type === "request") {
      const channel = channelOf(node, connection);
      if (channel !== null) receiveRequest(process, channel, connection, received);
    } else handling(process, node, wishes => {
      for (const client of clientsOf(node)) {
        const result = networkReceived(client, connection, received);
        if (result !== null) return route(process, node, wishes, client, result);
      }
    });
  },
  onConnected(process, state, connection) {
    const node = state as KraftNodeState;
    if (migrationConnected(process, node.migration, connection)) return;
    for (const client of clientsOf(node)) if (networkConnected(process, client, connection)) return;
  },
  onAccepted(process, state, connection, port) {
    const { broker, controllerRequests } = state as KraftNodeState;
    if (port === CONTROLLER_PORT) {
      if (controllerRequests !== null) openChannel(controllerRequests, connection, "controller");
      else process.close(connection, "this node has no controller");
    } else if (broker !== null && broker.isReady && !broker.isShuttingDown) openChannel(broker.requests, connection, "broker");
    else process.close(connection, "the broker's listener is not open");
  },
  onClosed(process, state, connection) {
    const node = state as KraftNodeState;
    handling(process, node, wishes => onClosed(process, node, wishes, connection));
  },
  onInput(process, state, input) {
    const node = state as KraftNodeState;
    if ((input as { readonly do: string }).do !== "shut-down") return;
    handling(process, node, wishes => {
      if (node.lifecycle === null) shutDownKraft(process, kraftHost(process, node, wishes), node.kraft);
      else beginControlledShutdown(process, lifecycleHost(process, node, wishes), node.lifecycle);
    });
  },
};

function startNode(process: ProcessContext, settings: KafkaNodeSettings): KraftNodeState {
  const { roles, nodeId } = settings;
  const numbers = brokerSettings(settings.overrides);
  const parts: Parts = {
    settings, broker: roles.includes("broker") ? createBroker(settings) : null, migration: startMigration(process, settings),
    raftNetwork: createNetworkClient("raft", {
      clientId: `raft-client-${nodeId}`, reconnectBackoffMs: 50, reconnectBackoffMaxMs: 500, connectionSetupTimeoutMs: 10_000,
    }),
    heartbeatChannel: createControllerChannel("heartbeat", nodeId),
    controllerRequests: roles.includes("controller") ? createRequestChannel(numbers["num.io.threads"], numbers["queued.max.requests"]) : null,
  };
  const wishes = noWishes();
  const kraft = startKraft(process, kraftHost(process, parts, wishes), settings);
  const lifecycle = parts.broker === null ? null : startLifecycle(process, lifecycleHost(process, parts, wishes), settings);
  const node: KraftNodeState = { mode: "kraft", ...parts, kraft, lifecycle, isListening: false };
  carryOut(process, node, wishes);
  return node;
}

function kraftHost(process: ProcessContext, parts: Parts, wishes: Wishes): KraftHost {
  return {
    send: (to, request) => networkSend(process, parts.raftNetwork, connectionKey(to.nodeId, request.context), to, request),
    reply: (to, body) => {
      sendResponse(process, to, body);
      if (parts.controllerRequests !== null) unmute(process, parts.controllerRequests, to.connection);
    },
    committed: batches => { wishes.committed.push(...batches); },
    // What was committed before it is covered by it.
    loadedSnapshot: snapshot => {
      wishes.committed = [];
      wishes.loaded = snapshot;
    },
    fatal: text => {
      const fault = "ERROR Encountered fatal fault: Unexpected error in raft IO thread (org.apache.kafka.server.fault.ProcessTerminatingFaultHandler)";
      process.trace({ kind: "node-failed", node: parts.settings.nodeId, exitCode: 1, text: `${fault}\n${text}` });
      wishes.exit = true;
    },
    shutDownDone: () => { wishes.exit = true; },
  };
}

function migrationHost(process: ProcessContext, node: KraftNodeState, wishes: Wishes): MigrationHost {
  const { kraft } = node;
  return {
    activeEpoch: kraft.controller?.active?.epoch ?? -1, voters: votersOf(kraft.raft).map(({ nodeId }) => nodeId),
    write: records => { kraftWriteMigration(process, kraftHost(process, node, wishes), kraft, records); },
  };
}

function lifecycleHost(process: ProcessContext, parts: Parts, wishes: Wishes): LifecycleHost {
  return {
    sendToController: request => askController(process, parts.heartbeatChannel, request),
    registered: brokerEpoch => {
      if (parts.broker === null) return;
      parts.broker.brokerEpoch = brokerEpoch;
      becomeReady(process, parts.broker);
    },
    isReady: () => parts.broker?.isReady ?? true,
    mayExit: () => { wishes.mayExit = true; },
  };
}

/** Runs a handler, then what its parts have asked of each other. */
function handling(process: ProcessContext, node: KraftNodeState, handler: (wishes: Wishes) => void): void {
  const wishes = noWishes();
  handler(wishes);
  carryOut(process, node, wishes);
}

function noWishes(): Wishes {
  return { committed: [], loaded: null, mayExit: false, exit: false };
}

/** What was committed since the image was as it is; a snapshot stands for what the log does not have any more. */
function committedSince(image: MetadataImage, { committed, loaded }: Wishes): readonly RaftBatch[] {
  return loaded === null ? committed : [...catchUpBatches(image, loaded), ...committed];
}

function carryOut(process: ProcessContext, node: KraftNodeState, wishes: Wishes): void {
  const { broker, lifecycle, migration } = node;
  if (migration !== null) {
    let seen = wishes.committed.length;
    goOnMigrating(process, migration, migrationHost(process, node, wishes), committedSince(migration.image, wishes));
    // What it has written itself, where this controller is the whole quorum.
    for (; wishes.committed.length > seen; seen = wishes.committed.length) goOnMigrating(process, migration, migrationHost(process, node, wishes), wishes.committed.slice(seen));
  }
  if (broker !== null && lifecycle !== null) {
    const batches = committedSince(broker.image, wishes);
    if (batches.length > 0 && !broker.isShuttingDown) {
      publishMetadata(process, broker, batches);
      lifecycleMetadataApplied(process, lifecycleHost(process, node, wishes), lifecycle, broker.image.offset);
    }
    if (wishes.mayExit && !broker.isShuttingDown) shutDownBroker(process, node, broker, wishes);
  }
  if (broker !== null && broker.isReady && !node.isListening && !openListener(process, node)) wishes.exit = true;
  if (wishes.exit) return process.exit();
  if (broker !== null) pumpControllerChannels(process, node, broker);
}

/** False when somebody else on this machine has the port: the broker ends. */
function openListener(process: ProcessContext, node: KraftNodeState): boolean {
  node.isListening = true;
  if (!process.isPortTaken(BROKER_PORT)) return true;
  const { exitCode, lines } = portInUse(serverProperties(node.settings), node.settings.kafka);
  process.trace({ kind: "node-failed", node: node.settings.nodeId, exitCode, text: lines.join("\n") });
  return false;
}

/** Runs after every event, so it looks for the controller only when there is something to send to it. */
function pumpControllerChannels(process: ProcessContext, node: KraftNodeState, broker: BrokerState): void {
  const { heartbeatChannel } = node;
  const { alterPartitionChannel, forwardingChannel } = broker;
  if (!isWaiting(heartbeatChannel) && !isWaiting(alterPartitionChannel) && !isWaiting(forwardingChannel)) return;
  const endpoint = controllerEndpoint(node.kraft);
  if (endpoint === null) return;
  const controller = { id: endpoint.nodeId, endpoint };
  pumpController(process, heartbeatChannel, controller);
  pumpController(process, alterPartitionChannel, controller);
  pumpController(process, forwardingChannel, controller);
}

/** The controller has let the broker go: its listener closes, its logs are closed cleanly, and last the quorum is left. */
function shutDownBroker(process: ProcessContext, node: KraftNodeState, broker: BrokerState, wishes: Wishes): void {
  broker.isShuttingDown = true;
  broker.fetchers.clear();
  for (const connection of [...broker.requests.connections.keys()]) {
    closeChannel(broker.requests, connection);
    process.close(connection, "the broker shuts down");
  }
  closeLogs(process, broker);
  shutDownKraft(process, kraftHost(process, node, wishes), node.kraft);
}

function clientsOf({ broker, raftNetwork, heartbeatChannel, migration }: KraftNodeState): readonly NetworkClient[] {
  if (broker === null) return migration === null ? [raftNetwork] : [raftNetwork, migration.channels.network];
  return [broker.fetcherNetwork, raftNetwork, heartbeatChannel.network, broker.alterPartitionChannel.network, broker.forwardingChannel.network];
}

function channelsOf({ broker, heartbeatChannel }: KraftNodeState): readonly ControllerChannel[] {
  return broker === null ? [] : [heartbeatChannel, broker.alterPartitionChannel, broker.forwardingChannel];
}

/** The listener's channel that an accepted connection belongs to; null when it is of neither. */
function channelOf({ broker, controllerRequests }: KraftNodeState, connection: number): RequestChannel | null {
  if (controllerRequests?.connections.has(connection) === true) return controllerRequests;
  return broker?.requests.connections.has(connection) === true ? broker.requests : null;
}

/** What became of a request goes to the part that asked. */
function route(process: ProcessContext, node: KraftNodeState, wishes: Wishes, client: NetworkClient, result: NetworkResult): void {
  const { broker } = node;
  if (client === node.raftNetwork) return kraftResponse(process, kraftHost(process, node, wishes), node.kraft, result);
  if (client === node.migration?.channels.network) return zooKeeperBrokerAnswered(process, node.migration, result);
  if (broker === null) return;
  if (client === broker.fetcherNetwork) return fetcherResult(process, broker, result);
  for (const channel of channelsOf(node)) {
    if (channel.network !== client) continue;
    const done = controllerResult(process, channel, result);
    if (done !== null) fromController(process, node, wishes, channel, done);
  }
}

function fromController(process: ProcessContext, node: KraftNodeState, wishes: Wishes, channel: ControllerChannel, result: NetworkResult): void {
  const { broker, lifecycle } = node;
  if (broker === null || lifecycle === null) return;
  if (channel === node.heartbeatChannel) lifecycleResponse(process, lifecycleHost(process, node, wishes), lifecycle, result);
  else brokerControllerResult(process, broker, result);
}

function onClosed(process: ProcessContext, node: KraftNodeState, wishes: Wishes, connection: number): void {
  const { broker } = node;
  if (migrationClosed(process, node.migration, migrationHost(process, node, wishes), connection)) return;
  if (node.controllerRequests !== null && closeChannel(node.controllerRequests, connection)) {
    kraftConnectionClosed(process, kraftHost(process, node, wishes), node.kraft, connection);
    return;
  }
  if (broker !== null && closeChannel(broker.requests, connection)) return forgetFetchesOf(broker, connection);
  for (const client of clientsOf(node)) {
    const results = networkClosed(process, client, connection);
    if (results === null) continue;
    for (const result of results) route(process, node, wishes, client, result);
    return;
  }
}

function onTimer(process: ProcessContext, node: KraftNodeState, wishes: Wishes, name: string, payload: unknown, sequence: number): void {
  const { broker, lifecycle } = node;
  if (name === REQUEST_TIMER) return onRequestServed(process, node, wishes, payload);
  if (broker !== null && brokerTimer(process, broker, name, payload, sequence)) {
    if (name === LOGS_LOADED_TIMER) becomeReady(process, broker);
    if (lifecycle !== null && name === LOG_DIRECTORY_FAILURE_TIMER) {
      for (const id of offlineDirectoryIds(broker.logs)) directoryWentOffline(process, lifecycleHost(process, node, wishes), lifecycle, id);
    }
    return;
  }
  if (kraftTimer(process, kraftHost(process, node, wishes), node.kraft, name, payload, sequence)) return;
  if (migrationDriverTimer(process, node.migration, migrationHost(process, node, wishes), name, payload, sequence)) return;
  if (lifecycle !== null && lifecycleTimer(process, lifecycleHost(process, node, wishes), lifecycle, name, payload, sequence)) return;
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
function onRequestServed(process: ProcessContext, node: KraftNodeState, wishes: Wishes, payload: unknown): void {
  const { broker, controllerRequests } = node;
  const isController = (payload as { readonly listener: string }).listener === "controller";
  const channel = isController ? controllerRequests : broker?.requests ?? null;
  const request = channel === null ? null : requestServed(process, channel, payload);
  if (request === null) return;
  const { connection, message } = request;
  const replyTo: ReplyTo = { connection, correlationId: message.correlationId, api: message.api };
  if (isController && !isAnsweredByController(message.api)) {
    if (channel !== null) closeChannel(channel, connection);
    process.close(connection, `${message.api} is not an api of this listener`);
  } else if (isController) kraftRequest(process, kraftHost(process, node, wishes), node.kraft, message, replyTo);
  else if (broker !== null) serveClient(process, broker, connection, message, replyTo);
}

function serveClient(process: ProcessContext, broker: BrokerState, connection: number, message: RequestMessage, replyTo: ReplyTo): void {
  if (handleBrokerRequest(process, broker, message, replyTo)) return;
  closeChannel(broker.requests, connection);
  process.close(connection, `${message.api} is not an api of this listener`);
}
