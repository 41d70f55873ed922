/** What the frame of the stage says at one moment: from the read model to shelves, columns, trays and words. Pure; knows no pixels. */
import type { BatchView, ClusterView, NodeView, PartitionView, ReplicaView, TopicView } from '#engine/cluster/view.ts';
import { type EnsembleModel, ensembleModel, ensembleSentence } from './ensemble-model.ts';
import { profileText, shortKey } from './shown-text.ts';
import { type NetworkCut, networkCutOf } from './network-cut.ts';

export interface ShelfModel {
  /** Id of the node, whatever its roles. */
  readonly broker: number;
  readonly host: string;
  readonly rack: string | null;
  readonly isBroker: boolean;
  /** Nobody has started it yet. */
  readonly isToCome: boolean;
  readonly word: string;
  readonly isStopped: boolean;
  readonly isPaused: boolean;
  /** The controller's decision, stamped. */
  readonly stamp: string | null;
  /** What the active controller thinks, whatever is true. */
  readonly belief: string;
  readonly isActiveController: boolean;
  readonly quorum: QuorumTray;
}

/** A node's copy of the metadata log. */
export interface QuorumTray {
  readonly standing: 'leader' | 'voter' | 'observer';
  /** It leads by an epoch that is over, and does not know. */
  readonly staleEpoch: number | null;
  readonly logEnd: number;
}

export interface TrayModel {
  readonly broker: number;
  /** `adding`: a reassignment brings it, and it is not in the ISR yet. */
  readonly standing: 'leader' | 'in-sync' | 'out' | 'adding';
  /** A reassignment takes it away as soon as the new ones are in sync. */
  readonly isLeaving: boolean;
  /** What is special about it, in a few words; "" for nothing. */
  readonly note: string;
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
  readonly replicas: readonly { readonly broker: number; readonly isInSync: boolean; readonly isAdding?: boolean; readonly isEligible?: boolean }[];
  /** "2 of 3", or null when all are in sync. */
  readonly below: string | null;
  /** "no leader", "below min ISR 2", or null while it can be written with acks=all. */
  readonly fault: string | null;
  /** A reassignment that runs. */
  readonly move: MoveModel | null;
  readonly highWatermark: number;
  readonly longestEnd: number;
  readonly trays: readonly TrayModel[];
}

/** A reassignment: how far the copies have come, by the end of their logs. */
export interface MoveModel {
  readonly partition: number;
  readonly adding: readonly number[];
  readonly removing: readonly number[];
  /** Offsets that the slowest new replica has, of those that the leader has. */
  readonly copied: number;
  readonly of: number;
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
  /** Null in ZooKeeper mode: what a majority agrees on is not Kafka's log then. */
  readonly metadata: MetadataModel | null;
  readonly ensemble: EnsembleModel | null;
  /** Kafka's version and mode, in words. */
  readonly profile: string;
}

export interface MetadataModel {
  readonly epoch: number;
  readonly leader: number;
  readonly highWatermark: number;
  readonly longestEnd: number;
}

/** What the view alone does not say. */
export interface Knowledge {
  /** The ZooKeeper server that a client's connection leads to. */
  readonly serverOf: (client: string) => number | null;
  readonly hasStarted: (node: number) => boolean;
}
const KNOWS_NOTHING: Knowledge = { serverOf: () => null, hasStarted: () => true };

/** `topic`: the one that is chosen; the first when it does not exist. */
export function frameModel(view: ClusterView, topic: string | null, knowledge: Knowledge = KNOWS_NOTHING): FrameModel {
  const shown = view.topics.find((it) => it.name === topic) ?? view.topics[0] ?? null;
  const nodes = shelfOrder(view.nodes);
  const configs = new Map(shown?.configs);
  return {
    topic: shown?.name ?? null,
    topics: view.topics.map((it) => it.name),
    shelves: nodes.map((node) => shelf(node, view, { topic: shown, knowledge })),
    columns: (shown?.partitions ?? []).map((partition) => column(partition, view.nodes, Number(configs.get('min.insync.replicas') ?? 1))),
    producers: view.producers.map((it) => ({
      id: it.id, acks: it.acks, isStopped: it.status === 'stopped', cutFrom: cutFromBrokers(it.id, view),
    })),
    consumers: view.consumers.map((it) => ({
      id: it.id,
      isStopped: it.status === 'stopped',
      positions: new Map(it.positions.filter((at) => at.topic === shown?.name).map((at) => [at.partition, at.position])),
    })),
    cut: networkCutOf({ ...view, nodes }),
    activeController: view.activeController,
    metadata: view.profile.mode === 'kraft' ? metadataModel(view) : null,
    ensemble: ensembleModel(view, knowledge.serverOf),
    profile: profileText(view.profile),
  };
}

/** Controllers that are no brokers stand above; brokers by rack, then as they are named. */
function shelfOrder(nodes: readonly NodeView[]): readonly NodeView[] {
  const racks = [...new Set(nodes.map((node) => node.rack))];
  const rank = (node: NodeView): number => (isBroker(node) ? 1 + racks.indexOf(node.rack) : 0);
  return [...nodes].sort((a, b) => rank(a) - rank(b));
}

function isBroker(node: NodeView): boolean {
  return node.roles?.includes('broker') ?? true;
}

function metadataModel(view: ClusterView): MetadataModel {
  const living = view.nodes.filter((node) => node.status !== 'stopped');
  const leader = view.nodes.find((node) => node.id === view.activeController);
  return {
    epoch: view.quorumEpoch,
    leader: view.activeController,
    highWatermark: leader?.quorum.highWatermark ?? living.reduce((most, node) => Math.max(most, node.quorum.highWatermark), 0),
    longestEnd: view.nodes.reduce((longest, node) => Math.max(longest, node.quorum.logEnd), 0),
  };
}

function shelf(node: NodeView, view: ClusterView, of: { readonly topic: TopicView | null; readonly knowledge: Knowledge }): ShelfModel {
  const isActiveController = view.activeController === node.id;
  const isToCome = node.status === 'stopped' && !of.knowledge.hasStarted(node.id);
  const { quorum } = node;
  const isVoter = (node.roles?.includes('controller') ?? true) && quorum.role !== 'observer';
  return {
    broker: node.id,
    host: node.host,
    rack: node.rack,
    isBroker: isBroker(node),
    isToCome,
    word: isToCome ? 'not started' : stateWord(node, of.topic, sessionIsOver(node, view, of.knowledge)),
    isStopped: node.status === 'stopped' && !isToCome,
    isPaused: node.status === 'paused',
    stamp: node.belief === 'fenced' && !isToCome ? 'FENCED' : null,
    belief: node.belief === 'unfenced' ? 'alive' : node.belief.replaceAll('-', ' '),
    isActiveController,
    quorum: {
      standing: isActiveController ? 'leader' : isVoter ? 'voter' : 'observer',
      staleEpoch: quorum.role === 'leader' && !isActiveController ? quorum.epoch : null,
      logEnd: quorum.logEnd,
    },
  };
}

/** ZooKeeper mode: it goes on, and the ensemble has ended its session. */
function sessionIsOver(node: NodeView, view: ClusterView, { serverOf }: Knowledge): boolean {
  return view.ensemble !== undefined && serverOf(node.name) !== null && !view.ensemble.sessions.some((it) => it.client === node.name);
}

/** What is true of the process, in one or two words. */
export function stateWord(node: NodeView, topic: TopicView | null, isWithoutSession = false): string {
  if (node.status !== 'running') return node.status;
  if (!isBroker(node)) return CONTROLLER_WORDS[node.quorum.role];
  if (isWithoutSession) return 'no session';
  if (node.belief === 'in-controlled-shutdown') return 'shutting down';
  if (node.belief === 'unregistered') return 'starting';
  const isBehind = topic?.partitions.some((it) => it.replicas.includes(node.id) && !it.isr.includes(node.id)) ?? false;
  return node.belief === 'unfenced' && isBehind ? 'catching up' : 'running';
}

/** What a voter of the metadata quorum is, in Kafka's words. */
const CONTROLLER_WORDS: Readonly<Record<NodeView['quorum']['role'], string>> = {
  leader: 'leader', follower: 'follower', candidate: 'candidate', prospective: 'prospective', unattached: 'unattached', resigned: 'resigned', observer: 'observer',
};

function column(partition: PartitionView, nodes: readonly NodeView[], minIsr: number): ColumnModel {
  const { leader, leaderEpoch, replicas, isr, addingReplicas: adding = [], eligibleLeaderReplicas: eligible = [] } = partition;
  const settled = replicas.filter((broker) => !adding.includes(broker));
  const inSync = settled.filter((broker) => isr.includes(broker)).length;
  return {
    topic: partition.topic,
    partition: partition.partition,
    leader,
    leaderEpoch,
    replicas: replicas.map((broker) => ({
      broker, isInSync: isr.includes(broker),
      ...(adding.includes(broker) && !isr.includes(broker) ? { isAdding: true } : {}), ...(eligible.includes(broker) && !isr.includes(broker) ? { isEligible: true } : {}),
    })),
    below: inSync < settled.length ? `${inSync} of ${settled.length}` : null,
    fault: leader < 0 ? 'no leader' : isr.length < minIsr ? `below min ISR ${minIsr}` : null,
    move: moveOf(partition),
    highWatermark: partition.highWatermark,
    longestEnd: partition.logs.reduce((longest, log) => Math.max(longest, log.logEnd), 0),
    trays: partition.logs.map((log) => trayModel(log, partition, nodes)),
  };
}

function trayModel(log: ReplicaView, partition: PartitionView, nodes: readonly NodeView[]): TrayModel {
  const { leader, leaderEpoch, isr, logs, addingReplicas: adding = [], removingReplicas: removing = [], eligibleLeaderReplicas: eligible = [] } = partition;
  const led = logs.find((it) => it.broker === leader);
  const staleEpoch = log.role === 'leader' && log.leaderEpoch < leaderEpoch ? log.leaderEpoch : null;
  const isAdding = adding.includes(log.broker) && !isr.includes(log.broker);
  const isLeaving = removing.includes(log.broker);
  const waitsFor = adding.filter((broker) => !isr.includes(broker));
  return {
    broker: log.broker,
    standing: log.broker === leader ? 'leader' : isr.includes(log.broker) ? 'in-sync' : isAdding ? 'adding' : 'out',
    isLeaving,
    note: staleEpoch !== null ? `still believes it leads, epoch ${staleEpoch}`
      : isAdding ? `new: ${log.logEnd} of ${led?.logEnd ?? log.logEnd} copied`
      : isLeaving ? `leaves when ${waitsFor.length === 0 ? 'the controller says so' : `${waitsFor.join(', ')} ${waitsFor.length === 1 ? 'is' : 'are'} in sync`}`
      : eligible.includes(log.broker) && !isr.includes(log.broker) ? 'may be elected (ELR)' : '',
    staleEpoch,
    isStopped: nodes.some((node) => node.id === log.broker && node.status === 'stopped'),
    logStart: log.logStart,
    logEnd: log.logEnd,
    ownHighWatermark: log.highWatermark,
    divergesFrom: led === undefined || led === log ? null : divergence(log, led),
    batches: log.batches,
  };
}

function moveOf({ partition, leader, logs, addingReplicas: adding = [], removingReplicas: removing = [] }: PartitionView): MoveModel | null {
  if (adding.length === 0 && removing.length === 0) return null;
  const of = logs.find((log) => log.broker === leader)?.logEnd ?? 0;
  const ends = logs.filter((log) => adding.includes(log.broker)).map((log) => log.logEnd);
  return { partition, adding, removing, copied: ends.length === 0 ? of : Math.min(of, ...ends), of };
}

/** "Partition 0 moves: 9 of 15 records are copied to 4; then 1 leaves." */
export function moveSentence({ partition, adding, removing, copied, of }: MoveModel): string {
  const copy = adding.length === 0 ? '' : ` ${copied} of ${of} offsets are on ${adding.join(', ')}${removing.length === 0 ? '.' : `; ${removing.join(', ')} ${removing.length === 1 ? 'leaves' : 'leave'} when ${adding.length === 1 ? 'it is' : 'they are'} in sync.`}`;
  return `Partition ${partition} moves.${copy === '' ? ` ${removing.join(', ')} ${removing.length === 1 ? 'leaves' : 'leave'}.` : copy}`;
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
  return windowStart(first, column.longestEnd, cells);
}

/** The window moves in steps of a third of itself. */
export function windowStart(first: number, longestEnd: number, cells: number): number {
  const step = Math.max(1, Math.floor(cells / 3));
  const over = longestEnd + 1 - first - cells;
  return over <= 0 ? first : first + Math.ceil(over / step) * step;
}

/** The whole moment in a sentence, for those who do not see it. */
export function frameSentence(model: FrameModel): string {
  const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const ids = (of: readonly ShelfModel[]): string => of.map((it) => it.broker).join(', ');
  const brokers = model.shelves.filter((it) => it.isBroker);
  const controllers = model.shelves.filter((it) => !it.isBroker);
  const stopped = model.shelves.filter((it) => it.isStopped);
  const toCome = model.shelves.filter((it) => it.isToCome);
  const leaders = model.columns.map((it) => it.leader < 0 ? `partition ${it.partition} has no leader` : `${it.leader} leads partition ${it.partition}`);
  const nodes = [
    counted(brokers.length, 'broker') + (controllers.length === 0 ? '' : ` and ${counted(controllers.length, 'controller')}`),
    ...(stopped.length === 0 ? [] : [`stopped: ${ids(stopped)}`]), ...(toCome.length === 0 ? [] : [`not started: ${ids(toCome)}`]),
  ].join(', ');
  const topic = model.topic === null ? 'No topic yet.' : `Topic ${model.topic}: ${leaders.slice(0, 6).join(', ')}${leaders.length > 6 ? ' and so on' : ''}.`;
  return [nodes + '.', topic, ...(model.ensemble === null ? [] : [ensembleSentence(model.ensemble)])].join(' ');
}
