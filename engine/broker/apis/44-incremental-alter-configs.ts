// IncrementalAlterConfigs (ApiKey 44). Source: KafkaApis.handleIncrementalAlterConfigsRequest, ConfigAdminManager.preprocess (3.9).
//
// Behaviour: the broker that is asked judges what concerns a broker, because it alone knows its own settings; the controller decides about the rest.
// Changes for one broker go to that broker only. Answers of both are put together.
// Versions: 1. FIDELITY: META-CONFIGS, BROKER-FORWARDING.
import type { ProcessContext } from "#engine/core/process.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, reply } from "../broker-state.ts";
import { dynamicSettingsProblem } from "../dynamic-settings.ts";
import { forward } from "../forwarding.ts";

type Body = RequestOf<"IncrementalAlterConfigs">;
type Answer = ResponseOf<"IncrementalAlterConfigs">["responses"][number];

const TOPIC = 2;
const BROKER = 4;
const DELETE = 1;

export function handleIncrementalAlterConfigs(
  process: ProcessContext, broker: BrokerState, body: Body, replyTo: ReplyTo<"IncrementalAlterConfigs">,
): void {
  const refused: Answer[] = [];
  const rest = body.resources.filter(resource => {
    const errorMessage = problemOf(broker, body, resource);
    if (errorMessage === null) return true;
    refused.push({ error: "INVALID_REQUEST", errorMessage, resourceType: resource.resourceType, resourceName: resource.resourceName });
    return false;
  });
  if (rest.length === 0) reply(process, broker, replyTo, { throttleTimeMs: 0, responses: refused });
  else forward(process, broker, "IncrementalAlterConfigs", { ...body, resources: rest }, replyTo, refused);
}

function problemOf(broker: BrokerState, body: Body, resource: Body["resources"][number]): string | null {
  const { resourceType, resourceName, configs } = resource;
  const times = body.resources.filter(other => other.resourceType === resourceType && other.resourceName === resourceName).length;
  if (times > 1) return "Each resource must appear at most once.";
  if (new Set(configs.map(({ name }) => name)).size !== configs.length) return "Error due to duplicate config keys";
  const nulls = configs.filter(({ configOperation, value }) => configOperation !== DELETE && value === null).map(({ name }) => name);
  if (nulls.length > 0) return `Null value not supported for : ${nulls.join(", ")}`;
  if (resourceType === TOPIC) return null;
  if (resourceType !== BROKER) return `Unknown resource type ${resourceType}`;
  if (resourceName !== "" && resourceName !== String(broker.node.nodeId)) {
    return /^[+-]?\d+$/.test(resourceName) ? `Unexpected broker id, expected ${broker.node.nodeId}, but received ${resourceName}` : `Node id must be an integer, but it is: ${resourceName}`;
  }
  const changed = new Map(configs.map(({ name, configOperation, value }) => [name, configOperation === DELETE ? null : value]));
  return dynamicSettingsProblem(broker, changed, resourceName !== "");
}
