// The cluster of the notebook's page test, in Node and in the browser.
import type { ClusterSpec } from '#engine/cluster/spec.ts';

export const NOTEBOOK_SPEC: ClusterSpec = {
  kafka: '3.9', mode: 'kraft',
  nodes: [{ id: 1, host: 'cpu-node1' }, { id: 2, host: 'worker-node2' }, { id: 3, host: 'worker-node3' }],
  topics: [{ name: 'user-events', assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }],
  startMs: 12_000,
};
