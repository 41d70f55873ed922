// Which partitions change when a broker comes or goes, and elections on request.
// Follows ReplicationControlManager.java (3.9): generateLeaderAndIsrUpdates, electLeaders, maybeBalancePartitionLeaders.
// FIDELITY: META-ITERATION-ORDER, META-UNCLEAN-TASK.
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { Decision, OperationContext } from "./controller-state.ts";
import type { MetadataImage, PartitionRegistration, TopicImage } from "./image.ts";
import { buildPartitionChange, type Election } from "./partition-change-builder.ts";
import type { MetadataRecord } from "./records.ts";

/** Elections that one run of the automatic balance may write. */
const BALANCE_ELECTIONS_MAX = 1000;

/** Unfenced and not about to stop: may lead and be in sync. */
export function isActiveBroker(image: MetadataImage, broker: number): boolean {
  const registration = image.brokers.get(broker);
  return registration !== undefined && !registration.fenced && !registration.inControlledShutdown;
}

function isUnclean(context: OperationContext, topic: TopicImage): boolean {
  const setting = topic.configs.get("unclean.leader.election.enable");
  return setting === undefined ? context.config.uncleanLeaderElection : setting === "true";
}

/** Changes that follow when `leaving` must be out of all in-sync replicas and lead nothing. */
export function changesWithout(context: OperationContext, leaving: number): MetadataRecord[] {
  return changes(context, partition => partition.isr.includes(leaving), leaving, -1);
}

/** Elections that become possible when `arriving` may lead: only partitions that nobody leads are looked at. */
export function changesWith(context: OperationContext, arriving: number): MetadataRecord[] {
  return changes(context, partition => partition.leader === -1, -1, arriving);
}

function changes(
  context: OperationContext, concerns: (partition: PartitionRegistration) => boolean, leaving: number, arriving: number,
): MetadataRecord[] {
  const isAcceptable = (broker: number): boolean => broker !== leaving && (broker === arriving || isActiveBroker(context.image, broker));
  const records: MetadataRecord[] = [];
  for (const topic of context.image.topics.values()) {
    const election: Election = isUnclean(context, topic) ? "unclean" : "online";
    for (const partition of topic.partitions) {
      if (!concerns(partition)) continue;
      const targetIsr = partition.isr.filter(broker => broker !== leaving);
      const record = buildPartitionChange(partition, { topicId: topic.topicId, targetIsr, election, isAcceptable });
      if (record !== null) records.push(record);
    }
  }
  return records;
}

// ---- elections

export function electLeaders(context: OperationContext, request: RequestOf<"ElectLeaders">): Decision<"ElectLeaders"> {
  const election = request.electionType === 1 ? "unclean" : "preferred";
  const records: MetadataRecord[] = [];
  const results: { topic: string; partitions: { partition: number; error: KafkaError; errorMessage: string | null }[] }[] = [];
  const asked = request.topicPartitions ?? allPartitions(context.image);
  for (const { topic, partitions } of asked) {
    const answers: { partition: number; error: KafkaError; errorMessage: string | null }[] = [];
    for (const partition of partitions) {
      const answer = electOne(context, election, topic, partition, records);
      // Asked for all, the answer leaves out what was well already.
      if (request.topicPartitions !== null || answer.error !== "ELECTION_NOT_NEEDED") answers.push({ partition, ...answer });
    }
    if (answers.length > 0) results.push({ topic, partitions: answers });
  }
  const response: ResponseOf<"ElectLeaders"> = { throttleTimeMs: 0, error: "NONE", results };
  return { records, reason: { partitions: election === "unclean" ? "unclean-election" : "preferred-election", silentForUs: 0 }, response };
}

function allPartitions(image: MetadataImage): { topic: string; partitions: number[] }[] {
  return [...image.topics.values()].map(topic => ({ topic: topic.name, partitions: topic.partitions.map(partition => partition.partition) }));
}

function electOne(
  context: OperationContext, election: Election, topicName: string, partitionId: number, records: MetadataRecord[],
): { readonly error: KafkaError; readonly errorMessage: string | null } {
  const topic = context.image.topics.get(topicName);
  if (topic === undefined) return { error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: `No such topic as ${topicName}` };
  const partition = topic.partitions[partitionId];
  if (partition === undefined) return { error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: `No such partition as ${topicName}-${partitionId}` };
  const isWell = election === "preferred" ? isLedByPreferred(partition) : partition.leader !== -1;
  if (isWell) return { error: "ELECTION_NOT_NEEDED", errorMessage: null };
  const record = electionRecord(context, topic, partition, election);
  if (record === null) {
    return { error: election === "preferred" ? "PREFERRED_LEADER_NOT_AVAILABLE" : "ELIGIBLE_LEADERS_NOT_AVAILABLE", errorMessage: null };
  }
  records.push(record);
  return { error: "NONE", errorMessage: null };
}

function electionRecord(context: OperationContext, topic: TopicImage, partition: PartitionRegistration, election: Election): MetadataRecord | null {
  return buildPartitionChange(partition, {
    topicId: topic.topicId, targetIsr: partition.isr, election, isAcceptable: broker => isActiveBroker(context.image, broker),
  });
}

export function isLedByPreferred(partition: PartitionRegistration): boolean {
  return partition.leader === partition.replicas[0];
}

export function hasImbalance(image: MetadataImage): boolean {
  for (const topic of image.topics.values()) if (topic.partitions.some(partition => !isLedByPreferred(partition))) return true;
  return false;
}

/** Brings leadership home to the first replicas wherever that is possible now. */
export function balanceLeaders(context: OperationContext): Decision {
  const records: MetadataRecord[] = [];
  for (const topic of context.image.topics.values()) {
    for (const partition of topic.partitions) {
      if (isLedByPreferred(partition) || records.length >= BALANCE_ELECTIONS_MAX) continue;
      const record = electionRecord(context, topic, partition, "preferred");
      if (record !== null) records.push(record);
    }
  }
  return { records, reason: { partitions: "automatic-preferred-election", silentForUs: 0 }, response: null };
}
