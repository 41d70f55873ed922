// The metadata image: what the metadata log adds up to. Controller and brokers each keep one and apply the same records to it.
// Source: MetadataImage.java, PartitionRegistration.java.
import type { LeaderRecoveryState } from "./records.ts";

export interface BrokerRegistration {
  readonly brokerId: number;
  brokerEpoch: number;
  incarnationId: string;
  host: string;
  port: number;
  rack: string | null;
  fenced: boolean;
  inControlledShutdown: boolean;
}

export interface PartitionRegistration {
  readonly partition: number;
  replicas: readonly number[];
  isr: readonly number[];
  /** -1: nobody. */
  leader: number;
  leaderEpoch: number;
  partitionEpoch: number;
  leaderRecoveryState: LeaderRecoveryState;
}

export interface TopicImage {
  readonly name: string;
  readonly topicId: string;
  /** By partition number. */
  partitions: PartitionRegistration[];
  /** Topic settings that differ from the broker's defaults ("min.insync.replicas" -> "2"). */
  configs: Map<string, string>;
}

export interface MetadataImage {
  /** Offset of the last record applied; -1 at the start. */
  offset: number;
  epoch: number;
  brokers: Map<number, BrokerRegistration>;
  /** By name, in the order of creation. */
  topics: Map<string, TopicImage>;
  /** topic id -> name */
  topicNames: Map<string, string>;
  features: Map<string, number>;
  brokerConfigs: Map<string, Map<string, string>>;
  nextProducerId: number;
}
