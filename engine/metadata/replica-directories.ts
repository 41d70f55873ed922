// Log directories of brokers in the metadata (KIP-858): which one a replica is in, and what follows when one fails.
// Follows ReplicationControlManager.handleAssignReplicasToDirs, handleDirectoriesOffline (3.9). FIDELITY: META-DIRECTORIES.
import { errorResponse } from "#engine/protocol/error-response.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { answerOnly, type Decision, type OperationContext } from "./controller-state.ts";
import { type MetadataImage, topicById } from "./image.ts";
import { buildPartitionChange } from "./partition-change-builder.ts";
import type { PartitionSet } from "./partition-index.ts";
import { changesWithoutReplicas, mayLead, wishFor } from "./partition-leadership.ts";
import type { MetadataRecord } from "./records.ts";

export function assignReplicasToDirs(context: OperationContext, request: RequestOf<"AssignReplicasToDirs">): Decision<"AssignReplicasToDirs"> {
  const { image } = context;
  const broker = image.brokers.get(request.brokerId);
  if (broker?.brokerEpoch !== request.brokerEpoch) return answerOnly(errorResponse("AssignReplicasToDirs", request, "STALE_BROKER_EPOCH"));
  const records: MetadataRecord[] = [];
  const lost: PartitionSet = new Map();
  const directories = request.directories.map(({ id, topics }) => ({
    id, topics: topics.map(({ topicId, partitions }) => ({
      topicId, partitions: partitions.map(({ partitionIndex }) => {
        const error = assignOne(context, { broker: request.brokerId, directory: id }, topicId, partitionIndex, records);
        if (error === "NONE" && !broker.logDirs.includes(id)) lost.set(topicId, new Set([...lost.get(topicId) ?? [], partitionIndex]));
        return { partitionIndex, error };
      }),
    })),
  }));
  records.push(...changesWithoutReplicas(context, request.brokerId, lost));
  const response: ResponseOf<"AssignReplicasToDirs"> = { throttleTimeMs: 0, error: "NONE", directories };
  return { records, reason: { partitions: "log-directory-failed", silentForUs: 0 }, response };
}

function assignOne(
  context: OperationContext, movedTo: { readonly broker: number; readonly directory: string }, topicId: string, partitionIndex: number, records: MetadataRecord[],
): KafkaError {
  const topic = topicById(context.image, topicId);
  if (topic === undefined) return "UNKNOWN_TOPIC_ID";
  const partition = topic.partitions[partitionIndex];
  if (partition === undefined) return "UNKNOWN_TOPIC_OR_PARTITION";
  if (!partition.replicas.includes(movedTo.broker)) return "NOT_LEADER_OR_FOLLOWER";
  const record = buildPartitionChange(partition, {
    ...wishFor(context, topic, "online"), isAcceptable: broker => mayLead(context.image, partition, broker), movedTo,
  });
  if (record !== null) records.push(record);
  return "NONE";
}

/** What a heartbeat with log directories that do not work any more leads to. Empty when nothing is new. */
export function directoriesOffline(context: OperationContext, brokerId: number, offline: readonly string[]): MetadataRecord[] {
  const { image } = context;
  const broker = image.brokers.get(brokerId);
  const failed = broker?.logDirs.filter(directory => offline.includes(directory)) ?? [];
  if (broker === undefined || failed.length === 0) return [];
  const records = failed.flatMap(directory => changesWithoutReplicas(context, brokerId, partitionsIn(image, brokerId, directory)));
  const logDirs = broker.logDirs.filter(directory => !offline.includes(directory));
  return [...records, { type: "BrokerRegistrationChangeRecord", brokerId, brokerEpoch: broker.brokerEpoch, fenced: 0, inControlledShutdown: 0, logDirs }];
}

/** A rare event: it may walk over all partitions. */
function partitionsIn(image: MetadataImage, brokerId: number, directory: string): PartitionSet {
  const found: PartitionSet = new Map();
  for (const { topicId, partitions } of image.topics.values()) {
    const numbers = partitions.filter(({ replicas, directories }) => directories[replicas.indexOf(brokerId)] === directory);
    if (numbers.length > 0) found.set(topicId, new Set(numbers.map(({ partition }) => partition)));
  }
  return found;
}
