// Metadata (ApiKey 3). Source: KafkaApis.handleTopicMetadataRequest, KRaftMetadataCache.java, AutoTopicCreationManager.scala (3.9).
//
// Behaviour: brokers are those that are not fenced; controllerId is in KRaft mode a random one of them (there is no controller that clients may ask),
// in ZooKeeper mode the controller; a partition whose leader is nobody answers LEADER_NOT_AVAILABLE; replicas on fenced brokers are offline. A topic
// that is not there is created with num.partitions and default.replication.factor when broker and client allow it. Meanwhile the answer is
// UNKNOWN_TOPIC_OR_PARTITION in KRaft mode; in ZooKeeper mode the broker creates it itself and answers LEADER_NOT_AVAILABLE, or why it could not.
// `topics` null: all.
// Versions: 12, by topic name. FIDELITY: BROKER-METADATA.
import type { ProcessContext } from "#engine/core/process.ts";
import type { PartitionRegistration, TopicImage } from "#engine/metadata/image.ts";
import { isMigrationEnabled } from "#engine/metadata/kraft-settings.ts";
import { topicNameProblem } from "#engine/metadata/topic-names.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, reply, type ZooKeeperCreation } from "../broker-state.ts";
import { askController } from "../controller-channel.ts";
import { isInternalTopic } from "../internal-topics.ts";

type TopicAnswer = ResponseOf<"Metadata">["topics"][number];
type PartitionAnswer = TopicAnswer["partitions"][number];

const NO_TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAA";
const AUTO_CREATE_TIMEOUT_MS = 30_000;

export function handleMetadata(process: ProcessContext, broker: BrokerState, body: RequestOf<"Metadata">, replyTo: ReplyTo<"Metadata">): void {
  const missing = body.topics !== null && body.allowAutoTopicCreation && broker.settings["auto.create.topics.enable"]
    ? body.topics.map(({ name }) => name).filter((name, index, names) => isMissing(broker, name) && names.indexOf(name) === index) : [];
  if (missing.length > 0) {
    if (broker.node.mode === "zookeeper") {
      broker.zookeeperCreations.push({ topics: missing, body, replyTo });
      return;
    }
    createMissing(process, broker, missing);
  }
  answerMetadata(process, broker, body, replyTo, NO_ERRORS);
}
const NO_ERRORS: ReadonlyMap<string, KafkaError> = new Map();

function isMissing(broker: BrokerState, name: string): boolean {
  return topicNameProblem(name) === null && !broker.image.topics.has(name);
}

/**
 * ZooKeeper mode: what became of the topics of a creation. Whoever finds the topic made, or being made, is told that its leaders are not there yet.
 */
export function metadataTopicsCreated(
  process: ProcessContext, broker: BrokerState, { body, replyTo }: ZooKeeperCreation, errors: ReadonlyMap<string, KafkaError>,
): void {
  const told = new Map<string, KafkaError>();
  for (const [name, error] of errors) told.set(name, error === "NONE" || error === "TOPIC_ALREADY_EXISTS" ? "LEADER_NOT_AVAILABLE" : error);
  answerMetadata(process, broker, body, replyTo, told);
}

/** `errors` of topics that were not there when the request came. */
function answerMetadata(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"Metadata">, replyTo: ReplyTo<"Metadata">, errors: ReadonlyMap<string, KafkaError>,
): void {
  const { image } = broker;
  const topics = body.topics === null
    ? [...image.topics.values()].map(topic => described(broker, topic))
    : body.topics.map(({ name }) => answerFor(broker, name, errors.get(name)));
  const alive = [...image.brokers.values()].filter(registration => !registration.fenced);
  reply(process, broker, replyTo, {
    throttleTimeMs: 0, brokers: alive.map(({ brokerId: nodeId, host, port, rack }) => ({ nodeId, host, port, rack })),
    clusterId: broker.node.clusterId, controllerId: controllerIdFor(process, broker, alive), topics,
  });
}

function controllerIdFor(process: ProcessContext, broker: BrokerState, alive: readonly { readonly brokerId: number }[]): number {
  // A KRaft controller that leads brokers in ZooKeeper mode is none that clients may ask.
  const isKraft = broker.node.mode === "kraft" || isMigrationEnabled(broker.node) && broker.controllerId !== -1 && !broker.image.brokers.has(broker.controllerId);
  if (!isKraft) return broker.controllerId;
  return alive.length === 0 ? -1 : alive[process.random("metadata controller", alive.length)]?.brokerId ?? -1;
}

function answerFor(broker: BrokerState, name: string, error: KafkaError = "UNKNOWN_TOPIC_OR_PARTITION"): TopicAnswer {
  if (topicNameProblem(name) !== null) return absent(name, "INVALID_TOPIC_EXCEPTION");
  const topic = broker.image.topics.get(name);
  return topic === undefined || error === "LEADER_NOT_AVAILABLE" ? absent(name, error) : described(broker, topic);
}

function absent(name: string, error: KafkaError): TopicAnswer {
  return { error, name, topicId: NO_TOPIC_ID, isInternal: false, partitions: [] };
}

function described(broker: BrokerState, topic: TopicImage): TopicAnswer {
  const partitions: PartitionAnswer[] = [];
  // A broker in ZooKeeper mode may have been told of some partitions only.
  for (const registration of topic.partitions) if (registration !== undefined) partitions.push(partitionAnswer(broker, registration));
  return { error: "NONE", name: topic.name, topicId: topic.topicId, isInternal: isInternalTopic(topic.name), partitions };
}

function partitionAnswer(broker: BrokerState, registration: PartitionRegistration): PartitionAnswer {
  const { brokers } = broker.image;
  const { partition, leader, leaderEpoch, replicas, isr } = registration;
  const isLed = brokers.has(leader);
  return {
    error: isLed ? "NONE" : "LEADER_NOT_AVAILABLE", partition, leaderId: isLed ? leader : -1, leaderEpoch, replicaNodes: replicas, isrNodes: isr,
    offlineReplicas: replicas.filter(replica => brokers.get(replica)?.fenced ?? true),
  };
}

/** Asks the controller, once for a topic at a time. */
export function createMissing(process: ProcessContext, broker: BrokerState, names: readonly string[]): void {
  const topics = names.filter(name => !broker.autoCreating.has(name));
  if (topics.length === 0) return;
  for (const name of topics) broker.autoCreating.add(name);
  const { settings } = broker;
  askController(process, broker.forwardingChannel, {
    api: "CreateTopics", timeoutMs: AUTO_CREATE_TIMEOUT_MS, context: { for: "auto-create", topics },
    body: {
      topics: topics.map(name => ({
        name, numPartitions: settings["num.partitions"], replicationFactor: settings["default.replication.factor"], assignments: [], configs: [],
      })),
      timeoutMs: AUTO_CREATE_TIMEOUT_MS, validateOnly: false,
    },
  });
}
