// A broker in ZooKeeper mode: one process with the broker's listener on 9092, a ZooKeeper session, and a controller part that is active on one of the
// brokers. This file only routes: connections, requests, responses, timers, and what the session has to say. Source: KafkaServer.scala,
// KafkaApis.handle (3.9). FIDELITY: ZKC-STARTUP, ZKC-CLIENT.
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import type { RequestMessage, RequestOf } from "#engine/protocol/messages.ts";
import type { Message } from "#engine/protocol/messages.ts";
import {
  brokerAnswered, controllerRequest, controllerSessionExpired, controllerTimer as controllerPartTimer, createAutomatically, watchFired, zooKeeperAnswered,
} from "#engine/metadata/zookeeper-controller/zookeeper-controller.ts";
import { isActive } from "#engine/metadata/zookeeper-controller/controller-state.ts";
import {
  CONFIG_CHANGES_PATH, configIn, createNode, LOG_DIR_EVENT_PATH, logDirEventNode, topicConfigPath,
} from "#engine/metadata/zookeeper-controller/znode-data.ts";
import { LOG_DIRECTORY_FAILURE_TIMER } from "#engine/log/log-state.ts";
import { errorResponse, isForwardedApi } from "#engine/protocol/error-response.ts";
import {
  type NetworkClient, networkClosed, networkConnected, networkReceived, type NetworkResult, networkTimer, networkTimerName,
} from "#engine/protocol/network-client.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import {
  openZooKeeperSession, restartZooKeeperSession, zooKeeperClosed, zooKeeperConnected, type ZooKeeperEvent, zooKeeperReceived, zooKeeperTimer,
} from "#engine/zookeeper/zookeeper-client.ts";
import type { ZooKeeperResponse } from "#engine/zookeeper/zookeeper-protocol.ts";
import { createMissing, metadataTopicsCreated } from "./apis/03-metadata.ts";
import { handleLeaderAndIsr } from "./apis/04-leader-and-isr.ts";
import { handleStopReplica } from "./apis/05-stop-replica.ts";
import { handleUpdateMetadata } from "./apis/06-update-metadata.ts";
import { handleControlledShutdown } from "./apis/07-controlled-shutdown.ts";
import { handleBrokerRequest } from "./broker-apis.ts";
import { brokerControllerResult } from "./broker-controller-result.ts";
import { reply } from "./broker-state.ts";
import { brokerTimer } from "./broker-timers.ts";
import {
  type ControllerAt, type ControllerChannel, controllerResult, controllerTimer, controllerTimerName, isWaiting, pumpController,
} from "./controller-channel.ts";
import { forgetFetchesOf } from "./delayed-fetch.ts";
import { forward } from "./forwarding.ts";
import { LOGS_LOADED_TIMER } from "./log-manager.ts";
import type { KafkaNodeSettings } from "./node-settings.ts";
import { fetcherResult } from "./replica-fetcher.ts";
import { closeChannel, openChannel, receiveRequest, REQUEST_TIMER, requestServed } from "./request-channel.ts";
import { alterConfigs, describeConfigs, performConfigStep, readConfigChanges, topicConfigsRead } from "./zookeeper-configs.ts";
import {
  askZooKeeper, controllerRun, createZooKeeperNode, type FinishedRound, resendLost, takeRoundAnswer, type ZooKeeperContext, type ZooKeeperNodeState,
} from "./zookeeper-node-state.ts";
import { migrationLifecycleResponse, migrationRaftResponse, migrationTimer, quorumController } from "./zookeeper-migration.ts";
import { beginShutdown, finish, sessionIsClosed, SHUTDOWN_TIMER, shutdownAnswered, shutdownTimer } from "./zookeeper-shutdown.ts";
import { beginStart, failWithoutEnsemble, loadLogs, performStartStep } from "./zookeeper-startup.ts";

export const zooKeeperNode: ProcessKind = {
  kind: "kafka-node",
  start(process, settings) {
    const node = createZooKeeperNode(process, settings as KafkaNodeSettings);
    openZooKeeperSession(process, node.zooKeeper);
    return node;
  },
  onTimer(process, state, name, payload, sequence) {
    const node = state as ZooKeeperNodeState;
    onTimer(process, node, name, payload, sequence);
    carryOut(process, node);
  },
  onMessage(process, state, connection, message) {
    const node = state as ZooKeeperNodeState;
    onMessage(process, node, connection, message);
    carryOut(process, node);
  },
  onConnected(process, state, connection) {
    const node = state as ZooKeeperNodeState;
    if (zooKeeperConnected(process, node.zooKeeper, connection)) return;
    for (const client of clientsOf(node)) if (networkConnected(process, client, connection)) return;
  },
  onAccepted(process, state, connection) {
    const { broker } = state as ZooKeeperNodeState;
    if (broker.isReady && !broker.isShuttingDown) openChannel(broker.requests, connection, "broker");
    else process.close(connection, "the broker's listener is not open");
  },
  onClosed(process, state, connection) {
    const node = state as ZooKeeperNodeState;
    onClosed(process, node, connection);
    carryOut(process, node);
  },
  onInput(process, state, input) {
    const node = state as ZooKeeperNodeState;
    if ((input as { readonly do: string }).do !== "shut-down") return;
    beginShutdown(process, node);
    carryOut(process, node);
  },
};

/** After every event: what waits for the controller is sent, topics that somebody missed are made, and a process that is through ends. */
function carryOut(process: ProcessContext, node: ZooKeeperNodeState): void {
  const { broker } = node;
  // The server has closed the connection, or was silent for too long.
  if (node.phase === "shutting-down" && broker.isShuttingDown && node.zooKeeper.status === "closed") sessionIsClosed(process, node);
  if (node.phase === "shutting-down" && node.mayExit && !broker.isShuttingDown) finish(process, node);
  if (node.phase === "stopped") return process.exit();
  if (broker.zookeeperCreations.length > 0) createMissingTopics(process, node);
  const { alterPartitionChannel, forwardingChannel } = broker;
  if (node.migration !== null && isWaiting(node.migration.heartbeatChannel)) {
    const quorum = quorumController(node.migration);
    if (quorum !== null) pumpController(process, node.migration.heartbeatChannel, quorum);
  }
  if (!isWaiting(alterPartitionChannel) && !isWaiting(forwardingChannel)) return;
  const at = controllerAt(node);
  if (at === null) return;
  pumpController(process, alterPartitionChannel, at);
  pumpController(process, forwardingChannel, at);
}

/** The broker that this one takes for the controller, or the active controller of the quorum; null for nobody. */
function controllerAt({ broker, migration }: ZooKeeperNodeState): ControllerAt | null {
  if (migration?.isControlledByKraft === true) return quorumController(migration);
  const controller = broker.image.brokers.get(broker.controllerId);
  return controller === undefined ? null : { id: controller.brokerId, endpoint: controller };
}

function createMissingTopics(process: ProcessContext, node: ZooKeeperNodeState): void {
  const { broker } = node;
  for (const creation of broker.zookeeperCreations.splice(0)) {
    if (node.migration?.isControlledByKraft === true) {
      createMissing(process, broker, creation.topics);
      metadataTopicsCreated(process, broker, creation, new Map(creation.topics.map(topic => [topic, "NONE"])));
      continue;
    }
    const number = node.nextCreation;
    node.nextCreation += 1;
    node.creations.set(number, creation);
    createAutomatically(controllerRun(process, node), number, {
      topics: creation.topics.map(name => ({
        name, numPartitions: broker.settings["num.partitions"], replicationFactor: broker.settings["default.replication.factor"], assignments: [], configs: [],
      })),
      timeoutMs: 0, validateOnly: false,
    });
  }
}

function clientsOf({ broker, controller, shutdown, migration }: ZooKeeperNodeState): readonly NetworkClient[] {
  return [
    broker.fetcherNetwork, broker.alterPartitionChannel.network, broker.forwardingChannel.network, controller.channels.network, shutdown.network,
    ...migration === null ? [] : [migration.raftNetwork, migration.heartbeatChannel.network],
  ];
}

function channelsOf({ broker, migration }: ZooKeeperNodeState): readonly ControllerChannel[] {
  return [broker.alterPartitionChannel, broker.forwardingChannel, ...migration === null ? [] : [migration.heartbeatChannel]];
}

function onMessage(process: ProcessContext, node: ZooKeeperNodeState, connection: number, message: unknown): void {
  if (connection === node.zooKeeper.connection) {
    return zooKeeperEvents(process, node, zooKeeperReceived(process, node.zooKeeper, connection, message as ZooKeeperResponse) ?? []);
  }
  const received = message as Message;
  if (received.type === "request") return receiveRequest(process, node.broker.requests, connection, received);
  for (const client of clientsOf(node)) {
    const result = networkReceived(client, connection, received);
    if (result !== null) return route(process, node, client, result);
  }
}

function onClosed(process: ProcessContext, node: ZooKeeperNodeState, connection: number): void {
  const events = zooKeeperClosed(process, node.zooKeeper, connection);
  if (events !== null) return zooKeeperEvents(process, node, events);
  if (closeChannel(node.broker.requests, connection)) return forgetFetchesOf(node.broker, connection);
  for (const client of clientsOf(node)) {
    const results = networkClosed(process, client, connection);
    if (results === null) continue;
    for (const result of results) route(process, node, client, result);
    return;
  }
}

function onTimer(process: ProcessContext, node: ZooKeeperNodeState, name: string, payload: unknown, sequence: number): void {
  const { broker } = node;
  if (name === REQUEST_TIMER) {
    const request = requestServed(process, broker.requests, payload);
    if (request !== null) serve(process, node, request.connection, request.message);
    return;
  }
  if (name === SHUTDOWN_TIMER) return shutdownTimer(process, node);
  if (brokerTimer(process, broker, name, payload, sequence)) {
    if (name === LOGS_LOADED_TIMER) loadLogs(process, node);
    if (name === LOG_DIRECTORY_FAILURE_TIMER) tellOfFailedDirectory(process, node);
    return;
  }
  const events = zooKeeperTimer(process, node.zooKeeper, name, sequence);
  if (events !== null) return zooKeeperEvents(process, node, events);
  if (controllerPartTimer(controllerRun(process, node), name, payload, sequence)) return;
  if (migrationTimer(process, node, name, payload, sequence)) return;
  for (const client of clientsOf(node)) {
    if (name !== networkTimerName(client)) continue;
    for (const result of networkTimer(process, client, payload as string, sequence)) route(process, node, client, result);
    return;
  }
  for (const channel of channelsOf(node)) {
    if (name !== controllerTimerName(channel)) continue;
    for (const result of controllerTimer(process, channel, sequence)) fromController(process, node, channel, result);
    return;
  }
}

/** The controller asks then with LeaderAndIsr which replicas are still there (KafkaZkClient.propagateLogDirEvent). */
function tellOfFailedDirectory(process: ProcessContext, node: ZooKeeperNodeState): void {
  const event = createNode(`${LOG_DIR_EVENT_PATH}/log_dir_event_`, logDirEventNode(node.settings.nodeId), "persistent-sequential");
  if (node.phase === "running") askZooKeeper(process, node, [event], { step: "config/read", entities: [] });
}

/** What became of a request goes to the part that asked. */
function route(process: ProcessContext, node: ZooKeeperNodeState, client: NetworkClient, result: NetworkResult): void {
  const { broker } = node;
  if (client === broker.fetcherNetwork) return fetcherResult(process, broker, result);
  if (client === node.controller.channels.network) return brokerAnswered(controllerRun(process, node), result);
  if (client === node.shutdown.network) return shutdownAnswered(process, node, result);
  if (client === node.migration?.raftNetwork) return migrationRaftResponse(process, node, node.migration, result);
  for (const channel of channelsOf(node)) {
    if (channel.network !== client) continue;
    const done = controllerResult(process, channel, result);
    if (done !== null) fromController(process, node, channel, done);
  }
}

function fromController(process: ProcessContext, node: ZooKeeperNodeState, channel: ControllerChannel, result: NetworkResult): void {
  if (channel === node.migration?.heartbeatChannel) migrationLifecycleResponse(process, node, node.migration, result);
  else brokerControllerResult(process, node.broker, result);
}

// ---- the session

function zooKeeperEvents(process: ProcessContext, node: ZooKeeperNodeState, events: readonly ZooKeeperEvent[]): void {
  const { cause } = process;
  for (const event of events) {
    if (node.phase === "stopped") return;
    process.becauseOf(cause);
    if (event.is === "session") sessionChanged(process, node, event.state);
    else if (event.is === "watch") {
      if (event.path === CONFIG_CHANGES_PATH) readConfigChanges(process, node);
      else watchFired(controllerRun(process, node), event.event, event.path);
    } else answered(process, node, event);
  }
}

function sessionChanged(process: ProcessContext, node: ZooKeeperNodeState, state: "connected" | "disconnected" | "expired" | "timed-out"): void {
  switch (state) {
    case "connected": {
      const isNew = node.broker.brokerEpoch === -1 && node.rounds.size === 0;
      if (isNew) beginStart(process, node);
      return resendLost(process, node);
    }
    case "disconnected": return;
    case "timed-out":
      if (node.phase === "starting") failWithoutEnsemble(process, node);
      return;
    case "expired": return sessionExpired(process, node);
  }
}

/** Its znodes are gone: the controller part learns of it first, then the broker asks for a new session and registers again. */
function sessionExpired(process: ProcessContext, node: ZooKeeperNodeState): void {
  controllerSessionExpired(controllerRun(process, node));
  for (const [number, round] of node.rounds) if (round.next.step.startsWith("start/")) node.rounds.delete(number);
  node.lost = node.lost.filter(({ context }) => context.for === "round" && node.rounds.has(context.round));
  if (node.phase === "shutting-down") {
    node.phase = "stopped";
    return;
  }
  restartZooKeeperSession(process, node.zooKeeper);
  beginStart(process, node);
  if (node.phase === "running") readConfigChanges(process, node);
}

function answered(process: ProcessContext, node: ZooKeeperNodeState, event: Extract<ZooKeeperEvent, { readonly is: "answer" }>): void {
  const context = event.context as ZooKeeperContext;
  const { error } = event.answer;
  if (error === "CONNECTIONLOSS" || error === "SESSIONEXPIRED" && context.for === "round" && node.rounds.has(context.round)) {
    node.lost.push({ operation: event.operation, context });
    return;
  }
  if (context.for === "task") return zooKeeperAnswered(controllerRun(process, node), context, event.answer);
  const finished = takeRoundAnswer(node, context, event.answer);
  if (finished !== null) goOn(process, node, finished);
}

function goOn(process: ProcessContext, node: ZooKeeperNodeState, { next, answers }: FinishedRound): void {
  if (next.step === "leader-and-isr") {
    next.topics.forEach((topic, index) => topicConfigsRead(process, node, topic, configIn(answers[index]?.data)));
    handleLeaderAndIsr(process, node, next.body, next.replyTo);
  } else if ("ids" in next || next.step.startsWith("start/")) performStartStep(process, node, next as Parameters<typeof performStartStep>[2], answers);
  else performConfigStep(process, node, next as Parameters<typeof performConfigStep>[2], answers);
}

// ---- requests

/** A request whose turn it is. */
function serve(process: ProcessContext, node: ZooKeeperNodeState, connection: number, message: RequestMessage): void {
  const { broker } = node;
  const to: ReplyTo = { connection, correlationId: message.correlationId, api: message.api };
  const { body } = message;
  if (node.migration !== null && message.forwardedFor === undefined && isForwardedApi(message.api) && !isActive(node.controller)) {
    return forward(process, broker, message.api, body as RequestOf<typeof message.api>, to as ReplyTo<typeof message.api>);
  }
  switch (message.api) {
    case "LeaderAndIsr": return leaderAndIsr(process, node, body as RequestOf<"LeaderAndIsr">, to as ReplyTo<"LeaderAndIsr">);
    case "StopReplica": return handleStopReplica(process, node, body as RequestOf<"StopReplica">, to as ReplyTo<"StopReplica">);
    case "UpdateMetadata": return handleUpdateMetadata(process, node, body as RequestOf<"UpdateMetadata">, to as ReplyTo<"UpdateMetadata">);
    case "ControlledShutdown": return handleControlledShutdown(process, node, body as RequestOf<"ControlledShutdown">, to as ReplyTo<"ControlledShutdown">);
    case "DescribeConfigs": return describeConfigs(process, node, body as RequestOf<"DescribeConfigs">, to as ReplyTo<"DescribeConfigs">);
    case "IncrementalAlterConfigs": return alterConfigs(process, node, body as RequestOf<"IncrementalAlterConfigs">, to as ReplyTo<"IncrementalAlterConfigs">);
  }
  if (controllerRequest(controllerRun(process, node), message.api, body, to)) return;
  if (isForwardedApi(message.api)) {
    return reply(process, broker, to, errorResponse(message.api, body as RequestOf<typeof message.api>, "UNSUPPORTED_VERSION"));
  }
  if (handleBrokerRequest(process, broker, message, to)) return;
  closeChannel(broker.requests, connection);
  process.close(connection, `${message.api} is not an api of this listener`);
}

/** A log is opened with its topic's settings: LogManager reads them from ZooKeeper first. */
function leaderAndIsr(process: ProcessContext, node: ZooKeeperNodeState, body: RequestOf<"LeaderAndIsr">, replyTo: ReplyTo<"LeaderAndIsr">): void {
  const topics = body.topicStates.map(({ topicName }) => topicName).filter(topic => !node.broker.zookeeperTopicConfigs.has(topic));
  if (topics.length === 0) return handleLeaderAndIsr(process, node, body, replyTo);
  askZooKeeper(process, node, topics.map(topic => ({ op: "getData", path: topicConfigPath(topic), watch: false })), { step: "leader-and-isr", topics, body, replyTo });
}
