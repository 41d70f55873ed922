// Requests of clients that only the active controller can decide: passed on, and the answer passed back as it is. A request that finds no
// controller in 60 s is answered with REQUEST_TIMED_OUT in its own shape. Source: KafkaApis.forwardToControllerOrFail, ForwardingManager.scala (3.9).
// FIDELITY: BROKER-FORWARDING.
import type { ProcessContext } from "#engine/core/process.ts";
import { errorResponse, type ForwardedApi } from "#engine/protocol/error-response.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, type ControllerContext, type RefusedConfigs, reply, replyThrottled } from "./broker-state.ts";
import { askController } from "./controller-channel.ts";
import { currentRequest } from "./request-channel.ts";

/** retryTimeoutMs of the forwarding channel. */
const FORWARD_TIMEOUT_MS = 60_000;

/** Of the metadata quorum: no event of the controller, but the active one answers them. */
const NONE: readonly RefusedConfigs[] = [];

export type QuorumApi = "DescribeQuorum" | "AddRaftVoter" | "RemoveRaftVoter";

export function isQuorumApi(api: string): api is QuorumApi {
  return api === "DescribeQuorum" || api === "AddRaftVoter" || api === "RemoveRaftVoter";
}

export function forward<A extends ForwardedApi | QuorumApi>(
  process: ProcessContext, broker: BrokerState, api: A, body: RequestOf<A>, replyTo: ReplyTo<A>, refused: readonly RefusedConfigs[] = NONE,
): void {
  askController(process, broker.forwardingChannel, {
    api, body, timeoutMs: FORWARD_TIMEOUT_MS, context: { for: "forward", replyTo, refused } satisfies ControllerContext,
    forwardedFor: currentRequest(broker.requests, replyTo.connection)?.clientId,
  });
}

export function forwardAnswered(process: ProcessContext, broker: BrokerState, { replyTo, refused }: ControllerContext & { readonly for: "forward" }, result: NetworkResult): void {
  const response = result.response ?? timedOut(replyTo.api, result.request);
  if ("throttleTimeMs" in response && response.throttleTimeMs > 0) return replyThrottled(process, replyTo, response, response.throttleTimeMs);
  if (refused.length === 0 || replyTo.api !== "IncrementalAlterConfigs") return reply(process, broker, replyTo, response);
  const { responses } = response as ResponseOf<"IncrementalAlterConfigs">;
  reply(process, broker, replyTo as ReplyTo<"IncrementalAlterConfigs">, { throttleTimeMs: 0, responses: [...responses, ...refused] });
}

function timedOut(api: Api, request: RequestOf<Api>): ResponseOf<Api> {
  const error = "REQUEST_TIMED_OUT";
  if (!isQuorumApi(api)) return errorResponse(api as ForwardedApi, request as RequestOf<ForwardedApi>, error);
  if (api !== "DescribeQuorum") return { throttleTimeMs: 0, error, errorMessage: null };
  return { error, errorMessage: null, leaderId: -1, leaderEpoch: -1, highWatermark: -1, currentVoters: [], observers: [], nodes: [] };
}
