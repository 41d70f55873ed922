// ApiVersions (ApiKey 18). Source: KafkaApis.handleApiVersionsRequest (3.9).
//
// Behaviour: names the APIs of the broker listener with the one version that this engine speaks of each.
// Versions: 4. FIDELITY: PROTO-VERSIONS.
import type { ProcessContext } from "#engine/core/process.ts";
import { type Api, MESSAGES } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, reply } from "../broker-state.ts";

/** What clients and followers may ask at the broker listener. */
export const BROKER_APIS = [
  "Produce", "Fetch", "ListOffsets", "Metadata", "ApiVersions", "CreateTopics", "InitProducerId", "ElectLeaders",
] as const satisfies readonly Api[];

const API_KEYS = BROKER_APIS.map(api => ({ apiKey: MESSAGES[api].key, minVersion: MESSAGES[api].version, maxVersion: MESSAGES[api].version }));

export function handleApiVersions(process: ProcessContext, broker: BrokerState, replyTo: ReplyTo<"ApiVersions">): void {
  reply(process, broker, replyTo, { error: "NONE", apiKeys: API_KEYS, throttleTimeMs: 0 });
}
