// A fetch that waits for bytes: the long poll of followers and consumers. Completed by an append (followers), by a moved high watermark
// (consumers), by a change of leadership, or when its time is over. Source: DelayedFetch.scala (3.9).
import type { ProcessContext } from "#engine/core/process.ts";
import { bytesBetween } from "#engine/log/unified-log.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { answerFetch } from "./apis/01-fetch.ts";
import { type BrokerState, partitionAt } from "./broker-state.ts";
import { fetchError, isOldLife, readPartitions } from "./fetch-reader.ts";
import { type FetchContext, openInSessions, sessionContext, type WantedPartition } from "./fetch-sessions.ts";
import type { Partition } from "./partition.ts";
import { type Delayed, expiredOperations, watch } from "./purgatory.ts";
import { isLeaderThrottling } from "./replication-quota.ts";

/** @property sessionId 0: without one; then `wanted` says for what. */
export interface DelayedFetch extends Delayed {
  readonly replyTo: ReplyTo<"Fetch">;
  readonly body: RequestOf<"Fetch">;
  readonly sessionId: number;
  readonly isFull: boolean;
  readonly wanted: readonly WantedPartition[];
}

const NOTHING_WANTED: readonly WantedPartition[] = [];

/** Sessions are found by what they watch; a request without one is entered at its partitions. */
export function delayFetch(
  process: ProcessContext, broker: BrokerState, deadlineUs: number, replyTo: ReplyTo<"Fetch">, body: RequestOf<"Fetch">, context: FetchContext,
): void {
  const { session, isFull } = context;
  const operation: DelayedFetch = {
    deadlineUs, cause: process.cause, replyTo, body, isFull, sessionId: session?.id ?? 0, wanted: session === null ? context.wanted : NOTHING_WANTED,
  };
  const id = watch(process, broker.delayedFetches, operation);
  if (session !== null) session.delayed = id;
  else for (const { topic, partition } of context.wanted) partitionAt(broker, topic, partition)?.delayedFetches.add(id);
}

/** Something that fetches may wait for has changed in this partition: its end, its high watermark, its leader or epoch. */
export function checkDelayedFetches(process: ProcessContext, broker: BrokerState, partition: Partition): void {
  openInSessions(broker.fetchSessions, partition.topic, partition.partition);
  if (partition.delayedFetches.size > 0) for (const id of [...partition.delayedFetches]) check(process, broker, partition, id);
  const watching = broker.fetchSessions.watchers.get(partition.topic)?.[partition.partition];
  if (watching === undefined || watching.size === 0) return;
  for (const sessionId of watching) {
    const delayed = broker.fetchSessions.byId.get(sessionId)?.delayed ?? 0;
    if (delayed !== 0) check(process, broker, partition, delayed);
  }
}

function check(process: ProcessContext, broker: BrokerState, partition: Partition, id: number): void {
  const operation = broker.delayedFetches.waiting.get(id);
  if (operation === undefined) return;
  const wanted = wantedBy(broker, operation, partition);
  if (wanted === null || isSatisfied(process, broker, operation.body, wanted, partition)) complete(process, broker, id, operation);
}

/**
 * What may end the wait now that this partition has changed. With a minimum of one byte no other can make the difference, and it need not be looked
 * for in all that is open. Null when its session has ended meanwhile.
 */
function wantedBy(broker: BrokerState, operation: DelayedFetch, { topic, partition }: Partition): readonly WantedPartition[] | null {
  if (operation.sessionId === 0 || operation.body.minBytes > 1) return contextOf(broker, operation)?.wanted ?? null;
  const session = broker.fetchSessions.byId.get(operation.sessionId);
  if (session === undefined) return null;
  const known = session.partitions.get(topic)?.[partition];
  return known?.isOpen === true ? [known] : NOTHING_WANTED;
}

/** Null when its session has ended meanwhile. */
function contextOf(broker: BrokerState, { sessionId, wanted, isFull }: DelayedFetch): FetchContext | null {
  if (sessionId === 0) return { session: null, wanted, isFull };
  const session = broker.fetchSessions.byId.get(sessionId);
  return session === undefined ? null : sessionContext(session, isFull);
}

function isSatisfied(process: ProcessContext, broker: BrokerState, body: RequestOf<"Fetch">, all: readonly WantedPartition[], changed: Partition): boolean {
  const fromOldLife = isOldLife(broker, body);
  let bytes = 0;
  for (const wanted of all) {
    if (body.minBytes <= 1 && (wanted.partition !== changed.partition || wanted.topic !== changed.topic)) continue;
    const found = availableBytes(process, broker, body, wanted, fromOldLife);
    if (found === -1) return true;
    bytes += found;
  }
  return bytes >= body.minBytes && bytes > 0;
}

/** -1: answer at once, because the partition has an error or the log was cut below the offset. */
function availableBytes(process: ProcessContext, broker: BrokerState, body: RequestOf<"Fetch">, wanted: WantedPartition, fromOldLife: boolean): number {
  const partition = partitionAt(broker, wanted.topic, wanted.partition);
  if (partition === undefined || fetchError(partition, body.replicaId, wanted, fromOldLife) !== "NONE") return -1;
  const { log } = partition;
  const end = body.replicaId === -1 ? log.highWatermark : log.logEndOffset;
  if (wanted.fetchOffset > log.logEndOffset) return -1;
  if (wanted.fetchOffset >= end || body.replicaId >= 0 && isLeaderThrottling(process, broker, partition, body.replicaId)) return 0;
  return bytesBetween(process, log, wanted.fetchOffset, end, Math.min(wanted.partitionMaxBytes, body.minBytes));
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
  const context = contextOf(broker, operation) ?? { session: null, wanted: NOTHING_WANTED, isFull: true };
  forget(broker, id, operation);
  answerFetch(process, broker, operation.replyTo, operation.body, context, readPartitions(process, broker, operation.body, context, true));
}

function forget(broker: BrokerState, id: number, { sessionId, wanted }: DelayedFetch): void {
  broker.delayedFetches.waiting.delete(id);
  const session = broker.fetchSessions.byId.get(sessionId);
  if (session?.delayed === id) session.delayed = 0;
  for (const { topic, partition } of wanted) partitionAt(broker, topic, partition)?.delayedFetches.delete(id);
}

/** The asker has gone: its fetch is not read again. */
export function forgetFetchesOf(broker: BrokerState, connection: number): void {
  for (const [id, operation] of broker.delayedFetches.waiting) if (operation.replyTo.connection === connection) forget(broker, id, operation);
}
