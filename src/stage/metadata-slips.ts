/** What slips say of the places where metadata lives: ZooKeeper servers, sessions, and a node's copy of the metadata log. Pure. */
import type { ClusterView, NodeView, ZooKeeperServerView } from '#engine/cluster/view.ts';
import { clockText, durationText } from './shown-text.ts';
import type { Deed, SlipModel, SlipRequest, Verb } from './stage-actions.ts';
import { stateText } from './stage-places.ts';

/** Kafka's default of zookeeper.session.timeout.ms. */
const ZOOKEEPER_SESSION_TIMEOUT_MS = 18_000;

export function serverSlip(id: number, { view, story, us }: SlipRequest): SlipModel | null {
  const server = view.ensemble?.servers.find((it) => it.id === id);
  if (server === undefined) return null;
  const changed = story.changeAt(`server ${id}`, us)?.atUs ?? 0;
  const leader = view.ensemble?.servers.find((it) => it.state === 'leading' && it.status === 'running');
  const isCut = view.cuts.some((cut) => cut.from === server.host || cut.to === server.host);
  return {
    title: `ZooKeeper server ${id}, ${server.host}`,
    truth: `${server.status === 'running' ? stateText(server) : server.status} since ${clockText(changed)}${isCut ? ', its network cut' : ''}`,
    believer: 'the ensemble',
    belief: leader === undefined ? 'has no leader: nothing can be written' : `follows server ${leader.id}, epoch ${leader.epoch}`,
    facts: [['epoch', String(server.epoch)], ['it follows', server.leader < 0 ? 'nobody' : `server ${server.leader}`]],
    verbs: serverVerbs(server, view, isCut),
    letters: [],
  };
}

function serverVerbs({ name, host, status }: ZooKeeperServerView, view: ClusterView, isCut: boolean): readonly Verb[] {
  const command = (possible: boolean, what: Extract<Deed, { readonly kind: 'command' }>['command']): Deed | null => (possible ? { kind: 'command', command: what } : null);
  const others = (view.ensemble?.servers ?? []).filter((it) => it.host !== host).map((it) => it.name);
  return [
    { name: 'Unplug', letter: 'U', deed: command(status !== 'stopped', { do: 'kill', node: name }) },
    status === 'paused'
      ? { name: 'Resume', letter: 'P', deed: command(true, { do: 'resume', node: name }) }
      : { name: 'Pause', letter: 'P', deed: command(status === 'running', { do: 'pause', node: name }) },
    { name: 'Cut its power', letter: 'W', deed: command(status !== 'stopped', { do: 'power-loss', node: name }) },
    { name: 'Start again', letter: 'S', deed: command(status === 'stopped', { do: 'restart', node: name }) },
    isCut
      ? { name: 'Heal its machine’s network', letter: 'C', deed: command(others.length > 0, { do: 'heal', from: [name], to: others }) }
      : { name: 'Cut its machine’s network', letter: 'C', deed: command(others.length > 0, { do: 'cut', from: [name], to: others }) },
  ];
}

export function beliefCaption(view: ClusterView): string {
  return view.profile.mode === 'zookeeper' ? 'ZooKeeper believes' : 'the controller believes';
}

/** A broker is in service as long as its session lives, and its znode with it. */
export function beliefInZooKeeper(node: NodeView, { view, story, us, settings }: SlipRequest): string {
  const sessionTimeoutMs = Number(settings['zookeeper.session.timeout.ms'] ?? ZOOKEEPER_SESSION_TIMEOUT_MS);
  const hasSession = view.ensemble?.sessions.some((it) => it.client === node.name) ?? false;
  const path = `/brokers/ids/${node.id}`;
  if (!hasSession) return `it has no session, and there is no ${path}`;
  if (node.belief === 'unregistered') return `it has a session, but no ${path} yet`;
  if (node.status === 'running') return `alive: its session holds ${path}`;
  const left = sessionTimeoutMs * 1_000 - (us - (story.changeAt(`status ${node.id}`, us)?.atUs ?? us));
  return left > 0 ? `alive: its session holds ${path} for about ${durationText(Math.ceil(left / 100_000) * 100_000)} more` : `alive: its session holds ${path}`;
}

/** A node's copy of the metadata log, in KRaft mode. */
export function quorumFacts({ quorum }: NodeView, view: ClusterView): SlipModel['facts'] {
  if (view.profile.mode !== 'kraft') return [];
  return [
    ['metadata quorum', `${quorum.role}, epoch ${quorum.epoch}`], ['its metadata log ends at', String(quorum.logEnd)],
    ['high watermark it knows', String(quorum.highWatermark)],
  ];
}
