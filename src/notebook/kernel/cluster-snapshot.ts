// What `cluster.observe()` gives: the read model at one moment, with times in milliseconds and three short ways to ask it.
import type { ClusterView, PartitionView } from '#engine/cluster/view.ts';
import { CellArgumentError } from '../cell-problem.ts';
import { didYouMean } from '#src/lesson/author-error.ts';

/** A partition in one row. `logEnds` and `replicas` are in assignment order. */
export interface PartitionRow {
  readonly partition: number;
  /** -1: nobody leads. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
  readonly replicas: readonly number[];
  readonly highWatermark: number;
  readonly logEnds: readonly number[];
}

export interface ClusterSnapshot extends Omit<ClusterView, 'at'> {
  /** Virtual milliseconds. */
  readonly now: number;
  /** The partitions of a topic, one row each. */
  partitions(topic: string): readonly PartitionRow[];
  partition(topic: string, partition: number): PartitionRow;
  /** Leaders of a topic's partitions, in order. */
  leaders(topic: string): readonly number[];
}

export function snapshotOf({ at, ...view }: ClusterView): ClusterSnapshot {
  const rows = (topic: unknown): readonly PartitionRow[] => topicOf(view.topics, topic).partitions.map(rowOf);
  const row = (topic: unknown, partition: unknown): PartitionRow => {
    const all = rows(topic);
    const found = all.find((candidate) => candidate.partition === partition);
    if (found !== undefined) return found;
    throw new CellArgumentError({
      what: `topic "${String(topic)}" has no partition ${String(partition)}`,
      expected: `a number from 0 to ${all.length - 1}`,
      found: JSON.stringify(partition) ?? String(partition),
      cure: 'Partitions count from 0.',
    });
  };
  const methods = { partitions: rows, partition: row, leaders: (topic: unknown) => rows(topic).map(({ leader }) => leader) };
  const snapshot = { now: at / 1_000, ...view };
  // Methods are not data: they stay out of what a cell shows.
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(snapshot, name, { value });
  return snapshot as ClusterSnapshot;
}

function topicOf(topics: ClusterView['topics'], topic: unknown): ClusterView['topics'][number] {
  const found = topics.find(({ name }) => name === topic);
  if (found !== undefined) return found;
  const names = topics.map(({ name }) => name);
  throw new CellArgumentError({
    what: `there is no topic ${JSON.stringify(topic) ?? String(topic)}`,
    expected: names.length === 0 ? 'a topic that has been created' : `one of ${names.join(', ')}`,
    found: JSON.stringify(topic) ?? String(topic),
    cure: didYouMean(String(topic), names, 'Create it with kafka.admin().createTopics, or name one that exists.'),
  });
}

function rowOf({ partition, leader, leaderEpoch, isr, replicas, highWatermark, logs }: PartitionView): PartitionRow {
  return { partition, leader, leaderEpoch, isr, replicas, highWatermark, logEnds: logs.map(({ logEnd }) => logEnd) };
}
