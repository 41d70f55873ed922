/** The facts that one acknowledged letter leaves in a trace, written by hand as the engine exports them. */
import type { BatchView, ExportedFact, MessageSummary, ViewFact } from '#engine/cluster/view.ts';

export function batch(baseOffset: number, key: string | null = 'customer-456', leaderEpoch = 0): BatchView {
  return {
    baseOffset, count: 1, leaderEpoch, producerId: 1000, producerEpoch: 0, baseSequence: baseOffset, sizeBytes: 90,
    records: [{ offset: baseOffset, leaderEpoch, key, value: 'paid', timestampMs: 0, headers: [] }],
  };
}

export class FactList {
  readonly facts: ViewFact[] = [];

  add(at: number, process: string, fact: ExportedFact, quiet = false): this {
    this.facts.push({ id: this.facts.length + 100, at, process, cause: -1, quiet, fact });
    return this;
  }

  message(at: number, from: string, to: string, tag: string, summary: MessageSummary, correlationId = 0, quiet = false): this {
    return this.add(at, from, { kind: 'message', connection: 1, from, to, tag, bytes: 100, arrivesAt: at + 250, correlationId, summary }, quiet);
  }

  positionOf(kind: ExportedFact['kind']): number {
    return this.facts.findIndex(({ fact }) => fact.kind === kind);
  }
}

const of = { topic: 'user-events', partition: 1 } as const;

export function fetchFrom(list: FactList, at: number, from: string, offset: number, correlationId: number, replica = -1): void {
  list.message(at, from, 'broker-2', 'Fetch request', { about: 'fetch', replica, partitions: [{ ...of, fetchOffset: offset, leaderEpoch: 0 }] }, correlationId, true);
}

export function fetched(list: FactList, at: number, to: string, batches: readonly BatchView[], highWatermark: number, correlationId: number): void {
  list.message(at, 'broker-2', to, 'Fetch response', { about: 'fetch-response', partitions: [{ ...of, error: 'NONE', highWatermark, batches }] }, correlationId, batches.length === 0);
}

/** web-1 sends customer-456 to partition 1, which broker 2 leads; brokers 3 and 1 have been waiting for it. */
export function letter(): FactList {
  const list = new FactList();
  list.add(0, 'web-1', { kind: 'producer-opened', client: 'web-1', acks: -1, idempotent: true });
  list.add(0, 'analytics', { kind: 'consumer-opened', client: 'analytics', assignment: [{ ...of, position: 5 }] });
  list.add(0, 'broker-1', {
    kind: 'partition-changed', ...of, replicas: [2, 3, 1], isr: [2, 3, 1], leader: 2, leaderEpoch: 0, partitionEpoch: 0, reason: 'created',
  });
  fetchFrom(list, 10_000, 'broker-3', 5, 70, 3);
  fetchFrom(list, 10_100, 'broker-1', 5, 71, 1);
  fetchFrom(list, 10_200, 'analytics', 5, 72);
  list.message(10_300, 'broker-3', 'broker-1', 'BrokerHeartbeat request', { about: 'other', errors: [], text: '' }, 5, true);
  list.add(20_000, 'web-1', { kind: 'records-accepted', client: 'web-1', call: 1, topic: 'user-events', count: 1, keys: ['customer-456'], partitions: [1] });
  list.message(20_000, 'web-1', 'broker-2', 'Produce request', { about: 'produce', acks: -1, partitions: [{ ...of, batches: [batch(0)] }] }, 1);
  list.add(20_300, 'broker-2', { kind: 'log-appended', broker: 2, ...of, batch: batch(5), asLeader: true });
  fetched(list, 20_310, 'broker-3', [batch(5)], 5, 70);
  fetched(list, 20_320, 'broker-1', [batch(5)], 5, 71);
  list.add(20_600, 'broker-3', { kind: 'log-appended', broker: 3, ...of, batch: batch(5), asLeader: false });
  fetchFrom(list, 20_610, 'broker-3', 6, 73, 3);
  fetchFrom(list, 20_620, 'broker-1', 6, 74, 1);
  list.add(20_900, 'broker-2', { kind: 'high-watermark', broker: 2, ...of, offset: 6 });
  list.message(20_900, 'broker-2', 'web-1', 'Produce response', { about: 'produce-response', partitions: [{ ...of, error: 'NONE', baseOffset: 5 }] }, 1);
  fetched(list, 20_910, 'analytics', [batch(5)], 6, 72);
  list.add(21_150, 'web-1', { kind: 'batch-acknowledged', client: 'web-1', ...of, baseOffset: 5, count: 1, producerId: 1000, baseSequence: 0 });
  list.add(21_160, 'analytics', { kind: 'records-consumed', client: 'analytics', ...of, fromOffset: 5, nextOffset: 6, fromBroker: 2 });
  return list;
}
