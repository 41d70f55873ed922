// Settings of a topic: names, types, ranges, defaults, what a broker calls them, and Kafka's words for a value that does not fit.
// Source: LogConfig.java, ServerTopicConfigSynonyms.java, ConfigDef.java, ThrottledReplicaListValidator.java (3.9, 4.3). FIDELITY: META-CONFIGS.
import type { VersionProfile } from "#engine/protocol/version-profile.ts";

interface Whole { readonly type: "INT" | "LONG"; readonly min?: number; readonly max?: number }
type Kind = Whole | { readonly type: "BOOLEAN" } | { readonly type: "DOUBLE"; readonly min: number; readonly max: number }
  | { readonly type: "LIST"; readonly of: readonly string[] } | { readonly type: "STRING"; readonly of: readonly string[] }
  | { readonly type: "TEXT" } | { readonly type: "REPLICAS" };

/** @property broker what the broker calls it, the strongest first; a factor where the unit is another. @property isOld gone in 4.0. */
export interface TopicSetting {
  readonly name: string;
  readonly kind: Kind;
  readonly byDefault: string;
  readonly broker: readonly { readonly name: string; readonly factor: number }[];
  readonly isOld: boolean;
}

const BOOLEAN: Kind = { type: "BOOLEAN" };
const TEXT: Kind = { type: "TEXT" };
const INT_MAX = 2_147_483_647;
const LONG_MAX = "9223372036854775807";
const HOUR_MS = 3_600_000;

function int(min?: number, max?: number): Kind {
  return { type: "INT", ...min === undefined ? {} : { min }, ...max === undefined ? {} : { max } };
}

function long(min?: number): Kind {
  return { type: "LONG", ...min === undefined ? {} : { min } };
}

function setting(name: string, kind: Kind, byDefault: string, broker: readonly (string | readonly [string, number])[], isOld = false): TopicSetting {
  return { name, kind, byDefault, broker: broker.map(entry => typeof entry === "string" ? { name: entry, factor: 1 } : { name: entry[0], factor: entry[1] }), isOld };
}

const SETTINGS: readonly TopicSetting[] = [
  setting("cleanup.policy", { type: "LIST", of: ["compact", "delete"] }, "delete", ["log.cleanup.policy"]),
  setting("compression.gzip.level", int(-1, 9), "-1", ["compression.gzip.level"]),
  setting("compression.lz4.level", int(1, 17), "9", ["compression.lz4.level"]),
  setting("compression.type", { type: "STRING", of: ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"] }, "producer", ["compression.type"]),
  setting("compression.zstd.level", int(-131072, 22), "3", ["compression.zstd.level"]),
  setting("delete.retention.ms", long(0), "86400000", ["log.cleaner.delete.retention.ms"]),
  setting("file.delete.delay.ms", long(0), "60000", ["log.segment.delete.delay.ms"]),
  setting("flush.messages", long(1), LONG_MAX, ["log.flush.interval.messages"]),
  setting("flush.ms", long(0), LONG_MAX, ["log.flush.interval.ms", "log.flush.scheduler.interval.ms"]),
  setting("follower.replication.throttled.replicas", { type: "REPLICAS" }, "", []),
  setting("index.interval.bytes", int(0), "4096", ["log.index.interval.bytes"]),
  setting("leader.replication.throttled.replicas", { type: "REPLICAS" }, "", []),
  setting("local.retention.bytes", long(-2), "-2", ["log.local.retention.bytes"]),
  setting("local.retention.ms", long(-2), "-2", ["log.local.retention.ms"]),
  setting("max.compaction.lag.ms", long(1), LONG_MAX, ["log.cleaner.max.compaction.lag.ms"]),
  setting("max.message.bytes", int(0), "1048588", ["message.max.bytes"]),
  setting("message.downconversion.enable", BOOLEAN, "true", ["log.message.downconversion.enable"], true),
  setting("message.format.version", TEXT, "3.0-IV1", ["log.message.format.version"], true),
  setting("message.timestamp.after.max.ms", long(0), LONG_MAX, ["log.message.timestamp.after.max.ms"]),
  setting("message.timestamp.before.max.ms", long(0), LONG_MAX, ["log.message.timestamp.before.max.ms"]),
  setting("message.timestamp.difference.max.ms", long(0), LONG_MAX, ["log.message.timestamp.difference.max.ms"], true),
  setting("message.timestamp.type", { type: "STRING", of: ["CreateTime", "LogAppendTime"] }, "CreateTime", ["log.message.timestamp.type"]),
  setting("min.cleanable.dirty.ratio", { type: "DOUBLE", min: 0, max: 1 }, "0.5", ["log.cleaner.min.cleanable.ratio"]),
  setting("min.compaction.lag.ms", long(0), "0", ["log.cleaner.min.compaction.lag.ms"]),
  setting("min.insync.replicas", int(1), "1", ["min.insync.replicas"]),
  setting("preallocate", BOOLEAN, "false", ["log.preallocate"]),
  setting("remote.log.copy.disable", BOOLEAN, "false", []),
  setting("remote.log.delete.on.disable", BOOLEAN, "false", []),
  setting("remote.storage.enable", BOOLEAN, "false", []),
  setting("retention.bytes", long(), "-1", ["log.retention.bytes"]),
  setting("retention.ms", long(-1), "604800000", ["log.retention.ms", ["log.retention.minutes", 60_000], ["log.retention.hours", HOUR_MS]]),
  setting("segment.bytes", int(14), "1073741824", ["log.segment.bytes"]),
  setting("segment.index.bytes", int(4), "10485760", ["log.index.size.max.bytes"]),
  setting("segment.jitter.ms", long(0), "0", ["log.roll.jitter.ms", ["log.roll.jitter.hours", HOUR_MS]]),
  setting("segment.ms", long(1), "604800000", ["log.roll.ms", ["log.roll.hours", HOUR_MS]]),
  setting("unclean.leader.election.enable", BOOLEAN, "false", ["unclean.leader.election.enable"]),
];

const BY_NAME: ReadonlyMap<string, TopicSetting> = new Map(SETTINGS.map(entry => [entry.name, entry]));

/** KIP-1030. */
const REVISED: ReadonlyMap<string, TopicSetting> = new Map([
  setting("message.timestamp.after.max.ms", long(0), "3600000", ["log.message.timestamp.after.max.ms"]),
  setting("segment.bytes", int(1_048_576), "1073741824", ["log.segment.bytes"]),
].map(entry => [entry.name, entry]));

/** All that a topic can be given, by name. */
export function topicSettings(profile: VersionProfile): TopicSetting[] {
  return SETTINGS.flatMap(({ name }) => topicSetting(name, profile) ?? []);
}

export function topicSetting(name: string, profile: VersionProfile): TopicSetting | undefined {
  const found = profile.hasRevisedDefaults ? REVISED.get(name) ?? BY_NAME.get(name) : BY_NAME.get(name);
  return found === undefined || found.isOld && !profile.hasMessageFormatSettings ? undefined : found;
}

/** Kafka's name of a setting's type. */
export function settingType({ kind }: TopicSetting): "BOOLEAN" | "STRING" | "INT" | "LONG" | "DOUBLE" | "LIST" {
  return kind.type === "TEXT" ? "STRING" : kind.type === "REPLICAS" ? "LIST" : kind.type;
}

/** Null when the settings are good, else Kafka's text for the first that is not. @param wanted all that the topic would have. */
export function topicConfigProblem(wanted: readonly { readonly name: string; readonly value: string | null }[], profile: VersionProfile): string | null {
  const nulls = wanted.filter(({ value }) => value === null).map(({ name }) => name);
  if (nulls.length > 0) return `Null value not supported for topic configs: ${nulls.join(",")}`;
  const configs = new Map(wanted.map(({ name, value }) => [name, value ?? ""]));
  for (const name of configs.keys()) if (topicSetting(name, profile) === undefined) return `Unknown topic config name: ${name}`;
  for (const [name, value] of configs) {
    const kind = topicSetting(name, profile)?.kind;
    const why = kind === undefined ? null : valueProblem(name, kind, value);
    if (why !== null) return `Invalid value ${value} for configuration ${name}: ${why}`;
  }
  const shortest = Number(configs.get("min.compaction.lag.ms") ?? 0);
  const longest = Number(configs.get("max.compaction.lag.ms") ?? LONG_MAX);
  return shortest > longest ? `conflict topic config setting min.compaction.lag.ms (${shortest}) > max.compaction.lag.ms (${longest})` : null;
}

function valueProblem(name: string, kind: Kind, value: string): string | null {
  switch (kind.type) {
    case "INT": case "LONG": return wholeProblem(kind, value);
    case "BOOLEAN": return /^(true|false)$/i.test(value.trim()) ? null : "Expected value to be either true or false";
    case "DOUBLE": {
      const number = Number(value);
      if (value.trim() === "" || !Number.isFinite(number)) return "Not a number of type DOUBLE";
      return rangeProblem(number, kind.min, kind.max);
    }
    case "LIST": return value.split(",").every(item => kind.of.includes(item.trim())) ? null : `String must be one of: ${kind.of.join(", ")}`;
    case "STRING": return kind.of.includes(value) ? null : `String must be one of: ${kind.of.join(", ")}`;
    case "REPLICAS":
      return value.trim() === "" || value.trim() === "*" || value.split(",").every(item => /^\d+:\d+$/.test(item.trim())) ? null
        : `${name} must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...`;
    case "TEXT": return null;
  }
}

function wholeProblem(kind: Whole, value: string): string | null {
  const text = value.trim();
  const number = Number(text);
  if (!/^[+-]?\d+$/.test(text) || kind.type === "INT" && (number > INT_MAX || number < -INT_MAX - 1)) return `Not a number of type ${kind.type}`;
  return rangeProblem(number, kind.min, kind.max);
}

function rangeProblem(value: number, min: number | undefined, max: number | undefined): string | null {
  if (min !== undefined && value < min) return `Value must be at least ${min}`;
  if (max !== undefined && value > max) return `Value must be no more than ${max}`;
  return null;
}
