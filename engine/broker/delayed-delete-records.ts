// A DeleteRecords request that waits until the followers have moved the beginning of their logs too: the low watermark of the partition.
// Source: DelayedDeleteRecords.scala, Partition.lowWatermarkIfLeader (3.9).
import type { ProcessContext } from "#engine/core/process.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { answerDeleteRecords } from "./apis/21-delete-records.ts";
import { type BrokerState, partitionAt } from "./broker-state.ts";
import type { Partition } from "./partition.ts";
import { type Delayed, expiredOperations, watch } from "./purgatory.ts";

/** @property waitsFor the low watermark that has to be reached; -1 when settled. */
export interface DeleteRecordsStatus { readonly topic: string; readonly partition: number; readonly waitsFor: number; lowWatermark: number; error: KafkaError; isSettled: boolean }

export interface DelayedDeleteRecords extends Delayed { readonly replyTo: ReplyTo<"DeleteRecords">; readonly statuses: DeleteRecordsStatus[] }

/** The smallest log start offset of the leader and of the replicas on live brokers. */
export function lowWatermark(broker: BrokerState, partition: Partition): number {
  let low = partition.log.logStartOffset;
  for (const { brokerId, logStartOffset } of partition.remoteReplicas) {
    const isAlive = broker.image.brokers.get(brokerId)?.fenced === false;
    if (isAlive && logStartOffset < low) low = logStartOffset;
  }
  return low;
}

export function delayDeleteRecords(process: ProcessContext, broker: BrokerState, operation: DelayedDeleteRecords): void {
  if (settleAll(broker, operation)) answerDeleteRecords(process, broker, operation.replyTo, operation.statuses);
  else watch(process, broker.delayedDeletes, operation);
}

function settleAll(broker: BrokerState, { statuses }: DelayedDeleteRecords): boolean {
  let settled = true;
  for (const status of statuses) {
    if (!status.isSettled) settle(broker, status);
    if (!status.isSettled) settled = false;
  }
  return settled;
}

function settle(broker: BrokerState, status: DeleteRecordsStatus): void {
  const partition = partitionAt(broker, status.topic, status.partition);
  if (partition === undefined || partition.role !== "leader") {
    status.error = "NOT_LEADER_OR_FOLLOWER";
    status.lowWatermark = -1;
    status.isSettled = true;
    return;
  }
  status.lowWatermark = lowWatermark(broker, partition);
  status.isSettled = status.lowWatermark >= status.waitsFor;
}

/** A follower's log begins elsewhere, a broker has gone, or the leadership has changed. */
export function checkDelayedDeleteRecords(process: ProcessContext, broker: BrokerState, { topic, partition }: Partition): void {
  if (broker.delayedDeletes.waiting.size === 0) return;
  for (const [id, operation] of [...broker.delayedDeletes.waiting]) {
    const concerns = operation.statuses.some(status => status.topic === topic && status.partition === partition);
    if (!concerns || !settleAll(broker, operation)) continue;
    broker.delayedDeletes.waiting.delete(id);
    answerDeleteRecords(process, broker, operation.replyTo, operation.statuses);
  }
}

export function expireDelayedDeletes(process: ProcessContext, broker: BrokerState, sequence: number): void {
  for (const id of expiredOperations(process, broker.delayedDeletes, sequence)) {
    const operation = broker.delayedDeletes.waiting.get(id);
    if (operation === undefined) continue;
    process.becauseOf(operation.cause);
    broker.delayedDeletes.waiting.delete(id);
    if (!settleAll(broker, operation)) for (const status of operation.statuses) if (!status.isSettled) status.error = "REQUEST_TIMED_OUT";
    answerDeleteRecords(process, broker, operation.replyTo, operation.statuses);
  }
}
