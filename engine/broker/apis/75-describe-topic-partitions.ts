// DescribeTopicPartitions (ApiKey 75). Source: DescribeTopicPartitionsRequestHandler.java, KRaftMetadataCache.java (4.3), KIP-966.
//
// Behaviour: topics in the order of their names, with eligible leader replicas and the last known leader, as far as the limit of partitions allows;
// the cursor says where the next request goes on. No topic named: all of them, and unknown names are left out.
// Versions: 0. FIDELITY: BROKER-METADATA.
import type { ProcessContext } from "#engine/core/process.ts";
import type { PartitionRegistration } from "#engine/metadata/image.ts";
import { topicNameProblem } from "#engine/metadata/topic-names.ts";
import { NO_TOPIC_ID } from "#engine/protocol/error-response.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, reply } from "../broker-state.ts";
import { isInternalTopic } from "../internal-topics.ts";

type TopicAnswer = ResponseOf<"DescribeTopicPartitions">["topics"][number];
type PartitionAnswer = TopicAnswer["partitions"][number];
type Cursor = ResponseOf<"DescribeTopicPartitions">["nextCursor"];

/** max.request.partition.size.limit */
const PARTITIONS_MAX = 2000;
/** Authorised operations were not asked for. */
const NO_OPERATIONS = -2_147_483_648;

export function handleDescribeTopicPartitions(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"DescribeTopicPartitions">, replyTo: ReplyTo<"DescribeTopicPartitions">,
): void {
  const isForAll = body.topics.length === 0;
  const names = [...new Set(isForAll ? broker.image.topics.keys() : body.topics.map(({ name }) => name))].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
  let left = Math.min(body.responsePartitionLimit, PARTITIONS_MAX);
  const topics: TopicAnswer[] = [];
  let nextCursor: Cursor = null;
  for (const name of names) {
    if (body.cursor !== null && name < body.cursor.topicName) continue;
    if (left <= 0) {
      nextCursor = { topicName: name, partitionIndex: 0 };
      break;
    }
    const first = body.cursor?.topicName === name ? body.cursor.partitionIndex : 0;
    const answer = answerFor(broker, name, first, left);
    topics.push(answer);
    left -= Math.max(1, answer.partitions.length);
    const end = first + answer.partitions.length;
    if (end >= (broker.image.topics.get(name)?.partitions.length ?? 0)) continue;
    nextCursor = { topicName: name, partitionIndex: end };
    break;
  }
  reply(process, broker, replyTo, { throttleTimeMs: 0, topics, nextCursor });
}

function answerFor(broker: BrokerState, name: string, first: number, limit: number): TopicAnswer {
  const topic = broker.image.topics.get(name);
  if (topic === undefined) {
    const error = topicNameProblem(name) === null ? "UNKNOWN_TOPIC_OR_PARTITION" : "INVALID_TOPIC_EXCEPTION";
    return { error, name, topicId: NO_TOPIC_ID, isInternal: isInternalTopic(name), partitions: [], topicAuthorizedOperations: NO_OPERATIONS };
  }
  return {
    error: "NONE", name, topicId: topic.topicId, isInternal: isInternalTopic(name), topicAuthorizedOperations: NO_OPERATIONS,
    partitions: topic.partitions.slice(first, first + limit).map(partition => described(broker, partition)),
  };
}

function described(broker: BrokerState, partition: PartitionRegistration): PartitionAnswer {
  const isAlive = (id: number): boolean => broker.image.brokers.get(id)?.fenced === false;
  const { partition: partitionIndex, leader, leaderEpoch, replicas, isr, elr, lastKnownElr } = partition;
  const hasLeader = leader !== -1 && isAlive(leader);
  return {
    error: hasLeader ? "NONE" : "LEADER_NOT_AVAILABLE", partitionIndex, leaderId: hasLeader ? leader : -1, leaderEpoch, replicaNodes: replicas, isrNodes: isr,
    eligibleLeaderReplicas: elr, lastKnownElr, offlineReplicas: replicas.filter(id => !isAlive(id)),
  };
}
