// Settings that a running broker takes: which they are, which values are refused, and what the broker has once they are applied.
// Source: DynamicBrokerConfig.scala, DynamicConfig.scala (3.9, 4.3). FIDELITY: META-CONFIGS.
import type { Settings } from "#engine/cluster/spec.ts";
import { brokerLogConfig, type LogConfig } from "#engine/log/log-config.ts";
import { CONFIG_SOURCE, type ConfigSource } from "#engine/metadata/effective-configs.ts";
import { topicSettings } from "#engine/metadata/topic-configs.ts";
import { profileOf, type VersionProfile } from "#engine/protocol/version-profile.ts";
import type { BrokerState } from "./broker-state.ts";

type WholeType = "INT" | "LONG" | "DOUBLE" | "BOOLEAN" | "STRING" | "LIST";
interface BrokerSetting { readonly type: WholeType; readonly byDefault: string | null; readonly isThreadPool?: boolean }

/** Thread pools, the cleaner and quotas of replication. The settings of logs come from the topics' table. */
const OWN: ReadonlyMap<string, BrokerSetting> = new Map<string, BrokerSetting>([
  ["background.threads", { type: "INT", byDefault: "10", isThreadPool: true }],
  ["follower.replication.throttled.rate", { type: "LONG", byDefault: null }],
  ["leader.replication.throttled.rate", { type: "LONG", byDefault: null }],
  ["log.cleaner.backoff.ms", { type: "LONG", byDefault: "15000" }],
  ["log.cleaner.dedupe.buffer.size", { type: "LONG", byDefault: "134217728" }],
  ["log.cleaner.io.buffer.load.factor", { type: "DOUBLE", byDefault: "0.9" }],
  ["log.cleaner.io.buffer.size", { type: "INT", byDefault: "524288" }],
  ["log.cleaner.io.max.bytes.per.second", { type: "DOUBLE", byDefault: "1.7976931348623157E308" }],
  ["log.cleaner.threads", { type: "INT", byDefault: "1", isThreadPool: true }],
  ["max.connection.creation.rate", { type: "INT", byDefault: "2147483647" }],
  ["max.connections", { type: "INT", byDefault: "2147483647" }],
  ["max.connections.per.ip", { type: "INT", byDefault: "2147483647" }],
  ["num.io.threads", { type: "INT", byDefault: "8", isThreadPool: true }],
  ["num.network.threads", { type: "INT", byDefault: "3", isThreadPool: true }],
  ["num.recovery.threads.per.data.dir", { type: "INT", byDefault: "1", isThreadPool: true }],
  ["num.replica.fetchers", { type: "INT", byDefault: "1", isThreadPool: true }],
  ["producer.id.expiration.ms", { type: "INT", byDefault: "86400000" }],
  ["replica.alter.log.dirs.io.max.bytes.per.second", { type: "LONG", byDefault: null }],
]);

/** Of these the broker's file alone decides. More are refused: whatever the engine reads and is not dynamic. */
const FROM_THE_FILE: ReadonlySet<string> = new Set([
  "auto.create.topics.enable", "auto.leader.rebalance.enable", "broker.id", "broker.rack", "broker.session.timeout.ms", "controller.quorum.voters",
  "controlled.shutdown.enable", "default.replication.factor", "delete.topic.enable", "fetch.max.bytes", "group.initial.rebalance.delay.ms",
  "leader.imbalance.check.interval.seconds", "log.dir", "log.dirs", "node.id", "num.partitions", "offsets.topic.num.partitions",
  "offsets.topic.replication.factor", "process.roles", "queued.max.requests", "replica.fetch.max.bytes", "replica.fetch.wait.max.ms",
  "replica.lag.time.max.ms", "replica.selector.class", "request.timeout.ms", "socket.request.max.bytes", "transaction.state.log.replication.factor",
  "zookeeper.connect", "zookeeper.session.timeout.ms",
]);

function logSettings(profile: VersionProfile): Map<string, BrokerSetting> {
  const found = new Map<string, BrokerSetting>();
  for (const { kind, byDefault, broker } of topicSettings(profile)) {
    const type = kind.type === "TEXT" ? "STRING" : kind.type === "REPLICAS" ? "LIST" : kind.type;
    // Of several names only the weakest has Kafka's default.
    broker.forEach(({ name, factor }, index) => {
      const isWeakest = index === broker.length - 1;
      found.set(name, { type, byDefault: isWeakest ? String(Number.isNaN(Number(byDefault)) ? byDefault : factor === 1 ? byDefault : Number(byDefault) / factor) : null });
    });
  }
  return found;
}

function settingsOf(profile: VersionProfile): Map<string, BrokerSetting> {
  return new Map([...OWN, ...logSettings(profile)].sort(([a], [b]) => a < b ? -1 : 1));
}

function profileOfBroker(broker: BrokerState): VersionProfile {
  return profileOf(broker.node.kafka, broker.node.mode);
}

/** What holds for topics that say nothing: the broker's file under what it was given while it ran. */
export function brokerLogDefaults(broker: BrokerState): LogConfig {
  const { brokerConfigs } = broker.image;
  const own = brokerConfigs.get(String(broker.node.nodeId));
  const all = brokerConfigs.get("");
  // Asked for every log: what nobody has changed is not worked out again.
  if ((own?.size ?? 0) === 0 && (all?.size ?? 0) === 0) return broker.logs.defaults;
  return brokerLogConfig({ ...broker.node.overrides, ...Object.fromEntries(all ?? []), ...Object.fromEntries(own ?? []) } satisfies Settings, profileOfBroker(broker));
}

// ---- what is refused

/** Null when a broker (`isForOne`) or all brokers may be given these, else Kafka's text. Values null: deleted. */
export function dynamicSettingsProblem(broker: BrokerState, settings: ReadonlyMap<string, string | null>, isForOne: boolean): string | null {
  const profile = profileOfBroker(broker);
  const fixed = [...settings.keys()].filter(name => FROM_THE_FILE.has(name));
  if (fixed.length > 0) return `Cannot update these configs dynamically: ${listed(fixed, profile)}`;
  const known = settingsOf(profile);
  for (const [name, value] of settings) {
    const setting = known.get(name);
    if (setting === undefined || value === null) continue;
    const problem = typeProblem(setting.type, value);
    if (problem !== null) return `Invalid value ${value} for configuration ${name}: ${problem}`;
    const threads = setting.isThreadPool === true ? threadsProblem(broker, name, Number(value), Number(setting.byDefault)) : null;
    if (threads !== null) return threads;
  }
  const perBroker = isForOne ? [] : [...settings.keys()].filter(name => name === "listeners" || name === "advertised.listeners");
  return perBroker.length === 0 ? null : `Cannot update these configs at default cluster level, broker id must be specified: ${listed(perBroker, profile)}`;
}

/** Scala's Set until 3.9, Java's since. */
function listed(names: readonly string[], profile: VersionProfile): string {
  return profile.hasRevisedDefaults ? `[${names.join(", ")}]` : `Set(${names.join(", ")})`;
}

function typeProblem(type: WholeType, value: string): string | null {
  const isWhole = /^[+-]?\d+$/.test(value.trim());
  switch (type) {
    case "INT": return isWhole && Math.abs(Number(value)) <= 2_147_483_647 ? null : "Not a number of type INT";
    case "LONG": return isWhole ? null : "Not a number of type LONG";
    case "DOUBLE": return value.trim() !== "" && Number.isFinite(Number(value)) ? null : "Not a number of type DOUBLE";
    case "BOOLEAN": return /^(true|false)$/i.test(value.trim()) ? null : "Expected value to be either true or false";
    case "STRING": case "LIST": return null;
  }
}

function threadsProblem(broker: BrokerState, name: string, wanted: number, byDefault: number): string | null {
  const { brokerConfigs } = broker.image;
  const now = Number(brokerConfigs.get(String(broker.node.nodeId))?.get(name) ?? brokerConfigs.get("")?.get(name) ?? broker.node.overrides[name] ?? byDefault);
  if (name === "log.cleaner.threads") {
    if (wanted < 1) return "Log cleaner threads should be at least 1";
    if (wanted < Math.trunc(now / 2)) return `Log cleaner threads cannot be reduced to less than half the current value ${now}`;
    return wanted > now * 2 ? `Log cleaner threads cannot be increased to more than double the current value ${now}` : null;
  }
  const text = `Dynamic thread count update validation failed for ${name}=${wanted}`;
  if (wanted <= 0) return `${text}, value should be at least 1`;
  if (wanted < Math.trunc(now / 2)) return `${text}, value should be at least half the current value ${now}`;
  return wanted > now * 2 ? `${text}, value should not be greater than double the current value ${now}` : null;
}

// ---- what is described

export interface DescribedSetting {
  readonly name: string; readonly value: string | null; readonly readOnly: boolean; readonly type: WholeType;
  readonly synonyms: readonly { readonly name: string; readonly value: string; readonly source: ConfigSource }[];
}

/** All settings of this broker that the engine knows, by name; or those that all brokers were given. */
export function describedBrokerSettings(broker: BrokerState, which: "own" | "default"): DescribedSetting[] {
  const { brokerConfigs } = broker.image;
  const own = brokerConfigs.get(String(broker.node.nodeId)) ?? new Map<string, string>();
  const all = brokerConfigs.get("") ?? new Map<string, string>();
  const known = settingsOf(profileOfBroker(broker));
  const names = which === "default" ? [...all.keys()] : [...new Set([...known.keys(), ...own.keys(), ...all.keys(), ...Object.keys(broker.node.overrides)])];
  return names.sort((a, b) => a < b ? -1 : a > b ? 1 : 0).map(name => {
    const setting = known.get(name);
    const synonyms: { name: string; value: string; source: ConfigSource }[] = [];
    const put = (value: string | number | boolean | null | undefined, source: ConfigSource): void => {
      if (value !== undefined && value !== null) synonyms.push({ name, value: String(value), source });
    };
    if (which === "own") put(own.get(name), CONFIG_SOURCE.dynamicBroker);
    put(all.get(name), CONFIG_SOURCE.dynamicDefaultBroker);
    if (which === "own") {
      put(broker.node.overrides[name], CONFIG_SOURCE.staticBroker);
      put(setting?.byDefault, CONFIG_SOURCE.byDefault);
    }
    return { name, value: synonyms[0]?.value ?? null, readOnly: setting === undefined, type: setting?.type ?? "STRING", synonyms };
  });
}
