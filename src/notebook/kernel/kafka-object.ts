// `kafka`: producers and admins with the names, arguments and answers of KafkaJS 2.2. Under them are the engine's clients,
// which behave as the Java client does (sticky partitioner, idempotence, retries), each a process of its own in the cluster.
import { CellArgumentError } from '../cell-problem.ts';
import { createAdmin } from './kafka-admin.ts';
import type { AdminObject } from './kafka-admin.ts';
import type { CellAccess } from './cluster-object.ts';
import type { OutgoingRecord } from '../cell-protocol.ts';
import { KafkaJSError, KafkaJSNonRetriableError } from './kafkajs-errors.ts';
import { placeCalls } from './placed-calls.ts';

export interface ProducerConfig {
  /** Kafka's own default is true (with acks all); KafkaJS's is false. Here Kafka's holds. */
  readonly idempotent?: boolean;
  readonly maxInFlightRequests?: number;
  /** Kafka's own producer settings by name, such as "linger.ms". Not in KafkaJS. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

export interface Message {
  readonly key?: string | null;
  readonly value: string | null;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds, as text as in KafkaJS, or as a number. */
  readonly timestamp?: string | number;
}

export interface ProducerRecord {
  readonly topic: string;
  readonly messages: readonly Message[];
  /** -1 all in-sync replicas, 1 the leader, 0 nobody. */
  readonly acks?: -1 | 0 | 1;
}

/** One for each partition that got records. Offsets are text, as in KafkaJS. */
export interface RecordMetadata {
  readonly topicName: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: string;
}

export interface ProducerObject {
  connect(): Promise<void>;
  send(record: ProducerRecord): Promise<readonly RecordMetadata[]>;
  sendBatch(batch: { readonly topicMessages: readonly Omit<ProducerRecord, 'acks'>[]; readonly acks?: -1 | 0 | 1 }): Promise<readonly RecordMetadata[]>;
  disconnect(): Promise<void>;
}

/**
 * @example
 * const producer = kafka.producer()
 * await producer.connect()
 * await producer.send({ topic: "user-events", messages: [{ key: "customer-123", value: "paid" }] })
 */
export interface KafkaObject {
  producer(config?: ProducerConfig): ProducerObject;
  admin(): AdminObject;
  consumer(): never;
}

export function createKafka(access: CellAccess): KafkaObject {
  return {
    producer: (config = {}) => createProducer(access, config),
    admin: () => createAdmin(access),
    consumer: () => {
      throw new CellArgumentError({
        what: 'consumer groups are not simulated yet',
        expected: 'cluster.read(topic, partition, { from })',
        found: 'kafka.consumer()',
        cure: 'Read the records of a partition with await cluster.read("user-events", 0, { from: 0 }).',
      });
    },
  };
}

function createProducer({ cell, world, callFailed }: CellAccess, config: ProducerConfig): ProducerObject {
  /** Client name by acks: the Java client has acks as a setting, KafkaJS as an argument of each send. */
  const clients = new Map<number, Promise<string>>();
  let isConnected = false;

  const open = (acks: -1 | 0 | 1): Promise<string> => {
    const known = clients.get(acks);
    if (known !== undefined) return known;
    const opened = world.request(cell, { op: 'open-producer', wish: `cell-${cell}`, settings: settingsOf(config, acks) }) as Promise<string>;
    clients.set(acks, opened);
    return opened;
  };

  const sendAll = async (topic: string, messages: readonly Message[], acks: -1 | 0 | 1): Promise<readonly RecordMetadata[]> => {
    const producer = await open(acks);
    const records = messages.map((message, index) => recordOf(message, index));
    const sent = await world.request(cell, { op: 'call', command: { do: 'send', producer, topic, records } });
    return metadataOf(sent as readonly SentRecord[]);
  };

  const methods: ProducerObject = {
    connect: async () => {
      isConnected = true;
      await open(-1);
    },
    send: async (record) => {
      requireConnected(isConnected);
      const { topic, messages, acks } = checkedRecord(record, 'producer.send', config);
      return sendAll(topic, messages, acks);
    },
    sendBatch: async (batch) => {
      requireConnected(isConnected);
      const checked = (batch?.topicMessages ?? []).map((one) => checkedRecord({ ...one, ...(batch.acks === undefined ? {} : { acks: batch.acks }) }, 'producer.sendBatch', config));
      return (await Promise.all(checked.map(({ topic, messages, acks }) => sendAll(topic, messages, acks)))).flat();
    },
    disconnect: async () => {
      isConnected = false;
      const names = await Promise.all(clients.values());
      clients.clear();
      await Promise.all(names.map((client) => world.request(cell, { op: 'call', command: { do: 'close-client', client } })));
    },
  };
  return placeCalls(methods, callFailed);
}

interface SentRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

function requireConnected(isConnected: boolean): void {
  // KafkaJS's own words.
  if (!isConnected) throw new KafkaJSError('The producer is disconnected');
}

function settingsOf(config: ProducerConfig, acks: -1 | 0 | 1): Readonly<Record<string, string | number | boolean>> {
  return {
    ...config.settings,
    acks: acks === -1 ? 'all' : String(acks),
    // As the Java client: idempotence needs acks=all and gives way when nobody has asked for it.
    'enable.idempotence': acks === -1 && config.idempotent !== false,
    ...(config.maxInFlightRequests === undefined ? {} : { 'max.in.flight.requests.per.connection': config.maxInFlightRequests }),
  };
}

interface CheckedRecord {
  readonly topic: string;
  readonly messages: readonly Message[];
  readonly acks: -1 | 0 | 1;
}

function checkedRecord(record: ProducerRecord, whose: string, config: ProducerConfig): CheckedRecord {
  const { topic, messages, acks = -1 } = record ?? {};
  // The first two are KafkaJS's own errors.
  if (typeof topic !== 'string' || topic === '') throw new KafkaJSNonRetriableError('Invalid topic');
  if (!Array.isArray(messages)) throw new KafkaJSNonRetriableError(`Invalid messages array [${String(messages)}] for topic "${topic}"`);
  if (acks !== -1 && acks !== 0 && acks !== 1) {
    throw new CellArgumentError({ what: `${whose} has no such acks`, expected: 'acks: -1 (all in-sync replicas), 1 (the leader) or 0 (nobody)', found: `acks: ${JSON.stringify(acks)}`, cure: 'Write acks: -1, or leave it out.' });
  }
  if (config.idempotent === true && acks !== -1) {
    throw new KafkaJSNonRetriableError("Not requiring ack for all messages invalidates the idempotent producer's EoS guarantees");
  }
  return { topic, messages: messages as readonly Message[], acks };
}

function recordOf(message: Message, index: number): OutgoingRecord {
  const { key = null, value, partition, headers, timestamp } = message ?? {};
  return {
    key: textOrNull(key, `messages[${index}].key`),
    value: textOrNull(value, `messages[${index}].value`),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestampMs: Number(timestamp) }),
    ...(headers === undefined ? {} : { headers }),
  };
}

function textOrNull(value: unknown, whose: string): string | null {
  if (value === null || typeof value === 'string') return value;
  throw new CellArgumentError({
    what: `${whose} is not text`,
    expected: 'a string, or null',
    found: JSON.stringify(value) ?? String(value),
    cure: typeof value === 'object' ? 'Write JSON.stringify(…) around it.' : 'Write String(…) around it.',
  });
}

function metadataOf(sent: readonly SentRecord[]): readonly RecordMetadata[] {
  const first = new Map<string, RecordMetadata>();
  for (const { topic, partition, offset } of sent) {
    const place = `${topic} ${partition}`;
    const known = first.get(place);
    if (known === undefined || Number(known.baseOffset) > offset) first.set(place, { topicName: topic, partition, errorCode: 0, baseOffset: String(offset) });
  }
  return [...first.values()].sort((a, b) => a.partition - b.partition);
}
