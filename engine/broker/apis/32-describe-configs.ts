// DescribeConfigs (ApiKey 32). Source: ConfigHelper.scala (3.9).
//
// Behaviour: any broker answers for topics, and for the default of all brokers; for one broker only that broker. Each setting comes with the value
// that holds, where it comes from, and all values that it has, the strongest first. An unknown topic is UNKNOWN_TOPIC_OR_PARTITION.
// Versions: 4. FIDELITY: META-CONFIGS (a broker lists the settings that the engine knows).
import type { ProcessContext } from "#engine/core/process.ts";
import { CONFIG_SOURCE, type ConfigView, topicConfigValues } from "#engine/metadata/effective-configs.ts";
import { settingType, topicSettings } from "#engine/metadata/topic-configs.ts";
import { topicNameProblem } from "#engine/metadata/topic-names.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { profileOf } from "#engine/protocol/version-profile.ts";
import { type BrokerState, reply } from "../broker-state.ts";
import { describedBrokerSettings } from "../dynamic-settings.ts";

type Resource = RequestOf<"DescribeConfigs">["resources"][number];
type Result = ResponseOf<"DescribeConfigs">["results"][number];
type Entry = Result["configs"][number];

/** DescribeConfigsResponse.ConfigType. */
const TYPES = { BOOLEAN: 1, STRING: 2, INT: 3, LONG: 5, DOUBLE: 6, LIST: 7 } as const;
const TOPIC = 2;
const BROKER = 4;

export function handleDescribeConfigs(process: ProcessContext, broker: BrokerState, body: RequestOf<"DescribeConfigs">, replyTo: ReplyTo<"DescribeConfigs">): void {
  const results = body.resources.map(resource => describe(broker, resource, body.includeSynonyms));
  reply(process, broker, replyTo, { throttleTimeMs: 0, results });
}

function describe(broker: BrokerState, resource: Resource, includeSynonyms: boolean): Result {
  const { resourceType, resourceName, configurationKeys } = resource;
  const entries = resourceType === TOPIC ? topicEntries(broker, resourceName) : resourceType === BROKER ? brokerEntries(broker, resourceName)
    : refusal("INVALID_REQUEST", `Unsupported resource type: ${resourceType}`);
  if ("error" in entries) return { ...entries, resourceType, resourceName, configs: [] };
  const configs = entries.filter(({ name }) => configurationKeys === null || configurationKeys.length === 0 || configurationKeys.includes(name))
    .map(entry => includeSynonyms ? entry : { ...entry, synonyms: [] });
  return { error: "NONE", errorMessage: null, resourceType, resourceName, configs };
}

function refusal(error: KafkaError, errorMessage: string | null = null): { readonly error: KafkaError; readonly errorMessage: string | null } {
  return { error, errorMessage };
}

function topicEntries(broker: BrokerState, name: string): Entry[] | ReturnType<typeof refusal> {
  const problem = topicNameProblem(name);
  if (problem !== null) return refusal("INVALID_TOPIC_EXCEPTION", problem);
  const topic = broker.image.topics.get(name);
  if (topic === undefined) return refusal("UNKNOWN_TOPIC_OR_PARTITION");
  const profile = profileOf(broker.node.kafka, broker.node.mode);
  const view: ConfigView = { nodeId: broker.node.nodeId, overrides: broker.node.overrides, image: broker.image, profile };
  return topicSettings(profile).map(setting => {
    const values = topicConfigValues(view, topic.configs, setting);
    return {
      name: setting.name, value: values[0]?.effective ?? setting.byDefault, readOnly: false, configSource: values[0]?.source ?? CONFIG_SOURCE.byDefault,
      isSensitive: false, synonyms: values.map(({ name: synonym, value, source }) => ({ name: synonym, value, source })), configType: TYPES[settingType(setting)],
      documentation: null,
    };
  });
}

function brokerEntries(broker: BrokerState, name: string): Entry[] | ReturnType<typeof refusal> {
  const { nodeId } = broker.node;
  if (name !== "" && !/^[+-]?\d+$/.test(name)) return refusal("INVALID_REQUEST", `Broker id must be an integer, but it is: ${name}`);
  if (name !== "" && Number(name) !== nodeId) return refusal("INVALID_REQUEST", `Unexpected broker id, expected ${nodeId} or empty string, but received ${name}`);
  return describedBrokerSettings(broker, name === "" ? "default" : "own").map(({ type, ...setting }) => ({
    ...setting, configSource: setting.synonyms[0]?.source ?? CONFIG_SOURCE.byDefault, isSensitive: false, configType: TYPES[type], documentation: null,
  }));
}
