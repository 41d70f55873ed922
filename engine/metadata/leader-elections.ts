// Elections on request, the automatic return of preferred leaders, and unclean elections that a setting allows.
// Follows ReplicationControlManager.java: electLeaders, maybeBalancePartitionLeaders, maybeElectUncleanLeaders (3.9, 4.3).
// FIDELITY: META-AUTO-BALANCE, META-UNCLEAN-TASK.
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { Decision, OperationContext } from "./controller-state.ts";
import type { MetadataImage, PartitionRegistration, TopicImage } from "./image.ts";
import { buildPartitionChange, type Election } from "./partition-change-builder.ts";
import { partitionsOf } from "./partition-index.ts";
import { isUncleanElectionEnabled, mayLead, wishFor } from "./partition-leadership.ts";
import type { MetadataRecord, PartitionChange } from "./records.ts";

/** Elections that one run of a periodic task may write. */
const ELECTIONS_MAX = 1000;

interface Outcome { readonly error: KafkaError; readonly errorMessage: string | null }

export function electLeaders(context: OperationContext, request: RequestOf<"ElectLeaders">): Decision<"ElectLeaders"> {
  const election = request.electionType === 1 ? "unclean" : "preferred";
  const records: MetadataRecord[] = [];
  const results: ResponseOf<"ElectLeaders">["results"][number][] = [];
  for (const { topic, partitions } of request.topicPartitions ?? allPartitions(context.image)) {
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

function electOne(context: OperationContext, election: Election, topicName: string, partitionId: number, records: MetadataRecord[]): Outcome {
  const topic = context.image.topics.get(topicName);
  if (topic === undefined) return { error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: `No such topic as ${topicName}` };
  const partition = topic.partitions[partitionId];
  if (partition === undefined) return { error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: `No such partition as ${topicName}-${partitionId}` };
  const isWell = election === "preferred" ? partition.leader === partition.replicas[0] : partition.leader !== -1;
  if (isWell) return { error: "ELECTION_NOT_NEEDED", errorMessage: null };
  const record = electionRecord(context, topic, partition, election);
  if (record === null) {
    return { error: election === "preferred" ? "PREFERRED_LEADER_NOT_AVAILABLE" : "ELIGIBLE_LEADERS_NOT_AVAILABLE", errorMessage: null };
  }
  records.push(record);
  return { error: "NONE", errorMessage: null };
}

function electionRecord(context: OperationContext, topic: TopicImage, partition: PartitionRegistration, election: Election): PartitionChange | null {
  return buildPartitionChange(partition, { ...wishFor(context, topic, election), isAcceptable: broker => mayLead(context.image, partition, broker) });
}

export function hasImbalance(context: Pick<OperationContext, "index">): boolean {
  return context.index.imbalanced.size > 0;
}

/** Brings leadership home to the first replicas wherever that is possible now. */
export function balanceLeaders(context: OperationContext): Decision {
  const records: MetadataRecord[] = [];
  for (const { topic, partition } of partitionsOf(context.image, context.index.imbalanced)) {
    if (records.length >= ELECTIONS_MAX) break;
    const record = electionRecord(context, topic, partition, "preferred");
    if (record !== null) records.push(record);
  }
  return { records, reason: { partitions: "automatic-preferred-election", silentForUs: 0 }, response: null };
}

/** Whether the same task has more to do than one run may write. */
export function isFullRun(decision: Decision): boolean {
  return decision.records.length >= ELECTIONS_MAX;
}

/** Leaders for partitions without one, where unclean.leader.election.enable allows it. */
export function electUncleanLeaders(context: OperationContext): Decision {
  const records: MetadataRecord[] = [];
  for (const { topic, partition } of partitionsOf(context.image, context.index.leaderless)) {
    if (records.length >= ELECTIONS_MAX) break;
    if (!isUncleanElectionEnabled(context, topic)) continue;
    const record = electionRecord(context, topic, partition, "unclean");
    if (record !== null) records.push(record);
  }
  return { records, reason: { partitions: "unclean-election", silentForUs: 0 }, response: null };
}
