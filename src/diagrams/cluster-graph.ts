/** The cluster as it is at one moment, as a Mermaid graph: who leads what, who fetches from whom, who is dead, who is the controller. */
import type { ClusterView, NodeView, PartitionView } from '#engine/cluster/view.ts';
import { clockText, profileText } from '#src/stage/shown-text.ts';
import { mermaidText } from './mermaid-text.ts';

/** More partitions than this on one label are counted. */
const PARTITIONS_LISTED_MAX = 6;

export function clusterGraphSource(view: ClusterView): string {
  const partitions = view.topics.flatMap((topic) => topic.partitions);
  const lines = [
    'graph TB',
    `  subgraph cluster["${mermaidText(`${profileText(view.profile)}, at ${clockText(view.at)}`)}"]`,
    ...view.nodes.map((node) => `    ${nodeLine(view, node, partitions)}`),
    ...fetchEdges(view, partitions).map((edge) => `    ${edge}`),
    '  end',
    ...view.producers.flatMap((producer, index) => clientLines(`producer${index}`, ['producer', producer.id, `acks=${producer.acks === -1 ? 'all' : producer.acks}`])),
    ...view.consumers.flatMap((consumer, index) => clientLines(`consumer${index}`, ['consumer', consumer.id])),
    ...producerEdges(view, partitions),
    ...consumerEdges(view, partitions),
  ];
  return `${lines.join('\n')}\n`;
}

function nodeLine(view: ClusterView, node: NodeView, partitions: readonly PartitionView[]): string {
  const led = partitions.filter((partition) => partition.leader === node.id);
  const isStopped = node.status === 'stopped';
  const state = node.status === 'running' ? `broker ${node.id}` : `broker ${node.id}, ${node.status}`;
  const believed = isStopped && led.length > 0 ? ' for the controller' : '';
  const words = [
    state,
    mermaidText(node.host),
    ...(led.length === 0 ? [] : [`leads ${namesOf(led)}${believed}`]),
    ...(view.activeController === node.id && !isStopped ? ['active controller'] : []),
    ...(node.belief === 'fenced' ? ['fenced'] : []),
  ];
  return `broker${node.id}["${words.join('<br>')}"]:::${isStopped ? 'stopped' : `broker${node.id}`}`;
}

/** Followers pull: the arrow goes from the asker to the leader. A dotted line is a follower that the ISR has lost. */
function fetchEdges(view: ClusterView, partitions: readonly PartitionView[]): readonly string[] {
  const running = new Set(view.nodes.filter((node) => node.status !== 'stopped').map((node) => node.id));
  const edges = new Map<string, PartitionView[]>();
  for (const partition of partitions) {
    if (partition.leader < 0 || !running.has(partition.leader)) continue;
    for (const replica of partition.replicas) {
      if (replica === partition.leader || !running.has(replica)) continue;
      const line = `broker${replica} ${partition.isr.includes(replica) ? '-->' : '-.->'}|fetches #|broker${partition.leader}`;
      edges.set(line, [...(edges.get(line) ?? []), partition]);
    }
  }
  return [...edges].map(([line, of]) => line.replace('#|', `${namesOf(of)}| `));
}

function producerEdges(view: ClusterView, partitions: readonly PartitionView[]): readonly string[] {
  const leaders = leadersOf(view, partitions);
  return view.producers.flatMap((_, index) => leaders.map((leader) => `  producer${index} --> broker${leader}`));
}

function consumerEdges(view: ClusterView, partitions: readonly PartitionView[]): readonly string[] {
  return view.consumers.flatMap((consumer, index) => {
    const read = partitions.filter((partition) =>
      consumer.positions.some((position) => position.topic === partition.topic && position.partition === partition.partition));
    return leadersOf(view, read).map((leader) => {
      const names = namesOf(read.filter((partition) => partition.leader === leader));
      return `  consumer${index} -->|fetches ${names}| broker${leader}`;
    });
  });
}

function leadersOf(view: ClusterView, partitions: readonly PartitionView[]): readonly number[] {
  const running = view.nodes.filter((node) => node.status !== 'stopped').map((node) => node.id);
  return running.filter((id) => partitions.some((partition) => partition.leader === id));
}

function clientLines(id: string, words: readonly string[]): readonly string[] {
  return [`  ${id}["${words.map((word) => mermaidText(word)).join('<br>')}"]`];
}

/** "user-events-0, 2": the topic once. */
function namesOf(partitions: readonly PartitionView[]): string {
  const byTopic = new Map<string, number[]>();
  for (const { topic, partition } of partitions) byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition]);
  return [...byTopic]
    .map(([topic, numbers]) =>
      numbers.length > PARTITIONS_LISTED_MAX ? `${mermaidText(topic)}, ${numbers.length} partitions` : mermaidText(`${topic}-${numbers.join(', ')}`))
    .join('#59; ');
}
