import { describe, expect, it } from 'vitest';
import { plainText } from '#src/diagrams/mermaid-text.ts';
import { sequenceSource } from '#src/diagrams/sequence-text.ts';
import { STEPS_MAX, sequenceSteps } from '#src/diagrams/sequence-steps.ts';
import { FactList, letter } from './facts-of-a-letter.ts';

const excerptOf = (list: FactList, from: number) => ({ facts: list.facts, from, to: list.facts.length - 1 });

describe('the sequence diagram of what just happened', () => {
  it('tells a letter: the fetches that waited, the send, the copies, the watermark, the answer', () => {
    const list = letter();
    const source = sequenceSource(excerptOf(list, list.positionOf('records-accepted')));
    expect(plainText(source ?? '')).toBe(
      [
        'sequenceDiagram',
        '  autonumber',
        '  participant client0 as producer web-1',
        '  participant broker1 as broker 1',
        '  participant broker2 as broker 2',
        '  participant broker3 as broker 3',
        '  participant client4 as consumer analytics',
        '  broker3->>broker2: Fetch user-events-1 from 5',
        '  broker1->>broker2: Fetch user-events-1 from 5',
        '  client4->>broker2: Fetch user-events-1 from 5',
        '  client0->>broker2: Produce user-events-1, key customer-456',
        '  Note over broker2: offset 5 of user-events-1, epoch 0, in pencil',
        '  broker2-->>broker3: record 5, high watermark 5',
        '  broker2-->>broker1: record 5, high watermark 5',
        '  broker3->>broker2: Fetch user-events-1 from 6',
        '  broker1->>broker2: Fetch user-events-1 from 6',
        '  Note over broker2: high watermark 6: committed',
        '  broker2-->>client0: acknowledged, offset 5',
        '  broker2-->>client4: record 5, high watermark 6',
        '  Note over client4: next position 6',
        '',
      ].join('\n'),
    );
  });

  it('leaves out a client that takes no part in the story of a partition', () => {
    const list = letter();
    const from = list.positionOf('records-accepted');
    list.message(30_000, 'cell-three', 'broker-1', 'Metadata request', { about: 'other', errors: [], text: 'metadata of user-events' }, 9);
    expect(sequenceSource(excerptOf(list, from))).toContain('cell-three');
    expect(sequenceSource({ ...excerptOf(list, from), focus: { topic: null, partition: 1 } })).not.toContain('cell-three');
  });

  it('leaves out heartbeats and other partitions', () => {
    const list = letter();
    const from = list.positionOf('records-accepted');
    expect(sequenceSource(excerptOf(list, 0))).not.toContain('BrokerHeartbeat');
    expect(sequenceSource({ ...excerptOf(list, from), focus: { topic: 'user-events', partition: 0 } })).toBeNull();
  });

  it('draws what the same messages do again and again once, with how often', () => {
    const list = new FactList();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const at = attempt * 100_000;
      list.message(at, 'web-1', 'broker-3', 'InitProducerId request', { about: 'other', errors: [], text: '' }, attempt);
      list.message(at + 500, 'broker-3', 'web-1', 'InitProducerId response', { about: 'other', errors: ['COORDINATOR_LOAD'], text: '' }, attempt);
    }
    const source = sequenceSource(excerptOf(list, 0)) ?? '';
    expect(source).toContain('loop 5 times');
    expect(source.match(/InitProducerId request/g)).toHaveLength(1);
    expect(source).toContain('InitProducerId response, COORDINATOR_LOAD');
  });

  it('counts how often a client asks for metadata in vain, and says how long the silence was', () => {
    const list = new FactList();
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const at = attempt * 500_000;
      list.message(at, 'web-1', `broker-${1 + attempt % 3}`, 'Metadata request', { about: 'other', errors: [], text: 'metadata of user-events' }, attempt);
      list.message(at + 500, `broker-${1 + attempt % 3}`, 'web-1', 'Metadata response', { about: 'other', errors: [], text: '' }, attempt);
    }
    const source = sequenceSource(excerptOf(list, 0)) ?? '';
    expect(source).toContain('asks for metadata 7 times more');
    expect(source.match(/metadata of user-events/g)).toHaveLength(2);
    expect(source).toContain('3.5 s later');
  });

  it('marks a message that nobody received, and says how long nothing happened', () => {
    const list = new FactList();
    list.add(0, 'broker-2', { kind: 'process-started', process: 'broker-2', host: 'cpu-node2' });
    list.message(1_000, 'web-1', 'broker-2', 'Metadata request', { about: 'other', errors: [], text: '' });
    list.add(1_100, 'broker-2', { kind: 'process-stopped', process: 'broker-2', how: 'crash' });
    list.add(8_900_000, 'broker-1', { kind: 'broker-fenced', broker: 2, silentForUs: 9_000_000 });
    const source = plainText(sequenceSource(excerptOf(list, 0)) ?? '');
    expect(source).toContain('-xbroker2: Metadata request');
    expect(source).toContain('Note over broker2: is unplugged: it tells nobody');
    expect(source).toContain('8.9 s later');
    expect(source).toContain('Note over broker1: fences broker 2, silent for 9.0 s');
  });

  it('tells a new leader with its epoch and ISR', () => {
    const list = letter();
    list.add(9_000_000, 'broker-1', {
      kind: 'partition-changed', topic: 'user-events', partition: 1, replicas: [2, 3, 1], isr: [3, 1], leader: 3, leaderEpoch: 1, partitionEpoch: 1, reason: 'broker-fenced',
    });
    expect(sequenceSource(excerptOf(list, list.facts.length - 1))).toContain('Note over broker1: user-events-1, broker 3 leads, epoch 1, ISR 3, 1');
  });

  it('ends with a count when there is more than a picture can hold', () => {
    const list = new FactList();
    for (let index = 0; index < STEPS_MAX * 2; index += 1) {
      list.message(index, `web-${index}`, 'broker-1', `Call${index} request`, { about: 'other', errors: [], text: '' }, index);
    }
    const steps = sequenceSteps(excerptOf(list, 0));
    expect(steps).toHaveLength(STEPS_MAX);
    expect(steps.at(-1)).toEqual({ kind: 'more', count: STEPS_MAX + 1 });
  });

  it('keeps what people typed from becoming Mermaid', () => {
    const list = letter();
    const position = list.positionOf('records-accepted') + 1;
    const entry = list.facts[position];
    const key = 'x; end\nNote over broker1: <b>#1</b>';
    if (entry?.fact.kind !== 'message' || entry.fact.summary.about !== 'produce') throw new Error('the produce request has moved');
    const batches = entry.fact.summary.partitions.flatMap((it) => it.batches.map((batch) => ({ ...batch, records: batch.records.map((record) => ({ ...record, key })) })));
    const fact = { ...entry.fact, summary: { ...entry.fact.summary, partitions: [{ topic: 'user-events', partition: 1, batches }] } };
    list.facts[position] = { ...entry, fact };
    const source = sequenceSource({ facts: list.facts, from: position, to: position }) ?? '';
    expect(source.split('\n')).toHaveLength(6);
    expect(source).not.toMatch(/<b>|key x;/);
    expect(plainText(source)).toContain('key x; end Note over broker1: <b>#1</b>');
  });
});
