// DescribeClientQuotas (ApiKey 48). Source: KafkaApis.handleDescribeClientQuotasRequest, ClientQuotasImage.describe (3.9).
//
// Behaviour: every broker answers from the metadata that it has applied.
// Versions: 1. FIDELITY: META-QUOTAS.
import type { ProcessContext } from "#engine/core/process.ts";
import { describeClientQuotas } from "#engine/metadata/client-quotas.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, reply } from "../broker-state.ts";

export function handleDescribeClientQuotas(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"DescribeClientQuotas">, replyTo: ReplyTo<"DescribeClientQuotas">,
): void {
  reply(process, broker, replyTo, describeClientQuotas(broker.image, body));
}
