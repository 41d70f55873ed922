// A node's part of the quorum: the quorum's client, and on a voter the controller, behind one door (port 9093).
// After everything that happens: commit, give up or take over leadership, arm timers. Follows SharedServer.scala and ControllerServer.scala.
import type { ProcessContext } from "#engine/core/process.ts";
import { type ControllerApi, isControllerApi } from "#engine/protocol/error-response.ts";
import type { Api, RequestMessage, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { closeMetadataLog } from "#engine/raft/metadata-log.ts";
import type { RaftBatch, RaftPeer } from "#engine/raft/raft-batch.ts";
import {
  isRaftApi, leadsCommittedEpoch, knownLeader, RAFT_TIMER, raftConnectionClosed, raftMayExit, raftRequest, raftResponse, raftTimer, shutDownRaft,
  startRaft, takeCommitted,
} from "#engine/raft/raft-client.ts";
import { type Snapshot, takeSnapshot, wantsSnapshot } from "#engine/raft/raft-snapshot.ts";
import { peerOf, type RaftState } from "#engine/raft/raft-state.ts";
import {
  type ControllerRegistrationState, createRegistration, maybeRegister, REGISTRATION_TIMER, registrationCommitted, registrationResponse,
} from "./controller-registration.ts";
import type { ControllerState } from "./controller-state.ts";
import {
  activateController, armControllerTimer, CONTROLLER_EVENT, CONTROLLER_TIMER, controllerCommitted, controllerEvent, controllerRequest,
  controllerTimer, createController, renounce, writeMigration,
} from "./kraft-controller.ts";
import { committedImage, imageOfSnapshot, snapshotRecords } from "./image-snapshot.ts";
import { type ControllerConfig, controllerConfig, type KraftSettings } from "./kraft-settings.ts";
import { openStorage } from "./node-storage.ts";
import { indexImage } from "./partition-index.ts";
import { raftConfig } from "./raft-settings.ts";
import type { MetadataRecord } from "./records.ts";

export interface KraftHost {
  /** Sends to a controller's listener (maybe the own one), over the connection `connectionKey(…)`; the result comes back through `kraftResponse`. */
  send<A extends Api>(to: RaftPeer, request: { readonly api: A; readonly body: RequestOf<A>; readonly timeoutMs: number; readonly context: unknown }): void;
  reply<A extends Api>(to: ReplyTo<A>, body: ResponseOf<A>): void;
  /** Committed batches, each once and in order, for the broker part of this node. */
  committed(batches: readonly RaftBatch[]): void;
  /** A snapshot that stands for everything before the batches that follow. */
  loadedSnapshot?(snapshot: Snapshot): void;
  /** The quorum's part of the node has met an error that ends the process. */
  fatal?(text: string): void;
  /** After `shutDownKraft`: the successor is known, or there was nothing to hand over. The process may end. */
  shutDownDone?(): void;
}

/** `shuttingDown`: the host was asked to wait and has not been told yet. */
export interface KraftState {
  readonly raft: RaftState;
  readonly config: ControllerConfig;
  /** Null on a node without the controller's role. */
  readonly controller: ControllerState | null;
  readonly registration: ControllerRegistrationState | null;
  shuttingDown: boolean;
}

/**
 * Names the connection that a request of `KraftHost.send` belongs on. Registrations have one of their own: they wait for a commit, and on the
 * quorum's connection the fetch that leads to it would have to wait behind them.
 */
export function connectionKey(toNode: number, context: unknown): string {
  return (context as { readonly part: "raft" | "registration" }).part === "raft" ? String(toNode) : `registration ${toNode}`;
}

/** Reads quorum state and metadata log from the disk of the process. */
export function startKraft(process: ProcessContext, host: KraftHost, settings: KraftSettings): KraftState {
  const raft = startRaft(process, host, raftConfig(settings, openStorage(process, settings)));
  const isController = settings.roles.includes("controller");
  const config = controllerConfig(settings);
  const state: KraftState = {
    raft, config, controller: isController ? createController(process, config) : null,
    registration: isController ? createRegistration(process) : null,
    shuttingDown: false,
  };
  settle(process, host, state);
  return state;
}

/** Whether the controller's listener has that api. */
export function isAnsweredByController(api: Api): boolean {
  return isRaftApi(api) || isControllerApi(api);
}

/** A request that has come in at the controller listener. An api that is not the controller's is not answered. */
export function kraftRequest(process: ProcessContext, host: KraftHost, state: KraftState, request: RequestMessage, to: ReplyTo): void {
  const { api, clientId, forwardedFor } = request;
  const body = request.body as RequestOf<Api>;
  if (isRaftApi(api)) raftRequest(process, host, state.raft, api, body, to);
  else if (isControllerApi(api) && state.controller !== null) {
    controllerRequest(process, host, state.controller, { api, body: body as RequestOf<ControllerApi>, to, client: forwardedFor ?? clientId });
  }
  settle(process, host, state);
}

/** What became of a request that went out through `host.send`. */
export function kraftResponse(process: ProcessContext, host: KraftHost, state: KraftState, result: NetworkResult): void {
  const { part } = result.context as { readonly part: "raft" | "registration" };
  if (part === "raft") raftResponse(process, host, state.raft, result);
  else if (state.registration !== null) registrationResponse(process, state.registration, result);
  settle(process, host, state);
}

/** Records of the migration, from the active controller of this node. */
export function kraftWriteMigration(process: ProcessContext, host: KraftHost, state: KraftState, records: readonly MetadataRecord[]): void {
  if (state.controller === null) return;
  writeMigration(process, host, state.controller, state.raft, records);
  settle(process, host, state);
}

/** False when the timer is not one of these. */
export function kraftTimer(process: ProcessContext, host: KraftHost, state: KraftState, name: string, payload: unknown, sequence: number): boolean {
  switch (name) {
    case RAFT_TIMER: raftTimer(process, host, state.raft, sequence);
      break;
    case CONTROLLER_EVENT: if (state.controller !== null) controllerEvent(process, host, state.controller, state.raft, payload); break;
    case CONTROLLER_TIMER:
      process.becauseOf(-1);
      if (state.controller !== null) controllerTimer(process, host, state.controller, state.raft, sequence);
      break;
    case REGISTRATION_TIMER: if (state.registration !== null) state.registration.pending = false; break;
    default: return false;
  }
  settle(process, host, state);
  return true;
}

/** Fetches that waited on this connection are forgotten. */
export function kraftConnectionClosed(_process: ProcessContext, _host: KraftHost, state: KraftState, connection: number): void {
  raftConnectionClosed(state.raft, connection);
}

/** Leader of the quorum as this node knows it; -1 when it knows of none. */
export function activeController(state: KraftState): number {
  return knownLeader(state.raft);
}

/** Where the active controller listens; null when this node knows of none. */
export function controllerEndpoint(state: KraftState): RaftPeer | null {
  const leader = knownLeader(state.raft);
  return leader === -1 ? null : peerOf(state.raft, leader) ?? null;
}

/** Graceful end: a leader resigns and names its successors. `host.shutDownDone` follows, at the latest after 5 s. */
export function shutDownKraft(process: ProcessContext, host: KraftHost, state: KraftState): void {
  state.shuttingDown = true;
  shutDownRaft(process, host, state.raft);
  settle(process, host, state);
}

function settle(process: ProcessContext, host: KraftHost, state: KraftState): void {
  const { raft, controller, registration } = state;
  const { snapshot, batches } = takeCommitted(process, raft);
  if (snapshot !== null) loadSnapshot(host, state, snapshot);
  if (batches.length > 0) {
    if (controller !== null) controllerCommitted(process, host, controller, raft, batches);
    if (registration !== null) registrationCommitted(registration, raft.config.nodeId, batches);
    host.committed(batches);
    if (wantsSnapshot(process, raft)) takeSnapshot(process, raft, snapshotRecords(committedImage(process, raft)));
  }
  if (controller !== null) settleController(process, host, state, controller);
  if (registration !== null) maybeRegister(host, registration, state.config, controllerEndpoint(state), raft.config.listener ?? undefined);
  if (state.shuttingDown && raftMayExit(process, raft)) {
    state.shuttingDown = false;
    closeMetadataLog(process);
    host.shutDownDone?.();
  }
}

/** The log before it is gone, or was never read: everybody begins anew from what it says. */
function loadSnapshot(host: KraftHost, { controller, registration, raft }: KraftState, snapshot: Snapshot): void {
  if (controller !== null && controller.active === null) {
    controller.image = imageOfSnapshot(snapshot);
    controller.index = indexImage(controller.image);
  }
  if (registration !== null) registrationCommitted(registration, raft.config.nodeId, snapshot.batches);
  host.loadedSnapshot?.(snapshot);
}

function settleController(process: ProcessContext, host: KraftHost, { raft }: KraftState, controller: ControllerState): void {
  if (controller.active !== null && (raft.role.role !== "leader" || raft.epoch !== controller.active.epoch)) {
    renounce(process, host, controller, raft);
  }
  if (controller.active === null && leadsCommittedEpoch(raft)) activateController(process, host, controller, raft);
  armControllerTimer(process, controller);
}
