// Fetch (ApiKey 1). Source: KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages (3.9).
//
// Behaviour: answered at once with enough bytes, an error, or a diverging epoch; else after maxWaitMs at the latest. Followers read to the log's
// end and thereby tell their own end; consumers read up to the high watermark of the replica they ask, leader or follower, as recorded.
// A wrong broker names the leader (KIP-951). Every response lists every partition.
// Versions: 17, by topic name, without sessions (KIP-227). FIDELITY: BROKER-FETCH, BROKER-FETCH-SESSIONS.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, nodeEndpoints, reply } from "../broker-state.ts";
import { delayFetch } from "../delayed-fetch.ts";
import { type FetchRead, readPartitions } from "../fetch-reader.ts";

export function handleFetch(process: ProcessContext, broker: BrokerState, body: RequestOf<"Fetch">, replyTo: ReplyTo<"Fetch">): void {
  const read = readPartitions(process, broker, body);
  if (body.maxWaitMs <= 0 || read.isUrgent || body.topics.length === 0 || read.sizeBytes >= body.minBytes) answerFetch(process, broker, replyTo, read);
  else delayFetch(process, broker, { deadlineUs: process.now + fromMs(body.maxWaitMs), cause: process.cause, replyTo, body });
}

export function answerFetch(process: ProcessContext, broker: BrokerState, replyTo: ReplyTo<"Fetch">, read: FetchRead): void {
  const endpoints = read.leaders.length === 0 ? [] : nodeEndpoints(broker, read.leaders);
  reply(process, broker, replyTo, { throttleTimeMs: 0, error: "NONE", topics: read.topics, nodeEndpoints: endpoints });
}
