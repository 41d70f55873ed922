// The metadata image: what the metadata log adds up to. Controller and brokers each keep one and apply the same records to it.
// Source: MetadataImage.java, PartitionRegistration.java, BrokerRegistration.java.
import type { EndPoint, LeaderRecoveryState, QuotaEntityPart, SupportedFeature } from "./records.ts";

export interface BrokerRegistration {
  readonly brokerId: number;
  brokerEpoch: number;
  incarnationId: string;
  /** Of the first end point: where clients and other brokers reach it. */
  host: string;
  port: number;
  endPoints: readonly EndPoint[];
  features: readonly SupportedFeature[];
  rack: string | null;
  fenced: boolean;
  inControlledShutdown: boolean;
  /** Ids of the log directories that are online. */
  logDirs: readonly string[];
  /** Log directories that take no new replicas (KIP-1066); null: the broker has not told yet. */
  cordonedLogDirs: readonly string[] | null;
  /** A broker in ZooKeeper mode that takes part in a migration (KIP-866). */
  isMigratingZkBroker: boolean;
}

export interface ControllerRegistration {
  readonly controllerId: number;
  readonly incarnationId: string;
  readonly zkMigrationReady: boolean;
  readonly endPoints: readonly EndPoint[];
  readonly features: readonly SupportedFeature[];
}

export interface PartitionRegistration {
  readonly partition: number;
  replicas: readonly number[];
  /** Log directory of each replica, in the order of `replicas`; UNASSIGNED_DIRECTORY where nobody has said yet. */
  directories: readonly string[];
  isr: readonly number[];
  /** Of a reassignment that is under way (KIP-455): ascending; both empty when there is none. */
  removingReplicas: readonly number[];
  addingReplicas: readonly number[];
  /** Eligible leader replicas (KIP-966): out of the ISR, but with everything that is committed. */
  elr: readonly number[];
  /** At most one member: the last leader of a partition that nobody leads. */
  lastKnownElr: readonly number[];
  /** -1: nobody. */
  leader: number;
  leaderEpoch: number;
  partitionEpoch: number;
  leaderRecoveryState: LeaderRecoveryState;
}

/** DirectoryId.UNASSIGNED and DirectoryId.LOST of Kafka. */
export const UNASSIGNED_DIRECTORY = "AAAAAAAAAAAAAAAAAAAAAA";
export const LOST_DIRECTORY = "AAAAAAAAAAAAAAAAAAAAAQ";

export interface TopicImage {
  readonly name: string;
  readonly topicId: string;
  /** By partition number. */
  partitions: PartitionRegistration[];
  /** Topic settings that differ from the broker's defaults ("min.insync.replicas" -> "2"). */
  configs: Map<string, string>;
}

export interface ClientQuota { readonly entity: readonly QuotaEntityPart[]; readonly values: Map<string, number> }

export interface MetadataImage {
  /** Offset of the last record applied; -1 at the start. */
  offset: number;
  epoch: number;
  brokers: Map<number, BrokerRegistration>;
  controllers: Map<number, ControllerRegistration>;
  /** By name, in the order of creation. */
  topics: Map<string, TopicImage>;
  /** topic id -> name */
  topicNames: Map<string, string>;
  /** Dynamic broker settings: by broker id as text, "" for the default of all brokers. */
  brokerConfigs: Map<string, Map<string, string>>;
  /** By entity (see quotaEntityKey). */
  clientQuotas: Map<string, ClientQuota>;
  features: Map<string, number>;
  nextProducerId: number;
  /** ZkMigrationState: 0 none, 1 migration, 2 pre-migration, 3 post-migration. */
  zkMigrationState: number;
}

export function topicById(image: MetadataImage, topicId: string): TopicImage | undefined {
  const name = image.topicNames.get(topicId);
  return name === undefined ? undefined : image.topics.get(name);
}

/** Names an entity whatever the order of its parts: "client-id=a,user=<default>". */
export function quotaEntityKey(entity: readonly QuotaEntityPart[]): string {
  return entity.map(({ entityType, entityName }) => entityName === null ? `${entityType}=<default>` : `${entityType}:${entityName}`).sort((a, b) => a < b ? -1 : a > b ? 1 : 0).join(",");
}
