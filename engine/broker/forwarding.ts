// Requests of clients that only the active controller can decide: passed on, and the answer passed back. Source: ForwardingManager.scala (3.9).
// FIDELITY: BROKER-FORWARDING.
import type { ProcessContext } from "#engine/core/process.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { createTopicsTimedOut } from "./apis/19-create-topics.ts";
import { ELECT_LEADERS_TIMED_OUT } from "./apis/43-elect-leaders.ts";
import { type BrokerState, reply } from "./broker-state.ts";
import { askController } from "./controller-channel.ts";

/** retryTimeoutMs of the forwarding channel. */
const FORWARD_TIMEOUT_MS = 60_000;

export function forward<A extends "CreateTopics" | "ElectLeaders">(
  process: ProcessContext, broker: BrokerState, api: A, body: RequestOf<A>, replyTo: ReplyTo<A>,
): void {
  askController(process, broker.forwardingChannel, { api, body, timeoutMs: FORWARD_TIMEOUT_MS, context: { for: "forward", replyTo } });
}

export function forwardAnswered(process: ProcessContext, broker: BrokerState, replyTo: ReplyTo, result: NetworkResult): void {
  if (result.response !== null) return reply(process, broker, replyTo, result.response);
  if (replyTo.api === "CreateTopics") {
    reply(process, broker, replyTo as ReplyTo<"CreateTopics">, createTopicsTimedOut(result.request as RequestOf<"CreateTopics">));
  } else reply(process, broker, replyTo as ReplyTo<"ElectLeaders">, ELECT_LEADERS_TIMED_OUT satisfies ResponseOf<"ElectLeaders">);
}
