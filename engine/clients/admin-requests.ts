// Which request a call sends next, and to which node: the controller for changes, any node for metadata, leaders for offsets and records.
// Source: KafkaAdminClient.java (ControllerNodeProvider, LeastLoadedNodeProvider), PartitionLeaderStrategy.java.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import type { Api, RequestOf } from "#engine/protocol/messages.ts";
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
    case "create-topic":
      return toController(process, state, call, "CreateTopics", {
        topics: [{
          name: command.topic, numPartitions: command.assignment === undefined ? command.partitions : -1,
          replicationFactor: command.assignment === undefined ? command.replicationFactor : -1,
          assignments: (command.assignment ?? []).map((brokers, partition) => ({ partition, brokers: [...brokers] })),
          configs: Object.entries(command.configs ?? {}).map(([name, value]) => ({ name, value: String(value) })),
        }],
        timeoutMs: attemptTimeoutMs(process, state, call), validateOnly: false,
      });
    case "elect-leaders":
      return toController(process, state, call, "ElectLeaders", {
        electionType: command.type === "preferred" ? 0 : 1, timeoutMs: attemptTimeoutMs(process, state, call),
        topicPartitions: command.partitions === null ? null : byTopic(command.partitions),
      });
    case "list-offsets": case "read":
      if (call.leaders === null) return toAnyNode(process, state, call, [{ name: command.topic }]);
      return toLeaders(process, state, call);
  }
}

function byTopic(partitions: readonly { readonly topic: string; readonly partition: number }[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const list = topics.get(topic);
    if (list === undefined) topics.set(topic, [partition]);
    else list.push(partition);
  }
  return [...topics].map(([topic, list]) => ({ topic, partitions: list }));
}

/** request.timeout.ms, but not beyond the call's own end. */
function attemptTimeoutMs(process: ProcessContext, state: AdminState, call: AdminCall): number {
  return Math.min(state.core.settings.requestTimeoutMs, toMs(call.deadlineUs - process.now));
}

function ask<A extends Api>(process: ProcessContext, state: AdminState, call: AdminCall, node: Node, api: A, body: RequestOf<A>): true {
  const context: AdminContext = { id: call.id, tries: call.tries };
  call.inFlight += 1;
  send(process, state.core, node, { api, body, timeoutMs: attemptTimeoutMs(process, state, call), context });
  return true;
}

function toAnyNode(process: ProcessContext, state: AdminState, call: AdminCall, topics: { name: string }[] | null): boolean {
  const node = leastLoadedNode(process, state.core);
  return node !== null && ask(process, state, call, node, "Metadata", { topics, allowAutoTopicCreation: false });
}

function toController<A extends "CreateTopics" | "ElectLeaders">(
  process: ProcessContext, state: AdminState, call: AdminCall, api: A, body: RequestOf<A>,
): boolean {
  const node = nodeOf(state.core, state.core.metadata.controllerId);
  if (node === null) requestUpdate(state.core.metadata);
  return node !== null && ask(process, state, call, node, api, body);
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
