// The admin client's calls as plain data. Source: KafkaAdminClient.java (Call, AdminApiDriver).
import type { CallError, Command, Outcome } from "#engine/cluster/commands.ts";
import type { RecordView } from "#engine/cluster/view.ts";
import { type ProcessContext } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import { retryBackoffUs } from "./client-metadata.ts";
import type { DirectState } from "./admin-direct.ts";
import type { ClientCore } from "./client-core.ts";
import { timeoutError } from "./error-texts.ts";

/** What the Admin client of Java has a method for, and `read`. */
export type AdminCommand = Extract<Command, { readonly do:
  "create-topic" | "elect-leaders" | "fetch-metadata" | "list-offsets" | "read" | "delete-topics" | "create-partitions" | "reassign"
  | "list-reassignments" | "alter-configs" | "describe-configs" | "alter-client-quotas" | "delete-records" | "describe-quorum" | "add-controller" | "remove-controller" }>;

export interface FoundOffset { readonly partition: number; readonly offset: number; readonly timestampMs: number; readonly leaderEpoch: number }

/** One call of the API, which may take several requests. `deadlineUs`: default.api.timeout.ms after it was made. */
export interface AdminCall {
  readonly id: number;
  readonly command: AdminCommand;
  readonly deadlineUs: number;
  /** Not before this moment. */
  nextTryUs: number;
  /** Attempts that have failed. */
  tries: number;
  /** Requests without an answer. */
  inFlight: number;
  /** What the last attempt ended with, as Java would print it; null before the first. */
  cause: string | null;
  /** What `read`, `list-offsets` and `delete-records` found out first: where the leaders are. Null: to be looked up. */
  leaders: { readonly partition: number; readonly leader: number; readonly leaderEpoch: number }[] | null;
  readonly offsets: FoundOffset[];
  records: RecordView[];
  nextOffset: number;
}

export interface AdminState {
  readonly core: ClientCore;
  readonly apiTimeoutMs: number;
  calls: AdminCall[];
  nextId: number;
  /** What is said to one server directly. */
  readonly direct: DirectState;
}

/** Java's names of the calls, as its time-outs tell them; calls of two steps (AdminApiDriver) name the step. */
export function callName({ command, leaders }: AdminCall): string {
  switch (command.do) {
    case "create-topic": return "createTopics";
    case "elect-leaders": return "electLeaders";
    case "fetch-metadata": return "describeTopics";
    case "list-offsets": return `listOffsets(api=${leaders === null ? "METADATA" : "LIST_OFFSETS"})`;
    case "read": return "fetch";
    case "delete-topics": return "deleteTopics";
    case "create-partitions": return "createPartitions";
    case "reassign": return "alterPartitionReassignments";
    case "list-reassignments": return "listPartitionReassignments";
    case "alter-configs": return "incrementalAlterConfigs";
    case "describe-configs": return "describeConfigs";
    case "alter-client-quotas": return "alterClientQuotas";
    case "delete-records": return `deleteRecords(api=${leaders === null ? "METADATA" : "DELETE_RECORDS"})`;
    case "describe-quorum": return "describeMetadataQuorum";
    case "add-controller": return "addRaftVoter";
    case "remove-controller": return "removeRaftVoter";
  }
}

export function finish(process: ProcessContext, state: AdminState, call: AdminCall, value: unknown): void {
  state.calls = state.calls.filter(other => other !== call);
  const outcome: Outcome = { call: call.command.call, at: process.now, ok: true, value };
  process.outcome(outcome);
}

export function finishWithError(process: ProcessContext, state: AdminState, call: AdminCall, error: CallError): void {
  state.calls = state.calls.filter(other => other !== call);
  const outcome: Outcome = { call: call.command.call, at: process.now, ok: false, error };
  process.outcome(outcome);
}

/** An attempt failed in a way that may pass. */
export function retryLater(process: ProcessContext, state: AdminState, call: AdminCall): void {
  call.tries += 1;
  call.nextTryUs = process.now + retryBackoffUs(process, state.core.settings.retryBackoff, call.tries - 1);
  call.inFlight = 0;
  if (call.deadlineUs <= process.now) return timedOut(process, state, call);
  call.leaders = null;
  call.offsets.length = 0;
}

/** The words of Call.handleTimeoutFailure and of calls that never found a node. */
export function timedOut(process: ProcessContext, state: AdminState, call: AdminCall): void {
  const name = callName(call);
  const tries = call.inFlight > 0 ? call.tries + 1 : call.tries;
  const message = tries === 0
    ? `Timed out waiting for a node assignment. Call: ${name}`
    : `Call(callName=${name}, deadlineMs=${toMs(call.deadlineUs)}, tries=${tries}, nextAllowedTryMs=${toMs(call.nextTryUs)}) `
      + `timed out at ${toMs(process.now)} after ${tries} attempt(s)`;
  finishWithError(process, state, call, { ...timeoutError(message), ...call.cause === null ? {} : { cause: call.cause } });
}
