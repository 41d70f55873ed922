// CreateTopics (ApiKey 19). Source: KafkaApis.forwardToControllerOrFail, ForwardingManager.scala, ReplicationControlManager.java (3.9).
//
// Behaviour: any broker takes the request and forwards it to the active controller, whose answer goes back as it is; a request that finds no
// controller within 60 s answers REQUEST_TIMED_OUT for each topic.
// Versions: 7. FIDELITY: BROKER-FORWARDING.
import type { ProcessContext } from "#engine/core/process.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { BrokerState } from "../broker-state.ts";
import { forward } from "../forwarding.ts";

export function handleCreateTopics(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"CreateTopics">, replyTo: ReplyTo<"CreateTopics">,
): void {
  forward(process, broker, "CreateTopics", body, replyTo);
}

export function createTopicsTimedOut(body: RequestOf<"CreateTopics">): ResponseOf<"CreateTopics"> {
  return {
    throttleTimeMs: 0,
    topics: body.topics.map(({ name }) => ({
      name, topicId: "AAAAAAAAAAAAAAAAAAAAAA", error: "REQUEST_TIMED_OUT", errorMessage: null, numPartitions: -1, replicationFactor: -1, configs: [],
    })),
  };
}
