// Metadata (ApiKey 3). Source: KafkaApis.handleTopicMetadataRequest, KRaftMetadataCache.java, AutoTopicCreationManager.scala (3.9).
//
// Behaviour: brokers are those that are not fenced; controllerId is a random one of them (KRaft has no controller that clients may ask); a partition
// whose leader is nobody answers LEADER_NOT_AVAILABLE; replicas on fenced brokers are offline. A topic that is not there is created
// with num.partitions and default.replication.factor when broker and client allow it, and answered with UNKNOWN_TOPIC_OR_PARTITION
// meanwhile. `topics` null: all.
// Versions: 12, by topic name. FIDELITY: BROKER-METADATA.
import type { ProcessContext } from "#engine/core/process.ts";
import type { PartitionRegistration, TopicImage } from "#engine/metadata/image.ts";
import { topicNameProblem } from "#engine/metadata/topic-names.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, reply } from "../broker-state.ts";
import { askController } from "../controller-channel.ts";

type TopicAnswer = ResponseOf<"Metadata">["topics"][number];
type PartitionAnswer = TopicAnswer["partitions"][number];

const NO_TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAA";
const AUTO_CREATE_TIMEOUT_MS = 30_000;

export function handleMetadata(process: ProcessContext, broker: BrokerState, body: RequestOf<"Metadata">, replyTo: ReplyTo<"Metadata">): void {
  const { image } = broker;
  const topics = body.topics === null
    ? [...image.topics.values()].map(topic => described(broker, topic))
    : body.topics.map(({ name }) => answerFor(broker, name));
  if (body.topics !== null && body.allowAutoTopicCreation && broker.settings["auto.create.topics.enable"]) {
    createMissing(process, broker, topics.filter(topic => topic.error === "UNKNOWN_TOPIC_OR_PARTITION").map(topic => topic.name));
  }
  const alive = [...image.brokers.values()].filter(registration => !registration.fenced);
  const controllerId = alive.length === 0 ? -1 : alive[process.random("metadata controller", alive.length)]?.brokerId ?? -1;
  reply(process, broker, replyTo, {
    throttleTimeMs: 0, brokers: alive.map(({ brokerId: nodeId, host, port, rack }) => ({ nodeId, host, port, rack })),
    clusterId: broker.node.clusterId, controllerId, topics,
  });
}

function answerFor(broker: BrokerState, name: string): TopicAnswer {
  if (topicNameProblem(name) !== null) return absent(name, "INVALID_TOPIC_EXCEPTION");
  const topic = broker.image.topics.get(name);
  return topic === undefined ? absent(name, "UNKNOWN_TOPIC_OR_PARTITION") : described(broker, topic);
}

function absent(name: string, error: KafkaError): TopicAnswer {
  return { error, name, topicId: NO_TOPIC_ID, isInternal: false, partitions: [] };
}

function described(broker: BrokerState, topic: TopicImage): TopicAnswer {
  const partitions = topic.partitions.map(registration => partitionAnswer(broker, registration));
  return { error: "NONE", name: topic.name, topicId: topic.topicId, isInternal: false, partitions };
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
function createMissing(process: ProcessContext, broker: BrokerState, names: readonly string[]): void {
  const topics = names.filter((name, index) => !broker.autoCreating.has(name) && names.indexOf(name) === index);
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
