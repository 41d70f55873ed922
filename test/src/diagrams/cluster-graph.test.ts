import { expect, it } from 'vitest';
import type { ClusterView, NodeView, PartitionView } from '#engine/cluster/view.ts';
import { clusterGraphSource } from '#src/diagrams/cluster-graph.ts';

function node(id: number, status: NodeView['status'] = 'running'): NodeView {
  return {
    id, name: `broker-${id}`, host: `cpu-node${id}`, rack: null, status, belief: status === 'stopped' ? 'fenced' : 'unfenced',
    quorum: { role: 'follower', epoch: 1, leader: 3, logEnd: 40, highWatermark: 40 },
  };
}

function partition(number: number, replicas: readonly number[], leader: number, isr: readonly number[]): PartitionView {
  return { topic: 'user-events', partition: number, leader, leaderEpoch: 0, partitionEpoch: 0, isr, replicas, logs: [], highWatermark: 0 };
}

const view: ClusterView = {
  at: 21_400_000,
  profile: { kafka: '3.9', mode: 'kraft' },
  nodes: [node(1), node(2, 'stopped'), node(3)],
  activeController: 3,
  quorumEpoch: 2,
  topics: [{
    name: 'user-events', topicId: 'AAAA', configs: [],
    partitions: [partition(0, [1, 2, 3], 1, [1, 3]), partition(1, [2, 3, 1], 3, [3]), partition(2, [3, 1, 2], 3, [3, 1])],
  }],
  producers: [{ id: 'web-1', status: 'running', acks: -1, idempotent: true, accepted: 3, acknowledged: 3, failed: 0 }],
  consumers: [{ id: 'analytics', status: 'running', positions: [{ topic: 'user-events', partition: 1, position: 0 }] }],
  cuts: [],
};

it('says who leads, who fetches from whom, who is dead and who is the controller', () => {
  expect(clusterGraphSource(view).split('\n').map((line) => line.trim())).toEqual([
    'graph TB',
    'subgraph cluster["Kafka 3.9, KRaft, at 00#58;21.400"]',
    'broker1["broker 1<br>cpu-node1<br>leads user-events-0"]:::broker1',
    'broker2["broker 2, stopped<br>cpu-node2<br>fenced"]:::stopped',
    'broker3["broker 3<br>worker-node3<br>leads user-events-1, 2<br>active controller"]:::broker3'.replace('worker-node3', 'cpu-node3'),
    'broker3 -->|fetches user-events-0| broker1',
    'broker1 -.->|fetches user-events-1| broker3',
    'broker1 -->|fetches user-events-2| broker3',
    'end',
    'producer0["producer<br>web-1<br>acks=all"]',
    'consumer0["consumer<br>analytics"]',
    'producer0 --> broker1',
    'producer0 --> broker3',
    'consumer0 -->|fetches user-events-1| broker3',
    '',
  ]);
});

it('shows a leader that only the controller still believes in', () => {
  const early = { ...view, topics: view.topics.map((topic) => ({ ...topic, partitions: [partition(1, [2, 3, 1], 2, [2, 3, 1])] })) };
  expect(clusterGraphSource(early)).toContain('leads user-events-1 for the controller');
});

it('keeps a topic with a wild name inside its label', () => {
  const wild = { ...view, topics: view.topics.map((topic) => ({ ...topic, partitions: topic.partitions.map((it) => ({ ...it, topic: 'a"]; end' })) })) };
  expect(clusterGraphSource(wild)).not.toContain('a"]');
});

it('draws ZooKeeper outside the cluster, with the znode that names the controller and a session for each broker that has one', () => {
  const source = clusterGraphSource({
    ...view, profile: { kafka: '3.9', mode: 'zookeeper' }, activeController: 1, controllerEpoch: 3,
    ensemble: {
      servers: [{ id: 1, name: 'zookeeper-1', host: 'cpu-node1', status: 'running', state: 'leading', epoch: 2, leader: 1 }, { id: 2, name: 'zookeeper-2', host: 'cpu-node2', status: 'stopped', state: 'none', epoch: 1, leader: -1 }],
      sessions: [{ session: '0x1', client: 'broker-1' }], znodes: [{ path: '/controller', version: 0, ephemeral: true, data: '{"brokerid":1}' }],
    },
  });
  for (const line of ['zookeeper1["server 1<br>leading, epoch 2"]', 'zookeeper2["server 2<br>stopped"]:::stopped', 'controllerZnode["/controller<br>broker 1"]', 'broker1 -.-|session| ensemble']) expect(source).toContain(line);
  expect(source).toContain('controller, epoch 3');
  expect(source).not.toContain('broker2 -.-');
});

it('names controllers that are no brokers, and says which replica is new and which one leaves', () => {
  const controller: NodeView = { ...node(101), name: 'controller-101', roles: ['controller'], quorum: { role: 'leader', epoch: 4, leader: 101, logEnd: 9, highWatermark: 9 } };
  const moving = { ...partition(0, [3, 1, 2], 1, [1, 2]), addingReplicas: [3], removingReplicas: [1] };
  const source = clusterGraphSource({ ...view, nodes: [controller, node(1), node(2), node(3)], activeController: 101, quorumEpoch: 4, topics: [{ name: 'user-events', topicId: 'AAAA', configs: [], partitions: [moving] }] });
  for (const line of ['controller101["controller 101<br>cpu-node101<br>active controller, epoch 4"]', 'broker3 -.->|is new, copies user-events-0| broker1', 'gives up user-events-0']) expect(source).toContain(line);
});
