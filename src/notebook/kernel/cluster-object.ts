// `cluster`: the operator's hand inside a cell. Each method asks the page; it is done when its promise is kept.
import type { SpecChanges } from '#engine/host/api.ts';
import { CellArgumentError } from '../cell-problem.ts';
import type { CellWorld } from './cell-world.ts';
import type { CallCommand, HandCommand, WorldId } from '../cell-protocol.ts';
import { snapshotOf } from './cluster-snapshot.ts';
import type { ClusterSnapshot } from './cluster-snapshot.ts';
import { durationMs, durationUs } from './duration.ts';
import { createKafka } from './kafka-object.ts';
import type { KafkaObject } from './kafka-object.ts';
import { placeCalls } from './placed-calls.ts';
import type { CallFailed } from './placed-calls.ts';

type Party = number | string;
type Parties = Party | readonly Party[];

/** A record as `cluster.read` gives it. */
export interface ReadRecord {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
  readonly headers: readonly (readonly [string, string])[];
}

/**
 * @example
 * await cluster.kill(2)
 * await cluster.advance("15s")
 * cluster.observe().partitions("user-events")
 */
export interface ClusterObject {
  /** Virtual milliseconds since the cluster began. */
  readonly now: number;
  /** A KafkaJS-shaped client of this cluster; for the page's own cluster it is the same as `kafka`. */
  readonly kafka: KafkaObject;
  /** kill -9: nobody is told. */
  kill(node: Party): Promise<void>;
  /** As kill, and what was only in the page cache is gone. */
  powerLoss(node: Party): Promise<void>;
  /** SIGTERM: leaders move first. */
  shutDown(node: Party): Promise<void>;
  /** Stops a process where it stands (a long garbage collection); for a span, or until `resume`. */
  pause(node: Party, span?: number | string): Promise<void>;
  resume(node: Party): Promise<void>;
  /** Starts a stopped process from its disk; with settings, they are changed first (null takes one away). */
  restart(node: Party, settings?: Readonly<Record<string, string | number | boolean | null>>): Promise<void>;
  /** Nothing passes between the two sides, in either direction. */
  partitionNetwork(a: Parties, b: Parties): Promise<void>;
  /** Nothing passes from `from` to `to`, and back, unless `oneWay`. */
  cut(from: Parties, to: Parties, options?: { readonly oneWay?: boolean }): Promise<void>;
  /** Heals the links between the two sides; without arguments all links. */
  heal(from?: Parties, to?: Parties): Promise<void>;
  /** Loses the next requests or responses of an API ("Produce", "Fetch") by closing their connection. */
  dropNext(api: string, options?: { readonly direction?: 'request' | 'response'; readonly from?: Party; readonly to?: Party; readonly count?: number }): Promise<void>;
  /** Lets virtual time pass: "30s", or milliseconds. */
  advance(span: number | string): Promise<void>;
  observe(): ClusterSnapshot;
  /** Records of a partition from an offset, as a consumer gets them: committed ones only. */
  read(topic: string, partition: number, options?: { readonly from?: number; readonly limit?: number }): Promise<readonly ReadRecord[]>;
  /** Another cluster with the same past and other settings, another seed or another `profile` ("3.9 kraft") from its beginning. Its time is its own. */
  fork(changes?: Readonly<Record<string, unknown>>): Promise<ClusterObject>;
  /** Preferred leader election, for one topic or for all. */
  electPreferredLeaders(topic?: string): Promise<unknown>;
  /** An election that may take a replica that is not in sync, when nobody else is left: what it does not have is lost. */
  electUncleanLeader(topic: string, partition: number): Promise<unknown>;
  /** Moves a partition: its new replicas, the preferred leader first. It is done when they are in sync. */
  reassign(topic: string, partition: number, replicas: readonly number[]): Promise<unknown>;
  /** Changes settings of a topic while it is in use; null takes one away. */
  configure(topic: string, settings: Readonly<Record<string, string | number | boolean | null>>): Promise<unknown>;
  /** ZooKeeper mode: a session of the operator's own. */
  readonly zookeeper: { get(path: string): Promise<unknown>; ls(path: string): Promise<unknown>; delete(path: string): Promise<unknown>; word(server: number, word: string): Promise<unknown> };
  /** A measured span in milliseconds. "leaderless": how long the partition had no leader when it last lost one. */
  measure(name: 'leaderless', topic: string, partition: number): Promise<number>;
  /** The verdict of a named check on everything that has happened in this cluster. */
  check(name: string): Promise<unknown>;
}

export interface CellAccess {
  readonly cell: string;
  readonly world: CellWorld;
  worldOf(id: WorldId): CellWorld;
  /** Told of each failed call, awaited or not. */
  readonly callFailed: CallFailed;
}

export function createCluster(access: CellAccess): ClusterObject {
  const { cell, world } = access;
  const hand = async (command: HandCommand): Promise<void> => {
    await world.request(cell, { op: 'hand', command });
  };
  const call = (command: CallCommand): Promise<unknown> => world.request(cell, { op: 'call', command });
  const methods: ClusterObject = {
    get now() { return world.clock.now / 1_000; },
    kafka: createKafka(access),
    kill: (node) => hand({ do: 'kill', node: party(node, 'kill(node)') }),
    powerLoss: (node) => hand({ do: 'power-loss', node: party(node, 'powerLoss(node)') }),
    shutDown: (node) => hand({ do: 'shut-down', node: party(node, 'shutDown(node)') }),
    pause: (node, span) => hand({ do: 'pause', node: party(node, 'pause(node)'), ...(span === undefined ? {} : { forMs: durationMs(span, 'cluster.pause(node, span)') }) }),
    resume: (node) => hand({ do: 'resume', node: party(node, 'resume(node)') }),
    restart: (node, settings) => hand({ do: 'restart', node: party(node, 'restart(node)'), ...(settings === undefined ? {} : { settings }) }),
    partitionNetwork: (a, b) => hand({ do: 'cut', from: parties(a, 'partitionNetwork(a, b)'), to: parties(b, 'partitionNetwork(a, b)') }),
    cut: (from, to, options) => hand({ do: 'cut', from: parties(from, 'cut(from, to)'), to: parties(to, 'cut(from, to)'), ...(options?.oneWay === true ? { oneWay: true } : {}) }),
    heal: (from, to) => hand({ do: 'heal', from: from === undefined ? [] : parties(from, 'heal(from, to)'), to: to === undefined ? [] : parties(to, 'heal(from, to)') }),
    dropNext: (api, { direction = 'response', from, to, count = 1 } = {}) =>
      hand({ do: 'drop', api, direction, count, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }),
    advance: (span) => world.pass(cell, durationUs(span, 'cluster.advance(span)')),
    observe: () => observe(world),
    read: async (topic, partition, { from = 0, limit = 1_000 } = {}) =>
      (await world.request(cell, { op: 'call', command: { do: 'read', topic, partition, from, limit } })) as readonly ReadRecord[],
    fork: async (changes = {}) => {
      const id = (await world.request(cell, { op: 'fork', changes: specChanges(changes) })) as WorldId;
      return createCluster({ ...access, world: access.worldOf(id) });
    },
    electPreferredLeaders: (topic) => world.request(cell, { op: 'call', command: { do: 'elect-leaders', type: 'preferred', partitions: topic === undefined ? null : partitionsOf(world, topic) } }),
    electUncleanLeader: (topic, partition) => call({ do: 'elect-leaders', type: 'unclean', partitions: [{ topic, partition }] }),
    reassign: (topic, partition, replicas) => call({ do: 'reassign', partitions: [{ topic, partition, replicas }] }),
    configure: (topic, configs) => call({ do: 'alter-configs', resource: { topic }, configs }),
    zookeeper: placeCalls({
      get: async (path: string) => answered(await call({ do: 'zookeeper', operation: { op: 'getData', path, watch: false } }), 'data'),
      ls: async (path: string) => answered(await call({ do: 'zookeeper', operation: { op: 'getChildren', path, watch: false } }), 'children'),
      delete: async (path: string) => answered(await call({ do: 'zookeeper', operation: { op: 'delete', path, version: -1 } }), 'error'),
      word: (server: number, word: string) => call({ do: 'four-letter-word', server, word }),
    }, access.callFailed),
    measure: async (name, topic, partition) => (await world.request(cell, { op: 'measure', name, topic, partition })) as number,
    check: (name) => world.request(cell, { op: 'check', name }),
  };
  return placeCalls(methods, access.callFailed);
}

/** What was asked of a ZooKeeperAnswer, or its error by ZooKeeper's name. */
function answered(answer: unknown, field: 'data' | 'children' | 'error'): unknown {
  const { error, [field]: wanted } = answer as { readonly error: string; readonly data?: unknown; readonly children?: unknown };
  return error === 'OK' ? wanted : error;
}

/** The moment as the page last told it: exact, because time stands still while a cell's code runs. */
function observe(world: CellWorld): ClusterSnapshot {
  if (world.unsent > 0) {
    throw new CellArgumentError({
      what: 'observe() looks before the line above it has been carried out',
      expected: 'a command whose promise has been awaited',
      found: 'a command without await',
      cure: 'Write await before the command: await cluster.kill(2).',
    });
  }
  if (world.view === null) throw new Error('the page has sent no view of this cluster');
  return snapshotOf(world.view);
}

function partitionsOf(world: CellWorld, topic: string): readonly { topic: string; partition: number }[] {
  return observe(world).partitions(topic).map(({ partition }) => ({ topic, partition }));
}

function party(value: unknown, whose: string): Party {
  if (typeof value === 'number' || typeof value === 'string') return value;
  throw new CellArgumentError({
    what: `cluster.${whose} needs a node`,
    expected: 'the id of a broker, such as 2, or the name of a client, such as "web-1"',
    found: JSON.stringify(value) ?? String(value),
    cure: `Write cluster.${whose.replace(/\(.*$/, '')}(2).`,
  });
}

function parties(value: unknown, whose: string): readonly Party[] {
  return Array.isArray(value) ? value.map((one) => party(one, whose)) : [party(value, whose)];
}

/** `{ "broker.session.timeout.ms": 1_000, producers: { "web-1": { acks: "all" } } }`: what is no known word is a setting. */
function specChanges(changes: Readonly<Record<string, unknown>>): SpecChanges {
  if (typeof changes !== 'object' || changes === null) {
    throw new CellArgumentError({
      what: 'cluster.fork(changes) needs an object',
      expected: 'settings by Kafka\'s names, such as { "broker.session.timeout.ms": 1_000 }',
      found: JSON.stringify(changes) ?? String(changes),
      cure: 'Write cluster.fork() for the same cluster, or cluster.fork({ … }) for another one.',
    });
  }
  const { producers, seed, settings, profile, ...flat } = changes;
  const all = { ...(settings as Readonly<Record<string, unknown>> | undefined), ...flat };
  return {
    ...(Object.keys(all).length === 0 ? {} : { settings: all }),
    ...(producers === undefined ? {} : { producers }),
    ...(seed === undefined ? {} : { seed }),
    ...(profile === undefined ? {} : { profile: profileOf(profile) }),
  } as SpecChanges;
}

const PROFILES = ['3.9 zookeeper', '3.9 kraft', '4.3 kraft'];

function profileOf(written: unknown): { readonly kafka: string; readonly mode: string } {
  const [kafka = '', mode = ''] = String(written).split(' ');
  if (PROFILES.includes(String(written))) return { kafka, mode };
  throw new CellArgumentError({
    what: 'there is no such profile of Kafka here', expected: PROFILES.join(', '), found: JSON.stringify(written) ?? String(written),
    cure: 'Write cluster.fork({ profile: "3.9 kraft" }).',
  });
}
