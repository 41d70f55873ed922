// Message tables of what an operator asks for: topics, partitions, reassignment, settings, quotas, features; and what a broker tells the
// controller about its log directories. Part of MESSAGES (messages.ts). Field names and versions as in Kafka's JSON schemas, as a 3.9 client
// uses them; DescribeTopicPartitions is asked by 4.x clients. FIDELITY: PROTO-SIZE, PROTO-VERSIONS.
import {
  array, bool, type FieldType, float64, int16, int32, int64, int8, nullableArray, nullableString, nullableStruct, string, struct, uuid,
} from "./schema.ts";

const error = int16;
const quotaEntity = array(struct({ entityType: string, entityName: nullableString }));
const cursor = nullableStruct({ topicName: string, partitionIndex: int32 });

export const ADMIN_MESSAGES = {
  DeleteTopics: {
    key: 20, version: 6,
    request: struct({ topics: array(struct({ name: nullableString, topicId: uuid })), timeoutMs: int32 }),
    response: struct({ throttleTimeMs: int32, responses: array(struct({ name: nullableString, topicId: uuid, error, errorMessage: nullableString })) }),
  },
  /** resourceType: 2 topic, 4 broker (name "": the default of all brokers). configSource: see ConfigSource in engine/metadata/config-sources.ts. */
  DescribeConfigs: {
    key: 32, version: 4,
    request: struct({ resources: array(struct({ resourceType: int8, resourceName: string, configurationKeys: nullableArray(string) })),
      includeSynonyms: bool, includeDocumentation: bool }),
    response: struct({ throttleTimeMs: int32, results: array(struct({ error, errorMessage: nullableString, resourceType: int8, resourceName: string,
      configs: array(struct({ name: string, value: nullableString, readOnly: bool, configSource: int8, isSensitive: bool,
        synonyms: array(struct({ name: string, value: nullableString, source: int8 })), configType: int8, documentation: nullableString })) })) }),
  },
  /** `count` is the new total; `assignments` null: the controller places the new partitions. */
  CreatePartitions: {
    key: 37, version: 3,
    request: struct({ topics: array(struct({ name: string, count: int32, assignments: nullableArray(struct({ brokerIds: array(int32) })) })),
      timeoutMs: int32, validateOnly: bool }),
    response: struct({ throttleTimeMs: int32, results: array(struct({ name: string, error, errorMessage: nullableString })) }),
  },
  /** configOperation: 0 set, 1 delete, 2 append, 3 subtract. */
  IncrementalAlterConfigs: {
    key: 44, version: 1,
    request: struct({ resources: array(struct({ resourceType: int8, resourceName: string,
      configs: array(struct({ name: string, configOperation: int8, value: nullableString })) })), validateOnly: bool }),
    response: struct({ throttleTimeMs: int32, responses: array(struct({ error, errorMessage: nullableString, resourceType: int8, resourceName: string })) }),
  },
  /** `replicas` null: cancel. allowReplicationFactorChange is of version 1 (4.1). */
  AlterPartitionReassignments: {
    key: 45, version: 0,
    request: struct({ timeoutMs: int32, allowReplicationFactorChange: bool, topics: array(struct({ name: string, partitions: array(struct({
      partitionIndex: int32, replicas: nullableArray(int32) })) })) }),
    response: struct({ throttleTimeMs: int32, error, errorMessage: nullableString, responses: array(struct({ name: string, partitions: array(struct({
      partitionIndex: int32, error, errorMessage: nullableString })) })) }),
  },
  ListPartitionReassignments: {
    key: 46, version: 0,
    request: struct({ timeoutMs: int32, topics: nullableArray(struct({ name: string, partitionIndexes: array(int32) })) }),
    response: struct({ throttleTimeMs: int32, error, errorMessage: nullableString, topics: array(struct({ name: string, partitions: array(struct({
      partitionIndex: int32, replicas: array(int32), addingReplicas: array(int32), removingReplicas: array(int32) })) })) }),
  },
  /** matchType: 0 exact, 1 default, 2 any. */
  DescribeClientQuotas: {
    key: 48, version: 1,
    request: struct({ components: array(struct({ entityType: string, matchType: int8, match: nullableString })), strict: bool }),
    response: struct({ throttleTimeMs: int32, error, errorMessage: nullableString,
      entries: nullableArray(struct({ entity: quotaEntity, values: array(struct({ key: string, value: float64 })) })) }),
  },
  /** entityName null: the default entity. */
  AlterClientQuotas: {
    key: 49, version: 1,
    request: struct({ entries: array(struct({ entity: quotaEntity, ops: array(struct({ key: string, value: float64, remove: bool })) })), validateOnly: bool }),
    response: struct({ throttleTimeMs: int32, entries: array(struct({ error, errorMessage: nullableString, entity: quotaEntity })) }),
  },
  /** upgradeType: 1 upgrade, 2 safe downgrade, 3 unsafe downgrade. */
  UpdateFeatures: {
    key: 57, version: 1,
    request: struct({ timeoutMs: int32, featureUpdates: array(struct({ feature: string, maxVersionLevel: int16, upgradeType: int8 })), validateOnly: bool }),
    response: struct({ throttleTimeMs: int32, error, errorMessage: nullableString,
      results: array(struct({ feature: string, error, errorMessage: nullableString })) }),
  },
  UnregisterBroker: {
    key: 64, version: 0,
    request: struct({ brokerId: int32 }),
    response: struct({ throttleTimeMs: int32, error, errorMessage: nullableString }),
  },
  /** KIP-858: in which log directory a broker has put its replicas. */
  AssignReplicasToDirs: {
    key: 73, version: 0,
    request: struct({ brokerId: int32, brokerEpoch: int64, directories: array(struct({ id: uuid, topics: array(struct({ topicId: uuid,
      partitions: array(struct({ partitionIndex: int32 })) })) })) }),
    response: struct({ throttleTimeMs: int32, error, directories: array(struct({ id: uuid, topics: array(struct({ topicId: uuid,
      partitions: array(struct({ partitionIndex: int32, error })) })) })) }),
  },
  DescribeTopicPartitions: {
    key: 75, version: 0,
    request: struct({ topics: array(struct({ name: string })), responsePartitionLimit: int32, cursor }),
    response: struct({ throttleTimeMs: int32, topics: array(struct({ error, name: nullableString, topicId: uuid, isInternal: bool,
      partitions: array(struct({ error, partitionIndex: int32, leaderId: int32, leaderEpoch: int32, replicaNodes: array(int32), isrNodes: array(int32),
        eligibleLeaderReplicas: nullableArray(int32), lastKnownElr: nullableArray(int32), offlineReplicas: array(int32) })),
      topicAuthorizedOperations: int32 })), nextCursor: cursor }),
  },
} as const satisfies Record<string, { key: number; version: number; request: FieldType; response: FieldType }>;
