// What a message is about, from its body, for pictures and sentences; and whether it is routine traffic.
import { batchView } from "./batch-view.ts";
import type { MessageSummary } from "./view.ts";
import type { Message, RequestMessage, RequestOf, ResponseMessage, ResponseOf } from "#engine/protocol/messages.ts";

export function summarise(message: Message): MessageSummary {
  return message.type === "request" ? summariseRequest(message) : summariseResponse(message);
}

function summariseRequest(message: RequestMessage): MessageSummary {
  switch (message.api) {
    case "Produce": {
      const body = message.body as RequestOf<"Produce">;
      return {
        about: "produce", acks: body.acks,
        partitions: body.topics.flatMap(topic => topic.partitions.map(partition => ({
          topic: topic.name, partition: partition.index, batches: partition.records.map(batchView),
        }))),
      };
    }
    case "Fetch": {
      const body = message.body as RequestOf<"Fetch">;
      return {
        about: "fetch", replica: body.replicaId,
        partitions: body.topics.flatMap(topic => topic.partitions.map(partition => ({
          topic: topic.topic, partition: partition.partition, fetchOffset: partition.fetchOffset, leaderEpoch: partition.currentLeaderEpoch,
        }))),
      };
    }
    default: return { about: "other", errors: [], text: requestText(message) };
  }
}

function summariseResponse(message: ResponseMessage): MessageSummary {
  switch (message.api) {
    case "Produce": {
      const body = message.body as ResponseOf<"Produce">;
      return {
        about: "produce-response",
        partitions: body.topics.flatMap(topic => topic.partitions.map(partition => ({
          topic: topic.name, partition: partition.index, error: partition.error, baseOffset: partition.baseOffset,
        }))),
      };
    }
    case "Fetch": {
      const body = message.body as ResponseOf<"Fetch">;
      return {
        about: "fetch-response",
        partitions: body.topics.flatMap(topic => topic.partitions.map(partition => ({
          topic: topic.topic, partition: partition.partition, error: partition.error, highWatermark: partition.highWatermark,
          batches: partition.records.map(batchView),
        }))),
      };
    }
    default: return { about: "other", errors: errorsIn(message.body), text: responseText(message) };
  }
}

function requestText(message: RequestMessage): string {
  switch (message.api) {
    case "Vote": { const body = message.body as RequestOf<"Vote">; return `node ${body.replicaId} asks for a vote in epoch ${body.replicaEpoch}`; }
    case "BeginQuorumEpoch": { const body = message.body as RequestOf<"BeginQuorumEpoch">; return `node ${body.leaderId} leads the quorum in epoch ${body.leaderEpoch}`; }
    case "EndQuorumEpoch": { const body = message.body as RequestOf<"EndQuorumEpoch">; return `node ${body.leaderId} resigns in epoch ${body.leaderEpoch}`; }
    case "FetchMetadata": { const body = message.body as RequestOf<"FetchMetadata">; return `node ${body.replicaId} asks for metadata from offset ${body.fetchOffset}`; }
    case "BrokerRegistration": { const body = message.body as RequestOf<"BrokerRegistration">; return `broker ${body.brokerId} registers`; }
    case "BrokerHeartbeat": {
      const body = message.body as RequestOf<"BrokerHeartbeat">;
      return `broker ${body.brokerId} is alive${body.wantShutDown ? " and wants to shut down" : body.wantFence ? " and not ready" : ""}`;
    }
    case "AlterPartition": {
      const body = message.body as RequestOf<"AlterPartition">;
      const changes = body.topics.flatMap(topic => topic.partitions.map(partition =>
        `${topic.topic}-${partition.partition} to [${partition.newIsr.map(member => member.brokerId).join(", ")}]`));
      return `broker ${body.brokerId} asks to set the ISR of ${changes.join("; ")}`;
    }
    case "CreateTopics": { const body = message.body as RequestOf<"CreateTopics">; return `create ${body.topics.map(topic => topic.name).join(", ")}`; }
    case "ElectLeaders": { const body = message.body as RequestOf<"ElectLeaders">; return body.electionType === 0 ? "elect preferred leaders" : "elect leaders outside the ISR"; }
    case "Metadata": {
      const body = message.body as RequestOf<"Metadata">;
      return body.topics === null ? "all metadata" : body.topics.length === 0 ? "the brokers" : `metadata of ${body.topics.map(topic => topic.name).join(", ")}`;
    }
    case "ListOffsets": { const body = message.body as RequestOf<"ListOffsets">; return `offsets of ${body.topics.map(topic => topic.name).join(", ")}`; }
    case "InitProducerId": return "a producer id, please";
    case "AllocateProducerIds": { const body = message.body as RequestOf<"AllocateProducerIds">; return `broker ${body.brokerId} asks for a block of producer ids`; }
    default: return controlText(message) ?? operatorText(message);
  }
}

/** What a ZooKeeper-mode controller tells brokers, and what replicas and voters ask besides. Null for other requests. */
function controlText(message: RequestMessage): string | null {
  switch (message.api) {
    case "LeaderAndIsr": {
      const body = message.body as RequestOf<"LeaderAndIsr">;
      const changes = body.topicStates.flatMap(({ topicName, partitionStates }) => partitionStates.map(state => `${topicName}-${state.partitionIndex} led by ${state.leader}`));
      return `controller ${body.controllerId}, epoch ${body.controllerEpoch}: ${shortList(changes)}`;
    }
    case "UpdateMetadata": {
      const body = message.body as RequestOf<"UpdateMetadata">;
      const partitions = body.topicStates.reduce((sum, topic) => sum + topic.partitionStates.length, 0);
      return `controller ${body.controllerId}, epoch ${body.controllerEpoch}: ${body.liveBrokers.length} brokers, ${partitions} partitions`;
    }
    case "StopReplica": {
      const body = message.body as RequestOf<"StopReplica">;
      const replicas = body.topicStates.flatMap(({ topicName, partitionStates }) => partitionStates.map(state => `${topicName}-${state.partitionIndex}${state.deletePartition ? " and delete it" : ""}`));
      return `controller ${body.controllerId}, epoch ${body.controllerEpoch}: stop ${shortList(replicas)}`;
    }
    case "ControlledShutdown": { const body = message.body as RequestOf<"ControlledShutdown">; return `broker ${body.brokerId} wants to shut down`; }
    case "ControllerRegistration": { const body = message.body as RequestOf<"ControllerRegistration">; return `controller ${body.controllerId} registers`; }
    case "AssignReplicasToDirs": { const body = message.body as RequestOf<"AssignReplicasToDirs">; return `broker ${body.brokerId} tells where its replicas lie`; }
    case "FetchSnapshot": { const body = message.body as RequestOf<"FetchSnapshot">; return `node ${body.replicaId} asks for the snapshot ${body.snapshotId.endOffset}-${body.snapshotId.epoch} from byte ${body.position}`; }
    case "OffsetForLeaderEpoch": { const body = message.body as RequestOf<"OffsetForLeaderEpoch">; return `where do epochs of ${shortList(body.topics.map(({ topic }) => topic))} end`; }
    default: return null;
  }
}

/** What an operator's tools ask. */
function operatorText(message: RequestMessage): string {
  switch (message.api) {
    case "DeleteTopics": { const body = message.body as RequestOf<"DeleteTopics">; return `delete ${shortList(body.topics.map(({ name }) => name ?? ""))}`; }
    case "CreatePartitions": { const body = message.body as RequestOf<"CreatePartitions">; return shortList(body.topics.map(({ name, count }) => `${name} to ${count} partitions`)); }
    case "IncrementalAlterConfigs": { const body = message.body as RequestOf<"IncrementalAlterConfigs">; return `settings of ${shortList(body.resources.map(({ resourceName }) => resourceName))}`; }
    case "DescribeConfigs": { const body = message.body as RequestOf<"DescribeConfigs">; return `settings of ${shortList(body.resources.map(({ resourceName }) => resourceName))}`; }
    case "AlterPartitionReassignments": {
      const body = message.body as RequestOf<"AlterPartitionReassignments">;
      return shortList(body.topics.flatMap(({ name, partitions }) => partitions.map(({ partitionIndex, replicas }) =>
        replicas === null ? `leave ${name}-${partitionIndex}` : `${name}-${partitionIndex} to [${replicas.join(", ")}]`)));
    }
    case "ListPartitionReassignments": return "what is being moved";
    case "DeleteRecords": { const body = message.body as RequestOf<"DeleteRecords">; return `delete records of ${shortList(body.topics.map(({ name }) => name))}`; }
    case "DescribeQuorum": return "how the quorum stands";
    case "AddRaftVoter": { const body = message.body as RequestOf<"AddRaftVoter">; return `make node ${body.voterId} a voter`; }
    case "RemoveRaftVoter": { const body = message.body as RequestOf<"RemoveRaftVoter">; return `take node ${body.voterId} out of the voters`; }
    default: return "";
  }
}

const LISTED_MAX = 3;

function shortList(items: readonly string[]): string {
  return items.length <= LISTED_MAX ? items.join(", ") : `${items.slice(0, LISTED_MAX).join(", ")} and ${items.length - LISTED_MAX} more`;
}

function responseText(message: ResponseMessage): string {
  switch (message.api) {
    case "Vote": { const body = message.body as ResponseOf<"Vote">; return body.voteGranted ? `vote granted in epoch ${body.leaderEpoch}` : `vote refused in epoch ${body.leaderEpoch}`; }
    case "FetchMetadata": {
      const body = message.body as ResponseOf<"FetchMetadata">;
      return body.records.length === 0 ? "no new metadata" : `${body.records.length} batches of metadata`;
    }
    case "BrokerRegistration": { const body = message.body as ResponseOf<"BrokerRegistration">; return `broker epoch ${body.brokerEpoch}`; }
    case "BrokerHeartbeat": {
      const body = message.body as ResponseOf<"BrokerHeartbeat">;
      return body.shouldShutDown ? "may shut down" : body.isFenced ? "is fenced" : "is in service";
    }
    case "InitProducerId": { const body = message.body as ResponseOf<"InitProducerId">; return `producer id ${body.producerId}`; }
    case "AllocateProducerIds": { const body = message.body as ResponseOf<"AllocateProducerIds">; return `${body.producerIdLen} producer ids from ${body.producerIdStart}`; }
    default: return "";
  }
}

/** Names other than NONE in any `error` field of the body. */
export function errorsIn(body: unknown): string[] {
  const errors: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      for (const key of Object.keys(value)) {
        const item = (value as Record<string, unknown>)[key];
        if (key !== "error") visit(item);
        else if (typeof item === "string" && item !== "NONE" && !errors.includes(item)) errors.push(item);
      }
    }
  };
  visit(body);
  return errors;
}

/**
 * Routine traffic: heartbeats that say nothing new, fetches that bring nothing and were not caused by something that happened.
 * `afterNews`: the message was sent because of a fact other than a message.
 */
export function isRoutine(message: Message, afterNews: boolean): boolean {
  switch (message.api) {
    case "ApiVersions": return true;
    case "BrokerHeartbeat": return message.type === "request" ? !wantsSomething(message.body as RequestOf<"BrokerHeartbeat">)
      : isPlainHeartbeat(message.body as ResponseOf<"BrokerHeartbeat">);
    case "Fetch": return !afterNews && (message.type === "request" || isEmptyFetch(message.body as ResponseOf<"Fetch">));
    case "FetchMetadata": return message.type === "request" ? !afterNews : isIdleMetadata(message.body as ResponseOf<"FetchMetadata">);
    default: return false;
  }
}

function wantsSomething(body: RequestOf<"BrokerHeartbeat">): boolean {
  return body.wantFence || body.wantShutDown;
}

function isPlainHeartbeat(body: ResponseOf<"BrokerHeartbeat">): boolean {
  return body.error === "NONE" && !body.isFenced && !body.shouldShutDown;
}

function isEmptyFetch(body: ResponseOf<"Fetch">): boolean {
  return body.error === "NONE" && body.topics.every(topic => topic.partitions.every(partition =>
    partition.error === "NONE" && partition.records.length === 0 && partition.divergingEpoch.epoch < 0));
}

/** Nothing, or only the NoOpRecord that an idle controller appends every 500 ms. */
function isIdleMetadata(body: ResponseOf<"FetchMetadata">): boolean {
  if (body.error !== "NONE" || body.divergingEpoch.epoch >= 0) return false;
  return body.records.every(batch => "records" in batch && Array.isArray(batch.records)
    && (batch.records as readonly { readonly type: string }[]).every(record => record.type === "NoOpRecord"));
}
