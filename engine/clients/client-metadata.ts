// What a client knows of the cluster: brokers, leaders and their epochs, and when to ask again. Source: Metadata.java,
// NetworkClient.DefaultMetadataUpdater. An update is asked for on errors and when it is too old, never more often than the back-off
// allows; answers that bring nothing new make it wait longer, up to retry.backoff.max.ms. FIDELITY: CLIENT-METADATA.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { isInvalidMetadata, type KafkaError } from "#engine/protocol/errors.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import type { Endpoint } from "#engine/protocol/network-client.ts";
import type { BackoffSettings } from "./client-settings.ts";

/** `replicas` that are not `offline` may be read from (KIP-392). */
export interface PartitionMetadata {
  leader: number;
  leaderEpoch: number;
  readonly error: KafkaError;
  readonly replicas: readonly number[];
  readonly offline: readonly number[];
}

/** `partitions` by number. */
export interface TopicMetadata { readonly error: KafkaError; partitions: PartitionMetadata[] }

export interface ClientMetadata {
  /** False until the first answer: only the bootstrap servers are known. */
  isBootstrapped: boolean;
  brokers: Map<number, Endpoint>;
  controllerId: number;
  /** Topics the client works with. */
  wanted: Set<string>;
  topics: Map<string, TopicMetadata>;
  /** Counts what has been learned of leaders. */
  version: number;
  isUpdateNeeded: boolean;
  isInFlight: boolean;
  /** No request before this moment. */
  nextAllowedUs: number;
  lastSuccessUs: number;
  /** Failed requests in a row. */
  attempts: number;
  /** Answers in a row that told nothing new. */
  equivalentResponses: number;
}

export function createClientMetadata(): ClientMetadata {
  return {
    isBootstrapped: false, brokers: new Map(), controllerId: -1, wanted: new Set(), topics: new Map(), version: 0, isUpdateNeeded: true,
    isInFlight: false, nextAllowedUs: 0, lastSuccessUs: 0, attempts: 0, equivalentResponses: 0,
  };
}

/** Exponential from the base to the maximum, +-20 %, in microseconds (ExponentialBackoff.java). `attempt` counts from 0. */
export function retryBackoffUs(process: ProcessContext, { baseMs, maxMs }: BackoffSettings, attempt: number): number {
  let backoffUs = fromMs(Math.min(baseMs, maxMs));
  const maxUs = fromMs(maxMs);
  for (let doubled = 0; doubled < attempt && backoffUs < maxUs; doubled += 1) backoffUs *= 2;
  backoffUs = Math.min(backoffUs, maxUs);
  const spreadUs = Math.floor(backoffUs / 5);
  return Math.min(maxUs, backoffUs - spreadUs + process.random("retry backoff", 2 * spreadUs + 1));
}

export function requestUpdate(metadata: ClientMetadata): void {
  metadata.isUpdateNeeded = true;
}

/** Adds a topic to what the client asks for. */
export function wantTopic(metadata: ClientMetadata, topic: string): void {
  if (metadata.wanted.has(topic)) return;
  metadata.wanted.add(topic);
  metadata.isUpdateNeeded = true;
}

/** When the next request is due; never while one is in flight. */
export function metadataDueUs(metadata: ClientMetadata, maxAgeMs: number): number {
  if (metadata.isInFlight) return Number.MAX_SAFE_INTEGER;
  const staleUs = metadata.isUpdateNeeded ? 0 : metadata.lastSuccessUs + fromMs(maxAgeMs);
  return Math.max(staleUs, metadata.nextAllowedUs);
}

/** A request failed, or its connection did while it was due. */
export function metadataFailed(process: ProcessContext, metadata: ClientMetadata, backoff: BackoffSettings): void {
  metadata.isInFlight = false;
  metadata.attempts += 1;
  metadata.nextAllowedUs = process.now + retryBackoffUs(process, backoff, metadata.attempts - 1);
}

export function metadataArrived(
  process: ProcessContext, metadata: ClientMetadata, response: ResponseOf<"Metadata">, backoff: BackoffSettings,
): void {
  metadata.isInFlight = false;
  metadata.isBootstrapped = response.brokers.length > 0;
  if (!metadata.isBootstrapped) requestUpdate(metadata);
  metadata.brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
  metadata.controllerId = response.controllerId;
  metadata.version += 1;
  const toldNews = takeTopics(metadata, response);
  metadata.attempts = 0;
  metadata.equivalentResponses = toldNews ? 0 : metadata.equivalentResponses + 1;
  metadata.lastSuccessUs = process.now;
  metadata.nextAllowedUs = process.now + retryBackoffUs(process, backoff, Math.max(0, metadata.equivalentResponses - 1));
}

/** True when a partition has a newer leader epoch than before. */
function takeTopics(metadata: ClientMetadata, response: ResponseOf<"Metadata">): boolean {
  let toldNews = false;
  for (const topic of response.topics) {
    if (!metadata.wanted.has(topic.name)) continue;
    if (isInvalidMetadata(topic.error)) requestUpdate(metadata);
    const known = metadata.topics.get(topic.name);
    const partitions: PartitionMetadata[] = [];
    for (const { partition, error, leaderId, leaderEpoch, replicaNodes: replicas, offlineReplicas: offline } of topic.partitions) {
      if (isInvalidMetadata(error)) requestUpdate(metadata);
      const before = known?.partitions[partition];
      if (before === undefined || leaderEpoch > before.leaderEpoch) toldNews = true;
      // A broker that lags behind must not take the client back to an older leader (KIP-320).
      partitions[partition] = before !== undefined && leaderEpoch < before.leaderEpoch
        ? before : { leader: leaderId, leaderEpoch, error, replicas, offline };
    }
    metadata.topics.set(topic.name, { error: topic.error, partitions });
  }
  for (const topic of metadata.wanted) if (!metadata.topics.has(topic)) requestUpdate(metadata);
  return toldNews;
}

/** The leader that metadata names; -1 for none. */
export function leaderOf(metadata: ClientMetadata, topic: string, partition: number): number {
  return metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1;
}

export function leaderEpochOf(metadata: ClientMetadata, topic: string, partition: number): number {
  return metadata.topics.get(topic)?.partitions[partition]?.leaderEpoch ?? -1;
}

/** A broker's answer named the new leader (KIP-951). True when that was news. */
export function leaderHinted(
  metadata: ClientMetadata, topic: string, partition: number, hint: { readonly leaderId: number; readonly leaderEpoch: number },
  endpoints: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[],
): boolean {
  const known = metadata.topics.get(topic)?.partitions[partition];
  if (known === undefined || hint.leaderId < 0 || hint.leaderEpoch <= known.leaderEpoch) return false;
  const endpoint = endpoints.find(({ nodeId }) => nodeId === hint.leaderId);
  if (endpoint !== undefined) metadata.brokers.set(endpoint.nodeId, { host: endpoint.host, port: endpoint.port });
  else if (!metadata.brokers.has(hint.leaderId)) return false;
  known.leader = hint.leaderId;
  known.leaderEpoch = hint.leaderEpoch;
  metadata.equivalentResponses = 0;
  metadata.version += 1;
  return true;
}
