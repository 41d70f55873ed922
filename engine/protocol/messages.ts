// Message tables: the requests and responses that exist so far, with Kafka's field names (camel case) and the version that a 3.9 client or
// broker uses. An error travels as its name (`error`, two bytes on the wire); uuids as text. FIDELITY: PROTO-SIZE, PROTO-VERSIONS.
import {
  array, bool, type FieldType, int16, int32, int64, int8, nullableArray, nullableString, records, string, struct, uuid,
  type ValueOf,
} from "./schema.ts";
import { ADMIN_MESSAGES } from "./admin-messages.ts";
import type { KafkaError } from "./errors.ts";
import { QUORUM_MESSAGES } from "./quorum-messages.ts";
import { REPLICA_MESSAGES } from "./replica-messages.ts";

/** An error code, two bytes; its value is the error's name. */
const error = int16;

const endpoint = struct({ nodeId: int32, host: string, port: int32 });
const leaderIdAndEpoch = struct({ leaderId: int32, leaderEpoch: int32 });

export const MESSAGES = {
  ...REPLICA_MESSAGES,
  ...ADMIN_MESSAGES,
  ...QUORUM_MESSAGES,
  Produce: {
    key: 0, version: 11,
    request: struct({ transactionalId: nullableString, acks: int16, timeoutMs: int32, topics: array(struct({
      name: string, partitions: array(struct({ index: int32, records })) })) }),
    response: struct({ topics: array(struct({ name: string, partitions: array(struct({
      index: int32, error, baseOffset: int64, logAppendTimeMs: int64, logStartOffset: int64, errorMessage: nullableString,
      currentLeader: leaderIdAndEpoch })) })), nodeEndpoints: array(endpoint), throttleTimeMs: int32 }),
  },
  Fetch: {
    key: 1, version: 17,
    /** sessionId 0 and sessionEpoch -1: without a session (KIP-227). In one, `topics` are those whose wishes have changed. */
    request: struct({ replicaId: int32, replicaEpoch: int64, maxWaitMs: int32, minBytes: int32, maxBytes: int32, isolationLevel: int8,
      sessionId: int32, sessionEpoch: int32, topics: array(struct({ topic: string, partitions: array(struct({
        partition: int32, currentLeaderEpoch: int32, fetchOffset: int64, lastFetchedEpoch: int32, logStartOffset: int64,
        partitionMaxBytes: int32 })) })), forgottenTopicsData: array(struct({ topic: string, partitions: array(int32) })), rackId: string }),
    response: struct({ throttleTimeMs: int32, error, sessionId: int32, topics: array(struct({ topic: string, partitions: array(struct({
      partition: int32, error, highWatermark: int64, lastStableOffset: int64, logStartOffset: int64,
      divergingEpoch: struct({ epoch: int32, endOffset: int64 }), currentLeader: leaderIdAndEpoch, preferredReadReplica: int32,
      records })) })), nodeEndpoints: array(endpoint) }),
  },
  ListOffsets: {
    key: 2, version: 9,
    request: struct({ replicaId: int32, isolationLevel: int8, topics: array(struct({ name: string, partitions: array(struct({
      partition: int32, currentLeaderEpoch: int32, timestamp: int64 })) })) }),
    response: struct({ throttleTimeMs: int32, topics: array(struct({ name: string, partitions: array(struct({
      partition: int32, error, timestamp: int64, offset: int64, leaderEpoch: int32 })) })) }),
  },
  Metadata: {
    key: 3, version: 12,
    request: struct({ topics: nullableArray(struct({ name: string })), allowAutoTopicCreation: bool }),
    response: struct({ throttleTimeMs: int32, brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: nullableString })),
      clusterId: nullableString, controllerId: int32, topics: array(struct({ error, name: string, topicId: uuid, isInternal: bool,
        partitions: array(struct({ error, partition: int32, leaderId: int32, leaderEpoch: int32, replicaNodes: array(int32),
          isrNodes: array(int32), offlineReplicas: array(int32) })) })) }),
  },
  /** A ZooKeeper-mode controller tells a broker which partitions it leads and follows. `type`: 0 unknown, 1 incremental, 2 full. */
  LeaderAndIsr: {
    key: 4, version: 7,
    request: struct({ controllerId: int32, isKRaftController: bool, controllerEpoch: int32, brokerEpoch: int64, type: int8,
      topicStates: array(struct({ topicName: string, topicId: uuid, partitionStates: array(struct({
        partitionIndex: int32, controllerEpoch: int32, leader: int32, leaderEpoch: int32, isr: array(int32), partitionEpoch: int32,
        replicas: array(int32), addingReplicas: array(int32), removingReplicas: array(int32), isNew: bool, leaderRecoveryState: int8 })) })),
      liveLeaders: array(struct({ brokerId: int32, hostName: string, port: int32 })) }),
    response: struct({ error, topics: array(struct({ topicId: uuid, partitionErrors: array(struct({ partitionIndex: int32, error })) })) }),
  },
  StopReplica: {
    key: 5, version: 4,
    request: struct({ controllerId: int32, isKRaftController: bool, controllerEpoch: int32, brokerEpoch: int64, topicStates: array(struct({
      topicName: string, partitionStates: array(struct({ partitionIndex: int32, leaderEpoch: int32, deletePartition: bool })) })) }),
    response: struct({ error, partitionErrors: array(struct({ topicName: string, partitionIndex: int32, error })) }),
  },
  /** What a broker answers Metadata from in ZooKeeper mode. */
  UpdateMetadata: {
    key: 6, version: 8,
    request: struct({ controllerId: int32, isKRaftController: bool, controllerEpoch: int32, brokerEpoch: int64,
      topicStates: array(struct({ topicName: string, topicId: uuid, partitionStates: array(struct({
        partitionIndex: int32, controllerEpoch: int32, leader: int32, leaderEpoch: int32, isr: array(int32), zkVersion: int32,
        replicas: array(int32), offlineReplicas: array(int32) })) })),
      liveBrokers: array(struct({ id: int32, endpoints: array(struct({ port: int32, host: string, listener: string, securityProtocol: int16 })),
        rack: nullableString })) }),
    response: struct({ error }),
  },
  ControlledShutdown: {
    key: 7, version: 3,
    request: struct({ brokerId: int32, brokerEpoch: int64 }),
    response: struct({ error, remainingPartitions: array(struct({ topicName: string, partitionIndex: int32 })) }),
  },
  ApiVersions: {
    key: 18, version: 4,
    request: struct({ clientSoftwareName: string, clientSoftwareVersion: string }),
    response: struct({ error, apiKeys: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })), throttleTimeMs: int32 }),
  },
  CreateTopics: {
    key: 19, version: 7,
    request: struct({ topics: array(struct({ name: string, numPartitions: int32, replicationFactor: int16,
      assignments: array(struct({ partition: int32, brokers: array(int32) })),
      configs: array(struct({ name: string, value: nullableString })) })), timeoutMs: int32, validateOnly: bool }),
    response: struct({ throttleTimeMs: int32, topics: array(struct({ name: string, topicId: uuid, error, errorMessage: nullableString,
      numPartitions: int32, replicationFactor: int16, configs: array(struct({ name: string, value: nullableString })) })) }),
  },
  InitProducerId: {
    key: 22, version: 5,
    request: struct({ transactionalId: nullableString, transactionTimeoutMs: int32, producerId: int64, producerEpoch: int16 }),
    response: struct({ throttleTimeMs: int32, error, producerId: int64, producerEpoch: int16 }),
  },
  ElectLeaders: {
    key: 43, version: 2,
    /** electionType: 0 preferred, 1 unclean. */
    request: struct({ electionType: int8, topicPartitions: nullableArray(struct({ topic: string, partitions: array(int32) })), timeoutMs: int32 }),
    response: struct({ throttleTimeMs: int32, error, results: array(struct({ topic: string, partitions: array(struct({
      partition: int32, error, errorMessage: nullableString })) })) }),
  },
  AlterPartition: {
    key: 56, version: 3,
    request: struct({ brokerId: int32, brokerEpoch: int64, topics: array(struct({ topic: string, partitions: array(struct({
      partition: int32, leaderEpoch: int32, newIsr: array(struct({ brokerId: int32, brokerEpoch: int64 })), leaderRecoveryState: int8,
      partitionEpoch: int32 })) })) }),
    response: struct({ throttleTimeMs: int32, error, topics: array(struct({ topic: string, partitions: array(struct({
      partition: int32, error, leaderId: int32, leaderEpoch: int32, isr: array(int32), leaderRecoveryState: int8,
      partitionEpoch: int32 })) })) }),
  },
  BrokerRegistration: {
    key: 62, version: 4,
    request: struct({ brokerId: int32, clusterId: string, incarnationId: uuid,
      listeners: array(struct({ name: string, host: string, port: int32, securityProtocol: int16 })),
      features: array(struct({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 })), rack: nullableString, isMigratingZkBroker: bool,
      logDirs: array(uuid), previousBrokerEpoch: int64 }),
    response: struct({ throttleTimeMs: int32, error, brokerEpoch: int64 }),
  },
  BrokerHeartbeat: {
    key: 63, version: 1,
    request: struct({ brokerId: int32, brokerEpoch: int64, currentMetadataOffset: int64, wantFence: bool, wantShutDown: bool, offlineLogDirs: array(uuid) }),
    response: struct({ throttleTimeMs: int32, error, isCaughtUp: bool, isFenced: bool, shouldShutDown: bool }),
  },
  AllocateProducerIds: {
    key: 67, version: 0,
    request: struct({ brokerId: int32, brokerEpoch: int64 }),
    response: struct({ throttleTimeMs: int32, error, producerIdStart: int64, producerIdLen: int32 }),
  },
  /** A controller tells the active one who it is (KIP-919). */
  ControllerRegistration: {
    key: 70, version: 0,
    request: struct({ controllerId: int32, incarnationId: uuid, zkMigrationReady: bool,
      listeners: array(struct({ name: string, host: string, port: int32, securityProtocol: int16 })),
      features: array(struct({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 })) }),
    response: struct({ throttleTimeMs: int32, error, errorMessage: nullableString }),
  },
} as const satisfies Record<string, { key: number; version: number; request: FieldType; response: FieldType }>;

export type Api = keyof typeof MESSAGES;

/** `error` fields carry names; the tables only need their width. */
type WithErrorNames<T> =
  T extends readonly (infer U)[] ? readonly WithErrorNames<U>[]
  : T extends { readonly sizeBytes: number } ? T
  : T extends object ? { readonly [K in keyof T]: K extends "error" ? KafkaError : WithErrorNames<T[K]> }
  : T;

export type RequestOf<A extends Api> = WithErrorNames<ValueOf<(typeof MESSAGES)[A]["request"]>>;
export type ResponseOf<A extends Api> = WithErrorNames<ValueOf<(typeof MESSAGES)[A]["response"]>>;

/** A request on the wire. */
export interface RequestMessage<A extends Api = Api> {
  readonly type: "request";
  readonly api: A;
  readonly correlationId: number;
  readonly clientId: string;
  /** Client id of who a broker asks for. */
  readonly forwardedFor?: string;
  readonly body: RequestOf<A>;
}

/** A response on the wire; `api` is known to the asker by the correlation id, it stands here for reading a trace. */
export interface ResponseMessage<A extends Api = Api> {
  readonly type: "response";
  readonly api: A;
  readonly correlationId: number;
  readonly body: ResponseOf<A>;
}
export type Message = RequestMessage | ResponseMessage;
