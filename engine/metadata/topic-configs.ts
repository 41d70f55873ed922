// Settings of a topic: their names, types and ranges, and Kafka's words for a value that does not fit. Follows LogConfig.java (3.9).
interface Whole { readonly type: "INT" | "LONG"; readonly min?: number; readonly max?: number }
type Kind = Whole | { readonly type: "BOOLEAN" } | { readonly type: "DOUBLE"; readonly min: number; readonly max: number }
  | { readonly type: "LIST"; readonly of: readonly string[] } | { readonly type: "STRING"; readonly of: readonly string[] } | { readonly type: "TEXT" };

const BOOLEAN: Kind = { type: "BOOLEAN" };
const TEXT: Kind = { type: "TEXT" };
const INT_MAX = 2147483647;

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["cleanup.policy", { type: "LIST", of: ["compact", "delete"] }],
  ["compression.gzip.level", { type: "INT", min: -1, max: 9 }],
  ["compression.lz4.level", { type: "INT", min: 1, max: 17 }],
  ["compression.type", { type: "STRING", of: ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"] }],
  ["compression.zstd.level", { type: "INT", min: -131072, max: 22 }],
  ["delete.retention.ms", { type: "LONG", min: 0 }],
  ["file.delete.delay.ms", { type: "LONG", min: 0 }],
  ["flush.messages", { type: "LONG", min: 1 }],
  ["flush.ms", { type: "LONG", min: 0 }],
  ["follower.replication.throttled.replicas", TEXT],
  ["index.interval.bytes", { type: "INT", min: 0 }],
  ["leader.replication.throttled.replicas", TEXT],
  ["local.retention.bytes", { type: "LONG", min: -2 }],
  ["local.retention.ms", { type: "LONG", min: -2 }],
  ["max.compaction.lag.ms", { type: "LONG", min: 1 }],
  ["max.message.bytes", { type: "INT", min: 0 }],
  ["message.downconversion.enable", BOOLEAN],
  ["message.format.version", TEXT],
  ["message.timestamp.after.max.ms", { type: "LONG", min: 0 }],
  ["message.timestamp.before.max.ms", { type: "LONG", min: 0 }],
  ["message.timestamp.difference.max.ms", { type: "LONG", min: 0 }],
  ["message.timestamp.type", { type: "STRING", of: ["CreateTime", "LogAppendTime"] }],
  ["min.cleanable.dirty.ratio", { type: "DOUBLE", min: 0, max: 1 }],
  ["min.compaction.lag.ms", { type: "LONG", min: 0 }],
  ["min.insync.replicas", { type: "INT", min: 1 }],
  ["preallocate", BOOLEAN],
  ["remote.storage.enable", BOOLEAN],
  ["retention.bytes", { type: "LONG" }],
  ["retention.ms", { type: "LONG", min: -1 }],
  ["segment.bytes", { type: "INT", min: 14 }],
  ["segment.index.bytes", { type: "INT", min: 4 }],
  ["segment.jitter.ms", { type: "LONG", min: 0 }],
  ["segment.ms", { type: "LONG", min: 1 }],
  ["unclean.leader.election.enable", BOOLEAN],
]);

/** Null when the settings are good, else Kafka's text for the first that is not. */
export function topicConfigProblem(configs: readonly { readonly name: string; readonly value: string | null }[]): string | null {
  const nulls = configs.filter(config => config.value === null).map(config => config.name);
  if (nulls.length > 0) return `Null value not supported for topic configs: ${nulls.join(",")}`;
  for (const { name, value } of configs) {
    const kind = KINDS.get(name);
    if (kind === undefined) return `Unknown topic config name: ${name}`;
    const why = valueProblem(kind, value ?? "");
    if (why !== null) return `Invalid value ${value} for configuration ${name}: ${why}`;
  }
  return null;
}

function valueProblem(kind: Kind, value: string): string | null {
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
