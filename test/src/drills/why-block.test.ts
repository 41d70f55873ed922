import { expect, it } from 'vitest';
import { CAUSES_SHOWN_MAX, causesInWords } from '#src/drills/why-block.ts';
import { FactList } from '../diagrams/facts-of-a-letter.ts';

it('a chain of causes is told nearest first, and its end is marked as the root', () => {
  const list = new FactList()
    .add(20_900_000, 'broker-1', { kind: 'broker-fenced', broker: 2, silentForUs: 9_000_000 })
    .add(20_899_000, 'broker-1', { kind: 'raft-log', node: 1, logEnd: 4, highWatermark: 4 })
    .add(12_000_000, 'broker-2', { kind: 'process-stopped', process: 'broker-2', how: 'crash' });
  const causes = causesInWords(list.facts);
  expect(causes.map((cause) => [cause.entry.fact.kind, cause.isRoot])).toEqual([['broker-fenced', false], ['process-stopped', true]]);
  expect(causes[0]?.sentence).toContain('has not heard from broker 2 for 9 s');
});

it('a long chain is cut, and then nothing in it is called the root', () => {
  const list = new FactList();
  for (let broker = 0; broker < 30; broker += 1) list.add(broker, 'broker-1', { kind: 'broker-unfenced', broker });
  const causes = causesInWords(list.facts);
  expect(causes).toHaveLength(CAUSES_SHOWN_MAX);
  expect(causes.some((cause) => cause.isRoot)).toBe(false);
});

it('a roll call that the feed does not tell is told when it is the cause', () => {
  const list = new FactList()
    .add(16_600_000, 'broker-3', { kind: 'broker-fenced', broker: 1, silentForUs: 9_000_000 })
    .message(7_600_000, 'broker-1', 'broker-3', 'BrokerHeartbeat request', { about: 'other', errors: [], text: 'broker 1 is alive' }, 4, true);
  expect(causesInWords(list.facts).map((cause) => cause.sentence)[1]).toBe('Broker 1 sends broker 3 a heartbeat.');
});
