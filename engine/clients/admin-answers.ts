// What an answer means for the admin client's call that asked: done, failed, to be tried again, or only its first step.
// Source: KafkaAdminClient.java, PartitionLeaderStrategy.java, ListOffsetsHandler.java.
import type { ProcessContext } from "#engine/core/process.ts";
import { isInvalidMetadata, isRetriable, type KafkaError } from "#engine/protocol/errors.ts";
import type { Api, ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import {
  type Answer, configsAltered, configsDescribed, leadersElected, partitionsCreated, partitionsReassigned, quorumDescribed, quotasAltered, reassignmentsListed,
  topicCreated, topicsDeleted, votersChanged,
} from "./admin-operator-answers.ts";
import type { AdminContext } from "./admin-requests.ts";
import { type AdminCall, type AdminState, callName, finish, finishWithError, retryLater } from "./admin-state.ts";
import { requestUpdate } from "./client-metadata.ts";
import { brokerError } from "./error-texts.ts";
import { exceptionText } from "./java-exceptions.ts";
import { recordViews } from "./record-text.ts";

/** A request of some call has an answer, or never will have one. */
export function callAnswered(process: ProcessContext, state: AdminState, result: NetworkResult): void {
  const context = result.context as AdminContext;
  const call = state.calls.find(({ id }) => id === context.id);
  if (call === undefined || call.tries !== context.tries) return;
  call.inFlight -= 1;
  if (result.response === null) {
    requestUpdate(state.core.metadata);
    call.cause = `DisconnectException: Cancelled ${callName(call)} request with correlation id ${state.core.network.nextCorrelationId} due to node ${result.peer} being disconnected`;
    return retryLater(process, state, call);
  }
  switch (result.api) {
    case "Metadata": return metadataAnswered(process, state, call, result.response as ResponseOf<"Metadata">);
    case "ListOffsets": return offsetsAnswered(process, state, call, result.response as ResponseOf<"ListOffsets">);
    case "Fetch": return recordsAnswered(process, state, call, result.response as ResponseOf<"Fetch">);
    case "DeleteRecords": return recordsDeleted(process, state, call, result.response as ResponseOf<"DeleteRecords">);
    default: return operatorAnswered(process, state, call, answerTo(result.api, result.response));
  }
}

function answerTo(api: Api, response: ResponseOf<Api>): Answer | null {
  switch (api) {
    case "CreateTopics": return topicCreated(response as ResponseOf<"CreateTopics">);
    case "ElectLeaders": return leadersElected(response as ResponseOf<"ElectLeaders">);
    case "DeleteTopics": return topicsDeleted(response as ResponseOf<"DeleteTopics">);
    case "CreatePartitions": return partitionsCreated(response as ResponseOf<"CreatePartitions">);
    case "AlterPartitionReassignments": return partitionsReassigned(response as ResponseOf<"AlterPartitionReassignments">);
    case "ListPartitionReassignments": return reassignmentsListed(response as ResponseOf<"ListPartitionReassignments">);
    case "IncrementalAlterConfigs": return configsAltered(response as ResponseOf<"IncrementalAlterConfigs">);
    case "AlterClientQuotas": return quotasAltered(response as ResponseOf<"AlterClientQuotas">);
    case "DescribeConfigs": return configsDescribed(response as ResponseOf<"DescribeConfigs">);
    case "DescribeQuorum": return quorumDescribed(response as ResponseOf<"DescribeQuorum">);
    case "AddRaftVoter": case "RemoveRaftVoter": return votersChanged(response as ResponseOf<"AddRaftVoter">);
    default: return null;
  }
}

function operatorAnswered(process: ProcessContext, state: AdminState, call: AdminCall, answer: Answer | null): void {
  switch (answer?.is) {
    case undefined: return;
    case "value": return finish(process, state, call, answer.value);
    case "error": return finishWithError(process, state, call, answer.error);
    case "again": return failOrRetry(process, state, call, answer.error, answer.message);
  }
}

function failOrRetry(process: ProcessContext, state: AdminState, call: AdminCall, error: KafkaError, message: string | null = null): void {
  if (isInvalidMetadata(error) || error === "NOT_CONTROLLER") requestUpdate(state.core.metadata);
  call.cause = exceptionText(error, message);
  if (isRetriable(error)) retryLater(process, state, call);
  else finishWithError(process, state, call, brokerError(error, message));
}

function metadataAnswered(process: ProcessContext, state: AdminState, call: AdminCall, response: ResponseOf<"Metadata">): void {
  const { command } = call;
  if (command.do === "fetch-metadata") return finish(process, state, call, metadataValue(response));
  if (command.do !== "list-offsets" && command.do !== "read" && command.do !== "delete-records") return;
  const topic = response.topics.find(({ name }) => name === command.topic);
  const error = topic?.error ?? "UNKNOWN_TOPIC_OR_PARTITION";
  if (topic === undefined || error !== "NONE") return failOrRetry(process, state, call, error);
  const wanted = topic.partitions.filter(({ partition }) => command.do === "list-offsets" || partition === command.partition)
    .sort((a, b) => a.partition - b.partition);
  if (wanted.length === 0) return failOrRetry(process, state, call, "UNKNOWN_TOPIC_OR_PARTITION");
  const broken = wanted.find(({ leaderId }) => leaderId < 0);
  if (broken !== undefined) return failOrRetry(process, state, call, broken.error === "NONE" ? "LEADER_NOT_AVAILABLE" : broken.error);
  for (const { nodeId, host, port } of response.brokers) state.core.metadata.brokers.set(nodeId, { host, port });
  call.leaders = wanted.map(({ partition, leaderId, leaderEpoch }) => ({ partition, leader: leaderId, leaderEpoch }));
}

/** The value of fetch-metadata: leaders as -1 where nobody leads, errors by name. */
function metadataValue({ brokers, clusterId, controllerId, topics }: ResponseOf<"Metadata">): unknown {
  return {
    brokers, clusterId, controllerId,
    topics: topics.map(({ name, topicId, error, partitions }) => ({
      name, topicId, error,
      partitions: partitions.map(({ partition, error: partitionError, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas }) => ({
        partition, error: partitionError, leader: leaderId, leaderEpoch, replicas: replicaNodes, isr: isrNodes, offlineReplicas,
      })),
    })),
  };
}

function offsetsAnswered(process: ProcessContext, state: AdminState, call: AdminCall, response: ResponseOf<"ListOffsets">): void {
  for (const { partition, error, offset, timestamp, leaderEpoch } of response.topics[0]?.partitions ?? []) {
    if (error !== "NONE") return failOrRetry(process, state, call, error);
    call.offsets.push({ partition, offset, timestampMs: timestamp, leaderEpoch });
  }
  if (call.inFlight > 0) return;
  finish(process, state, call, call.offsets.slice().sort((a, b) => a.partition - b.partition));
}

function recordsAnswered(process: ProcessContext, state: AdminState, call: AdminCall, response: ResponseOf<"Fetch">): void {
  const { command } = call;
  const answer = response.topics[0]?.partitions[0];
  if (command.do !== "read") return;
  const error = response.error !== "NONE" ? response.error : answer?.error ?? "UNKNOWN_SERVER_ERROR";
  if (answer === undefined || error !== "NONE") return failOrRetry(process, state, call, error);
  for (const batch of answer.records) {
    for (const record of recordViews(batch, call.nextOffset, Number.MAX_SAFE_INTEGER)) {
      if (call.records.length < command.limit) call.records.push(record);
    }
    call.nextOffset = Math.max(call.nextOffset, batch.nextOffset);
  }
  if (answer.records.length > 0 && call.records.length < command.limit && call.nextOffset < answer.highWatermark) return;
  finish(process, state, call, call.records);
}

function recordsDeleted(process: ProcessContext, state: AdminState, call: AdminCall, response: ResponseOf<"DeleteRecords">): void {
  const answer = response.topics[0]?.partitions[0];
  const error = answer?.error ?? "UNKNOWN_SERVER_ERROR";
  if (answer === undefined || error !== "NONE") return failOrRetry(process, state, call, error);
  finish(process, state, call, { lowWatermark: answer.lowWatermark });
}
