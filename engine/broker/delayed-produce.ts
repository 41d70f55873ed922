// A produce request with acks=all that waits until its batches are below the high watermark. Source: DelayedProduce.scala,
// Partition.checkEnoughReplicasReachOffset (3.9).
import type { ProcessContext } from "#engine/core/process.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { answerProduce } from "./apis/00-produce.ts";
import { type BrokerState, partitionAt } from "./broker-state.ts";
import { effectiveMinIsr, maximalIsrSize, type Partition } from "./partition.ts";
import { type Delayed, expiredOperations, watch } from "./purgatory.ts";

/** What became of one partition of a produce request. `waitsFor`: the offset the high watermark has to reach; -1 when settled. */
export interface ProducePartitionStatus {
  readonly topic: string;
  readonly partition: number;
  error: KafkaError;
  readonly errorMessage: string | null;
  waitsFor: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
}

export interface DelayedProduce extends Delayed {
  readonly replyTo: ReplyTo<"Produce">;
  readonly statuses: ProducePartitionStatus[];
}

/** Waits unless everything is settled already. Partitions that still wait when the time is over answer REQUEST_TIMED_OUT. */
export function delayProduce(process: ProcessContext, broker: BrokerState, operation: DelayedProduce): void {
  if (settleAll(broker, operation)) return answerProduce(process, broker, operation.replyTo, operation.statuses);
  const id = watch(process, broker.delayedProduces, operation);
  for (const status of operation.statuses) {
    if (status.waitsFor !== -1) partitionAt(broker, status.topic, status.partition)?.delayedProduces.add(id);
  }
}

function settleAll(broker: BrokerState, operation: DelayedProduce): boolean {
  let settled = true;
  for (const status of operation.statuses) {
    if (status.waitsFor === -1) continue;
    settle(status, partitionAt(broker, status.topic, status.partition));
    if (status.waitsFor !== -1) settled = false;
  }
  return settled;
}

/** Settled with NOT_ENOUGH_REPLICAS_AFTER_APPEND when the high watermark is there but the ISR has become too small since the append. */
function settle(status: ProducePartitionStatus, partition: Partition | undefined): void {
  if (partition === undefined || partition.role !== "leader") {
    status.error = "NOT_LEADER_OR_FOLLOWER";
    status.waitsFor = -1;
  } else if (partition.log.highWatermark >= status.waitsFor) {
    status.error = maximalIsrSize(partition) >= effectiveMinIsr(partition) ? "NONE" : "NOT_ENOUGH_REPLICAS_AFTER_APPEND";
    status.waitsFor = -1;
  }
}

/** The high watermark or the leadership of this partition has changed. */
export function checkDelayedProduces(process: ProcessContext, broker: BrokerState, partition: Partition): void {
  if (partition.delayedProduces.size === 0) return;
  for (const id of partition.delayedProduces) {
    const operation = broker.delayedProduces.waiting.get(id);
    if (operation !== undefined && settleAll(broker, operation)) complete(process, broker, id, operation);
  }
}

export function expireDelayedProduces(process: ProcessContext, broker: BrokerState, sequence: number): void {
  for (const id of expiredOperations(process, broker.delayedProduces, sequence)) {
    const operation = broker.delayedProduces.waiting.get(id);
    if (operation === undefined) continue;
    process.becauseOf(operation.cause);
    for (const status of operation.statuses) if (status.waitsFor !== -1) status.error = "REQUEST_TIMED_OUT";
    complete(process, broker, id, operation);
  }
}

function complete(process: ProcessContext, broker: BrokerState, id: number, operation: DelayedProduce): void {
  broker.delayedProduces.waiting.delete(id);
  for (const { topic, partition } of operation.statuses) partitionAt(broker, topic, partition)?.delayedProduces.delete(id);
  answerProduce(process, broker, operation.replyTo, operation.statuses);
}
