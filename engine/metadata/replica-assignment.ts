// Which brokers get the replicas of new partitions, by hand or by the placer, and which of them are in sync at once. Shared by new topics and
// by topics that grow. Source: ReplicationControlManager.createTopic, createPartitions, validateManualPartitionAssignment (3.9).
// FIDELITY: META-PLACEMENT.
import type { KafkaError } from "#engine/protocol/errors.ts";
import { profileOf } from "#engine/protocol/version-profile.ts";
import type { OperationContext } from "./controller-state.ts";
import type { MetadataImage } from "./image.ts";
import type { JavaRandom } from "./java-random.ts";
import { defaultDirectory, isActiveBroker } from "./partition-leadership.ts";
import type { MetadataRecord } from "./records.ts";
import { placeReplicas, type UsableBroker } from "./striped-replica-placer.ts";

export interface Refusal { readonly error: KafkaError; readonly errorMessage: string | null }
export interface NewPartition { readonly replicas: readonly number[]; readonly isr: readonly number[] }

export function refuse(error: KafkaError, errorMessage: string | null = null): Refusal {
  return { error, errorMessage };
}

/** Null when the list may be used. @param replicationFactor of the topic's other partitions, -1 when any will do. */
export function replicaListProblem(image: MetadataImage, brokers: readonly number[], replicationFactor: number): string | null {
  if (brokers.length === 0) return "The manual partition assignment includes an empty replica list.";
  const sorted = brokers.toSorted((a, b) => a - b);
  for (const [index, broker] of sorted.entries()) {
    if (!image.brokers.has(broker)) return `The manual partition assignment includes broker ${broker}, but no such broker is registered.`;
    if (broker === sorted[index - 1]) return `The manual partition assignment includes the broker ${broker} more than once.`;
  }
  if (replicationFactor === -1 || brokers.length === replicationFactor) return null;
  return `The manual partition assignment includes a partition with ${brokers.length} replica(s), but this is not consistent with previous `
    + `partitions, which have ${replicationFactor} replica(s).`;
}

export function manualPartition(image: MetadataImage, partition: number, brokers: readonly number[], replicationFactor: number): NewPartition | Refusal {
  const problem = replicaListProblem(image, brokers, replicationFactor);
  if (problem !== null) return refuse("INVALID_REPLICA_ASSIGNMENT", problem);
  const isr = brokers.filter(broker => isActiveBroker(image, broker));
  if (isr.length > 0) return { replicas: brokers, isr };
  return refuse("INVALID_REPLICA_ASSIGNMENT",
    `All brokers specified in the manual partition assignment for partition ${partition} are fenced or in controlled shutdown.`);
}

/**
 * @param wordsOfPlacer for what goes before the placer's own words: a new topic and one that grows differ there.
 */
export function placedPartitions(
  context: OperationContext, partitions: number, replicationFactor: number, random: JavaRandom, wordsOfPlacer: string,
): NewPartition[] | Refusal {
  const { cordonsLogDirectories } = profileOf(context.config.kafka, "kraft");
  const placement = placeReplicas(random, usableBrokers(context), partitions, replicationFactor, cordonsLogDirectories);
  if ("refusal" in placement) return refuse("INVALID_REPLICATION_FACTOR", wordsOfPlacer + placement.refusal);
  const placed = placement.replicas.map(replicas => ({ replicas, isr: replicas.filter(broker => isActiveBroker(context.image, broker)) }));
  if (placed.every(({ isr }) => isr.length > 0)) return placed;
  return refuse("INVALID_REPLICATION_FACTOR", `${unableToReplicate(replicationFactor)}All brokers are currently fenced or in controlled shutdown.`);
}

export function unableToReplicate(replicationFactor: number): string {
  return `Unable to replicate the partition ${replicationFactor} time(s): `;
}

/** All that are registered, fenced ones too; a broker on its way out is left out. */
function usableBrokers(context: OperationContext): UsableBroker[] {
  return [...context.image.brokers.values()].filter(broker => (context.active.sessions.get(broker.brokerId)?.controlledShutdownOffset ?? -1) < 0)
    .map(broker => ({ id: broker.brokerId, rack: broker.rack, fenced: broker.fenced })).sort((a, b) => a.id - b.id);
}

export function partitionRecord(image: MetadataImage, topicId: string, partitionId: number, { replicas, isr }: NewPartition): MetadataRecord {
  return {
    type: "PartitionRecord", partitionId, topicId, replicas, isr, removingReplicas: [], addingReplicas: [], leader: isr[0] ?? -1,
    leaderRecoveryState: "RECOVERED", leaderEpoch: 0, partitionEpoch: 0, directories: replicas.map(broker => defaultDirectory(image, broker)),
  };
}
