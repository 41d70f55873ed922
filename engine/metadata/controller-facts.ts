// What the records of the metadata log mean to somebody who watches: brokers that come and go, topics, partitions with a new leader.
// The controller that decided knows why; of records that it has inherited from its predecessor it says what the change itself shows.
import type { ControllerFact, PartitionChangeReason } from "#engine/protocol/facts.ts";
import { applyRecord, topicById } from "./apply-record.ts";
import type { DecisionReason } from "./controller-state.ts";
import type { MetadataImage, PartitionRegistration, TopicImage } from "./image.ts";
import type { MetadataRecord } from "./records.ts";

/** Applies records to the image and tells what has changed, in the order of the records. */
export function applyAndTell(image: MetadataImage, records: readonly MetadataRecord[], reason: DecisionReason): ControllerFact[] {
  const facts: ControllerFact[] = [];
  for (const record of records) {
    const before = record.type === "PartitionChangeRecord" ? topicById(image, record.topicId)?.partitions[record.partitionId] : undefined;
    const isrBefore = before?.isr ?? [];
    // An incarnation that registers again keeps its epoch: nothing new.
    const isAmended = record.type === "RegisterBrokerRecord" && image.brokers.get(record.brokerId)?.brokerEpoch === record.brokerEpoch;
    applyRecord(image, record);
    switch (record.type) {
      case "RegisterBrokerRecord":
        if (!isAmended) facts.push({ kind: "broker-registered", broker: record.brokerId, brokerEpoch: record.brokerEpoch });
        break;
      case "BrokerRegistrationChangeRecord": facts.push(...brokerFacts(record, reason)); break;
      case "TopicRecord": facts.push(topicFact(record, records)); break;
      case "PartitionRecord": {
        const topic = topicById(image, record.topicId);
        const partition = topic?.partitions[record.partitionId];
        if (topic !== undefined && partition !== undefined) facts.push(partitionFact(topic, partition, "created"));
        break;
      }
      case "PartitionChangeRecord": {
        const topic = topicById(image, record.topicId);
        // Whatever made it necessary: a leader that was not in sync is the news.
        const why = record.leaderRecoveryState === "RECOVERING" ? "unclean-election" : reason.partitions ?? apparentReason(record, isrBefore, records);
        if (topic !== undefined && before !== undefined) facts.push(partitionFact(topic, before, why));
        break;
      }
      default: break;
    }
  }
  return facts;
}

function brokerFacts(record: MetadataRecord & { readonly type: "BrokerRegistrationChangeRecord" }, reason: DecisionReason): ControllerFact[] {
  const facts: ControllerFact[] = [];
  if (record.fenced === 1) facts.push({ kind: "broker-fenced", broker: record.brokerId, silentForUs: reason.silentForUs });
  if (record.fenced === -1) facts.push({ kind: "broker-unfenced", broker: record.brokerId });
  if (record.inControlledShutdown === 1) facts.push({ kind: "broker-in-controlled-shutdown", broker: record.brokerId });
  return facts;
}

function topicFact(record: MetadataRecord & { readonly type: "TopicRecord" }, records: readonly MetadataRecord[]): ControllerFact {
  const configs: (readonly [string, string])[] = [];
  let partitions = 0;
  for (const other of records) {
    if (other.type === "PartitionRecord" && other.topicId === record.topicId) partitions += 1;
    if (other.type === "ConfigRecord" && other.resourceName === record.name && other.value !== null) configs.push([other.name, other.value]);
  }
  return { kind: "topic-created", topic: record.name, topicId: record.topicId, partitions, configs };
}

function partitionFact(topic: TopicImage, partition: PartitionRegistration, reason: PartitionChangeReason): ControllerFact {
  const { replicas, isr, leader, leaderEpoch, partitionEpoch } = partition;
  return { kind: "partition-changed", topic: topic.name, partition: partition.partition, replicas, isr, leader, leaderEpoch, partitionEpoch, reason };
}

/** The reason as the records themselves show it. */
function apparentReason(
  record: MetadataRecord & { readonly type: "PartitionChangeRecord" }, isrBefore: readonly number[], records: readonly MetadataRecord[],
): PartitionChangeReason {
  for (const other of records) {
    if (other.type !== "BrokerRegistrationChangeRecord") continue;
    if (other.inControlledShutdown === 1) return "controlled-shutdown";
    if (other.fenced !== 0) return other.fenced === 1 ? "broker-fenced" : "broker-unfenced";
  }
  if (record.isr === undefined) return "preferred-election";
  return record.isr.length < isrBefore.length ? "isr-shrunk" : "isr-expanded";
}
