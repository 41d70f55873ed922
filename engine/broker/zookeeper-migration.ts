// What a broker in ZooKeeper mode has besides, while its cluster migrates to KRaft: it observes the quorum of the controllers, which tells it where the
// active one is, and it registers there and sends heartbeats, as one that still runs on ZooKeeper. Whom it obeys the controllers themselves say: from
// the first UpdateMetadata of a KRaft controller on, changes of the ISR and clients' requests go to the quorum's leader, and this broker's epoch is the
// one of its registration there. Source: KafkaServer.startup and controlledShutdown (3.9), BrokerLifecycleManager, KIP-866.
// FIDELITY: MIG-BROKERS.
import type { ProcessContext } from "#engine/core/process.ts";
import { logLine } from "#engine/log/log-lines.ts";
import { connectionKey, controllerEndpoint, type KraftHost, kraftResponse, type KraftState, kraftTimer, startKraft } from "#engine/metadata/kraft-server.ts";
import { isMigrationEnabled } from "#engine/metadata/kraft-settings.ts";
import { createNetworkClient, type NetworkClient, type NetworkResult, networkSend } from "#engine/protocol/network-client.ts";
import { sendResponse } from "#engine/protocol/reply-to.ts";
import { deleteMetadataFolder } from "#engine/raft/metadata-log.ts";
import {
  beginControlledShutdown, type LifecycleHost, lifecycleMetadataApplied, lifecycleResponse, type LifecycleState, lifecycleTimer, startLifecycle,
} from "./broker-lifecycle.ts";
import { askController, type ControllerAt, type ControllerChannel, createControllerChannel } from "./controller-channel.ts";
import { logDirectoriesOf } from "./log-directories.ts";
import type { ZooKeeperNodeState } from "./zookeeper-node-state.ts";

/** Null outside a migration. Plain data. */
export interface BrokerMigration {
  readonly kraft: KraftState;
  readonly lifecycle: LifecycleState;
  readonly raftNetwork: NetworkClient;
  readonly heartbeatChannel: ControllerChannel;
  /** Epoch of the registration in ZooKeeper, where the broker's other epoch counts while a KRaft controller has the say. */
  zooKeeperEpoch: number;
  /** Whether the last UpdateMetadata came from a KRaft controller. */
  isControlledByKraft: boolean;
}

type Parts = Pick<BrokerMigration, "raftNetwork" | "heartbeatChannel">;

/** The broker is registered in ZooKeeper: now it makes itself known to the quorum, if it has to. */
export function startBrokerMigration(process: ProcessContext, node: ZooKeeperNodeState): void {
  const { settings } = node;
  if (!isMigrationEnabled(settings) || node.migration !== null) return;
  const { nodeId, overrides } = settings;
  logLine(process, nodeId, "INFO", "Starting up additional components for ZooKeeper migration", "kafka.server.KafkaServer");
  const path = logDirectoriesOf(overrides)[0]?.path ?? "";
  logLine(process, nodeId, "INFO", `Deleting local metadata log from ${path} since this is a ZK broker in migration mode.`, "kafka.server.KafkaServer");
  deleteMetadataFolder(process);
  const raftNetwork = createNetworkClient("raft", {
    clientId: `raft-client-${nodeId}`, reconnectBackoffMs: 50, reconnectBackoffMaxMs: 500, connectionSetupTimeoutMs: 10_000,
  });
  const parts: Parts = { raftNetwork, heartbeatChannel: createControllerChannel("heartbeat", nodeId) };
  const kraft = startKraft(process, kraftHost(process, node, parts), settings);
  const lifecycle = startLifecycle(process, lifecycleHost(process, node, parts), settings);
  node.migration = { ...parts, kraft, lifecycle, zooKeeperEpoch: node.broker.brokerEpoch, isControlledByKraft: false };
}

function kraftHost(process: ProcessContext, node: ZooKeeperNodeState, parts: Parts): KraftHost {
  return {
    send: (to, request) => networkSend(process, parts.raftNetwork, connectionKey(to.nodeId, request.context), to, request),
    reply: (to, body) => { sendResponse(process, to, body); },
    // It reads the log for its end alone; what it knows of the cluster comes from the controllers.
    committed: batches => {
      const { migration } = node;
      const last = batches.at(-1);
      if (migration !== null && last !== undefined) lifecycleMetadataApplied(process, lifecycleHost(process, node, migration), migration.lifecycle, last.lastOffset);
    },
  };
}

function lifecycleHost(process: ProcessContext, node: ZooKeeperNodeState, parts: Parts): LifecycleHost {
  return {
    sendToController: request => askController(process, parts.heartbeatChannel, request),
    registered: brokerEpoch => { if (node.migration?.isControlledByKraft === true) node.broker.brokerEpoch = brokerEpoch; },
    isReady: () => node.broker.isReady,
    mayExit: () => { node.mayExit = true; },
  };
}

/** A controller of either kind has told of the cluster: whom this broker asks, and which of its epochs it goes by. */
export function followControllerKind(node: ZooKeeperNodeState, isKraftController: boolean): void {
  const { migration, broker } = node;
  if (migration === null || migration.isControlledByKraft === isKraftController) return;
  migration.isControlledByKraft = isKraftController;
  broker.brokerEpoch = isKraftController ? migration.lifecycle.brokerEpoch : migration.zooKeeperEpoch;
}

/** Registered in ZooKeeper once more. */
export function registeredInZooKeeper({ migration, broker }: ZooKeeperNodeState, epoch: number): void {
  if (migration !== null) migration.zooKeeperEpoch = epoch;
  if (migration === null || !migration.isControlledByKraft) broker.brokerEpoch = epoch;
}

/** The epoch that requests of such a controller have to name. */
export function brokerEpochFor({ migration, broker }: ZooKeeperNodeState, isKraftController: boolean): number {
  if (migration === null) return broker.brokerEpoch;
  return isKraftController ? migration.lifecycle.brokerEpoch : migration.zooKeeperEpoch;
}

/** Where the active controller of the quorum is; null when nobody knows. */
export function quorumController({ kraft }: BrokerMigration): ControllerAt | null {
  const endpoint = controllerEndpoint(kraft);
  return endpoint === null ? null : { id: endpoint.nodeId, endpoint };
}

export function migrationRaftResponse(process: ProcessContext, node: ZooKeeperNodeState, migration: BrokerMigration, result: NetworkResult): void {
  kraftResponse(process, kraftHost(process, node, migration), migration.kraft, result);
}

export function migrationLifecycleResponse(process: ProcessContext, node: ZooKeeperNodeState, migration: BrokerMigration, result: NetworkResult): void {
  lifecycleResponse(process, lifecycleHost(process, node, migration), migration.lifecycle, result);
}

/** False when the timer is not one of these. */
export function migrationTimer(process: ProcessContext, node: ZooKeeperNodeState, name: string, payload: unknown, sequence: number): boolean {
  const { migration } = node;
  if (migration === null) return false;
  if (kraftTimer(process, kraftHost(process, node, migration), migration.kraft, name, payload, sequence)) return true;
  return lifecycleTimer(process, lifecycleHost(process, node, migration), migration.lifecycle, name, payload, sequence);
}

/** SIGTERM under a KRaft controller: it moves the leaders as it does for its own brokers. `node.mayExit` follows. */
export function beginMigrationShutdown(process: ProcessContext, node: ZooKeeperNodeState, migration: BrokerMigration): void {
  beginControlledShutdown(process, lifecycleHost(process, node, migration), migration.lifecycle);
}
