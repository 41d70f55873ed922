// The records of the metadata log, as typed data with Kafka's names. Source: metadata/src/main/resources/common/metadata/*.json (3.9).
// FIDELITY: META-RECORDS (typed objects instead of bytes; sizes are estimates).
export type LeaderRecoveryState = "RECOVERED" | "RECOVERING";

export type MetadataRecord =
  | { readonly type: "BeginTransactionRecord"; readonly name: string }
  | { readonly type: "EndTransactionRecord" }
  | { readonly type: "FeatureLevelRecord"; readonly name: string; readonly featureLevel: number }
  | { readonly type: "ZkMigrationStateRecord"; readonly zkMigrationState: number }
  | {
    readonly type: "RegisterBrokerRecord"; readonly brokerId: number; readonly brokerEpoch: number; readonly incarnationId: string;
    readonly host: string; readonly port: number; readonly rack: string | null; readonly fenced: boolean; readonly inControlledShutdown: boolean;
    readonly logDirs: readonly string[];
  }
  | { readonly type: "UnregisterBrokerRecord"; readonly brokerId: number; readonly brokerEpoch: number }
  | {
    readonly type: "BrokerRegistrationChangeRecord"; readonly brokerId: number; readonly brokerEpoch: number;
    /** -1 unfence, 0 no change, 1 fence. */
    readonly fenced: -1 | 0 | 1;
    /** 0 no change, 1 in controlled shutdown. */
    readonly inControlledShutdown: 0 | 1;
  }
  | { readonly type: "RegisterControllerRecord"; readonly controllerId: number; readonly incarnationId: string }
  | { readonly type: "TopicRecord"; readonly name: string; readonly topicId: string }
  | { readonly type: "RemoveTopicRecord"; readonly topicId: string }
  | {
    readonly type: "PartitionRecord"; readonly topicId: string; readonly partitionId: number; readonly replicas: readonly number[];
    readonly isr: readonly number[]; readonly leader: number; readonly leaderEpoch: number; readonly partitionEpoch: number;
    readonly leaderRecoveryState: LeaderRecoveryState;
  }
  | {
    readonly type: "PartitionChangeRecord"; readonly topicId: string; readonly partitionId: number;
    /** Absent fields are unchanged. `leader` -1: nobody. */
    readonly isr?: readonly number[]; readonly leader?: number; readonly replicas?: readonly number[];
    readonly leaderRecoveryState?: LeaderRecoveryState;
  }
  | {
    readonly type: "ConfigRecord"; readonly resourceType: "TOPIC" | "BROKER"; readonly resourceName: string; readonly name: string;
    readonly value: string | null;
  }
  | { readonly type: "ProducerIdsRecord"; readonly brokerId: number; readonly brokerEpoch: number; readonly nextProducerId: number }
  | { readonly type: "NoOpRecord" };
