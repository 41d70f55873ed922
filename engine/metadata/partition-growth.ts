// CreatePartitions: a topic gets more partitions. As many replicas as partition 0 has now, the ones that a running reassignment adds included.
// Follows ReplicationControlManager.createPartitions and ControllerApis.createPartitions (3.9). FIDELITY: META-PARTITION-GROWTH.
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { answerOnly, type Decision, type OperationContext, TOO_MANY_RECORDS, USER_RECORDS_MAX } from "./controller-state.ts";
import type { TopicImage } from "./image.ts";
import type { JavaRandom } from "./java-random.ts";
import { takeMutations } from "./mutation-quota.ts";
import type { MetadataRecord } from "./records.ts";
import { manualPartition, type NewPartition, partitionRecord, placedPartitions, type Refusal, refuse } from "./replica-assignment.ts";

type Wish = RequestOf<"CreatePartitions">["topics"][number];

export function createPartitions(context: OperationContext, request: RequestOf<"CreatePartitions">, random: JavaRandom): Decision<"CreatePartitions"> {
  const records: MetadataRecord[] = [];
  const results = request.topics.map((wish, index): ResponseOf<"CreatePartitions">["results"][number] => {
    const isDuplicate = request.topics.some((other, otherIndex) => otherIndex !== index && other.name === wish.name);
    const grown = isDuplicate ? refuse("INVALID_REQUEST", "Duplicate topic name.") : grow(context, wish, random);
    if ("error" in grown) return { name: wish.name, ...grown };
    records.push(...grown);
    return { name: wish.name, error: "NONE", errorMessage: null };
  });
  const response: ResponseOf<"CreatePartitions"> = { throttleTimeMs: context.mutations.throttleTimeMs, results };
  return request.validateOnly ? answerOnly(response) : { records, reason: { partitions: "partitions-added", silentForUs: 0 }, response };
}

function grow(context: OperationContext, wish: Wish, random: JavaRandom): MetadataRecord[] | Refusal {
  const { image } = context;
  const topic = image.topics.get(wish.name);
  if (topic === undefined) return refuse("UNKNOWN_TOPIC_OR_PARTITION");
  const existing = topic.partitions.length;
  if (wish.count === existing) return refuse("INVALID_PARTITIONS", `Topic already has ${existing} partition(s).`);
  if (wish.count < existing) {
    return refuse("INVALID_PARTITIONS", `The topic ${wish.name} currently has ${existing} partition(s); ${wish.count} would not be an increase.`);
  }
  const additional = wish.count - existing;
  if (wish.assignments !== null && wish.assignments.length !== additional) {
    return refuse("INVALID_REPLICA_ASSIGNMENT",
      `Attempted to add ${additional} additional partition(s), but only ${wish.assignments.length} assignment(s) were specified.`);
  }
  const exceeded = takeMutations(context.mutations, additional);
  if (exceeded !== null) return exceeded;
  if (additional > USER_RECORDS_MAX) return refuse("POLICY_VIOLATION", TOO_MANY_RECORDS);
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 1;
  const added = wish.assignments === null ? placedPartitions(context, additional, replicationFactor, random, "")
    : manualPartitions(context, topic, wish.assignments, replicationFactor);
  if ("error" in added) return added;
  return added.map((partition, index) => partitionRecord(image, topic.topicId, existing + index, partition));
}

function manualPartitions(
  { image }: OperationContext, topic: TopicImage, assignments: readonly { readonly brokerIds: readonly number[] }[], replicationFactor: number,
): NewPartition[] | Refusal {
  const added: NewPartition[] = [];
  for (const [index, { brokerIds }] of assignments.entries()) {
    const partition = manualPartition(image, topic.partitions.length + index, brokerIds, replicationFactor);
    if ("error" in partition) return partition;
    added.push(partition);
  }
  return added;
}
