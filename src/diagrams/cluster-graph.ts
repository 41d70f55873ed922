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
    ...ensembleLines(view),
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
  const noun = isController(node) ? 'controller' : 'broker';
  const state = node.status === 'running' ? `${noun} ${node.id}` : `${noun} ${node.id}, ${node.status}`;
  const believed = isStopped && led.length > 0 ? ' for the controller' : '';
  const words = [
    state,
    mermaidText(node.host),
    ...(led.length === 0 ? [] : [`leads ${namesOf(led)}${believed}`]),
    ...(view.activeController === node.id && !isStopped ? [view.profile.mode === 'kraft' ? `active controller${isController(node) ? `, epoch ${view.quorumEpoch}` : ''}` : `controller, epoch ${view.controllerEpoch ?? 0}`] : []),
    ...(isController(node) && view.activeController !== node.id && !isStopped ? [node.quorum.role] : []),
    ...(node.belief === 'fenced' ? ['fenced'] : []),
    ...leavingWords(node, partitions),
  ];
  return `${noun}${node.id}["${words.join('<br>')}"]:::${isStopped ? 'stopped' : `${noun}${node.id}`}`;
}

/** A reassignment takes these replicas away when it is done. */
function leavingWords(node: NodeView, partitions: readonly PartitionView[]): readonly string[] {
  const leaves = partitions.filter((it) => it.removingReplicas?.includes(node.id) === true);
  return leaves.length === 0 ? [] : [`gives up ${namesOf(leaves)}`];
}

/** A controller that is no broker. */
function isController(node: NodeView): boolean {
  return node.roles?.includes('broker') === false;
}

/** ZooKeeper stands outside the cluster; brokers hang on it by their sessions. */
function ensembleLines(view: ClusterView): readonly string[] {
  const { ensemble } = view;
  if (ensemble === undefined) return [];
  const named = ensemble.znodes.some((it) => it.path === '/controller') ? `broker ${view.activeController}` : 'no such znode';
  return [
    '  subgraph ensemble["ZooKeeper"]',
    ...ensemble.servers.map((it) => {
      const state = it.status !== 'running' ? it.status : it.state === 'none' ? 'starting' : `${it.state}, epoch ${it.epoch}`;
      return `    zookeeper${it.id}["server ${it.id}<br>${state}"]${it.status === 'stopped' ? ':::stopped' : ''}`;
    }),
    `    controllerZnode["${mermaidText('/controller')}<br>${named}"]`,
    '  end',
    ...view.nodes.filter((node) => ensemble.sessions.some((it) => it.client === node.name)).map((node) => `  broker${node.id} -.-|session| ensemble`),
  ];
}

/** Followers pull: the arrow goes from the asker to the leader. A dotted line is a follower that the ISR has lost. */
function fetchEdges(view: ClusterView, partitions: readonly PartitionView[]): readonly string[] {
  const running = new Set(view.nodes.filter((node) => node.status !== 'stopped').map((node) => node.id));
  const edges = new Map<string, PartitionView[]>();
  for (const partition of partitions) {
    if (partition.leader < 0 || !running.has(partition.leader)) continue;
    for (const replica of partition.replicas) {
      if (replica === partition.leader || !running.has(replica)) continue;
      const comes = partition.addingReplicas?.includes(replica) === true && !partition.isr.includes(replica);
      const line = `broker${replica} ${partition.isr.includes(replica) ? '-->' : '-.->'}|${comes ? 'is new, copies' : 'fetches'} #|broker${partition.leader}`;
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
