// The producer's settings and the rules between them. Source: ProducerConfig.java (3.9), KafkaProducer.configureDeliveryTimeout.
import type { CallError } from "#engine/cluster/commands.ts";
import type { VersionProfile } from "#engine/protocol/version-profile.ts";
import type { ProducerSpec, Settings } from "#engine/cluster/spec.ts";
import { booleanSetting, type ClientProcessSettings, integerSetting, textSetting } from "./client-settings.ts";
import { ROUND_ROBIN_PARTITIONER } from "./round-robin-partitioner.ts";

const INT_MAX = 2147483647;
const IN_FLIGHT_WITH_IDEMPOTENCE_MAX = 5;

/** What a process of kind "producer" is started with. */
export interface ProducerProcessSettings extends ClientProcessSettings {
  readonly workload?: NonNullable<ProducerSpec["workload"]>;
}

export interface ProducerConfig {
  readonly acks: 0 | 1 | -1;
  readonly isIdempotent: boolean;
  readonly batchSizeBytes: number;
  readonly lingerMs: number;
  readonly bufferMemoryBytes: number;
  readonly maxBlockMs: number;
  readonly maxRequestSizeBytes: number;
  readonly deliveryTimeoutMs: number;
  readonly retries: number;
  readonly maxInFlight: number;
  readonly ignoreKeys: boolean;
  /** partitioner.class is RoundRobinPartitioner. */
  readonly isRoundRobin: boolean;
  readonly isAdaptive: boolean;
  readonly availabilityTimeoutMs: number;
}

function acksOf(settings: Settings): 0 | 1 | -1 {
  const text = textSetting(settings, "acks", "all");
  return text === "0" ? 0 : text === "1" ? 1 : -1;
}

/** Without a wish of its own, a producer is idempotent as long as nothing speaks against it. */
export function readProducerConfig(settings: Settings, { lingerMs: defaultLingerMs }: VersionProfile): ProducerConfig {
  const acks = acksOf(settings);
  const retries = integerSetting(settings, "retries", INT_MAX);
  const maxInFlight = integerSetting(settings, "max.in.flight.requests.per.connection", 5);
  const lingerMs = integerSetting(settings, "linger.ms", defaultLingerMs);
  const leastDeliveryMs = Math.min(INT_MAX, lingerMs + integerSetting(settings, "request.timeout.ms", 30_000));
  const mayBeIdempotent = acks === -1 && retries > 0 && maxInFlight <= IN_FLIGHT_WITH_IDEMPOTENCE_MAX;
  return {
    acks, retries, maxInFlight, lingerMs,
    isIdempotent: mayBeIdempotent && booleanSetting(settings, "enable.idempotence", true),
    batchSizeBytes: Math.max(1, integerSetting(settings, "batch.size", 16_384)),
    bufferMemoryBytes: integerSetting(settings, "buffer.memory", 33_554_432),
    maxBlockMs: integerSetting(settings, "max.block.ms", 60_000),
    maxRequestSizeBytes: integerSetting(settings, "max.request.size", 1_048_576),
    deliveryTimeoutMs: Math.max(leastDeliveryMs, integerSetting(settings, "delivery.timeout.ms", 120_000)),
    isRoundRobin: textSetting(settings, "partitioner.class", "") === ROUND_ROBIN_PARTITIONER,
    ignoreKeys: booleanSetting(settings, "partitioner.ignore.keys", false),
    isAdaptive: booleanSetting(settings, "partitioner.adaptive.partitioning.enable", true),
    availabilityTimeoutMs: integerSetting(settings, "partitioner.availability.timeout.ms", 0),
  };
}

/** Why Java's constructor would throw a ConfigException; null when it would not. */
export function producerConfigError(settings: Settings, profile: VersionProfile): CallError | null {
  const message = conflict(settings, profile);
  return message === null ? null : { name: "Config", message, retriable: false };
}

function conflict(settings: Settings, { lingerMs }: VersionProfile): string | null {
  if (settings["enable.idempotence"] !== undefined && booleanSetting(settings, "enable.idempotence", true)) {
    if (integerSetting(settings, "retries", INT_MAX) === 0) return "Must set retries to non-zero when using the idempotent producer.";
    if (integerSetting(settings, "max.in.flight.requests.per.connection", 5) > IN_FLIGHT_WITH_IDEMPOTENCE_MAX) {
      return "Must set max.in.flight.requests.per.connection to at most 5 to use the idempotent producer.";
    }
    if (acksOf(settings) !== -1) {
      return "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.";
    }
  }
  const least = integerSetting(settings, "linger.ms", lingerMs) + integerSetting(settings, "request.timeout.ms", 30_000);
  if (integerSetting(settings, "delivery.timeout.ms", least) < least) {
    return "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms";
  }
  return null;
}
