// A consumer's memory as plain data: its settings, its partitions and their positions. Source: SubscriptionState.java, ConsumerConfig.java.
import type { CallError } from "#engine/cluster/commands.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { FetchSessionHandler } from "#engine/protocol/fetch-session-handler.ts";
import type { ClientCore } from "./client-core.ts";
import { booleanSetting, type ClientProcessSettings, integerSetting, textSetting } from "./client-settings.ts";
import type { Settings } from "#engine/cluster/spec.ts";

/** What a process of kind "consumer" is started with. `partitions` null: all that the topic has when it is first seen. */
export interface ConsumerProcessSettings extends ClientProcessSettings {
  readonly topic: string;
  readonly partitions: readonly number[] | null;
  readonly from: "beginning" | "end" | number;
  /** Sums up every value that was read. */
  readonly checksum?: boolean;
}

export type ResetPolicy = "earliest" | "latest" | "none";

export interface ConsumerConfig {
  readonly fetchMinBytes: number;
  readonly fetchMaxBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly partitionMaxBytes: number;
  readonly resetPolicy: ResetPolicy;
  readonly mustCheckCrcs: boolean;
  /** As requests carry it: 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: 0 | 1;
  /** client.rack; "" for none. */
  readonly rack: string;
}

export function readConsumerConfig(settings: Settings): ConsumerConfig {
  const reset = textSetting(settings, "auto.offset.reset", "latest");
  return {
    fetchMinBytes: integerSetting(settings, "fetch.min.bytes", 1),
    fetchMaxBytes: integerSetting(settings, "fetch.max.bytes", 52_428_800),
    fetchMaxWaitMs: integerSetting(settings, "fetch.max.wait.ms", 500),
    partitionMaxBytes: integerSetting(settings, "max.partition.fetch.bytes", 1_048_576),
    resetPolicy: reset === "earliest" || reset === "none" ? reset : "latest",
    mustCheckCrcs: booleanSetting(settings, "check.crcs", true),
    isolationLevel: textSetting(settings, "isolation.level", "read_uncommitted") === "read_committed" ? 1 : 0,
    rack: textSetting(settings, "client.rack", ""),
  };
}

/** Where a position comes from when it has to be looked up. */
export interface PendingReset { readonly to: "earliest" | "latest"; readonly why: KafkaError | "seek"; isAsked: boolean }

export interface AssignedPartition {
  readonly partition: number;
  /** Offset of the next record; -1 while it is not known. */
  position: number;
  /** Epoch of the last record read; -1: none, or the position was looked up or sought. */
  offsetEpoch: number;
  /** The leader and its epoch for which the position holds; -1 before. */
  leader: number;
  leaderEpoch: number;
  /** The leader has changed: its log may end, or have gone another way, before the position (KIP-320). Null: the position is good. */
  validation: { isAsked: boolean } | null;
  /** The replica that the leader has named (KIP-392), until when; -1: the leader itself. */
  preferredReplica: number;
  preferredUntilUs: number;
  reset: PendingReset | null;
  /** After an error: not before this moment, unless metadata names another leader. */
  retryAtUs: number;
  retryUnlessEpoch: number;
  attempts: number;
  /** Why it reads no further (auto.offset.reset=none, a broken batch); a seek ends it. */
  error: CallError | null;
  consumed: number;
}

export interface ConsumerState {
  readonly core: ClientCore;
  readonly config: ConsumerConfig;
  readonly topic: string;
  readonly wanted: readonly number[] | null;
  readonly from: "beginning" | "end" | number;
  readonly hasChecksum: boolean;
  /** Empty until metadata has told which partitions there are. */
  readonly partitions: Map<number, AssignedPartition>;
  isAssigned: boolean;
  /** Which metadata the leaders of the positions were compared with. */
  leadersVersion: number;
  /** All partitions have to be looked at for what to fetch from whom: something unusual has happened since, or newer metadata has come. */
  mustScan: boolean;
  scannedVersion: number;
  /** Brokers that were being fetched from during the last look: what is asked of them may have to change when they have answered. */
  unscanned: number[];
  /** Brokers that have answered and go on with the same partitions. */
  idle: number[];
  /** Some position may have to be looked up or validated. */
  hasOpenPositions: boolean;
  /** Asked for before the partitions were known. */
  seeks: { readonly partition: number; readonly offset: number }[];
  /** Brokers with a Fetch under way. */
  readonly fetching: Set<number>;
  /** By broker. */
  readonly sessions: Map<number, FetchSessionHandler>;
  consumedRecords: number;
  consumedBytes: number;
  /** CRC-32C over all values in the order in which they were read. */
  checksum: number;
}

export interface ConsumerPosition { readonly topic: string; readonly partition: number; readonly position: number }

/** What a view needs of a consumer; in the order of the assignment. */
export function consumerPositions(state: ConsumerState): ConsumerPosition[] {
  return [...state.partitions.values()].map(({ partition, position }) => ({ topic: state.topic, partition, position }));
}

/** How much was read, and the sum over every value if the consumer was asked to keep one. */
export function consumerCounts(state: ConsumerState): { readonly records: number; readonly bytes: number; readonly checksum: number } {
  return { records: state.consumedRecords, bytes: state.consumedBytes, checksum: state.checksum };
}
