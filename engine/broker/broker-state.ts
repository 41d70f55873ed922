// Everything the broker part of a node keeps in memory: plain data, one tree. What its disk keeps is under the directories of its
// partitions and in `replication-offset-checkpoint`.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { type LogConfig, logConfigOf } from "#engine/log/log-config.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";
import { createImage } from "#engine/metadata/apply-record.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { createNetworkClient, type NetworkClient } from "#engine/protocol/network-client.ts";
import { profileOf, type VersionProfile } from "#engine/protocol/version-profile.ts";
import { type ReplyTo, sendResponse } from "#engine/protocol/reply-to.ts";
import { type AlterPartitionManager, createAlterPartitionManager } from "./alter-partition-manager.ts";
import { type ClientRates, muteFor, percentOf, useQuota } from "./client-quotas.ts";
import { type ControllerChannel, createControllerChannel } from "./controller-channel.ts";
import { createDirectoryAssignments, type DirectoryAssignments } from "./directory-assignments.ts";
import type { DelayedDeleteRecords } from "./delayed-delete-records.ts";
import type { DelayedFetch } from "./delayed-fetch.ts";
import { brokerLogDefaults } from "./dynamic-settings.ts";
import type { DelayedProduce } from "./delayed-produce.ts";
import { createFetchSessions, type FetchSessions } from "./fetch-sessions.ts";
import { createLogManager, type LogManagerState } from "./log-directories.ts";
import { type BrokerSettings, brokerSettings, type KafkaNodeSettings } from "./node-settings.ts";
import type { Partition, ReplicaRules } from "./partition.ts";
import { createProducerIdManager, type ProducerIdManager } from "./producer-id-manager.ts";
import { createPurgatory, type Purgatory } from "./purgatory.ts";
import type { ReplicaFetcher } from "./replica-fetcher.ts";
import { RACK_AWARE_SELECTOR } from "./replica-selector.ts";
import { createReplicationQuotas, type ReplicationQuotas } from "./replication-quota.ts";
import { createRequestChannel, currentRequest, type RequestChannel, serviceTimeUs, unmute } from "./request-channel.ts";

export interface BrokerState {
  readonly node: KafkaNodeSettings;
  readonly settings: BrokerSettings;
  readonly profile: VersionProfile;
  /** ZooKeeper mode: the broker that is controller, as this broker knows; -1 for none. */
  controllerId: number;
  /** ZooKeeper mode: Metadata requests that wait until topics nobody has created are there; the node makes them and calls `metadataTopicsCreated`. */
  readonly zookeeperCreations: ZooKeeperCreation[];
  /** ZooKeeper mode: settings of topics as they were read; a replica may be opened before the topic is in the metadata cache. */
  readonly zookeeperTopicConfigs: Map<string, ReadonlyMap<string, string>>;
  /** Given by the controller at registration; -1 before. */
  brokerEpoch: number;
  readonly image: MetadataImage;
  /** Whether this life's registration has been seen in the metadata log: from then on the broker acts on metadata and takes requests. */
  isReady: boolean;
  isShuttingDown: boolean;
  /** By topic and partition number; null where this broker has no replica. */
  readonly partitions: Map<string, (Partition | null)[]>;
  readonly delayedProduces: Purgatory<DelayedProduce>;
  readonly delayedFetches: Purgatory<DelayedFetch>;
  readonly delayedDeletes: Purgatory<DelayedDeleteRecords>;
  readonly fetchSessions: FetchSessions;
  /** replica.selector.class is the one that looks at racks (KIP-392). */
  readonly selectsReplicasByRack: boolean;
  readonly replicationQuotas: ReplicationQuotas;
  readonly clientRates: ClientRates;
  /** The log directories and what is known of the logs as a whole. */
  readonly logs: LogManagerState;
  readonly assignments: DirectoryAssignments;
  /** By the broker fetched from. */
  readonly fetchers: Map<number, ReplicaFetcher>;
  readonly fetcherNetwork: NetworkClient;
  readonly alterPartition: AlterPartitionManager;
  readonly producerIds: ProducerIdManager;
  /** Topics that are being created because somebody asked for them. */
  readonly autoCreating: Set<string>;
  readonly requests: RequestChannel;
  readonly alterPartitionChannel: ControllerChannel;
  readonly forwardingChannel: ControllerChannel;
}

/** @property topics to be created with num.partitions and default.replication.factor. */
export interface ZooKeeperCreation { readonly topics: readonly string[]; readonly body: RequestOf<"Metadata">; readonly replyTo: ReplyTo<"Metadata"> }

/** What a result of the controller channels is for. */
export type ControllerContext =
  | { readonly for: "alter-partition" }
  | { readonly for: "producer-ids" }
  | { readonly for: "assign-directories" }
  | { readonly for: "auto-create"; readonly topics: readonly string[] }
  /** `refused`: resources of an IncrementalAlterConfigs that this broker has answered itself. */
  | { readonly for: "forward"; readonly replyTo: ReplyTo; readonly refused: readonly RefusedConfigs[] };
export type RefusedConfigs = ResponseOf<"IncrementalAlterConfigs">["responses"][number];

export function createBroker(node: KafkaNodeSettings): BrokerState {
  const settings = brokerSettings(node.overrides);
  return {
    node, settings, profile: profileOf(node.kafka, node.mode), controllerId: -1, zookeeperCreations: [], zookeeperTopicConfigs: new Map(), brokerEpoch: -1, image: createImage(), isReady: false, isShuttingDown: false, partitions: new Map(),
    logs: createLogManager(node), assignments: createDirectoryAssignments(), delayedProduces: createPurgatory("produce"), delayedFetches: createPurgatory("fetch"),
    delayedDeletes: createPurgatory("delete"), fetchSessions: createFetchSessions(),
    selectsReplicasByRack: node.overrides["replica.selector.class"] === RACK_AWARE_SELECTOR, replicationQuotas: createReplicationQuotas(), clientRates: new Map(), fetchers: new Map(),
    fetcherNetwork: createNetworkClient("fetcher", {
      clientId: `broker-${node.nodeId}-fetcher`, reconnectBackoffMs: 0, reconnectBackoffMaxMs: 0, connectionSetupTimeoutMs: 10_000,
    }),
    alterPartition: createAlterPartitionManager(), producerIds: createProducerIdManager(), autoCreating: new Set(),
    requests: createRequestChannel(settings["num.io.threads"], settings["queued.max.requests"], settings["num.network.threads"]),
    alterPartitionChannel: createControllerChannel("alter-partition", node.nodeId),
    forwardingChannel: createControllerChannel("forwarding", node.nodeId),
  };
}

/** Sends a response and lets the next request of its connection in. */
export function reply<A extends Api>(process: ProcessContext, broker: BrokerState, to: ReplyTo<A>, body: ResponseOf<A>): void {
  if (broker.image.clientQuotas.size > 0 && "throttleTimeMs" in body && to.api !== "Produce" && to.api !== "Fetch") {
    const request = currentRequest(broker.requests, to.connection);
    const waitMs = request === null ? 0 : useQuota(process, broker, request.clientId, "request_percentage", percentOf(serviceTimeUs(request)));
    if (waitMs > 0) return replyThrottled(process, to, { ...body, throttleTimeMs: waitMs }, waitMs);
  }
  sendResponse(process, to, body);
  unmute(process, broker.requests, to.connection);
}

/** The client is told to wait, and its next request is not read meanwhile. */
export function replyThrottled<A extends Api>(process: ProcessContext, to: ReplyTo<A>, body: ResponseOf<A>, waitMs: number): void {
  sendResponse(process, to, body);
  muteFor(process, to.connection, waitMs);
}

export function partitionAt(broker: BrokerState, topic: string, partition: number): Partition | undefined {
  return broker.partitions.get(topic)?.[partition] ?? undefined;
}

/** Why a partition that has no replica here cannot be used here. */
export function absentPartitionError(broker: BrokerState, topic: string, partition: number): KafkaError {
  if (broker.logs.offline.has(`${topic}-${partition}`)) return "KAFKA_STORAGE_ERROR";
  return broker.image.topics.get(topic)?.partitions[partition] === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : "NOT_LEADER_OR_FOLLOWER";
}

export function replicaRules(broker: BrokerState): ReplicaRules {
  return { brokerId: broker.node.nodeId, lagTimeMaxUs: fromMs(broker.settings["replica.lag.time.max.ms"]), image: broker.image, isKraft: broker.node.mode === "kraft" };
}

/** A setting that was given to a running broker, or to all (DynamicConfig.Broker); undefined when neither was. */
export function dynamicBrokerSetting(broker: BrokerState, name: string): string | undefined {
  const { brokerConfigs } = broker.image;
  return brokerConfigs.get(String(broker.node.nodeId))?.get(name) ?? brokerConfigs.get("")?.get(name);
}

/** The settings of a topic's logs as they stand in the metadata. */
export function topicLogConfig(broker: BrokerState, topic: string): LogConfig {
  const configs = broker.image.topics.get(topic)?.configs ?? broker.zookeeperTopicConfigs.get(topic) ?? new Map<string, string>();
  return logConfigOf(configs, brokerLogDefaults(broker));
}

/** Leader and epoch as this broker knows them, for clients that asked the wrong broker (KIP-951). -1, -1: unknown. */
export function currentLeader(broker: BrokerState, topic: string, partition: number): { leaderId: number; leaderEpoch: number } {
  const own = partitionAt(broker, topic, partition);
  if (own !== undefined) return { leaderId: own.leader, leaderEpoch: own.leaderEpoch };
  const registration = broker.image.topics.get(topic)?.partitions[partition];
  return registration === undefined ? NO_LEADER_HINT : { leaderId: registration.leader, leaderEpoch: registration.leaderEpoch };
}
export const NO_LEADER_HINT = { leaderId: -1, leaderEpoch: -1 };

/** Where the brokers of leader hints are found; each once. */
export function nodeEndpoints(broker: BrokerState, leaders: readonly number[]): { nodeId: number; host: string; port: number }[] {
  const endpoints: { nodeId: number; host: string; port: number }[] = [];
  for (const nodeId of leaders) {
    const registration = broker.image.brokers.get(nodeId);
    if (registration === undefined || registration.fenced || endpoints.some(known => known.nodeId === nodeId)) continue;
    endpoints.push({ nodeId, host: registration.host, port: registration.port });
  }
  return endpoints;
}
