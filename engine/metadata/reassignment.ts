// AlterPartitionReassignments and ListPartitionReassignments (KIP-455): replicas move to other brokers. A change that is complete at once, because
// everybody that shall stay is in sync, is one record; otherwise the replica list is longer until the leader's AlterPartition completes it.
// Follows ReplicationControlManager.alterPartitionReassignments, listPartitionReassignments (3.9, 4.3). FIDELITY: META-REASSIGNMENT.
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { answerOnly, type Decision, type OperationContext } from "./controller-state.ts";
import type { PartitionRegistration, TopicImage } from "./image.ts";
import { buildPartitionChange, type ChangeWish } from "./partition-change-builder.ts";
import { isUncleanElectionEnabled, mayLead, wishFor } from "./partition-leadership.ts";
import { isReassignmentInProgress, revertedReassignment, runningReplicas } from "./reassignment-replicas.ts";
import type { MetadataRecord } from "./records.ts";
import { type Refusal, refuse, replicaListProblem } from "./replica-assignment.ts";

type Request = RequestOf<"AlterPartitionReassignments">;

export function alterReassignments(context: OperationContext, request: Request): Decision<"AlterPartitionReassignments"> {
  const records: MetadataRecord[] = [];
  const responses = request.topics.map(({ name, partitions }) => ({
    name, partitions: partitions.map(({ partitionIndex, replicas }) => {
      const outcome = alterOne(context, name, partitionIndex, replicas, request.allowReplicationFactorChange);
      if (outcome !== null && "error" in outcome) return { partitionIndex, ...outcome };
      if (outcome !== null) records.push(outcome);
      return { partitionIndex, error: "NONE" as const, errorMessage: null };
    }),
  }));
  const response: ResponseOf<"AlterPartitionReassignments"> = { throttleTimeMs: 0, error: "NONE", errorMessage: null, responses };
  const isCancel = request.topics.every(topic => topic.partitions.every(partition => partition.replicas === null));
  return { records, reason: { partitions: isCancel ? "reassignment-cancelled" : "reassignment-started", silentForUs: 0 }, response };
}

/** Null: nothing has to change. */
function alterOne(
  context: OperationContext, name: string, partitionIndex: number, replicas: readonly number[] | null, mayChangeFactor: boolean,
): MetadataRecord | Refusal | null {
  const topic = context.image.topics.get(name);
  if (topic === undefined) return refuse("UNKNOWN_TOPIC_OR_PARTITION", `Unable to find a topic named ${name}.`);
  const partition = topic.partitions[partitionIndex];
  if (partition === undefined) return refuse("UNKNOWN_TOPIC_OR_PARTITION", `Unable to find partition ${name}:${partitionIndex}.`);
  return replicas === null ? cancel(context, topic, partition) : change(context, topic, partition, replicas, mayChangeFactor);
}

function change(
  context: OperationContext, topic: TopicImage, partition: PartitionRegistration, target: readonly number[], mayChangeFactor: boolean,
): MetadataRecord | Refusal | null {
  const problem = replicaListProblem(context.image, target, -1);
  if (problem !== null) return refuse("INVALID_REPLICA_ASSIGNMENT", problem);
  const before = isReassignmentInProgress(partition) ? revertedReassignment(partition).replicas.length : partition.replicas.length;
  if (!mayChangeFactor && target.length !== before) {
    return refuse("INVALID_REPLICATION_FACTOR", `The replication factor is changed from ${before} to ${target.length}`);
  }
  const { replicas, removing, adding } = runningReplicas(partition.replicas, target);
  // What was being added or removed before goes on unless this change says otherwise: an empty set is not written.
  const sets: Pick<ChangeWish, "targetRemoving" | "targetAdding"> =
    { ...removing.length === 0 ? {} : { targetRemoving: removing }, ...adding.length === 0 ? {} : { targetAdding: adding } };
  return buildPartitionChange(partition, {
    ...wishFor(context, topic, "online"), isAcceptable: broker => mayLead(context.image, partition, broker), targetReplicas: replicas, ...sets,
  });
}

function cancel(context: OperationContext, topic: TopicImage, partition: PartitionRegistration): MetadataRecord | Refusal | null {
  if (!isReassignmentInProgress(partition)) return refuse("NO_REASSIGNMENT_IN_PROGRESS", "No partition reassignment is in progress.");
  const { replicas, isr, unclean } = revertedReassignment(partition);
  const mayBeUnclean = isUncleanElectionEnabled(context, topic);
  if (unclean && !mayBeUnclean) {
    return refuse("INVALID_REPLICA_ASSIGNMENT",
      `Unable to revert partition assignment for ${topic.name}:${partition.partition} because it would require an unclean leader election.`);
  }
  return buildPartitionChange(partition, {
    ...wishFor(context, topic, mayBeUnclean ? "unclean" : "online"), isAcceptable: broker => mayLead(context.image, partition, broker),
    targetIsr: isr, targetReplicas: replicas, targetRemoving: [], targetAdding: [],
  });
}

/** Only those that are under way; asked for all, every one. */
export function listReassignments(context: OperationContext, request: RequestOf<"ListPartitionReassignments">): Decision<"ListPartitionReassignments"> {
  const { image, index } = context;
  const asked = request.topics?.map(({ name, partitionIndexes }) => ({ topic: image.topics.get(name), numbers: partitionIndexes }))
    ?? [...index.reassigning].map(([topicId, numbers]) => ({ topic: image.topics.get(image.topicNames.get(topicId) ?? ""), numbers: [...numbers] }));
  const topics: { name: string; partitions: ResponseOf<"ListPartitionReassignments">["topics"][number]["partitions"] }[] = [];
  for (const { topic, numbers } of asked) {
    if (topic === undefined) continue;
    const partitions = numbers.flatMap(partitionIndex => {
      const partition = topic.partitions[partitionIndex];
      if (partition === undefined || !isReassignmentInProgress(partition)) return [];
      const { replicas, addingReplicas, removingReplicas } = partition;
      return [{ partitionIndex, replicas, addingReplicas, removingReplicas }];
    });
    if (partitions.length > 0) topics.push({ name: topic.name, partitions });
  }
  return answerOnly({ throttleTimeMs: 0, error: "NONE", errorMessage: null, topics });
}
