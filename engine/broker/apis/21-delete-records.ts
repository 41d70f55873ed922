// DeleteRecords (ApiKey 21). Source: KafkaApis.handleDeleteRecordsRequest, ReplicaManager.deleteRecords, Partition.deleteRecordsOnLeader (3.9).
//
// Behaviour: the leader moves the beginning of its log up to the offset (-1: the high watermark) and answers when all live replicas have done so
// too: with the low watermark, or REQUEST_TIMED_OUT after timeoutMs. Beyond the high watermark: OFFSET_OUT_OF_RANGE; a topic that is not deleted
// from (cleanup.policy=compact): POLICY_VIOLATION; an internal topic: INVALID_TOPIC_EXCEPTION.
// Versions: 2.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { maybeIncrementLogStartOffset } from "#engine/log/log-start.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { absentPartitionError, type BrokerState, partitionAt, reply } from "../broker-state.ts";
import { delayDeleteRecords, type DeleteRecordsStatus, lowWatermark } from "../delayed-delete-records.ts";
import { openInSessions } from "../fetch-sessions.ts";
import { isInternalTopic } from "../internal-topics.ts";

const TO_HIGH_WATERMARK = -1;

export function handleDeleteRecords(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"DeleteRecords">, replyTo: ReplyTo<"DeleteRecords">,
): void {
  const statuses = body.topics.flatMap(({ name, partitions }) => partitions.map(({ partitionIndex, offset }) => deleteFrom(process, broker, name, partitionIndex, offset)));
  delayDeleteRecords(process, broker, { deadlineUs: process.now + fromMs(body.timeoutMs), cause: process.cause, replyTo, statuses });
}

function deleteFrom(process: ProcessContext, broker: BrokerState, topic: string, index: number, requested: number): DeleteRecordsStatus {
  const failed = (error: KafkaError): DeleteRecordsStatus => ({ topic, partition: index, waitsFor: -1, lowWatermark: -1, error, isSettled: true });
  if (isInternalTopic(topic)) return failed("INVALID_TOPIC_EXCEPTION");
  const partition = partitionAt(broker, topic, index);
  if (partition === undefined) return failed(absentPartitionError(broker, topic, index));
  if (partition.role !== "leader") return failed("NOT_LEADER_OR_FOLLOWER");
  if (!deletesRecords(broker, topic)) return failed("POLICY_VIOLATION");
  const { log } = partition;
  const offset = requested === TO_HIGH_WATERMARK ? log.highWatermark : requested;
  if (offset < 0 || offset > log.highWatermark) return failed("OFFSET_OUT_OF_RANGE");
  if (maybeIncrementLogStartOffset(process, log, offset, partition.config)) openInSessions(broker.fetchSessions, topic, index);
  const low = lowWatermark(broker, partition);
  return { topic, partition: index, waitsFor: offset, lowWatermark: low, error: "NONE", isSettled: low >= offset };
}

function deletesRecords(broker: BrokerState, topic: string): boolean {
  const policy = broker.image.topics.get(topic)?.configs.get("cleanup.policy") ?? "delete";
  return policy.split(",").some(part => part.trim() === "delete");
}

export function answerDeleteRecords(
  process: ProcessContext, broker: BrokerState, replyTo: ReplyTo<"DeleteRecords">, statuses: readonly DeleteRecordsStatus[],
): void {
  const topics: { name: string; partitions: ResponseOf<"DeleteRecords">["topics"][number]["partitions"][number][] }[] = [];
  for (const status of statuses) {
    let topic = topics.find(known => known.name === status.topic);
    if (topic === undefined) topics.push(topic = { name: status.topic, partitions: [] });
    topic.partitions.push({ partitionIndex: status.partition, lowWatermark: status.lowWatermark, error: status.error });
  }
  reply(process, broker, replyTo, { throttleTimeMs: 0, topics });
}
