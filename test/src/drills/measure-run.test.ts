import { describe, expect, it } from 'vitest';
import type { ViewFact } from '#engine/cluster/view.ts';
import { lostAcknowledged } from '#src/drills/lost-records.ts';
import { measureRun } from '#src/drills/measure-run.ts';
import type { Measured } from '#src/drills/measure-run.ts';
import { readMeasure } from '#src/drills/measure-words.ts';
import { FactList, batch, letter } from '../diagrams/facts-of-a-letter.ts';

const of = { topic: 'user-events', partition: 1 } as const;

function measure(what: string, facts: readonly ViewFact[], openingUs = 0): Measured | null {
  return measureRun(readMeasure({ name: 'it', what, line: 3, of: null }, 'lessons/x.md'), facts, openingUs);
}

/** Broker 2 leads partition 1, is killed at 12 s, and fenced 8.9 s later. */
function crash(): FactList {
  const list = letter();
  list.add(12_000_000, '', { kind: 'command', input: 0, command: { do: 'kill', node: 2 } as { do: string } });
  list.add(12_000_000, 'broker-2', { kind: 'process-stopped', process: 'broker-2', how: 'crash' });
  list.add(20_900_000, 'broker-1', { kind: 'broker-fenced', broker: 2, silentForUs: 9_400_000 });
  list.add(20_900_000, 'broker-1', {
    kind: 'partition-changed', ...of, replicas: [2, 3, 1], isr: [3, 1], leader: 3, leaderEpoch: 1, partitionEpoch: 1, reason: 'broker-fenced',
  });
  list.add(21_000_000, 'web-1', { kind: 'batch-acknowledged', client: 'web-1', ...of, baseOffset: 6, count: 1, producerId: 1000, baseSequence: 1 });
  return list;
}

/** Broker 1 is controller, its session ends, broker 3 wins; a letter of broker 1 is refused, and then it knows. */
function race(): FactList {
  const list = letter();
  list.add(11_000_000, 'broker-1', { kind: 'controller-elected', broker: 1, controllerEpoch: 1 });
  list.add(12_000_000, '', { kind: 'command', input: 0, command: { do: 'shut-down', node: 1 } as { do: string } });
  list.add(12_030_000, 'zookeeper-2', { kind: 'znode', path: '/controller', change: 'deleted', version: 0, data: null, ephemeral: true });
  list.add(12_030_000, 'zookeeper-2', { kind: 'zookeeper-session', session: '0x1', change: 'expired', client: 'broker-1', silentForUs: 2_030_000 });
  list.add(12_040_000, 'broker-3', { kind: 'controller-elected', broker: 3, controllerEpoch: 2 });
  list.add(12_540_000, 'broker-2', { kind: 'controller-fenced', broker: 2, controllerEpoch: 2, requestEpoch: 1, api: 'UpdateMetadata' });
  list.add(13_040_000, 'broker-1', { kind: 'controller-resigned', broker: 1, controllerEpoch: 1, why: 'its ZooKeeper session has expired' });
  return list;
}

describe('measured numbers', () => {
  it('time without a leader begins when the leader dies and ends when the next one is written down', () => {
    expect(measure('time without a leader, user-events 1, after kill 2', crash().facts)).toMatchObject({ value: 8_900, text: '8.900 s' });
  });

  it('a partition whose leader lives has no time without one', () => {
    expect(measure('time without a leader, user-events 1, after kill 2', letter().facts)).toBeNull();
  });

  it('the age of the last heartbeat is what of the silence lay before the crash', () => {
    expect(measure('time from the last heartbeat of 2 to kill 2', crash().facts)?.value).toBe(500);
  });

  it('a span runs from the first such moment to the next one of the other kind', () => {
    expect(measure('time from kill 2 to ack of partition 1', crash().facts)?.text).toBe('9.000 s');
    expect(measure('time from send customer-456 to ack of partition 1', crash().facts)?.value).toBe(1.15);
    expect(measure('time from send customer-456 to ack of partition 1, after kill 2', crash().facts)).toBeNull();
  });

  it('moments before the lesson opened do not count', () => {
    expect(measure('time from send customer-456 to ack of partition 1', letter().facts, 30_000)).toBeNull();
  });

  it('a number carries the event that proves it', () => {
    const list = crash();
    const measured = measure('time without a leader, user-events 1, after kill 2', list.facts);
    expect(list.facts.find((entry) => entry.id === measured?.factId)?.fact.kind).toBe('partition-changed');
  });

  it('a producer sends a record to one broker', () => {
    expect(measure('brokers that got records of partition 1 from a producer, after send customer-456', letter().facts)?.value).toBe(1);
  });

  it('finds the offset of a key and the first answer', () => {
    expect(measure('offset of customer-456', letter().facts)?.value).toBe(5);
    expect(measure('first answer to a produce request of partition 1, after opening', letter().facts)?.value).toBe('NONE');
  });

  it('who is controller, who comes next, and how long nobody was, in ZooKeeper mode', () => {
    const { facts } = race();
    expect(measure('controller at shut-down 1', facts)).toMatchObject({ value: 1, text: 'broker 1' });
    expect(measure('controller at end of the session of 1', facts)).toMatchObject({ value: -1, text: 'nobody' });
    expect(measure('controller at now', facts)).toMatchObject({ value: 3, text: 'broker 3' });
    expect(measure('controller epoch at now', facts)?.value).toBe(2);
    expect(measure('next controller, after shut-down 1', facts)?.value).toBe(3);
    expect(measure('next controller, after new controller', facts.slice(0, -3), 13_000_000)).toBeNull();
    expect(measure('time from shut-down 1 to new controller', facts)?.value).toBe(40);
    expect(measure('time from new controller to resignation of 1, after shut-down 1', facts)?.text).toBe('1.000 s');
  });

  it('a broker in ZooKeeper mode has its last heartbeat when its session was heard last', () => {
    expect(measure('time from the last heartbeat of 1 to shut-down 1', race().facts)?.value).toBe(2_000);
  });

  it('letters of an old controller are counted where they are refused', () => {
    const { facts } = race();
    expect(measure('requests of an old controller refused, after shut-down 1', facts)).toMatchObject({ value: 1, factId: facts.at(-2)?.id });
    expect(measure('requests of an old controller refused, after shut-down 1', facts.slice(0, -2))).toMatchObject({ value: 0, factId: null });
    expect(measure('time from shut-down 1 to refusal of an old controller', facts)?.value).toBe(540);
  });

  it('in KRaft the leader of the quorum is the controller', () => {
    const list = letter();
    list.add(12_000_000, 'broker-3', { kind: 'raft-role', node: 3, role: 'leader', epoch: 5, leader: 3 });
    expect(measure('controller at now', list.facts)?.value).toBe(3);
    expect(measure('controller epoch at now', list.facts)?.text).toBe('5');
    expect(measure('controller at now', letter().facts.filter(({ fact }) => fact.kind !== 'raft-role'))).toBeNull();
  });

  it('refuses words that nobody can measure, and says which can be', () => {
    expect(() => measure('how long it felt', [])).toThrow(/lessons\/x\.md:3.*nobody can measure "how long it felt"/);
    expect(() => measure('time from brunch to kill 2', [])).toThrow(/nobody can measure/);
  });
});

describe('lost acknowledged records', () => {
  /** Two acknowledged records on broker 2, the only replica. */
  function acknowledged(): FactList {
    const list = new FactList();
    list.add(0, 'broker-2', { kind: 'partition-changed', ...of, replicas: [2], isr: [2], leader: 2, leaderEpoch: 0, partitionEpoch: 0, reason: 'created' });
    list.add(0, 'broker-2', { kind: 'became-leader', broker: 2, ...of, leaderEpoch: 0, epochStartOffset: 0 });
    for (const offset of [0, 1]) {
      list.add(offset * 10, 'broker-2', { kind: 'log-appended', broker: 2, ...of, batch: batch(offset), asLeader: true });
      list.add(offset * 10 + 1, 'web-1', { kind: 'batch-acknowledged', client: 'web-1', ...of, baseOffset: offset, count: 1, producerId: 1000, baseSequence: offset });
    }
    return list;
  }

  /** The broker lost its power and the second record with it, and leads again. */
  function comeBackShorter(): FactList {
    const list = acknowledged();
    list.add(50, 'broker-2', { kind: 'log-opened', broker: 2, ...of, logStart: 0, logEnd: 1, highWatermark: 1 });
    return list.add(55, 'broker-2', { kind: 'became-leader', broker: 2, ...of, leaderEpoch: 0, epochStartOffset: 0 });
  }

  it('are none while the log holds them', () => {
    expect(lostAcknowledged(acknowledged().facts, 'user-events')).toEqual({ count: 0, factId: null });
  });

  it('are those behind the end of a log that came back shorter', () => {
    const list = comeBackShorter();
    expect(lostAcknowledged(list.facts, 'user-events')).toEqual({ count: 1, factId: list.facts.find(({ fact }) => fact.kind === 'log-opened')?.id });
  });

  it('stay lost when other records take their offsets', () => {
    const list = comeBackShorter();
    list.add(60, 'broker-2', { kind: 'log-appended', broker: 2, ...of, batch: { ...batch(1), baseSequence: 7, crc: 99 }, asLeader: true });
    expect(lostAcknowledged(list.facts, 'user-events').count).toBe(1);
  });

  it('of another topic are not counted', () => {
    const list = acknowledged().add(50, 'broker-2', { kind: 'log-opened', broker: 2, ...of, logStart: 0, logEnd: 0, highWatermark: 0 });
    expect(lostAcknowledged(list.facts, 'orders').count).toBe(0);
  });
});
