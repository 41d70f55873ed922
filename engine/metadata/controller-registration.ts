// Each controller makes itself known to the active one, once it has seen that the metadata version allows it.
// Follows ControllerRegistrationManager.scala (KIP-919). FIDELITY: META-CONTROLLER-REGISTRATION.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import { profileOf } from "#engine/protocol/version-profile.ts";
import type { RaftBatch, RaftPeer } from "#engine/raft/raft-batch.ts";
import type { RaftHost } from "#engine/raft/raft-state.ts";
import { type Decision, NO_REASON } from "./controller-state.ts";
import { supportedFeatures } from "./feature-updates.ts";
import type { ControllerConfig } from "./kraft-settings.ts";
import type { MetadataRecord } from "./records.ts";
import { randomUuid } from "./random-uuid.ts";

export const REGISTRATION_TIMER = "kraft registration";
const REQUEST_TIMEOUT_MS = 60_000;
/** ExponentialBackoff(100, 2, 120000, 0.02). */
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 120_000;

/** `isAllowed`: the metadata version was seen. `isKnown`: the own record was seen. `pending`: a request or a pause is under way. */
export interface ControllerRegistrationState {
  readonly incarnationId: string;
  isAllowed: boolean;
  isKnown: boolean;
  pending: boolean;
  failures: number;
}

export function createRegistration(process: ProcessContext): ControllerRegistrationState {
  return { incarnationId: randomUuid(process, "controller incarnation id"), isAllowed: false, isKnown: false, pending: false, failures: 0 };
}

/** Committed records tell when to register and that it has been done. */
export function registrationCommitted(state: ControllerRegistrationState, nodeId: number, batches: readonly RaftBatch[]): void {
  if (state.isKnown) return;
  for (const batch of batches) {
    for (const record of batch.records as readonly MetadataRecord[]) {
      if (record.type === "FeatureLevelRecord") state.isAllowed = true;
      else if (record.type === "RegisterControllerRecord" && record.controllerId === nodeId) state.isKnown = record.incarnationId === state.incarnationId;
    }
  }
}

/** @param leader the active controller as this node knows it, null for none */
export function maybeRegister(host: RaftHost, state: ControllerRegistrationState, { nodeId, kafka, isMigrationEnabled }: Pick<ControllerConfig, "nodeId" | "kafka" | "isMigrationEnabled">, leader: RaftPeer | null, listener: { readonly host: string; readonly port: number } | undefined): void {
  if (state.isKnown || !state.isAllowed || state.pending || leader === null) return;
  state.pending = true;
  const body: RequestOf<"ControllerRegistration"> = {
    controllerId: nodeId, incarnationId: state.incarnationId, zkMigrationReady: isMigrationEnabled,
    listeners: listener === undefined ? [] : [{ name: "CONTROLLER", host: listener.host, port: listener.port, securityProtocol: 0 }],
    features: supportedFeatures(profileOf(kafka, "kraft")),
  };
  host.send(leader, { api: "ControllerRegistration", body, timeoutMs: REQUEST_TIMEOUT_MS, context: { for: "kraft", part: "registration" } });
}

/** After a failure the next attempt waits; after a success only the record ends the matter. */
export function registrationResponse(process: ProcessContext, state: ControllerRegistrationState, result: NetworkResult): void {
  const body = result.response as ResponseOf<"ControllerRegistration"> | null;
  if (body?.error === "NONE") {
    state.failures = 0;
    return;
  }
  const plainMs = Math.min(BACKOFF_MS * (1 << Math.min(state.failures, 20)), BACKOFF_MAX_MS);
  const spreadMs = Math.floor(plainMs / 50);
  state.failures += 1;
  process.schedule(fromMs(plainMs - spreadMs + process.random("registration back-off", 2 * spreadMs + 1)), REGISTRATION_TIMER);
}

/** The active controller's side: ClusterControlManager.registerController. */
export function registerController(request: RequestOf<"ControllerRegistration">): Decision<"ControllerRegistration"> {
  const { controllerId, incarnationId, zkMigrationReady, listeners: endPoints, features } = request;
  return {
    records: [{ type: "RegisterControllerRecord", controllerId, incarnationId, zkMigrationReady, endPoints, features }], reason: NO_REASON,
    response: { throttleTimeMs: 0, error: "NONE", errorMessage: null },
  };
}
