// Fetch (ApiKey 1). Source: KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages (3.9).
//
// Behaviour: answered at once with enough bytes, an error, a diverging epoch or a better replica to ask; else after maxWaitMs at the latest.
// Followers read to the log's end and thereby tell their own end; consumers read up to the high watermark of the replica they ask, leader or
// follower, as recorded. A wrong broker names the leader (KIP-951). In a session (KIP-227) the answer lists what is news, otherwise everything.
// Versions: 17, by topic name. FIDELITY: BROKER-FETCH, BROKER-FETCH-SESSIONS.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { responseSizeBytes } from "#engine/protocol/message-size.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, nodeEndpoints, reply, replyThrottled } from "../broker-state.ts";
import { giveBackQuota, mostBytesAtOnce, percentOf, useQuota } from "../client-quotas.ts";
import { delayFetch } from "../delayed-fetch.ts";
import { type FetchRead, isSettled, readPartitions } from "../fetch-reader.ts";
import { closeSettled, type FetchContext, fetchContext, noteTold } from "../fetch-sessions.ts";
import { currentRequest, serviceTimeUs } from "../request-channel.ts";
import { noteLeaderBytes } from "../replication-quota.ts";

export function handleFetch(process: ProcessContext, broker: BrokerState, body: RequestOf<"Fetch">, replyTo: ReplyTo<"Fetch">): void {
  const context = fetchContext(process, broker.fetchSessions, body);
  if (typeof context === "string") {
    return reply(process, broker, replyTo, { throttleTimeMs: 0, error: context, sessionId: 0, topics: [], nodeEndpoints: [] });
  }
  const read = readPartitions(process, broker, withinQuota(broker, body, replyTo), context);
  const isEnough = body.maxWaitMs <= 0 || read.isUrgent || context.session === null && context.wanted.length === 0 || read.sizeBytes >= body.minBytes;
  if (isEnough) return answerFetch(process, broker, replyTo, body, context, read);
  if (context.session !== null) closeSettled(context.session, known => isSettled(broker, body, known));
  delayFetch(process, broker, process.now + fromMs(body.maxWaitMs), replyTo, body, context);
}

/** A consumer's answer is never larger than its quota lets pass at once. */
function withinQuota(broker: BrokerState, body: RequestOf<"Fetch">, { connection }: ReplyTo<"Fetch">): RequestOf<"Fetch"> {
  if (broker.image.clientQuotas.size === 0 || body.replicaId >= 0) return body;
  const most = mostBytesAtOnce(broker, currentRequest(broker.requests, connection)?.clientId ?? "");
  return most >= body.maxBytes ? body : { ...body, maxBytes: most };
}

export function answerFetch(
  process: ProcessContext, broker: BrokerState, replyTo: ReplyTo<"Fetch">, body: RequestOf<"Fetch">, context: FetchContext, read: FetchRead,
): void {
  const throttleTimeMs = body.replicaId >= 0 ? 0 : throttleTime(process, broker, replyTo, read);
  if (throttleTimeMs > 0) {
    const nothing = { throttleTimeMs, error: "NONE", sessionId: context.session?.id ?? 0, topics: [], nodeEndpoints: [] } as const;
    return replyThrottled(process, replyTo, nothing, throttleTimeMs);
  }
  const endpoints = read.leaders.length === 0 ? NO_ENDPOINTS : nodeEndpoints(broker, read.leaders);
  if (read.topics.length > 0) {
    if (context.session !== null) noteTold(context.session, read.topics);
    if (body.replicaId >= 0 && read.sizeBytes > 0) noteLeaderBytes(process, broker, read.topics);
  }
  if (context.session !== null) closeSettled(context.session, known => isSettled(broker, body, known));
  reply(process, broker, replyTo, { throttleTimeMs: 0, error: "NONE", sessionId: context.session?.id ?? 0, topics: read.topics, nodeEndpoints: endpoints });
}
const NO_ENDPOINTS: readonly never[] = [];

/** The larger of what the bytes of the answer and the time of the request ask for; then nothing is sent, and nothing counts as sent. */
function throttleTime(process: ProcessContext, broker: BrokerState, { connection }: ReplyTo<"Fetch">, { topics }: FetchRead): number {
  if (broker.image.clientQuotas.size === 0) return 0;
  const request = currentRequest(broker.requests, connection);
  if (request === null) return 0;
  const { clientId } = request;
  const bytes = responseSizeBytes({
    type: "response", api: "Fetch", correlationId: 0, body: { throttleTimeMs: 0, error: "NONE", sessionId: 0, topics, nodeEndpoints: [] },
  });
  const requestMs = useQuota(process, broker, clientId, "request_percentage", percentOf(serviceTimeUs(request)));
  const waitMs = Math.max(requestMs, useQuota(process, broker, clientId, "consumer_byte_rate", bytes));
  if (waitMs > 0) giveBackQuota(process, broker, clientId, "consumer_byte_rate", bytes);
  return waitMs;
}
