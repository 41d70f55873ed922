import { describe, expect, it } from 'vitest';
import type { ClusterView } from '#engine/cluster/view.ts';
import { isRight, measuredAnswer } from '#src/drills/predict-answer.ts';
import { roleHolders, runStepOf } from '#src/drills/predict-steps.ts';
import { letter } from '../diagrams/facts-of-a-letter.ts';

const view: ClusterView = {
  at: 0, profile: { kafka: '3.9', mode: 'kraft' }, nodes: [], activeController: 1, quorumEpoch: 1, producers: [], consumers: [], cuts: [],
  topics: [{
    name: 'user-events', topicId: 'AAAA', configs: [],
    partitions: [{
      topic: 'user-events', partition: 1, leader: 3, leaderEpoch: 1, partitionEpoch: 1, isr: [3, 1], replicas: [2, 3, 1], highWatermark: 6,
      logs: [{ broker: 3, role: 'leader', leaderEpoch: 1, logStart: 0, logEnd: 8, highWatermark: 6, batches: [] }],
    }],
  }],
};
const run = { facts: letter().facts, view, openingUs: 0, measures: [{ name: 'toAck', what: 'time from send customer-456 to ack of partition 1', line: 1, of: null }], file: 'x.md' };
const of = { topic: 'user-events', partition: 1 } as const;

describe('the answer to a prediction', () => {
  it.each([
    ['leader', '3', 'broker 3'], ['leaderEpoch', '1', 'epoch 1'], ['isr', '3,1', '3 and 1'], ['highWatermark', '6', 'offset 6'], ['logEnd', '8', 'offset 8'],
  ] as const)('%s is read off the cluster', (measure, value, text) => {
    expect(measuredAnswer({ measure, ...of }, run)).toMatchObject({ value, text, factId: 102 });
  });

  it('the partition of a key is where its newest record was appended', () => {
    expect(measuredAnswer({ measure: 'partitionOf', topic: 'user-events', key: 'customer-456' }, run)).toMatchObject({ value: '1', text: 'partition 1' });
    expect(measuredAnswer({ measure: 'partitionOf', topic: 'user-events', key: 'nobody' }, run)).toBeNull();
  });

  it('a named measure answers with its value', () => {
    expect(measuredAnswer({ measure: 'named', name: 'toAck' }, run)).toMatchObject({ value: '1.15', text: '1.1 ms' });
  });

  it('a partition that is not there has no answer', () => {
    expect(measuredAnswer({ measure: 'leader', topic: 'user-events', partition: 9 }, run)).toBeNull();
  });
});

describe('an option', () => {
  it('is right when it names the value, whatever the spaces in its list', () => {
    expect(isRight({ label: 'broker 3', value: '3' }, '3')).toBe(true);
    expect(isRight({ label: '3 and 1', value: '3, 1' }, '3,1')).toBe(true);
    expect(isRight({ label: 'broker 1', value: '1' }, '3')).toBe(false);
  });

  it('is right when its range holds the value, ends included', () => {
    const option = { label: 'about nine seconds', value: '7000..9500' };
    expect(['7000', '8914.2', '9500'].map((value) => isRight(option, value))).toEqual([true, true, true]);
    expect(['6999', '9500.1', '', 'NONE'].map((value) => isRight(option, value))).toEqual([false, false, false, false]);
  });

  it('that names no value can only be wrong', () => {
    expect(isRight({ label: 'the one with the most records', value: null }, '3')).toBe(false);
  });
});

describe('the steps of a prediction', () => {
  it('are commands of the run', () => {
    expect(runStepOf({ verb: 'kill', broker: 2 })).toEqual({ kind: 'command', command: { do: 'kill', node: 2 } });
    expect(runStepOf({ verb: 'advance', duration: '1.5s' })).toEqual({ kind: 'advance', us: 1_500_000 });
    const step = runStepOf({ verb: 'send', producer: 'web-1', topic: 't', key: null, value: 'v' });
    expect(step.kind === 'call' ? step.make(4) : null).toEqual({ do: 'send', producer: 'web-1', topic: 't', records: [{ key: null, value: 'v' }], call: 4 });
  });

  it('name a broker by what it is when the prediction begins', () => {
    const quorum = { role: 'follower', epoch: 1, leader: 2, logEnd: 0, highWatermark: 0 } as const;
    const nodes = [1, 2, 3].map((id) => ({ id, name: `broker-${id}`, host: 'h', rack: null, status: id === 1 ? 'stopped' as const : 'running' as const, belief: 'unfenced' as const, quorum }));
    const holders = roleHolders({ ...view, nodes, activeController: 2 });
    expect(holders).toEqual({ controller: 2, stopped: 1, other: 3 });
    expect(runStepOf({ verb: 'restart', broker: 'stopped' }, holders)).toEqual({ kind: 'command', command: { do: 'restart', node: 1 } });
    expect(() => runStepOf({ verb: 'kill', broker: 'controller' }, { ...holders, controller: null })).toThrow('no broker is "controller" at this moment');
  });
});
