// An engine for tests of the notebook: time, commands and outcomes as the interface promises them, and no Kafka. A send is answered
// after 5 ms, everything else at once.
import type { Command, Outcome } from '#engine/cluster/commands.ts';
import type { ClusterView, ViewFact } from '#engine/cluster/view.ts';
import type { EngineApi, SessionInfo, SpecChanges } from '#engine/host/api.ts';

interface TestSession {
  head: number;
  calls: number;
  readonly given: { at: number; command: Command }[];
  readonly due: Outcome[];
  readonly changes: SpecChanges;
}

export interface TestEngine extends EngineApi {
  /** What has been done to a session, in order, as "do@ms". */
  log(session: number): readonly string[];
  commands(session: number): readonly Command[];
}

export const SEND_US = 5_000;

export function createTestEngine(facts: readonly ViewFact[] = []): TestEngine {
  const sessions = new Map<number, TestSession>([[1, { head: 0, calls: 1, given: [], due: [], changes: {} }]]);
  const of = (id: number): TestSession => {
    const session = sessions.get(id);
    if (session === undefined) throw new Error(`there is no session ${id}`);
    return session;
  };
  const info = (id: number): SessionInfo => ({ session: id, head: of(id).head, lane: 0, lanes: [], seed: 7 });
  return {
    engineVersion: 'test',
    open: () => info(1),
    fork: (id, at, changes) => {
      const next = Math.max(...sessions.keys()) + 1;
      sessions.set(next, { head: at, calls: of(id).calls, given: [...of(id).given], due: [], changes });
      return info(next);
    },
    advance: (id, until) => {
      of(id).head = Math.max(of(id).head, until);
      return of(id).head;
    },
    advanceToOutcome: (id, until) => {
      const session = of(id);
      const next = session.due.toSorted((a, b) => a.at - b.at || a.call - b.call)[0];
      if (next === undefined || next.at > until) {
        session.head = Math.max(session.head, until);
        return { now: session.head, outcomes: [] };
      }
      session.head = next.at;
      const outcomes = session.due.filter(({ at }) => at === next.at);
      session.due.splice(0, session.due.length, ...session.due.filter(({ at }) => at !== next.at));
      return { now: session.head, outcomes };
    },
    command: (id, command, at) => {
      const session = of(id);
      session.head = at;
      if (command.do === 'kill' && command.node === 9) return { ...info(id), refused: { code: 'no-such-process', message: 'there is no "broker-9"; there are broker-1, broker-2, broker-3' } };
      session.given.push({ at, command });
      if ('call' in command) session.due.push(outcomeOf(command, at));
      return info(id);
    },
    nextCall: (id) => {
      of(id).calls += 1;
      return of(id).calls;
    },
    facts: (id, sinceId) => ({ head: of(id).head, history: 0, firstId: sinceId, reset: false, facts: facts.filter((fact) => fact.id >= sinceId) }),
    why: () => [],
    observe: (id, at) => view(of(id), at),
    openLane: (id) => info(id),
    run: () => { throw new Error('not here'); },
    digest: () => '',
    grade: () => { throw new Error('not here'); },
    close: (id) => { sessions.delete(id); },
    log: (id) => of(id).given.map(({ at, command }) => `${command.do}@${at / 1_000}`),
    commands: (id) => of(id).given.map(({ command }) => command),
  };
}

function outcomeOf(command: Extract<Command, { readonly call: number }>, at: number): Outcome {
  const { call } = command;
  switch (command.do) {
    case 'send':
      if (command.topic === 'missing') return { call, at: at + SEND_US, ok: false, error: { name: 'UNKNOWN_TOPIC_OR_PARTITION', message: 'This server does not host this topic-partition.', retriable: true } };
      return { call, at: at + SEND_US, ok: true, value: command.records.map((record, index) => ({ topic: command.topic, partition: record.partition ?? 0, offset: index, timestampMs: at / 1_000 })) };
    case 'read':
      return { call, at, ok: true, value: [{ offset: command.from, leaderEpoch: 0, key: 'k', value: 'v', timestampMs: 0, headers: [] }] };
    default:
      return { call, at, ok: true, value: null };
  }
}

function view(session: TestSession, at: number): ClusterView {
  const killed = session.given.some(({ command, at: when }) => command.do === 'kill' && command.node === 2 && when <= at);
  const opened = session.given.flatMap(({ command }) => (command.do === 'open-producer' ? [command.producer.id] : []));
  const log = (broker: number) => ({ broker, role: broker === 1 ? 'leader' : 'follower', leaderEpoch: 0, logStart: 0, logEnd: 4, highWatermark: 4, batches: [] }) as const;
  return {
    at, profile: { kafka: '3.9', mode: 'kraft' }, activeController: 1, quorumEpoch: 1, consumers: [], cuts: [],
    nodes: [1, 2, 3].map((id) => ({ id, name: `broker-${id}`, host: `h${id}`, rack: null, status: id === 2 && killed ? 'stopped' : 'running', belief: 'unfenced', quorum: { role: 'follower', epoch: 1, leader: 1, logEnd: 0, highWatermark: 0 } })),
    topics: [{ name: 'user-events', topicId: 't', configs: [], partitions: [0, 1].map((partition) => ({ topic: 'user-events', partition, leader: killed ? 3 : 2, leaderEpoch: 0, partitionEpoch: 0, isr: [1, 2, 3], replicas: [2, 3, 1], logs: [1, 2, 3].map(log), highWatermark: 4 })) }],
    producers: opened.map((id) => ({ id, status: 'running', acks: -1, idempotent: true, accepted: 0, acknowledged: 0, failed: 0 })),
  };
}
