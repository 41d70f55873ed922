// The admin client: topics, partitions, elections, reassignments, settings, quorum, metadata, offsets, records of one partition; and what an
// operator says to one server directly (admin-direct.ts). Each call is tried again after errors that pass, until default.api.timeout.ms.
// Source: KafkaAdminClient.java (3.9). FIDELITY: CLIENT-ADMIN.
import type { CallError, Command, Outcome } from "#engine/cluster/commands.ts";
import type { Settings } from "#engine/cluster/spec.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import { callAnswered } from "./admin-answers.ts";
import {
  createDirect, directClosed, directCommand, directConnected, directReceived, directTimer, type KnownServer,
} from "./admin-direct.ts";
import { callDeadlineUs, sendNext } from "./admin-requests.ts";
import { type AdminCall, type AdminCommand, type AdminState, timedOut } from "./admin-state.ts";
import {
  clientClosed, clientConnected, clientReceived, clientTimer, createClientCore, NEVER_US, refreshMetadata, tookMetadata, traceClient,
  wakeAt, woke,
} from "./client-core.ts";
import { type ClientProcessSettings, integerSetting } from "./client-settings.ts";

/** @property nodes where each node listens. @property zookeeper client ports of the ensemble. Empty for a client that asks the cluster alone. */
export interface AdminSettings extends ClientProcessSettings {
  readonly nodes?: readonly KnownServer[];
  readonly zookeeper?: readonly KnownServer[];
}

const CALLS_MAX = 10_000;
/** An operator would start a new client for each question; this one lives on, so it may begin again when all it knew is gone. */
const OPERATORS_SETTINGS: Settings = { "metadata.recovery.strategy": "rebootstrap" };
const IN_FLIGHT_GRACE_US = 1_000_000;
/** How soon a call looks again for a node that it does not know yet. */
const NODE_RETRY_US = 50_000;

export const adminKind: ProcessKind = {
  kind: "admin",

  start(process: ProcessContext, settings: unknown): AdminState {
    const admin = settings as AdminSettings;
    const state: AdminState = {
      core: createClientCore({ ...admin, overrides: { ...OPERATORS_SETTINGS, ...admin.overrides } }, { allowAutoTopicCreation: false }),
      apiTimeoutMs: integerSetting(admin.overrides, "default.api.timeout.ms", 60_000), calls: [], nextId: 1,
      direct: createDirect(admin.nodes ?? [], admin.zookeeper ?? []),
    };
    poll(process, state);
    return state;
  },

  onInput(process: ProcessContext, state: unknown, input: unknown): void {
    const admin = state as AdminState;
    const command = input as Command;
    switch (command.do) {
      case "create-topic": case "elect-leaders": case "fetch-metadata": case "list-offsets": case "read": case "delete-topics":
      case "create-partitions": case "reassign": case "list-reassignments": case "alter-configs": case "describe-configs": case "delete-records":
      case "describe-quorum": case "add-controller": case "remove-controller": case "alter-client-quotas":
        if (refuseAtOnce(process, command)) return;
        beginCall(process, admin, command);
        return poll(process, admin);
      case "request": case "zookeeper": case "four-letter-word": return directCommand(process, admin.direct, command);
      case "close-client":
        traceClient(process, { kind: "client-closed", client: admin.core.settings.clientId });
        process.outcome({ call: command.call, at: process.now, ok: true, value: null });
        return process.exit();
      default: return;
    }
  },

  onConnected(process: ProcessContext, state: unknown, connection: number): void {
    const admin = state as AdminState;
    if (directConnected(process, admin.direct, connection)) return;
    clientConnected(process, admin.core, connection);
    poll(process, admin);
  },

  onMessage(process: ProcessContext, state: unknown, connection: number, message: unknown): void {
    const admin = state as AdminState;
    if (directReceived(process, admin.direct, connection, message)) return;
    const result = clientReceived(admin.core, connection, message);
    if (result !== null) take(process, admin, [result]);
  },

  onClosed(process: ProcessContext, state: unknown, connection: number): void {
    const admin = state as AdminState;
    if (directClosed(process, admin.direct, connection)) return;
    take(process, admin, clientClosed(process, admin.core, connection));
  },

  onTimer(process: ProcessContext, state: unknown, name: string, payload: unknown, sequence: number): void {
    const admin = state as AdminState;
    if (directTimer(process, admin.direct, name, payload, sequence)) return;
    const results = clientTimer(process, admin.core, name, payload, sequence);
    if (results !== null) take(process, admin, results);
    else if (woke(admin.core, name, sequence)) poll(process, admin);
  },

  onAccepted(): void {},
};

/** What KafkaAdminClient refuses without asking anybody: names that no request can carry. */
function refuseAtOnce(process: ProcessContext, command: AdminCommand): boolean {
  if (command.do !== "create-topic" || command.topic !== "") return false;
  const error: CallError = {
    name: "INVALID_TOPIC_EXCEPTION", message: `The given topic name '${command.topic}' cannot be represented in a request.`, retriable: false,
  };
  process.outcome({ call: command.call, at: process.now, ok: false, error } satisfies Outcome);
  return true;
}

function beginCall(process: ProcessContext, state: AdminState, command: AdminCommand): void {
  invariant(state.calls.length < CALLS_MAX, `the admin client has ${CALLS_MAX} calls`);
  state.calls.push({
    id: state.nextId, command, deadlineUs: callDeadlineUs(process, state), nextTryUs: process.now, tries: 0, inFlight: 0, cause: null, leaders: null,
    offsets: [], records: [], nextOffset: command.do === "read" ? command.from : -1,
  });
  state.nextId += 1;
}

function take(process: ProcessContext, state: AdminState, results: readonly NetworkResult[]): void {
  for (const result of results) {
    if (!tookMetadata(process, state.core, result)) callAnswered(process, state, result);
  }
  poll(process, state);
}

/** Sends what is due and arms the next look. */
function poll(process: ProcessContext, state: AdminState): void {
  let nextUs = refreshMetadata(process, state.core);
  for (const call of state.calls.slice()) nextUs = Math.min(nextUs, pollCall(process, state, call));
  // A call may have asked for newer metadata.
  nextUs = Math.min(nextUs, refreshMetadata(process, state.core));
  wakeAt(process, state.core, nextUs);
}

/** When to look at this call again. */
function pollCall(process: ProcessContext, state: AdminState, call: AdminCall): number {
  // What is in flight ends by itself when the call does: its connection is closed then.
  if (call.inFlight > 0 && process.now < call.deadlineUs + IN_FLIGHT_GRACE_US) return call.deadlineUs + IN_FLIGHT_GRACE_US;
  if (call.deadlineUs <= process.now) {
    timedOut(process, state, call);
    return NEVER_US;
  }
  if (call.nextTryUs > process.now) return Math.min(call.nextTryUs, call.deadlineUs);
  if (sendNext(process, state, call)) return call.deadlineUs;
  return Math.min(process.now + NODE_RETRY_US, call.deadlineUs);
}
