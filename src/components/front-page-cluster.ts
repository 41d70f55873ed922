/** The cluster that runs on the front page: the guides' own three machines, and an event every half second. */
import type { ClusterBlock } from '#src/lesson/lesson-blocks.ts';

export const FRONT_PAGE_CLUSTER: ClusterBlock = {
  kind: 'cluster',
  line: 0,
  id: 'front-page',
  seed: 43,
  describe:
    'Three brokers, cpu-node1 to worker-node3. Topic user-events has three partitions with three replicas each. A producer named web-1 sends an event every half second with acks=all, and a consumer named analytics reads them.',
  profile: null,
  preset: 'guides/three-nodes',
  brokers: null,
  controllers: null,
  zookeeper: null,
  later: [],
  racks: [],
  topics: {
    'user-events': {
      partitions: null,
      replicas: null,
      assignment: [
        [1, 2, 3],
        [2, 3, 1],
        [3, 1, 2],
      ],
      settings: { 'min.insync.replicas': 2 },
    },
  },
  producers: {
    'web-1': {
      topic: 'user-events',
      every: '500ms',
      acks: 'all',
      keys: ['customer-123', 'customer-456', 'customer-789', 'user-1', 'user-2'],
      value: null,
      records: null,
      settings: {},
    },
  },
  consumers: { analytics: { topic: 'user-events', partitions: null, from: 'earliest', settings: {} } },
  settings: {},
  start: '6s',
};
