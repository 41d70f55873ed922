/** The ZooKeeper ensemble at one moment: its servers, whose session hangs on which of them, and the znodes that say who is in charge. Pure. */
import type { ClusterView, EnsembleView, ViewFact, ZooKeeperServerView } from '#engine/cluster/view.ts';
import { type FactFollower, firstIndex } from '#src/session/fact-store.ts';

export interface ServerModel {
  readonly id: number;
  readonly host: string;
  /** ZooKeeper's own word for its state, or what is true of the process. */
  readonly word: string;
  readonly epoch: number;
  readonly isLeader: boolean;
  readonly isStopped: boolean;
  readonly isPaused: boolean;
}

/**
 * A session as the ensemble has it: `silent` while its process does nothing, until it expires; `ended` when the process goes on although the
 * ensemble has ended its session. `server`: the one that its connection leads to; null while it looks for another.
 */
export interface SessionModel {
  readonly broker: number;
  readonly server: number | null;
  readonly state: 'alive' | 'silent' | 'ended';
}

export interface EnsembleModel {
  readonly servers: readonly ServerModel[];
  readonly sessions: readonly SessionModel[];
  /** Epoch of the leader that a majority follows; null while there is none. */
  readonly epoch: number | null;
  /** The broker that /controller names; null: no such znode. */
  readonly owner: number | null;
  readonly controllerEpoch: string | null;
  /** What is below /brokers/ids. */
  readonly brokerIds: readonly number[];
}

const IDS_PATH = '/brokers/ids/';

export function ensembleModel(view: ClusterView, serverOf: (client: string) => number | null): EnsembleModel | null {
  const { ensemble } = view;
  if (ensemble === undefined) return null;
  const leader = ensemble.servers.find((it) => it.status === 'running' && it.state === 'leading');
  const follow = leader === undefined ? 0 : ensemble.servers.filter((it) => it.status === 'running' && it.leader === leader.id).length;
  return {
    servers: ensemble.servers.map((server) => serverModel(server)),
    sessions: view.nodes.flatMap((node) => sessionOf(node, ensemble, serverOf(node.name))),
    epoch: leader !== undefined && follow * 2 > ensemble.servers.length ? leader.epoch : null,
    owner: ensemble.znodes.some((it) => it.path === '/controller') ? view.activeController : null,
    controllerEpoch: dataOf(ensemble, '/controller_epoch'),
    brokerIds: ensemble.znodes.flatMap((it) => (it.path.startsWith(IDS_PATH) ? [Number(it.path.slice(IDS_PATH.length))] : [])).sort((a, b) => a - b),
  };
}

function serverModel(server: ZooKeeperServerView): ServerModel {
  const { id, host, status, state, epoch } = server;
  const word = status !== 'running' ? status : state === 'none' ? 'starting' : state;
  return { id, host, word, epoch, isLeader: status === 'running' && state === 'leading', isStopped: status === 'stopped', isPaused: status === 'paused' };
}

function sessionOf(node: ClusterView['nodes'][number], ensemble: EnsembleView, server: number | null): readonly SessionModel[] {
  const isHeld = ensemble.sessions.some((it) => it.client === node.name);
  if (isHeld) return [{ broker: node.id, server, state: node.status === 'running' ? 'alive' : 'silent' }];
  const goesOn = node.status !== 'stopped' && server !== null;
  return goesOn ? [{ broker: node.id, server, state: 'ended' }] : [];
}

/** The how-manieth session of its server a broker's is; -1 when it has none. */
export function placeAtServer(ensemble: EnsembleModel, broker: number): number {
  const session = ensemble.sessions.find((it) => it.broker === broker);
  return session === undefined ? -1 : ensemble.sessions.filter((it) => it.server === session.server).indexOf(session);
}

function dataOf(ensemble: EnsembleView, path: string): string | null {
  return ensemble.znodes.find((it) => it.path === path)?.data ?? null;
}

interface Tie { readonly id: number; readonly atUs: number; readonly server: number | null }

/** To which server each client's connection leads, from the greetings of the servers; a function of the facts and the clock. */
export class ConnectionLog implements FactFollower {
  readonly #ties = new Map<string, Tie[]>();

  add({ id, at: atUs, fact }: ViewFact): void {
    if (fact.kind === 'message' && fact.tag === 'zookeeper connected') {
      const refused = fact.summary.about === 'other' && fact.summary.text === EXPIRED;
      this.#note(fact.to, { id, atUs, server: refused ? null : serverOf(fact.from) });
    } else if (fact.kind === 'process-stopped') {
      const server = serverOf(fact.process);
      for (const [client, ties] of this.#ties) if (server !== null && ties.at(-1)?.server === server) this.#note(client, { id, atUs, server: null });
    }
  }

  dropFrom(firstId: number): void {
    for (const ties of this.#ties.values()) ties.length = firstIndex(ties, (it) => it.id >= firstId);
  }

  serverAt(client: string, us: number): number | null {
    const ties = this.#ties.get(client);
    return ties?.[firstIndex(ties, (it) => it.atUs > us) - 1]?.server ?? null;
  }

  #note(client: string, tie: Tie): void {
    const ties = this.#ties.get(client);
    if (ties === undefined) this.#ties.set(client, [tie]);
    else ties.push(tie);
  }
}

/** What the server says to a client that comes back too late. */
const EXPIRED = 'the session has expired';

/** "zookeeper-2" is 2; null for any other process. */
export function serverOf(process: string): number | null {
  const id = /^zookeeper-(\d+)$/.exec(process)?.[1];
  return id === undefined ? null : Number(id);
}

/** The ensemble in a sentence, for those who do not see it. */
export function ensembleSentence(ensemble: EnsembleModel): string {
  const servers = ensemble.servers.map((it) => `server ${it.id} ${it.word}`).join(', ');
  const owner = ensemble.owner === null ? 'There is no /controller.' : `/controller names broker ${ensemble.owner}, epoch ${ensemble.controllerEpoch ?? 'unknown'}.`;
  return `ZooKeeper: ${servers}. ${owner}`;
}
