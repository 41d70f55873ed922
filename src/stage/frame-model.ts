/** What the frame of the stage says at one moment: from the read model to shelves, columns, trays and words. Pure; knows no pixels. */
import type { BatchView, ClusterView, NodeView, PartitionView, ReplicaView, TopicView } from '#engine/cluster/view.ts';
import { shortKey } from './shown-text.ts';
import { type NetworkCut, networkCutOf } from './network-cut.ts';

export interface ShelfModel {
  readonly broker: number;
  readonly host: string;
  readonly word: string;
  readonly isStopped: boolean;
  readonly isPaused: boolean;
  /** The controller's decision, stamped. */
  readonly stamp: string | null;
  /** What the active controller thinks, whatever is true. */
  readonly belief: string;
  readonly isActiveController: boolean;
  readonly quorum: { readonly isLeader: boolean; readonly epoch: number; readonly logEnd: number; readonly highWatermark: number };
}

export interface TrayModel {
  readonly broker: number;
  readonly standing: 'leader' | 'in-sync' | 'out';
  /** It leads by an epoch that is over, and does not know. */
  readonly staleEpoch: number | null;
  readonly isStopped: boolean;
  readonly logStart: number;
  readonly logEnd: number;
  readonly ownHighWatermark: number;
  /** From this offset on its letters are not those of the leader; null when they agree. */
  readonly divergesFrom: number | null;
  readonly batches: readonly BatchView[];
}

export interface ColumnModel {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  /** In assignment order. */
  readonly replicas: readonly { readonly broker: number; readonly isInSync: boolean }[];
  /** "2 of 3", or null when all are in sync. */
  readonly below: string | null;
  readonly highWatermark: number;
  readonly longestEnd: number;
  readonly trays: readonly TrayModel[];
}

export interface ProducerModel { readonly id: string; readonly acks: 0 | 1 | -1; readonly isStopped: boolean; readonly cutFrom: readonly number[] }
export interface ConsumerModel { readonly id: string; readonly isStopped: boolean; readonly positions: ReadonlyMap<number, number> }

export interface FrameModel {
  readonly topic: string | null;
  readonly topics: readonly string[];
  readonly shelves: readonly ShelfModel[];
  readonly columns: readonly ColumnModel[];
  readonly producers: readonly ProducerModel[];
  readonly consumers: readonly ConsumerModel[];
  readonly cut: NetworkCut;
  readonly activeController: number;
  readonly quorumEpoch: number;
  readonly quorumHighWatermark: number;
}

/** `topic`: the one that is chosen; the first when it does not exist. */
export function frameModel(view: ClusterView, topic: string | null): FrameModel {
  const shown = view.topics.find((it) => it.name === topic) ?? view.topics[0] ?? null;
  const controller = view.nodes.find((node) => node.id === view.activeController);
  return {
    topic: shown?.name ?? null,
    topics: view.topics.map((it) => it.name),
    shelves: view.nodes.map((node) => shelf(node, view, shown)),
    columns: (shown?.partitions ?? []).map((partition) => column(partition, view.nodes)),
    producers: view.producers.map((it) => ({
      id: it.id, acks: it.acks, isStopped: it.status === 'stopped', cutFrom: cutFromBrokers(it.id, view),
    })),
    consumers: view.consumers.map((it) => ({
      id: it.id,
      isStopped: it.status === 'stopped',
      positions: new Map(it.positions.filter((at) => at.topic === shown?.name).map((at) => [at.partition, at.position])),
    })),
    cut: networkCutOf(view),
    activeController: view.activeController,
    quorumEpoch: view.quorumEpoch,
    quorumHighWatermark: controller?.quorum.highWatermark ?? 0,
  };
}

function shelf(node: NodeView, view: ClusterView, topic: TopicView | null): ShelfModel {
  const isActiveController = view.activeController === node.id;
  return {
    broker: node.id,
    host: node.host,
    word: stateWord(node, topic),
    isStopped: node.status === 'stopped',
    isPaused: node.status === 'paused',
    stamp: node.belief === 'fenced' ? 'FENCED' : null,
    belief: node.belief === 'unfenced' ? 'alive' : node.belief.replaceAll('-', ' '),
    isActiveController,
    quorum: { isLeader: isActiveController, epoch: node.quorum.epoch, logEnd: node.quorum.logEnd, highWatermark: node.quorum.highWatermark },
  };
}

/** What is true of the process, in one or two words. */
export function stateWord(node: NodeView, topic: TopicView | null): string {
  if (node.status !== 'running') return node.status;
  if (node.belief === 'in-controlled-shutdown') return 'shutting down';
  if (node.belief === 'unregistered') return 'starting';
  const isBehind = topic?.partitions.some((it) => it.replicas.includes(node.id) && !it.isr.includes(node.id)) ?? false;
  return node.belief === 'unfenced' && isBehind ? 'catching up' : 'running';
}

function column(partition: PartitionView, nodes: readonly NodeView[]): ColumnModel {
  const { leader, leaderEpoch, replicas, isr } = partition;
  const led = partition.logs.find((log) => log.broker === leader);
  return {
    topic: partition.topic,
    partition: partition.partition,
    leader,
    leaderEpoch,
    replicas: replicas.map((broker) => ({ broker, isInSync: isr.includes(broker) })),
    below: isr.length < replicas.length ? `${isr.length} of ${replicas.length}` : null,
    highWatermark: partition.highWatermark,
    longestEnd: partition.logs.reduce((longest, log) => Math.max(longest, log.logEnd), 0),
    trays: partition.logs.map((log) => ({
      broker: log.broker,
      standing: log.broker === leader ? 'leader' : isr.includes(log.broker) ? 'in-sync' : 'out',
      staleEpoch: log.role === 'leader' && log.leaderEpoch < leaderEpoch ? log.leaderEpoch : null,
      isStopped: nodes.some((node) => node.id === log.broker && node.status === 'stopped'),
      logStart: log.logStart,
      logEnd: log.logEnd,
      ownHighWatermark: log.highWatermark,
      divergesFrom: led === undefined || led === log ? null : divergence(log, led),
      batches: log.batches,
    })),
  };
}

/** The first offset where a log has a letter of another epoch than the leader's log has there, or one that the leader's newer log lacks. */
function divergence(log: ReplicaView, led: ReplicaView): number | null {
  for (const batch of log.batches) {
    const other = batchAt(led.batches, batch.baseOffset);
    if (other !== null && other.leaderEpoch !== batch.leaderEpoch) return batch.baseOffset;
    const newest = led.batches.at(-1)?.leaderEpoch ?? -1;
    if (batch.baseOffset >= led.logEnd && Math.max(newest, led.leaderEpoch) > batch.leaderEpoch) return batch.baseOffset;
  }
  return null;
}

export function batchAt(batches: readonly BatchView[], offset: number): BatchView | null {
  for (let index = batches.length - 1; index >= 0; index -= 1) {
    const batch = batches[index];
    if (batch !== undefined && offset >= batch.baseOffset) return offset < batch.baseOffset + batch.count ? batch : null;
  }
  return null;
}

/** What is written on the letter at an offset: "" for a letter without a key, "…" for one that was not spelled out. */
export function keyAt(batches: readonly BatchView[], offset: number): string {
  const batch = batchAt(batches, offset);
  if (batch === null) return '';
  const record = batch.records.find((it) => it.offset === offset);
  return record === undefined ? '…' : shortKey(record.key);
}

function cutFromBrokers(client: string, view: ClusterView): readonly number[] {
  return view.nodes.filter((node) => view.cuts.some((cut) =>
    (cut.from === client && cut.to === node.host) || (cut.from === node.host && cut.to === client))).map((node) => node.id);
}

/**
 * The first offset that a column shows. The newest letters are shown, with room for the next; the window moves in steps of a third, so that
 * letters stand still most of the time.
 */
export function firstShownOffset(column: ColumnModel, cells: number): number {
  const start = column.trays.reduce((least, tray) => Math.min(least, tray.logStart), Number.MAX_SAFE_INTEGER);
  const first = Number.isFinite(start) && start !== Number.MAX_SAFE_INTEGER ? start : 0;
  const step = Math.max(1, Math.floor(cells / 3));
  const over = column.longestEnd + 1 - first - cells;
  return over <= 0 ? first : first + Math.ceil(over / step) * step;
}

/** The whole moment in a sentence, for those who do not see it. */
export function frameSentence(model: FrameModel): string {
  const stopped = model.shelves.filter((it) => it.isStopped).map((it) => it.broker);
  const leaders = model.columns.map((it) => it.leader < 0 ? `partition ${it.partition} has no leader` : `${it.leader} leads partition ${it.partition}`);
  const brokers = `${model.shelves.length} ${model.shelves.length === 1 ? 'broker' : 'brokers'}${stopped.length === 0 ? '' : `, stopped: ${stopped.join(', ')}`}`;
  return `${brokers}. ${model.topic === null ? 'No topic yet.' : `Topic ${model.topic}: ${leaders.slice(0, 6).join(', ')}${leaders.length > 6 ? ' and so on' : ''}.`}`;
}
