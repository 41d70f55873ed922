/** The line above the stage, from the author's cluster: topic, partitions, replicas, min ISR. */
import type { ClusterForm } from '#src/lesson/cluster-block.ts';

export interface ClusterFacts {
  readonly topic: string | null;
  readonly facts: readonly string[];
}

export function clusterFacts(cluster: Pick<ClusterForm, 'topics' | 'brokers'>): ClusterFacts {
  const brokers = counted(cluster.brokers ?? 3, 'broker', 'brokers');
  const [first, ...more] = Object.entries(cluster.topics);
  if (first === undefined) return { topic: null, facts: [brokers] };
  const [name, topic] = first;
  if (more.length > 0) return { topic: [first, ...more].map(([each]) => each).join(', '), facts: [brokers] };
  const partitions = topic.assignment?.length ?? topic.partitions ?? 1;
  const replicas = topic.assignment?.[0]?.length ?? topic.replicas ?? 1;
  const minIsr = topic.settings['min.insync.replicas'];
  return {
    topic: name,
    facts: [
      counted(partitions, 'partition', 'partitions'),
      counted(replicas, 'replica', 'replicas'),
      ...(minIsr === undefined ? [] : [`min ISR ${minIsr}`]),
    ],
  };
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
