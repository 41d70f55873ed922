// What the records of the metadata log mean to somebody who watches: brokers that come and go, topics, partitions with a new leader.
// The controller that decided knows why; of records that it has inherited from its predecessor it says what the change itself shows.
import type { ControllerFact, PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { DecisionReason } from "./controller-state.ts";
import { type MetadataImage, type PartitionRegistration, topicById, type TopicImage } from "./image.ts";
import { applyIndexed, type PartitionIndex, type TopicPartitionRef } from "./partition-index.ts";
import { isReassignmentInProgress } from "./reassignment-replicas.ts";
import type { MetadataRecord, PartitionChange } from "./records.ts";

/** Applies records to image and index and tells what has changed, in the order of the records. */
export function applyAndTell(image: MetadataImage, index: PartitionIndex, records: readonly MetadataRecord[], reason: DecisionReason): ControllerFact[] {
  const facts: ControllerFact[] = [];
  const configured = new Set<string>();
  const news = newTopics(records);
  for (const record of records) {
    const before = record.type === "PartitionChangeRecord" ? topicById(image, record.topicId)?.partitions[record.partitionId] : undefined;
    const seen: Before = { isr: before?.isr ?? [], isReassigning: before !== undefined && isReassignmentInProgress(before) };
    // An incarnation that registers again keeps its epoch: nothing new.
    const isAmended = record.type === "RegisterBrokerRecord" && image.brokers.get(record.brokerId)?.brokerEpoch === record.brokerEpoch;
    const cleared = record.type === "ClearElrRecord" ? withEligible(image, record.topicName) : [];
    const removed = record.type === "RemoveTopicRecord" ? topicById(image, record.topicId) : undefined;
    applyIndexed(image, index, record);
    switch (record.type) {
      case "RegisterBrokerRecord":
        if (!isAmended) facts.push({ kind: "broker-registered", broker: record.brokerId, brokerEpoch: record.brokerEpoch });
        break;
      case "BrokerRegistrationChangeRecord": facts.push(...brokerFacts(record, reason)); break;
      case "TopicRecord": facts.push(topicFact(record, news.get(record.name))); break;
      case "RemoveTopicRecord":
        if (removed !== undefined) facts.push({ kind: "topic-deleted", topic: removed.name, topicId: removed.topicId });
        break;
      case "ClearElrRecord":
        for (const { topic, partition } of cleared) facts.push(partitionFact(topic, partition, "eligible-leader-replicas"));
        break;
      case "ConfigRecord":
        if (record.resourceType === "TOPIC" && !news.has(record.resourceName)) configured.add(record.resourceName);
        break;
      case "PartitionRecord": {
        const topic = topicById(image, record.topicId);
        const partition = topic?.partitions[record.partitionId];
        if (topic !== undefined && partition !== undefined) facts.push(partitionFact(topic, partition, news.has(topic.name) ? "created" : "partitions-added"));
        break;
      }
      case "PartitionChangeRecord": {
        const topic = topicById(image, record.topicId);
        if (topic !== undefined && before !== undefined) facts.push(partitionFact(topic, before, changeReason(record, seen, reason, records)));
        break;
      }
      default: break;
    }
  }
  for (const topic of configured) facts.push({ kind: "topic-configured", topic, configs: [...image.topics.get(topic)?.configs ?? []] });
  return facts;
}

interface Before { readonly isr: readonly number[]; readonly isReassigning: boolean }

/** Partitions that have eligible leader replicas to forget: of one topic, or of all when the name is empty. */
function withEligible(image: MetadataImage, topicName: string): TopicPartitionRef[] {
  const named = image.topics.get(topicName);
  const topics = topicName === "" ? [...image.topics.values()] : named === undefined ? [] : [named];
  return topics.flatMap(topic => topic.partitions.filter(({ elr, lastKnownElr }) => elr.length > 0 || lastKnownElr.length > 0).map(partition => ({ topic, partition })));
}

interface NewTopic { partitions: number; readonly configs: (readonly [string, string])[] }

/** What the records say about the topics that they create, by name. */
function newTopics(records: readonly MetadataRecord[]): ReadonlyMap<string, NewTopic> {
  const byName = new Map<string, NewTopic>();
  const byId = new Map<string, NewTopic>();
  for (const record of records) {
    if (record.type === "TopicRecord") {
      const topic: NewTopic = { partitions: 0, configs: [] };
      byName.set(record.name, topic);
      byId.set(record.topicId, topic);
    } else if (record.type === "PartitionRecord") {
      const topic = byId.get(record.topicId);
      if (topic !== undefined) topic.partitions += 1;
    } else if (record.type === "ConfigRecord" && record.resourceType === "TOPIC" && record.value !== null) {
      byName.get(record.resourceName)?.configs.push([record.name, record.value]);
    }
  }
  return byName;
}

function brokerFacts(record: MetadataRecord & { readonly type: "BrokerRegistrationChangeRecord" }, reason: DecisionReason): ControllerFact[] {
  const facts: ControllerFact[] = [];
  if (record.fenced === 1) facts.push({ kind: "broker-fenced", broker: record.brokerId, silentForUs: reason.silentForUs });
  if (record.fenced === -1) facts.push({ kind: "broker-unfenced", broker: record.brokerId });
  if (record.inControlledShutdown === 1) facts.push({ kind: "broker-in-controlled-shutdown", broker: record.brokerId });
  return facts;
}

function topicFact({ name, topicId }: MetadataRecord & { readonly type: "TopicRecord" }, topic: NewTopic | undefined): ControllerFact {
  return { kind: "topic-created", topic: name, topicId, partitions: topic?.partitions ?? 0, configs: topic?.configs ?? [] };
}

function partitionFact(topic: TopicImage, partition: PartitionRegistration, reason: PartitionChangeReason): ControllerFact {
  const { replicas, isr, leader, leaderEpoch, partitionEpoch, addingReplicas, removingReplicas, elr, lastKnownElr } = partition;
  return {
    kind: "partition-changed", topic: topic.name, partition: partition.partition, replicas, isr, leader, leaderEpoch, partitionEpoch,
    ...addingReplicas.length === 0 ? null : { addingReplicas }, ...removingReplicas.length === 0 ? null : { removingReplicas },
    ...elr.length === 0 ? null : { eligibleLeaderReplicas: elr }, ...lastKnownElr.length === 0 ? null : { lastKnownLeaders: lastKnownElr }, reason,
  };
}

/** Whatever made it necessary: a leader that was not in sync is the news, then the end of a reassignment. */
function changeReason(record: PartitionChange, before: Before, reason: DecisionReason, records: readonly MetadataRecord[]): PartitionChangeReason {
  if (record.leaderRecoveryState === "RECOVERING") return "unclean-election";
  const isReassigning = record.addingReplicas !== undefined || record.removingReplicas !== undefined;
  if (reason.partitions === "reassignment-cancelled") return reason.partitions;
  const isOver = (record.addingReplicas ?? []).length === 0 && (record.removingReplicas ?? []).length === 0;
  if (before.isReassigning && isReassigning && isOver) return "reassignment-completed";
  // Complete at once: everybody that shall stay is in sync already.
  if (reason.partitions === "reassignment-started" && !isReassigning) return "reassignment-completed";
  return reason.partitions ?? apparentReason(record, before.isr, records);
}

/** The reason as the records themselves show it. */
function apparentReason(
  record: PartitionChange, isrBefore: readonly number[], records: readonly MetadataRecord[],
): PartitionChangeReason {
  if (record.replicas !== undefined) return "reassignment-started";
  if (record.isr === undefined && record.leader === undefined && record.eligibleLeaderReplicas !== undefined) return "eligible-leader-replicas";
  for (const other of records) {
    if (other.type !== "BrokerRegistrationChangeRecord") continue;
    if (other.inControlledShutdown === 1) return "controlled-shutdown";
    if (other.fenced !== 0) return other.fenced === 1 ? "broker-fenced" : "broker-unfenced";
  }
  if (record.isr === undefined) return "preferred-election";
  return record.isr.length < isrBefore.length ? "isr-shrunk" : "isr-expanded";
}
