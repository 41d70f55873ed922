// The settings of one topic's logs: its own over the broker's over Kafka's defaults. One table names each setting as a topic and as a broker
// spell it. Source: LogConfig.java, ServerLogConfigs.java, CleanerConfig.java (3.9). FIDELITY: LOG-RETENTION, LOG-COMPACTION.

export interface LogConfig {
  readonly minInsyncReplicas: number;
  readonly maxMessageBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentJitterMs: number;
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
  /** -1: no limit. */
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly fileDeleteDelayMs: number;
  readonly flushMessages: number;
  readonly flushMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly deleteRetentionMs: number;
  /** min.cleanable.dirty.ratio in millionths. */
  readonly minCleanableDirtyMillionths: number;
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  /** cleanup.policy. */
  readonly deletes: boolean;
  readonly compacts: boolean;
  /** message.timestamp.type=LogAppendTime: the leader's clock stamps the batch. */
  readonly stampsOnAppend: boolean;
  /** 4.x looks at each batch of an append when it writes the indexes, 3.9 at the append as a whole. */
  readonly indexesEachBatch: boolean;
}

type NumberField = Exclude<keyof LogConfig, "deletes" | "compacts" | "stampsOnAppend" | "indexesEachBatch">;

/** Stands for Long.MAX_VALUE. */
const FOREVER = Number.MAX_SAFE_INTEGER;
const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;

/** @property broker its names, the strongest first; [name, factor] when the unit is another. @property scale of a fraction. */
export interface LogSetting {
  readonly field: NumberField;
  readonly topic: string;
  readonly broker: readonly (string | readonly [string, number])[];
  readonly byDefault: number;
  readonly min: number;
  readonly scale?: number;
}

export const LOG_SETTINGS: readonly LogSetting[] = [
  { field: "minInsyncReplicas", topic: "min.insync.replicas", broker: ["min.insync.replicas"], byDefault: 1, min: 1 },
  { field: "maxMessageBytes", topic: "max.message.bytes", broker: ["message.max.bytes"], byDefault: 1_048_588, min: 0 },
  { field: "segmentBytes", topic: "segment.bytes", broker: ["log.segment.bytes"], byDefault: 1_073_741_824, min: 14 },
  { field: "segmentMs", topic: "segment.ms", broker: ["log.roll.ms", ["log.roll.hours", HOUR_MS]], byDefault: WEEK_MS, min: 1 },
  { field: "segmentJitterMs", topic: "segment.jitter.ms", broker: ["log.roll.jitter.ms", ["log.roll.jitter.hours", HOUR_MS]], byDefault: 0, min: 0 },
  { field: "segmentIndexBytes", topic: "segment.index.bytes", broker: ["log.index.size.max.bytes"], byDefault: 10_485_760, min: 4 },
  { field: "indexIntervalBytes", topic: "index.interval.bytes", broker: ["log.index.interval.bytes"], byDefault: 4096, min: 0 },
  {
    field: "retentionMs", topic: "retention.ms", broker: ["log.retention.ms", ["log.retention.minutes", 60_000], ["log.retention.hours", HOUR_MS]],
    byDefault: WEEK_MS, min: -1,
  },
  { field: "retentionBytes", topic: "retention.bytes", broker: ["log.retention.bytes"], byDefault: -1, min: -1 },
  { field: "fileDeleteDelayMs", topic: "file.delete.delay.ms", broker: ["log.segment.delete.delay.ms"], byDefault: 60_000, min: 0 },
  { field: "flushMessages", topic: "flush.messages", broker: ["log.flush.interval.messages"], byDefault: FOREVER, min: 1 },
  { field: "flushMs", topic: "flush.ms", broker: ["log.flush.interval.ms"], byDefault: FOREVER, min: 0 },
  { field: "minCompactionLagMs", topic: "min.compaction.lag.ms", broker: ["log.cleaner.min.compaction.lag.ms"], byDefault: 0, min: 0 },
  { field: "maxCompactionLagMs", topic: "max.compaction.lag.ms", broker: ["log.cleaner.max.compaction.lag.ms"], byDefault: FOREVER, min: 1 },
  { field: "deleteRetentionMs", topic: "delete.retention.ms", broker: ["log.cleaner.delete.retention.ms"], byDefault: 86_400_000, min: 0 },
  {
    field: "minCleanableDirtyMillionths", topic: "min.cleanable.dirty.ratio", broker: ["log.cleaner.min.cleanable.ratio"], byDefault: 500_000, min: 0,
    scale: 1_000_000,
  },
  {
    field: "timestampBeforeMaxMs", topic: "message.timestamp.before.max.ms", broker: ["log.message.timestamp.before.max.ms"], byDefault: FOREVER, min: 0,
  },
  { field: "timestampAfterMaxMs", topic: "message.timestamp.after.max.ms", broker: ["log.message.timestamp.after.max.ms"], byDefault: FOREVER, min: 0 },
];

export const CLEANUP_POLICY = { topic: "cleanup.policy", broker: "log.cleanup.policy" } as const;
export const TIMESTAMP_TYPE = { topic: "message.timestamp.type", broker: "log.message.timestamp.type" } as const;

/** KIP-1030. */
const REVISED_TIMESTAMP_AFTER_MAX_MS = HOUR_MS;

type Overrides = Readonly<Record<string, string | number | boolean>>;

/** What the release decides: see VersionProfile. */
export interface LogProfile { readonly indexesEachBatch: boolean; readonly hasRevisedDefaults: boolean }

/** What holds when a topic says nothing. */
export function brokerLogConfig(overrides: Overrides, profile: LogProfile): LogConfig {
  const numbers = {} as Record<NumberField, number>;
  for (const setting of LOG_SETTINGS) numbers[setting.field] = setting.byDefault;
  if (profile.hasRevisedDefaults) numbers.timestampAfterMaxMs = REVISED_TIMESTAMP_AFTER_MAX_MS;
  for (const { field, broker, scale } of LOG_SETTINGS) {
    for (const name of broker) {
      const [key, factor] = typeof name === "string" ? [name, scale ?? 1] as const : name;
      const value = overrides[key];
      if (value === undefined) continue;
      numbers[field] = scaled(value, factor);
      break;
    }
  }
  const policy = String(overrides[CLEANUP_POLICY.broker] ?? "delete");
  return {
    ...numbers, ...cleanupPolicy(policy), stampsOnAppend: overrides[TIMESTAMP_TYPE.broker] === "LogAppendTime", indexesEachBatch: profile.indexesEachBatch,
  };
}

export const DEFAULT_LOG_CONFIG: LogConfig = brokerLogConfig({}, { indexesEachBatch: false, hasRevisedDefaults: false });

/** @param topic settings of the topic that differ, by Kafka's names. @param broker what holds when the topic says nothing. */
export function logConfigOf(topic: ReadonlyMap<string, string>, broker: LogConfig): LogConfig {
  if (topic.size === 0) return broker;
  const numbers = {} as Partial<Record<NumberField, number>>;
  for (const { field, topic: name, scale } of LOG_SETTINGS) {
    const value = topic.get(name);
    if (value !== undefined) numbers[field] = scaled(value, scale ?? 1);
  }
  const policy = topic.get(CLEANUP_POLICY.topic);
  const timestampType = topic.get(TIMESTAMP_TYPE.topic);
  return {
    ...broker, ...numbers, ...policy === undefined ? null : cleanupPolicy(policy),
    stampsOnAppend: timestampType === undefined ? broker.stampsOnAppend : timestampType === "LogAppendTime",
  };
}

/** Kafka writes Long.MAX_VALUE in full; a negative limit is none. */
function scaled(value: string | number | boolean, factor: number): number {
  const number = Number(value);
  return number < 0 ? -1 : Math.min(Math.round(number * factor), FOREVER);
}

function cleanupPolicy(text: string): { readonly deletes: boolean; readonly compacts: boolean } {
  const policies = text.split(",").map(policy => policy.trim());
  return { deletes: policies.includes("delete"), compacts: policies.includes("compact") };
}

/** What the log manager as a whole reads, all of it by the broker's names: milliseconds, flags and texts. */
export const LOG_MANAGER_TIMES = [
  "log.retention.check.interval.ms", "log.initial.task.delay.ms", "log.cleaner.backoff.ms", "log.flush.offset.checkpoint.interval.ms",
] as const;
export const LOG_MANAGER_FLAGS = ["log.cleaner.enable"] as const;
export const LOG_MANAGER_TEXTS = ["log.dirs", "log.dir", CLEANUP_POLICY.broker, TIMESTAMP_TYPE.broker] as const;

/** All names of the broker that this part of a node reads. */
export const LOG_SETTING_NAMES: readonly string[] = [
  ...LOG_SETTINGS.flatMap(({ broker }) => broker.map(name => typeof name === "string" ? name : name[0])),
  ...LOG_MANAGER_TIMES, ...LOG_MANAGER_FLAGS, ...LOG_MANAGER_TEXTS,
];
