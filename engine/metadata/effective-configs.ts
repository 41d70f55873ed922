// Which value of a setting holds: the topic's own, the broker's that was given while it ran, the default of all brokers that was given while
// they ran, the broker's file, Kafka's default. Source: KafkaConfigSchema.java, ConfigHelper.scala, DynamicBrokerConfig.scala (3.9).
// FIDELITY: META-CONFIGS.
import type { Settings } from "#engine/cluster/spec.ts";
import type { VersionProfile } from "#engine/protocol/version-profile.ts";
import type { MetadataImage, TopicImage } from "./image.ts";
import { topicSetting, type TopicSetting } from "./topic-configs.ts";

/** DescribeConfigsResponse.ConfigSource. */
export const CONFIG_SOURCE = { topic: 1, dynamicBroker: 2, dynamicDefaultBroker: 3, staticBroker: 4, byDefault: 5 } as const;
export type ConfigSource = (typeof CONFIG_SOURCE)[keyof typeof CONFIG_SOURCE];

/** `value` as it was written, in the broker's unit; `effective` in the topic's. */
export interface ConfigValue { readonly name: string; readonly value: string; readonly effective: string; readonly source: ConfigSource }

/** Whose eyes: the node's id, its file, and what is in the metadata. */
export interface ConfigView {
  readonly nodeId: number;
  readonly overrides: Settings;
  readonly image: Pick<MetadataImage, "brokerConfigs">;
  readonly profile: VersionProfile;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** All values that a topic's setting has, the one that holds first: the synonyms of DescribeConfigs. */
export function topicConfigValues(view: ConfigView, configs: ReadonlyMap<string, string>, setting: TopicSetting): ConfigValue[] {
  const values: ConfigValue[] = [];
  const own = configs.get(setting.name);
  if (own !== undefined) values.push({ name: setting.name, value: own, effective: own, source: CONFIG_SOURCE.topic });
  const { brokerConfigs } = view.image;
  addBrokerValues(values, setting, brokerConfigs.get(String(view.nodeId)) ?? NONE, CONFIG_SOURCE.dynamicBroker);
  addBrokerValues(values, setting, brokerConfigs.get("") ?? NONE, CONFIG_SOURCE.dynamicDefaultBroker);
  for (const { name, factor } of setting.broker) {
    const value = view.overrides[name];
    if (value !== undefined) values.push({ name, value: String(value), effective: scaled(String(value), factor), source: CONFIG_SOURCE.staticBroker });
  }
  const [first] = setting.broker;
  // Where several names lead to one setting, the strongest has no default of its own.
  if (first !== undefined && setting.broker.length === 1) {
    values.push({ name: first.name, value: setting.byDefault, effective: setting.byDefault, source: CONFIG_SOURCE.byDefault });
  }
  return values;
}

function addBrokerValues(values: ConfigValue[], setting: TopicSetting, configs: ReadonlyMap<string, string>, source: ConfigSource): void {
  if (configs.size === 0) return;
  for (const { name, factor } of setting.broker) {
    const value = configs.get(name);
    if (value !== undefined) values.push({ name, value, effective: scaled(value, factor), source });
  }
}

function scaled(value: string, factor: number): string {
  return factor === 1 ? value : String(Number(value) * factor);
}

/** The value that holds, "" for a setting that topics do not have. */
export function effectiveTopicConfig(view: ConfigView, topic: Pick<TopicImage, "configs">, name: string): string {
  const own = topic.configs.get(name);
  if (own !== undefined) return own;
  const setting = topicSetting(name, view.profile);
  return setting === undefined ? "" : topicConfigValues(view, NONE, setting)[0]?.effective ?? setting.byDefault;
}
