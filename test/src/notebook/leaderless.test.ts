import { expect, test } from 'vitest';
import type { ExportedFact, ViewFact } from '#engine/cluster/view.ts';
import { leaderlessUs } from '#src/notebook/leaderless.ts';

const OF = { topic: 't', partition: 0 };
const trace = (...facts: readonly (readonly [number, ExportedFact])[]): readonly ViewFact[] =>
  facts.map(([at, fact], id) => ({ id, at, process: '', cause: -1, quiet: false, fact }));
const leads = (leader: number, partition = 0): ExportedFact => ({
  kind: 'partition-changed', topic: 't', partition, replicas: [1, 2], isr: [1, 2], leader, leaderEpoch: 0, partitionEpoch: 0, reason: 'created',
});
const stops = (broker: number): ExportedFact => ({ kind: 'process-stopped', process: `broker-${broker}`, how: 'crash' });

test('the span goes from the death of the leader to the record that names the next one', () => {
  expect(leaderlessUs(trace([0, leads(1)], [10, stops(2)], [100, stops(1)], [150, leads(1, 1)], [900, leads(2)]), OF, 1_000)).toBe(800);
});

test('without a next one it goes up to now', () => {
  expect(leaderlessUs(trace([0, leads(1)], [100, stops(1)], [500, leads(-1)]), OF, 1_000)).toBe(900);
});

test('the last time counts, and the old leader may be the next one', () => {
  expect(leaderlessUs(trace([0, leads(1)], [100, stops(1)], [300, leads(2)], [400, stops(2)], [450, leads(-1)], [900, leads(2)]), OF, 1_000)).toBe(500);
  expect(leaderlessUs(trace([0, leads(1)], [100, stops(1)], [180, { kind: 'became-leader', broker: 1, topic: 't', partition: 0, leaderEpoch: 0, epochStartOffset: 0 }]), OF, 1_000)).toBe(80);
});

test('a partition that has always had its leader has no such span', () => {
  expect(leaderlessUs(trace([0, leads(1)], [100, stops(2)]), OF, 1_000)).toBeNull();
});
