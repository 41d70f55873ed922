// The admin client: creates topics, elects leaders, asks for metadata and offsets, reads records of one partition. Each call is tried
// again after errors that pass, until default.api.timeout.ms. Source: KafkaAdminClient.java (3.9). FIDELITY: CLIENT-ADMIN.
import type { Command } from "#engine/cluster/commands.ts";
import type { Settings } from "#engine/cluster/spec.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import { callAnswered } from "./admin-answers.ts";
import { callDeadlineUs, sendNext } from "./admin-requests.ts";
import { type AdminCall, type AdminCommand, type AdminState, timedOut } from "./admin-state.ts";
import {
  clientClosed, clientConnected, clientReceived, clientTimer, createClientCore, NEVER_US, refreshMetadata, tookMetadata, traceClient,
  wakeAt, woke,
} from "./client-core.ts";
import { type ClientProcessSettings, integerSetting } from "./client-settings.ts";

export type AdminSettings = ClientProcessSettings;

const CALLS_MAX = 10_000;
/** An operator would start a new client for each question; this one lives on, so it may begin again when all it knew is gone. */
const OPERATORS_SETTINGS: Settings = { "metadata.recovery.strategy": "rebootstrap" };
/** How soon a call looks again for a node that it does not know yet. */
const NODE_RETRY_US = 50_000;

export const adminKind: ProcessKind = {
  kind: "admin",

  start(process: ProcessContext, settings: unknown): AdminState {
    const admin = settings as AdminSettings;
    const state: AdminState = {
      core: createClientCore({ ...admin, overrides: { ...OPERATORS_SETTINGS, ...admin.overrides } }, { allowAutoTopicCreation: false }),
      apiTimeoutMs: integerSetting(admin.overrides, "default.api.timeout.ms", 60_000), calls: [], nextId: 1,
    };
    poll(process, state);
    return state;
  },

  onInput(process: ProcessContext, state: unknown, input: unknown): void {
    const admin = state as AdminState;
    const command = input as Command;
    switch (command.do) {
      case "create-topic": case "elect-leaders": case "fetch-metadata": case "list-offsets": case "read":
        beginCall(process, admin, command);
        return poll(process, admin);
      case "close-client":
        traceClient(process, { kind: "client-closed", client: admin.core.settings.clientId });
        process.outcome({ call: command.call, at: process.now, ok: true, value: null });
        return process.exit();
      default: return;
    }
  },

  onConnected(process: ProcessContext, state: unknown, connection: number): void {
    const admin = state as AdminState;
    clientConnected(process, admin.core, connection);
    poll(process, admin);
  },

  onMessage(process: ProcessContext, state: unknown, connection: number, message: unknown): void {
    const admin = state as AdminState;
    const result = clientReceived(admin.core, connection, message);
    if (result !== null) take(process, admin, [result]);
  },

  onClosed(process: ProcessContext, state: unknown, connection: number): void {
    const admin = state as AdminState;
    take(process, admin, clientClosed(process, admin.core, connection));
  },

  onTimer(process: ProcessContext, state: unknown, name: string, payload: unknown, sequence: number): void {
    const admin = state as AdminState;
    const results = clientTimer(process, admin.core, name, payload, sequence);
    if (results !== null) take(process, admin, results);
    else if (woke(admin.core, name, sequence)) poll(process, admin);
  },

  onAccepted(): void {},
};

function beginCall(process: ProcessContext, state: AdminState, command: AdminCommand): void {
  invariant(state.calls.length < CALLS_MAX, `the admin client has ${CALLS_MAX} calls`);
  state.calls.push({
    id: state.nextId, command, deadlineUs: callDeadlineUs(process, state), nextTryUs: process.now, tries: 0, inFlight: 0, leaders: null,
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
  if (call.deadlineUs <= process.now) {
    timedOut(process, state, call);
    return NEVER_US;
  }
  if (call.inFlight > 0) return call.deadlineUs;
  if (call.nextTryUs > process.now) return Math.min(call.nextTryUs, call.deadlineUs);
  if (sendNext(process, state, call)) return call.deadlineUs;
  return Math.min(process.now + NODE_RETRY_US, call.deadlineUs);
}
