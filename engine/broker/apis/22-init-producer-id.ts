// InitProducerId (ApiKey 22). Source: KafkaApis.handleInitProducerIdRequest, TransactionCoordinator.handleInitProducerId (3.9).
//
// Behaviour: an idempotent producer gets the next id of the broker's block with epoch 0, and COORDINATOR_LOAD_IN_PROGRESS while the broker waits for
// a block. Transactional ids are refused.
// Versions: 5. FIDELITY: BROKER-TRANSACTIONS.
import type { ProcessContext } from "#engine/core/process.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, reply } from "../broker-state.ts";
import { nextProducerId } from "../producer-id-manager.ts";

export function handleInitProducerId(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"InitProducerId">, replyTo: ReplyTo<"InitProducerId">,
): void {
  if (body.transactionalId !== null) {
    return reply(process, broker, replyTo, { throttleTimeMs: 0, error: "INVALID_REQUEST", producerId: -1, producerEpoch: -1 });
  }
  const producerId = nextProducerId(process, broker);
  if (producerId === -1) reply(process, broker, replyTo, { throttleTimeMs: 0, error: "COORDINATOR_LOAD_IN_PROGRESS", producerId: -1, producerEpoch: -1 });
  else reply(process, broker, replyTo, { throttleTimeMs: 0, error: "NONE", producerId, producerEpoch: 0 });
}
