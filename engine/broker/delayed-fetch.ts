// A fetch that waits for bytes: the long poll of followers and consumers. Completed by an append (followers), by a moved high watermark
// (consumers), by a change of leadership, or when its time is over. Source: DelayedFetch.scala (3.9).
import type { ProcessContext } from "#engine/core/process.ts";
import { bytesBetween } from "#engine/log/unified-log.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { answerFetch } from "./apis/01-fetch.ts";
import { type BrokerState, partitionAt } from "./broker-state.ts";
import { type FetchPartition, fetchError, readPartitions } from "./fetch-reader.ts";
import type { Partition } from "./partition.ts";
import { type Delayed, expiredOperations, watch } from "./purgatory.ts";

export interface DelayedFetch extends Delayed {
  readonly replyTo: ReplyTo<"Fetch">;
  readonly body: RequestOf<"Fetch">;
}

export function delayFetch(process: ProcessContext, broker: BrokerState, operation: DelayedFetch): void {
  const id = watch(process, broker.delayedFetches, operation);
  for (const { topic, partitions } of operation.body.topics) {
    for (const { partition } of partitions) partitionAt(broker, topic, partition)?.delayedFetches.add(id);
  }
}

/** Something that fetches may wait for has changed in this partition: its end, its high watermark, its leader or epoch. */
export function checkDelayedFetches(process: ProcessContext, broker: BrokerState, partition: Partition): void {
  if (partition.delayedFetches.size === 0) return;
  for (const id of [...partition.delayedFetches]) {
    const operation = broker.delayedFetches.waiting.get(id);
    if (operation !== undefined && isSatisfied(process, broker, operation.body, partition)) complete(process, broker, id, operation);
  }
}

/** With a minimum of one byte only the partition that has changed can make the difference. */
function isSatisfied(process: ProcessContext, broker: BrokerState, body: RequestOf<"Fetch">, changed: Partition): boolean {
  let bytes = 0;
  for (const { topic, partitions } of body.topics) {
    if (body.minBytes <= 1 && topic !== changed.topic) continue;
    for (const wanted of partitions) {
      if (body.minBytes <= 1 && wanted.partition !== changed.partition) continue;
      const found = availableBytes(process, broker, body, topic, wanted);
      if (found === -1) return true;
      bytes += found;
    }
  }
  return bytes >= body.minBytes && bytes > 0;
}

/** -1: answer at once, because the partition has an error or the log was cut below the offset. */
function availableBytes(process: ProcessContext, broker: BrokerState, body: RequestOf<"Fetch">, topic: string, wanted: FetchPartition): number {
  const partition = partitionAt(broker, topic, wanted.partition);
  if (partition === undefined || fetchError(broker, partition, body, wanted) !== "NONE") return -1;
  const end = body.replicaId >= 0 ? partition.log.logEndOffset : partition.log.highWatermark;
  if (wanted.fetchOffset > partition.log.logEndOffset) return -1;
  return bytesBetween(process, partition.log, wanted.fetchOffset, end, Math.min(wanted.partitionMaxBytes, body.minBytes));
}

export function expireDelayedFetches(process: ProcessContext, broker: BrokerState, sequence: number): void {
  for (const id of expiredOperations(process, broker.delayedFetches, sequence)) {
    const operation = broker.delayedFetches.waiting.get(id);
    if (operation === undefined) continue;
    process.becauseOf(operation.cause);
    complete(process, broker, id, operation);
  }
}

function complete(process: ProcessContext, broker: BrokerState, id: number, operation: DelayedFetch): void {
  forget(broker, id, operation);
  answerFetch(process, broker, operation.replyTo, readPartitions(process, broker, operation.body, true));
}

function forget(broker: BrokerState, id: number, operation: DelayedFetch): void {
  broker.delayedFetches.waiting.delete(id);
  for (const { topic, partitions } of operation.body.topics) {
    for (const { partition } of partitions) partitionAt(broker, topic, partition)?.delayedFetches.delete(id);
  }
}

/** The asker has gone: its fetch is not read again. */
export function forgetFetchesOf(broker: BrokerState, connection: number): void {
  for (const [id, operation] of broker.delayedFetches.waiting) if (operation.replyTo.connection === connection) forget(broker, id, operation);
}
