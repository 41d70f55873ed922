/** Which messages of ZooKeeper mode are drawn on their way: who wants to be controller, whom a watch wakes, and what the controller orders. */
import type { MessageSummary, MessageView } from '#engine/cluster/view.ts';
import type { FlightKind } from './flights.ts';
import { brokerOf } from './shown-text.ts';

export const OF_NO_PARTITION = { topic: '', partition: -1 } as const;

export interface Post { readonly kind: FlightKind; readonly label: string; readonly error?: string }

type OtherSummary = Extract<MessageSummary, { readonly about: 'other' }>;

/** Short enough for an envelope. */
const EVENT_WORDS: ReadonlyMap<string, string> = new Map([
  ['NodeDeleted', 'gone'], ['NodeCreated', 'new'], ['NodeDataChanged', 'changed'], ['NodeChildrenChanged', 'list'],
]);
const ORDERS: ReadonlyMap<string, string> = new Map([
  ['LeaderAndIsr request', 'leader'], ['UpdateMetadata request', 'meta'], ['StopReplica request', 'stop'],
]);
const WANTED_PATHS = /\bcreate (?:\/controller\b(?!_)|\/brokers\/ids\/\d)/;

export class ZooKeeperPost {
  /** Creates of /controller that wait for their answer, by connection and correlation id, with the fact's id. */
  readonly #asked = new Map<string, number>();

  /** Null: it is not drawn. */
  read(id: number, message: MessageView, summary: OtherSummary): Post | null {
    const { tag } = message;
    const key = `${message.connection} ${message.correlationId}`;
    if (tag === 'zookeeper watch event') return { kind: 'watch', label: EVENT_WORDS.get(summary.text.split(' ')[0] ?? '') ?? '' };
    if (tag === 'zookeeper create' || tag === 'zookeeper multi') {
      if (!WANTED_PATHS.test(summary.text)) return null;
      this.#asked.set(key, id);
      return { kind: 'create', label: 'create' };
    }
    if (tag === 'zookeeper answer') {
      const error = summary.errors[0];
      return this.#asked.delete(key) && error !== undefined ? { kind: 'refusal', label: '', error } : null;
    }
    if (brokerOf(message.from) === null || brokerOf(message.to) === null || message.from === message.to) return null;
    const order = ORDERS.get(tag);
    if (order !== undefined) return { kind: 'order', label: order };
    return summary.errors.includes('STALE_CONTROLLER_EPOCH') ? { kind: 'refusal', label: '', error: 'STALE_CONTROLLER_EPOCH' } : null;
  }

  dropFrom(firstId: number): void {
    for (const [key, id] of this.#asked) if (id >= firstId) this.#asked.delete(key);
  }
}
