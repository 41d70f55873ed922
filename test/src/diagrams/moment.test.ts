import { expect, it } from 'vitest';
import { leaderBefore, nextMoment, nodeOf, readMoment } from '#src/diagrams/moment.ts';
import type { Moment } from '#src/diagrams/moment.ts';
import { letter } from './facts-of-a-letter.ts';

function moment(words: string): Moment {
  const read = readMoment(words);
  if (read === null) throw new Error(`not read: ${words}`);
  return read;
}

it('reads the words of lessons', () => {
  expect(moment('kill 2')).toEqual({ kind: 'command', verb: 'kill', node: 2 });
  expect(moment('first ack of partition 1')).toEqual({ kind: 'ack', partition: 1 });
  expect(moment('second send customer-456')).toEqual({ kind: 'send', key: 'customer-456', nth: 2 });
  expect(moment('its ack of partition 0')).toEqual({ kind: 'ack', partition: 0 });
  expect(moment('new leader of partition 0')).toEqual({ kind: 'new-leader', partition: 0 });
  expect(moment('return of 1')).toEqual({ kind: 'in-sync', node: 1 });
  expect(moment('the new controller')).toEqual({ kind: 'new-controller' });
  expect(moment('end of the session of 2')).toEqual({ kind: 'session-ended', node: 2 });
  expect(moment('resignation of 2')).toEqual({ kind: 'resigned', node: 2 });
  expect(moment('refusal of an old controller')).toEqual({ kind: 'old-controller-refused' });
});

it('refuses words that name no moment', () => {
  for (const words of ['', 'kill', 'kill two', 'brunch', 'ack of user-events', 'constructor', 'constructor of 2']) expect(readMoment(words)).toBeNull();
});

it('finds the first such moment after another one', () => {
  const { facts } = letter();
  const send = nextMoment(facts, moment('send customer-456'), -1);
  expect(facts[send]?.fact.kind).toBe('records-accepted');
  expect(facts[nextMoment(facts, moment('ack of partition 1'), send)]?.fact.kind).toBe('batch-acknowledged');
  expect(nextMoment(facts, moment('second send customer-456'), -1)).toBe(-1);
  expect(nextMoment(facts, moment('ack of partition 0'), send)).toBe(-1);
});

it('knows who led before, and the node of a command', () => {
  const { facts } = letter();
  expect(leaderBefore(facts, facts.length, { topic: 'user-events', partition: 1 })).toBe(2);
  expect(leaderBefore(facts, 0, { topic: 'user-events', partition: 1 })).toBe(-1);
  expect(nodeOf({ do: 'kill', node: 2 } as { do: string })).toBe(2);
  expect(nodeOf({ do: 'heal' })).toBeNull();
});

it('knows a deed that was done to the controller, and its resumption under the next one', () => {
  const list = letter();
  const deed = (verb: string, node: number): unknown => list.add(12_000_000, '', { kind: 'command', input: 0, command: { do: verb, node } as { do: string } });
  list.add(11_000_000, 'broker-1', { kind: 'controller-elected', broker: 1, controllerEpoch: 1 });
  for (const node of [3, 1]) deed('pause', node);
  list.add(12_000_000, 'broker-2', { kind: 'controller-elected', broker: 2, controllerEpoch: 2 });
  for (const node of [3, 1]) deed('resume', node);
  const node = (words: string): unknown => {
    const fact = list.facts[nextMoment(list.facts, moment(words), -1)]?.fact;
    return fact?.kind === 'command' ? nodeOf(fact.command) : null;
  };
  expect(node('pause controller')).toBe(1);
  expect(node('resume controller')).toBe(1);
  expect(node('kill controller')).toBeNull();
});
