/** What can be done to what the stage shows, and what its slip says: facts and verbs of one place. Pure. */
import type { Command } from '#engine/cluster/commands.ts';
import type { ClusterView, NodeView, ViewFact } from '#engine/cluster/view.ts';
import type { RunStory } from '#src/session/run-story.ts';
import { beliefCaption, beliefInZooKeeper, quorumFacts, serverSlip } from './metadata-slips.ts';
import { isServerPlace, nodeText, type StagePlace } from './stage-places.ts';
import { keyAt } from './frame-model.ts';
import { clockText, durationText } from './shown-text.ts';

export type Deed =
  | { readonly kind: 'command'; readonly command: Command }
  /** A command that is answered later; the number of the call is filled in. */
  | { readonly kind: 'call'; readonly make: (call: number) => Command }
  | { readonly kind: 'why'; readonly factId: number };

/** @property letter the key that does it while the slip is open. @property deed null: not possible at this moment. */
export interface Verb { readonly name: string; readonly letter: string; readonly deed: Deed | null }

export interface SlipModel {
  readonly title: string;
  /** Over the second side: who believes it. */
  readonly believer: string;
  readonly truth: string;
  readonly belief: string;
  /** Named facts, for a replica. */
  readonly facts: readonly (readonly [string, string])[];
  readonly verbs: readonly Verb[];
  /** The newest letters of a replica, newest first. */
  readonly letters: readonly { readonly offset: number; readonly key: string; readonly value: string; readonly isCommitted: boolean }[];
}

const LETTERS_SHOWN = 6;
/** Kafka's default of broker.session.timeout.ms. */
const SESSION_TIMEOUT_MS = 9_000;

export interface SlipRequest {
  readonly place: StagePlace;
  readonly topic: string | null;
  readonly view: ClusterView;
  readonly story: RunStory;
  readonly facts: readonly ViewFact[];
  readonly us: number;
  /** Of all brokers of this run, by Kafka's names. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export function slipModel(request: SlipRequest): SlipModel | null {
  const { place, view } = request;
  if (isServerPlace(place)) return serverSlip(place.server, request);
  const node = view.nodes.find((it) => it.id === place.broker);
  if (node === undefined) return null;
  return place.partition === null ? brokerSlip(node, request) : replicaSlip(node, place.partition, request);
}

function brokerSlip(node: NodeView, request: SlipRequest): SlipModel {
  const { view, story, us } = request;
  const { id, status } = node;
  const changed = story.changeAt(`status ${id}`, us)?.atUs ?? 0;
  const hasStarted = story.changeAt(`status ${id}`, us) !== null;
  const truth = status === 'running' ? `running since ${clockText(changed)}` : !hasStarted ? 'not started yet' : `${status === 'paused' ? 'paused' : 'stopped'} at ${clockText(changed)}`;
  const isCut = view.cuts.some((cut) => cut.from === node.host || cut.to === node.host);
  const others = view.nodes.filter((it) => it.id !== id).map((it) => it.id);
  const command = (possible: boolean, what: Command): Deed | null => (possible ? { kind: 'command', command: what } : null);
  const belief = request.facts.findLast((entry) => isBeliefAbout(entry, id, us));
  return {
    title: `${nodeText(node)}, ${node.host}`,
    believer: beliefCaption(view),
    truth: isCut ? `${truth}, its network cut` : truth,
    belief: beliefText(node, request),
    facts: quorumFacts(node, view),
    verbs: [
      { name: 'Unplug', letter: 'U', deed: command(status !== 'stopped', { do: 'kill', node: id }) },
      { name: 'Shut down', letter: 'D', deed: command(status === 'running', { do: 'shut-down', node: id }) },
      status === 'paused'
        ? { name: 'Resume', letter: 'P', deed: command(true, { do: 'resume', node: id }) }
        : { name: 'Pause', letter: 'P', deed: command(status === 'running', { do: 'pause', node: id }) },
      { name: 'Cut its power', letter: 'W', deed: command(status !== 'stopped', { do: 'power-loss', node: id }) },
      { name: hasStarted ? 'Start again' : 'Start', letter: 'S', deed: command(status === 'stopped', { do: 'restart', node: id }) },
      isCut
        ? { name: 'Heal its network', letter: 'C', deed: command(others.length > 0, { do: 'heal', from: [id], to: others }) }
        : { name: 'Cut its network', letter: 'C', deed: command(others.length > 0, { do: 'cut', from: [id], to: others }) },
      ...linkVerbs(node, view),
      { name: 'Why does the controller think so?', letter: '?', deed: belief === undefined ? null : { kind: 'why', factId: belief.id } },
    ],
    letters: [],
  };
}

/** One link at a time; the digit is the other broker. Above nine brokers a slip cannot list them all. */
const LINKS_SHOWN_MAX = 4;

function linkVerbs(node: NodeView, view: ClusterView): readonly Verb[] {
  return view.nodes.filter((it) => it.id !== node.id && it.id <= 9).slice(0, LINKS_SHOWN_MAX).map((other) => {
    const isCut = view.cuts.some(({ from, to }) => from === node.host && to === other.host || from === other.host && to === node.host);
    const parties = { from: [node.id], to: [other.id] };
    return {
      name: `${isCut ? 'Heal' : 'Cut'} the link to ${other.id}`, letter: String(other.id),
      deed: { kind: 'command', command: isCut ? { do: 'heal', ...parties } : { do: 'cut', ...parties } },
    };
  });
}

function isBeliefAbout(entry: ViewFact, broker: number, us: number): boolean {
  const { fact } = entry;
  if (entry.at > us) return false;
  return (fact.kind === 'broker-fenced' || fact.kind === 'broker-unfenced' || fact.kind === 'broker-registered'
    || fact.kind === 'broker-in-controlled-shutdown') && fact.broker === broker;
}

function beliefText(node: NodeView, request: SlipRequest): string {
  const { view, story, us, settings } = request;
  const sessionTimeoutMs = Number(settings['broker.session.timeout.ms'] ?? SESSION_TIMEOUT_MS);
  if (view.profile.mode === 'zookeeper') return beliefInZooKeeper(node, request);
  if (node.roles?.includes('broker') === false) return view.activeController === node.id ? 'it is the active controller' : 'nothing: a controller is not registered as a broker';
  if (view.activeController < 0) return 'there is no active controller';
  const since = story.changeAt(`belief ${node.id}`, us)?.atUs ?? 0;
  switch (node.belief) {
    case 'unregistered': return 'it has never heard of it';
    case 'fenced': return `fenced since ${clockText(since)}`;
    case 'in-controlled-shutdown': return `shutting down since ${clockText(since)}`;
    case 'unfenced': {
      if (node.status === 'running') return 'alive';
      const silent = us - (story.changeAt(`status ${node.id}`, us)?.atUs ?? us);
      const left = sessionTimeoutMs * 1_000 - silent;
      // When its last heartbeat arrived is not drawn; it was not later than the moment it fell silent.
      return left > 0 ? `alive, for at most ${durationText(Math.ceil(left / 100_000) * 100_000)} more` : 'alive';
    }
  }
}

function replicaSlip(node: NodeView, number: number, request: SlipRequest): SlipModel | null {
  const partition = request.view.topics.find((it) => it.name === request.topic)?.partitions[number];
  const log = partition?.logs.find((it) => it.broker === node.id);
  if (partition === undefined || log === undefined) return null;
  const isLeader = partition.leader === node.id;
  const isInSync = partition.isr.includes(node.id);
  const watermark = request.facts.findLast((entry) => entry.at <= request.us && entry.fact.kind === 'high-watermark'
    && entry.fact.topic === partition.topic && entry.fact.partition === number && entry.fact.broker === node.id);
  const preferred = partition.replicas[0];
  const wanted = { topic: partition.topic, partition: number };
  const newest = Array.from({ length: Math.min(LETTERS_SHOWN, log.logEnd - log.logStart) }, (_, index) => log.logEnd - 1 - index);
  return {
    title: `partition ${number} on broker ${node.id}`,
    believer: 'the metadata says',
    truth: isLeader ? `leader, epoch ${partition.leaderEpoch}` : isInSync ? 'in-sync follower' : 'not in the ISR',
    belief: `in sync: ${partition.isr.join(', ')}${partition.isr.length < partition.replicas.length ? ` (of ${partition.replicas.join(', ')})` : ''}`,
    facts: [
      ['log end', String(log.logEnd)], ['high watermark', String(partition.highWatermark)], ['as it knows it', String(log.highWatermark)],
      ['it believes', log.role === 'none' ? 'nothing: it is stopped' : `${log.role}, epoch ${log.leaderEpoch}`],
    ],
    verbs: [
      {
        name: preferred === partition.leader ? 'The preferred leader leads' : `Let ${preferred === undefined ? 'the first' : `broker ${preferred}`} lead (preferred election)`, letter: 'E',
        deed: preferred === partition.leader ? null
          : { kind: 'call', make: (call) => ({ do: 'elect-leaders', type: 'preferred', partitions: [wanted], call }) },
      },
      {
        name: 'Let any replica lead (unclean election)', letter: 'X',
        deed: partition.leader >= 0 ? null : { kind: 'call', make: (call) => ({ do: 'elect-leaders', type: 'unclean', partitions: [wanted], call }) },
      },
      { name: 'Why is its watermark here?', letter: '?', deed: watermark === undefined ? null : { kind: 'why', factId: watermark.id } },
    ],
    letters: newest.map((offset) => ({ offset, ...letterAt(log.batches, offset), isCommitted: offset < partition.highWatermark })),
  };
}

function letterAt(batches: Parameters<typeof keyAt>[0], offset: number): { key: string; value: string } {
  for (const batch of batches) {
    const record = batch.records.find((it) => it.offset === offset);
    if (record !== undefined) return { key: record.key ?? 'no key', value: record.value ?? 'null, a tombstone' };
  }
  return { key: '…', value: 'not spelled out here' };
}
