// ElectLeaders (ApiKey 43). Source: KafkaApis.forwardToControllerOrFail, ForwardingManager.scala, ReplicationControlManager.electLeaders (3.9).
//
// Behaviour: any broker takes the request and forwards it to the active controller, whose answer goes back as it is; without a controller
// within 60 s the answer is REQUEST_TIMED_OUT.
// Versions: 2. FIDELITY: BROKER-FORWARDING.
import type { ProcessContext } from "#engine/core/process.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { BrokerState } from "../broker-state.ts";
import { forward } from "../forwarding.ts";

export function handleElectLeaders(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"ElectLeaders">, replyTo: ReplyTo<"ElectLeaders">,
): void {
  forward(process, broker, "ElectLeaders", body, replyTo);
}

export const ELECT_LEADERS_TIMED_OUT: ResponseOf<"ElectLeaders"> = { throttleTimeMs: 0, error: "REQUEST_TIMED_OUT", results: [] };
