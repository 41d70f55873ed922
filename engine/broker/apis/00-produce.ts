// Produce (ApiKey 0). Source: KafkaApis.handleProduceRequest, ReplicaManager.appendRecords (3.9).
//
// Behaviour: each partition's one batch is checked and appended by its leader. acks=0: no response; when an append fails the connection is
// closed, which is all a client can learn. acks=1: answered after the append. acks=-1: refused with NOT_ENOUGH_REPLICAS when the
// committed ISR is smaller than the effective min.insync.replicas, else answered when the high watermark has passed the batch,
// with REQUEST_TIMED_OUT after the request's own timeout. Only rejected records carry an error message, as recorded. A wrong broker names the leader (KIP-951).
// Versions: 11. FIDELITY: BROKER-PRODUCE.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { appendAsLeader } from "#engine/log/unified-log.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import { requestSizeBytes } from "#engine/protocol/message-size.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { absentPartitionError, type BrokerState, currentLeader, NO_LEADER_HINT, nodeEndpoints, partitionAt, reply, replicaRules, replyThrottled } from "../broker-state.ts";
import { percentOf, useQuota } from "../client-quotas.ts";
import { checkDelayedFetches } from "../delayed-fetch.ts";
import { checkDelayedProduces, delayProduce, type ProducePartitionStatus } from "../delayed-produce.ts";
import { creditFollowers } from "../follower-credit.ts";
import { effectiveMinIsr, maybeIncrementHighWatermark, type Partition } from "../partition.ts";
import { closeChannel, currentRequest, serviceTimeUs, unmute } from "../request-channel.ts";

export function handleProduce(process: ProcessContext, broker: BrokerState, body: RequestOf<"Produce">, replyTo: ReplyTo<"Produce">): void {
  const statuses: ProducePartitionStatus[] = [];
  const moved: Partition[] = [];
  const appended: Partition[] = [];
  for (const topic of body.topics) {
    for (const { index, records } of topic.partitions) {
      const partition = partitionAt(broker, topic.name, index);
      const status = appendTo(process, broker, { topic: topic.name, index, partition, records, acks: body.acks });
      statuses.push(status);
      if (partition === undefined || status.error !== "NONE") continue;
      appended.push(partition);
      if (maybeIncrementHighWatermark(process, partition, replicaRules(broker))) moved.push(partition);
    }
  }
  respond(process, broker, body, replyTo, statuses);
  for (const partition of moved) checkDelayedProduces(process, broker, partition);
  for (const partition of appended) checkDelayedFetches(process, broker, partition);
}

function respond(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"Produce">, replyTo: ReplyTo<"Produce">, statuses: ProducePartitionStatus[],
): void {
  if (body.acks === 0) {
    if (statuses.some(status => status.error !== "NONE")) {
      closeChannel(broker.requests, replyTo.connection);
      process.close(replyTo.connection, "a produce request with acks=0 has failed");
    } else unmute(process, broker.requests, replyTo.connection);
  } else if (body.acks === -1 && statuses.some(status => status.waitsFor !== -1)) {
    delayProduce(process, broker, { deadlineUs: process.now + fromMs(body.timeoutMs), cause: process.cause, replyTo, statuses });
  } else answerProduce(process, broker, replyTo, statuses);
}

interface Append { readonly topic: string; readonly index: number; readonly partition: Partition | undefined; readonly records: readonly RecordBatch[]; readonly acks: number }

function appendTo(process: ProcessContext, broker: BrokerState, { topic, index, partition, records, acks }: Append): ProducePartitionStatus {
  const failed = (error: KafkaError, logStartOffset: number, errorMessage: string | null = null): ProducePartitionStatus =>
    ({ topic, partition: index, error, errorMessage, waitsFor: -1, baseOffset: -1, logAppendTimeMs: -1, logStartOffset });
  if (acks < -1 || acks > 1) return failed("INVALID_REQUIRED_ACKS", -1);
  if (partition === undefined) return failed(absentPartitionError(broker, topic, index), -1);
  if (partition.role !== "leader") return failed("NOT_LEADER_OR_FOLLOWER", -1);
  const log = partition.log;
  if (acks === -1 && partition.isr.length < effectiveMinIsr(partition)) return failed("NOT_ENOUGH_REPLICAS", log.logStartOffset);
  const batch = records[0];
  if (batch === undefined || records.length !== 1) return failed("INVALID_RECORD", log.logStartOffset);
  creditFollowers(broker.fetchSessions, partition);
  const result = appendAsLeader(process, log, batch, partition.leaderEpoch, partition.config, toMs(process.now));
  if (!result.ok) return failed(result.error, hidesLogStart(result.error) ? -1 : log.logStartOffset, result.message ?? null);
  return {
    topic, partition: index, error: "NONE", errorMessage: null, waitsFor: acks === -1 ? result.lastOffset + 1 : -1, baseOffset: result.baseOffset,
    logAppendTimeMs: result.logAppendTimeMs, logStartOffset: log.logStartOffset,
  };
}

/** ReplicaManager answers these without looking at the log. */
function hidesLogStart(error: KafkaError): boolean {
  return error === "MESSAGE_TOO_LARGE" || error === "RECORD_LIST_TOO_LARGE" || error === "CORRUPT_MESSAGE" || error === "KAFKA_STORAGE_ERROR";
}

/** The larger of what the bytes of the request and its time ask for. */
function throttleTime(process: ProcessContext, broker: BrokerState, { connection }: ReplyTo<"Produce">): number {
  if (broker.image.clientQuotas.size === 0) return 0;
  const request = currentRequest(broker.requests, connection);
  if (request === null) return 0;
  const { clientId } = request;
  return Math.max(
    useQuota(process, broker, clientId, "producer_byte_rate", requestSizeBytes(request)),
    useQuota(process, broker, clientId, "request_percentage", percentOf(serviceTimeUs(request))),
  );
}

type TopicResult = ResponseOf<"Produce">["topics"][number];

export function answerProduce(
  process: ProcessContext, broker: BrokerState, replyTo: ReplyTo<"Produce">, statuses: readonly ProducePartitionStatus[],
): void {
  const topics: { name: string; partitions: TopicResult["partitions"][number][] }[] = [];
  const leaders: number[] = [];
  for (const status of statuses) {
    let topic = topics[topics.length - 1];
    if (topic === undefined || topic.name !== status.topic) topics.push(topic = { name: status.topic, partitions: [] });
    const hint = status.error === "NOT_LEADER_OR_FOLLOWER" ? currentLeader(broker, status.topic, status.partition) : NO_LEADER_HINT;
    if (hint.leaderId !== -1) leaders.push(hint.leaderId);
    topic.partitions.push({
      index: status.partition, error: status.error, baseOffset: status.baseOffset,
      logAppendTimeMs: status.logAppendTimeMs, logStartOffset: status.logStartOffset, errorMessage: status.errorMessage, currentLeader: hint,
    });
  }
  const throttleTimeMs = throttleTime(process, broker, replyTo);
  const body = { topics, nodeEndpoints: nodeEndpoints(broker, leaders), throttleTimeMs };
  if (throttleTimeMs > 0) replyThrottled(process, replyTo, body, throttleTimeMs);
  else reply(process, broker, replyTo, body);
}
