/** The places of the stage that can be pointed at, and the name of each as a whole sentence. Pure. */
import type { ClusterView, NodeView, ZooKeeperServerView } from '#engine/cluster/view.ts';

/** A cell of the grid over the frame: a shelf, or the replica of a partition on it; or a ZooKeeper server above it. */
export interface ShelfPlace { readonly broker: number; readonly partition: number | null }
export interface ServerPlace { readonly server: number }
export type StagePlace = ShelfPlace | ServerPlace;

export function isServerPlace(place: StagePlace): place is ServerPlace {
  return 'server' in place;
}

/** The name of a place, as a whole sentence. */
export function placeSentence(place: StagePlace, topic: string | null, view: ClusterView): string {
  if (isServerPlace(place)) return serverSentence(place.server, view);
  const node = view.nodes.find((it) => it.id === place.broker);
  if (node === undefined) return `broker ${place.broker}`;
  if (place.partition === null) {
    const belief = node.belief === 'fenced' ? ', fenced' : '';
    const controller = view.activeController !== node.id ? '' : view.profile.mode === 'kraft' ? ', active controller' : ', controller';
    return `${nodeText(node)}, ${node.host}, ${node.status}${belief}${controller}`;
  }
  const partition = view.topics.find((it) => it.name === topic)?.partitions[place.partition];
  const log = partition?.logs.find((it) => it.broker === node.id);
  if (partition === undefined || log === undefined) return `broker ${node.id} has no replica of partition ${place.partition}`;
  const standing = partition.leader === node.id ? `leader, epoch ${partition.leaderEpoch}` : partition.isr.includes(node.id) ? 'in-sync follower' : 'not in the ISR';
  return `partition ${place.partition} on broker ${node.id}: ${standing}, log end ${log.logEnd}, high watermark ${log.highWatermark}`;
}

export function nodeText(node: NodeView): string {
  return `${node.roles?.includes('broker') === false ? 'controller' : 'broker'} ${node.id}`;
}

export function stateText({ state }: ZooKeeperServerView): string {
  return state === 'none' ? 'starting' : state;
}

function serverSentence(id: number, view: ClusterView): string {
  const server = view.ensemble?.servers.find((it) => it.id === id);
  if (server === undefined) return `ZooKeeper server ${id}`;
  const state = server.status === 'running' ? `${stateText(server)}, epoch ${server.epoch}` : server.status;
  return `ZooKeeper server ${id}, ${server.host}, ${state}`;
}
