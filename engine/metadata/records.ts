// The records of the metadata log, as typed data with Kafka's names. What a record leaves out did not change, or has its default; how
// kafka-dump-log prints them: record-text.ts. Source: metadata/src/main/resources/common/metadata/*.json (3.9, 4.3).
// FIDELITY: META-RECORDS (typed objects instead of bytes; sizes are estimates).
export type LeaderRecoveryState = "RECOVERED" | "RECOVERING";

export interface EndPoint { readonly name: string; readonly host: string; readonly port: number; readonly securityProtocol: number }
/** What a node's software can do, not what is switched on. */
export interface SupportedFeature { readonly name: string; readonly minSupportedVersion: number; readonly maxSupportedVersion: number }
/** `entityName` null: the default of that type. */
export interface QuotaEntityPart { readonly entityType: string; readonly entityName: string | null }
/** ZkMigrationState.java: a quorum that began as one; one that has copied ZooKeeper's metadata and writes to it; one that will; one that has finished. */
export const ZK_NO_MIGRATION = 0;
export const ZK_MIGRATION = 1;
export const ZK_PRE_MIGRATION = 2;
export const ZK_POST_MIGRATION = 3;
export type ConfigResourceType = "TOPIC" | "BROKER";

export type MetadataRecord =
  | { readonly type: "BeginTransactionRecord"; readonly name: string }
  | { readonly type: "EndTransactionRecord" }
  | { readonly type: "AbortTransactionRecord"; readonly reason: string }
  | { readonly type: "FeatureLevelRecord"; readonly name: string; readonly featureLevel: number }
  | { readonly type: "ZkMigrationStateRecord"; readonly zkMigrationState: number }
  | {
    readonly type: "RegisterBrokerRecord"; readonly brokerId: number; readonly isMigratingZkBroker: boolean; readonly incarnationId: string;
    readonly brokerEpoch: number; readonly endPoints: readonly EndPoint[]; readonly features: readonly SupportedFeature[];
    readonly rack: string | null; readonly fenced: boolean; readonly inControlledShutdown: boolean; readonly logDirs: readonly string[];
  }
  | { readonly type: "UnregisterBrokerRecord"; readonly brokerId: number; readonly brokerEpoch: number }
  | {
    readonly type: "BrokerRegistrationChangeRecord"; readonly brokerId: number; readonly brokerEpoch: number;
    /** -1 unfence, 0 no change, 1 fence. */
    readonly fenced: -1 | 0 | 1;
    /** 0 no change, 1 in controlled shutdown. */
    readonly inControlledShutdown: 0 | 1;
    /** The log directories that are left; absent: no change. */
    readonly logDirs?: readonly string[];
    /** Log directories that take no new replicas (KIP-1066, 4.3); absent: no change. */
    readonly cordonedLogDirs?: readonly string[];
  }
  | {
    readonly type: "RegisterControllerRecord"; readonly controllerId: number; readonly incarnationId: string; readonly zkMigrationReady: boolean;
    readonly endPoints: readonly EndPoint[]; readonly features: readonly SupportedFeature[];
  }
  | { readonly type: "TopicRecord"; readonly name: string; readonly topicId: string }
  | { readonly type: "RemoveTopicRecord"; readonly topicId: string }
  | {
    readonly type: "PartitionRecord"; readonly partitionId: number; readonly topicId: string; readonly replicas: readonly number[];
    readonly isr: readonly number[]; readonly removingReplicas: readonly number[]; readonly addingReplicas: readonly number[];
    readonly leader: number; readonly leaderRecoveryState: LeaderRecoveryState; readonly leaderEpoch: number; readonly partitionEpoch: number;
    /** Log directory of each replica, in the order of `replicas`; empty in a copy from ZooKeeper, which knows of none. */
    readonly directories: readonly string[];
    /** Absent when empty (KIP-966). */
    readonly eligibleLeaderReplicas?: readonly number[]; readonly lastKnownElr?: readonly number[];
  }
  | {
    readonly type: "PartitionChangeRecord"; readonly partitionId: number; readonly topicId: string;
    /** Absent fields are unchanged. `leader` -1: nobody; the same leader again: only its epoch grows. */
    readonly isr?: readonly number[]; readonly leader?: number; readonly replicas?: readonly number[];
    readonly removingReplicas?: readonly number[]; readonly addingReplicas?: readonly number[];
    readonly leaderRecoveryState?: LeaderRecoveryState;
    readonly eligibleLeaderReplicas?: readonly number[]; readonly lastKnownElr?: readonly number[];
    readonly directories?: readonly string[];
  }
  /** Forgets the eligible leader replicas of a topic, of all topics when the name is empty: min.insync.replicas has changed (KIP-966). */
  | { readonly type: "ClearElrRecord"; readonly topicName: string }
  /** `resourceName` of a broker: its id, or empty for the default of all. */
  | {
    readonly type: "ConfigRecord"; readonly resourceType: ConfigResourceType; readonly resourceName: string; readonly name: string;
    readonly value: string | null;
  }
  | { readonly type: "ClientQuotaRecord"; readonly entity: readonly QuotaEntityPart[]; readonly key: string; readonly value: number; readonly remove: boolean }
  | { readonly type: "ProducerIdsRecord"; readonly brokerId: number; readonly brokerEpoch: number; readonly nextProducerId: number }
  | { readonly type: "NoOpRecord" };

export type PartitionChange = MetadataRecord & { readonly type: "PartitionChangeRecord" };
