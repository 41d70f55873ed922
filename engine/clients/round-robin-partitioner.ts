// partitioner.class=RoundRobinPartitioner: partitions in turn, whatever the key. In turn means the order in which Java's hash map gives the topic's
// partitions, and up to 3.9 a record that would begin a new batch
// is partitioned a second time, so that some partitions may get nothing.
// Source: RoundRobinPartitioner.java, KafkaProducer.doSend (abortOnNewBatch), MetadataSnapshot.java (3.9). FIDELITY: CLIENT-PARTITION.
import type { PartitionMetadata } from "./client-metadata.ts";

export const ROUND_ROBIN_PARTITIONER = "org.apache.kafka.clients.producer.RoundRobinPartitioner";

/** The partition for a value of the counter: over those with a leader, over all when none has one. */
export function roundRobinPartition(topic: string, partitions: readonly PartitionMetadata[], counter: number): number {
  const available = inHashOrder(topic, partitions.length).filter(partition => (partitions[partition]?.leader ?? -1) >= 0);
  return available.length === 0 ? counter % partitions.length : available[counter % available.length] ?? 0;
}

/** HashMap<TopicPartition, …> of this topic alone: by bucket, within a bucket as they were put in. */
function inHashOrder(topic: string, count: number): number[] {
  let capacity = 1;
  while (capacity < count) capacity *= 2;
  // HashMap(n) grows when three quarters are taken; a table of four takes three.
  if (count > capacity * 3 / 4) capacity *= 2;
  const topicHash = javaHash(topic);
  const bucketOf = (partition: number): number => {
    const hash = Math.imul(31, 31 + partition) + topicHash | 0;
    return (hash ^ hash >>> 16) & capacity - 1;
  };
  return Array.from({ length: count }, (_, partition) => partition).sort((one, other) => bucketOf(one) - bucketOf(other) || one - other);
}

/** String.hashCode. */
function javaHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash, 31) + text.charCodeAt(index) | 0;
  return hash;
}
