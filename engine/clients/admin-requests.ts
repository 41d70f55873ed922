// Which request a call sends next, and to which node: the controller for changes, any node for metadata, leaders for offsets and records.
// Source: KafkaAdminClient.java (ControllerNodeProvider, LeastLoadedNodeProvider), PartitionLeaderStrategy.java.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import type { Api, RequestOf } from "#engine/protocol/messages.ts";
import { type CallRequest, type CallTarget, requestOf } from "./admin-operator-requests.ts";
import type { AdminCall, AdminState } from "./admin-state.ts";
import { leastLoadedNode, type Node, nodeOf, send } from "./client-core.ts";
import { requestUpdate } from "./client-metadata.ts";

/** Sent with every request of a call. */
export interface AdminContext { readonly id: number; readonly tries: number }

const READ_UNCOMMITTED = 0;
const CONSUMER_REPLICA = -1;
const NO_EPOCH = -1;
const FETCH_BYTES_MAX = 52_428_800;
const PARTITION_BYTES_MAX = 1_048_576;

/** Sends what the call needs next. False when there is no node for it at the moment. */
export function sendNext(process: ProcessContext, state: AdminState, call: AdminCall): boolean {
  const { command } = call;
  switch (command.do) {
    case "fetch-metadata": {
      const topics = command.topics === null ? null : command.topics.map(name => ({ name }));
      return toAnyNode(process, state, call, topics);
    }
    case "list-offsets": case "read": case "delete-records":
      if (call.leaders === null) return toAnyNode(process, state, call, [{ name: command.topic }]);
      return toLeaders(process, state, call);
    default: return inOneStep(process, state, call, requestOf(command, attemptTimeoutMs(process, state, call)));
  }
}

function inOneStep(process: ProcessContext, state: AdminState, call: AdminCall, { target, api, body }: CallRequest): boolean {
  const node = nodeFor(process, state, target);
  return node !== null && ask(process, state, call, node, api, body);
}

/** Null, and newer metadata asked for, when the client does not know where it is. */
function nodeFor(process: ProcessContext, state: AdminState, target: CallTarget): Node | null {
  if (target === "any") return leastLoadedNode(process, state.core);
  const node = nodeOf(state.core, target === "controller" ? state.core.metadata.controllerId : target);
  if (node === null) requestUpdate(state.core.metadata);
  return node;
}

/** How long a broker may take for it: request.timeout.ms, but not beyond the call's own end. */
function attemptTimeoutMs(process: ProcessContext, state: AdminState, call: AdminCall): number {
  return Math.min(state.core.settings.requestTimeoutMs, toMs(call.deadlineUs - process.now));
}

function ask<A extends Api>(process: ProcessContext, state: AdminState, call: AdminCall, node: Node, api: A, body: RequestOf<A>): true {
  const context: AdminContext = { id: call.id, tries: call.tries };
  call.inFlight += 1;
  // Java's client gives a request up only when the call has come to its end: its NetworkClient waits for an hour.
  send(process, state.core, node, { api, body, timeoutMs: Math.max(0, Math.ceil((call.deadlineUs - process.now) / 1000)), context });
  return true;
}

function toAnyNode(process: ProcessContext, state: AdminState, call: AdminCall, topics: { name: string }[] | null): boolean {
  const node = leastLoadedNode(process, state.core);
  return node !== null && ask(process, state, call, node, "Metadata", { topics, allowAutoTopicCreation: false });
}

function toLeaders(process: ProcessContext, state: AdminState, call: AdminCall): boolean {
  const { command } = call;
  const leaders = call.leaders ?? [];
  for (const { leader } of leaders) {
    if (nodeOf(state.core, leader) !== null) continue;
    requestUpdate(state.core.metadata);
    return false;
  }
  if (command.do === "read") return askForRecords(process, state, call);
  if (command.do === "delete-records") return askToDelete(process, state, call);
  if (command.do !== "list-offsets") return false;
  for (const leader of new Set(leaders.map(found => found.leader))) {
    const node = nodeOf(state.core, leader);
    if (node === null) return false;
    const partitions = leaders.filter(found => found.leader === leader).map(({ partition, leaderEpoch }) =>
      ({ partition, currentLeaderEpoch: leaderEpoch, timestamp: command.timestampMs }));
    ask(process, state, call, node, "ListOffsets", {
      replicaId: CONSUMER_REPLICA, isolationLevel: READ_UNCOMMITTED, topics: [{ name: command.topic, partitions }],
    });
  }
  return true;
}

function askToDelete(process: ProcessContext, state: AdminState, call: AdminCall): boolean {
  const { command } = call;
  const leader = call.leaders?.[0];
  const node = leader === undefined ? null : nodeOf(state.core, leader.leader);
  if (command.do !== "delete-records" || node === null) return false;
  return ask(process, state, call, node, "DeleteRecords", {
    topics: [{ name: command.topic, partitions: [{ partitionIndex: command.partition, offset: command.beforeOffset }] }],
    timeoutMs: attemptTimeoutMs(process, state, call),
  });
}

/** Answers at once: the end of the log is an answer too. */
function askForRecords(process: ProcessContext, state: AdminState, call: AdminCall): boolean {
  const { command } = call;
  const leader = call.leaders?.[0];
  const node = leader === undefined ? null : nodeOf(state.core, leader.leader);
  if (command.do !== "read" || leader === undefined || node === null) return false;
  return ask(process, state, call, node, "Fetch", {
    replicaId: CONSUMER_REPLICA, replicaEpoch: -1, maxWaitMs: 0, minBytes: 0, maxBytes: FETCH_BYTES_MAX,
    isolationLevel: READ_UNCOMMITTED, sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: "", topics: [{ topic: command.topic, partitions: [{
      partition: command.partition, currentLeaderEpoch: leader.leaderEpoch, fetchOffset: call.nextOffset, lastFetchedEpoch: NO_EPOCH,
      logStartOffset: -1, partitionMaxBytes: PARTITION_BYTES_MAX,
    }] }],
  });
}

export function callDeadlineUs(process: ProcessContext, state: AdminState): number {
  return process.now + fromMs(state.apiTimeoutMs);
}
