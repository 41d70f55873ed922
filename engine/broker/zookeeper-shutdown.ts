// SIGTERM in ZooKeeper mode: the broker asks the controller to move its leaderships, up to three times 5 s apart while some cannot be moved, then
// closes its logs and its session: its znode is gone at once, and with it, where it was controller, `/controller`.
// Source: KafkaServer.controlledShutdown, KafkaServer.shutdown (3.9). FIDELITY: ZKC-CONTROLLED-SHUTDOWN.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { logLine } from "#engine/log/log-lines.ts";
import { booleanSetting, numberSetting } from "#engine/metadata/kraft-settings.ts";
import { resign } from "#engine/metadata/zookeeper-controller/controller-resignation.ts";
import { isActive } from "#engine/metadata/zookeeper-controller/controller-state.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import { type NetworkResult, networkSend } from "#engine/protocol/network-client.ts";
import { closeZooKeeperSession, zooKeeperIsConnected } from "#engine/zookeeper/zookeeper-client.ts";
import { closeLogs } from "./metadata-publisher.ts";
import { closeChannel } from "./request-channel.ts";
import { beginMigrationShutdown } from "./zookeeper-migration.ts";
import { controllerRun, type ZooKeeperNodeState } from "./zookeeper-node-state.ts";

export const SHUTDOWN_TIMER = "controlled shutdown";
/** controller.socket.timeout.ms */
const REQUEST_TIMEOUT_MS = 30_000;

export function beginShutdown(process: ProcessContext, node: ZooKeeperNodeState): void {
  if (node.phase === "shutting-down" || node.phase === "stopped") return;
  const isControlled = node.phase === "running" && booleanSetting(node.settings.overrides, "controlled.shutdown.enable", true);
  node.phase = "shutting-down";
  node.shutdown.begunUs = process.now;
  log(process, node, "shutting down");
  if (!isControlled) return finish(process, node);
  log(process, node, "Starting controlled shutdown");
  if (node.migration?.isControlledByKraft === true) return beginMigrationShutdown(process, node, node.migration);
  askToLeave(process, node);
}

function askToLeave(process: ProcessContext, node: ZooKeeperNodeState): void {
  const { shutdown, broker } = node;
  shutdown.attemptsLeft -= 1;
  const controller = broker.image.brokers.get(broker.controllerId);
  if (controller === undefined) return again(process, node);
  networkSend(process, shutdown.network, String(controller.brokerId), controller, {
    api: "ControlledShutdown", body: { brokerId: broker.node.nodeId, brokerEpoch: broker.brokerEpoch }, timeoutMs: REQUEST_TIMEOUT_MS, context: null,
  });
}

export function shutdownAnswered(process: ProcessContext, node: ZooKeeperNodeState, result: NetworkResult): void {
  if (node.phase !== "shutting-down") return;
  const response = result.response as ResponseOf<"ControlledShutdown"> | null;
  if (response !== null && response.error === "NONE" && response.remainingPartitions.length === 0) {
    log(process, node, `Controlled shutdown request returned successfully after ${toMs(process.now - node.shutdown.begunUs)}ms`);
    finish(process, node);
  } else again(process, node);
}

function again(process: ProcessContext, node: ZooKeeperNodeState): void {
  if (node.shutdown.attemptsLeft <= 0) return finish(process, node);
  process.schedule(fromMs(numberSetting(node.settings.overrides, "controlled.shutdown.retry.backoff.ms", 5_000)), SHUTDOWN_TIMER);
}

/** The timer `SHUTDOWN_TIMER`. */
export function shutdownTimer(process: ProcessContext, node: ZooKeeperNodeState): void {
  if (node.phase === "shutting-down") askToLeave(process, node);
}

function log(process: ProcessContext, node: ZooKeeperNodeState, text: string): void {
  const { nodeId } = node.settings;
  logLine(process, nodeId, "INFO", `[KafkaServer id=${nodeId}] ${text}`, "kafka.server.KafkaServer");
}

/** Nothing is left that somebody else has to take over. */
export function finish(process: ProcessContext, node: ZooKeeperNodeState): void {
  const { broker, zooKeeper, controller } = node;
  const { nodeId } = node.settings;
  logLine(process, nodeId, "INFO", `[data-plane Kafka Request Handler on Broker ${nodeId}], shutting down`, "kafka.server.KafkaRequestHandlerPool");
  for (const manager of ["ReplicaFetcherManager", "ReplicaAlterLogDirsManager"]) {
    logLine(process, nodeId, "INFO", `[${manager} on broker ${nodeId}] shutting down`, `kafka.server.${manager}`);
  }
  broker.isShuttingDown = true;
  broker.fetchers.clear();
  for (const connection of [...broker.requests.connections.keys()]) {
    closeChannel(broker.requests, connection);
    process.close(connection, "the broker shuts down");
  }
  closeLogs(process, broker);
  if (isActive(controller)) resign(controllerRun(process, node), "the broker shuts down");
  controller.activeController = -1;
  controller.events = [];
  controller.tasks.clear();
  if (zooKeeperIsConnected(zooKeeper)) closeZooKeeperSession(process, zooKeeper);
  else sessionIsClosed(process, node);
}

/** The last thing that a broker does. */
export function sessionIsClosed(process: ProcessContext, node: ZooKeeperNodeState): void {
  log(process, node, "shut down completed");
  node.phase = "stopped";
}
