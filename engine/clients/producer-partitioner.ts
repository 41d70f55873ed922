// Which partition a record without a key goes to: the built-in sticky partitioner with its adaptive weights. It stays with a partition
// until batch.size bytes have gone there. Source: BuiltInPartitioner.java, RecordAccumulator.partitionReady (3.3 and later, KIP-794).
import type { ProcessContext } from "#engine/core/process.ts";
import type { TopicMetadata } from "./client-metadata.ts";
import type { LoadStatistics, PartitionQueue, ProducerTopic } from "./producer-state.ts";

/** Java draws an int and clears its sign. */
const RANDOM_BOUND = 2147483648;

/** The partition that unkeyed records go to now. */
export function stickyPartition(process: ProcessContext, topic: ProducerTopic, metadata: TopicMetadata): number {
  if (topic.sticky.partition === -1) choose(process, topic, metadata);
  return topic.sticky.partition;
}

/** Counts what was appended and moves on when it is enough; `enableSwitch`: no half-filled batch would be left behind. */
export function stickyAppended(
  process: ProcessContext, topic: ProducerTopic, metadata: TopicMetadata,
  { bytes, batchSizeBytes, enableSwitch }: { readonly bytes: number; readonly batchSizeBytes: number; readonly enableSwitch: boolean },
): boolean {
  const { sticky } = topic;
  sticky.producedBytes += bytes;
  if (!(enableSwitch && sticky.producedBytes >= batchSizeBytes) && sticky.producedBytes < 2 * batchSizeBytes) return false;
  const before = sticky.partition;
  choose(process, topic, metadata);
  return sticky.partition !== before;
}

/** May choose the same partition again. */
function choose(process: ProcessContext, topic: ProducerTopic, metadata: TopicMetadata): void {
  const random = process.random("sticky partitioner", RANDOM_BOUND);
  topic.sticky.partition = topic.load === null ? uniform(random, metadata) : weighted(random, topic.load);
  topic.sticky.producedBytes = 0;
}

function uniform(random: number, { partitions }: TopicMetadata): number {
  const available: number[] = [];
  for (let partition = 0; partition < partitions.length; partition += 1) {
    if ((partitions[partition]?.leader ?? -1) >= 0) available.push(partition);
  }
  return available.length === 0 ? random % partitions.length : available[random % available.length] as number;
}

function weighted(random: number, { partitions, cumulative }: LoadStatistics): number {
  const point = random % (cumulative[cumulative.length - 1] as number);
  return partitions[cumulative.findIndex(sum => sum > point)] as number;
}

/**
 * Shorter queues get more: weight = longest queue + 1 - queue. Null (a uniform choice) before every partition has a queue, and
 * while all are equally long. `isAvailable`: whether the leader takes requests.
 */
export function loadStatistics(
  queues: ReadonlyMap<number, PartitionQueue>, partitionCount: number, isAvailable: (queue: PartitionQueue) => boolean,
): LoadStatistics | null {
  if (queues.size < partitionCount || partitionCount < 2) return null;
  const included = [...queues.values()].filter(isAvailable).sort((a, b) => a.partition - b.partition);
  if (included.length === 0) return null;
  let longest = 0;
  let shortest = Number.MAX_SAFE_INTEGER;
  for (const { waiting } of included) {
    longest = Math.max(longest, waiting.length);
    shortest = Math.min(shortest, waiting.length);
  }
  if (longest === shortest && included.length === queues.size) return null;
  let sum = 0;
  const cumulative = included.map(({ waiting }) => sum += longest + 1 - waiting.length);
  return { partitions: included.map(({ partition }) => partition), cumulative };
}
