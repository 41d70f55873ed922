// `kafka.admin()`: KafkaJS's admin client as far as the engine has what is asked. Answers have KafkaJS's shapes.
import { CellArgumentError } from '../cell-problem.ts';
import type { CellAccess } from './cluster-object.ts';
import type { CallCommand } from '../cell-protocol.ts';
import { KafkaJSProtocolError } from './kafkajs-errors.ts';
import { placeCalls } from './placed-calls.ts';

export interface TopicConfig {
  readonly topic: string;
  /** -1, KafkaJS's default, means the broker's `num.partitions`: 1. */
  readonly numPartitions?: number;
  readonly replicationFactor?: number;
  readonly replicaAssignment?: readonly { readonly partition: number; readonly replicas: readonly number[] }[];
  readonly configEntries?: readonly { readonly name: string; readonly value: string }[];
}

export interface PartitionMetadata {
  readonly partitionErrorCode: number;
  readonly partitionId: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface TopicPartitionConfig { readonly topic: string; readonly count: number; readonly assignments?: readonly (readonly number[])[] }

export interface PartitionReassignment { readonly topic: string; readonly partitionAssignment: readonly { readonly partition: number; readonly replicas: readonly number[] }[] }

export interface OngoingTopicReassignment {
  readonly topic: string;
  readonly partitions: readonly { readonly partitionIndex: number; readonly replicas: readonly number[]; readonly addingReplicas: readonly number[]; readonly removingReplicas: readonly number[] }[];
}

/** What the engine's admin client answers to list-reassignments. */
type ReassignmentsAnswer = readonly { readonly topic: string; readonly partition: number; readonly replicas: readonly number[]; readonly addingReplicas: readonly number[]; readonly removingReplicas: readonly number[] }[];

export interface AdminObject {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** False when a topic existed already, as in KafkaJS. */
  createTopics(options: { readonly topics: readonly TopicConfig[]; readonly waitForLeaders?: boolean }): Promise<boolean>;
  deleteTopics(options: { readonly topics: readonly string[] }): Promise<void>;
  /** `count` is the new total. */
  createPartitions(options: { readonly topicPartitions: readonly TopicPartitionConfig[] }): Promise<boolean>;
  alterPartitionReassignments(options: { readonly topics: readonly PartitionReassignment[] }): Promise<void>;
  listPartitionReassignments(options?: { readonly topics?: readonly { readonly topic: string; readonly partitions: readonly number[] }[] }): Promise<{ readonly topics: readonly OngoingTopicReassignment[] }>;
  /** Records below `offset` go; "-1": everything up to the high watermark. */
  deleteTopicRecords(options: { readonly topic: string; readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }): Promise<void>;
  listTopics(): Promise<readonly string[]>;
  fetchTopicMetadata(options?: { readonly topics?: readonly string[] }): Promise<{ readonly topics: readonly { readonly name: string; readonly partitions: readonly PartitionMetadata[] }[] }>;
  fetchTopicOffsets(topic: string): Promise<readonly { readonly partition: number; readonly offset: string; readonly high: string; readonly low: string }[]>;
  fetchTopicOffsetsByTimestamp(topic: string, timestamp: number): Promise<readonly { readonly partition: number; readonly offset: string }[]>;
  describeCluster(): Promise<{ readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]; readonly controller: number | null; readonly clusterId: string }>;
}

/** What the engine's admin client answers to fetch-metadata and list-offsets. */
interface MetadataAnswer {
  readonly clusterId: string;
  readonly controllerId: number;
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly { readonly name: string; readonly error: string; readonly partitions: readonly { readonly error: string; readonly partition: number; readonly leader: number; readonly replicas: readonly number[]; readonly isr: readonly number[]; readonly offlineReplicas?: readonly number[] }[] }[];
}
type OffsetsAnswer = readonly { readonly partition: number; readonly offset: number }[];

const LATEST = -1;
const EARLIEST = -2;

export function createAdmin({ cell, world, callFailed }: CellAccess): AdminObject {
  const call = (command: CallCommand): Promise<unknown> => world.request(cell, { op: 'call', command });
  const metadata = async (topics: readonly string[] | null): Promise<MetadataAnswer> => (await call({ do: 'fetch-metadata', topics })) as MetadataAnswer;
  const offsets = async (topic: string, timestampMs: number): Promise<OffsetsAnswer> => (await call({ do: 'list-offsets', topic, timestampMs })) as OffsetsAnswer;

  const methods: AdminObject = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    createTopics: async (options) => {
      const commands = (options?.topics ?? []).map(createCommand);
      if (commands.length === 0) throw new CellArgumentError({ what: 'createTopics creates nothing', expected: '{ topics: [{ topic, numPartitions, replicationFactor }] }', found: JSON.stringify(options) ?? 'nothing', cure: 'Write createTopics({ topics: [{ topic: "orders", numPartitions: 3, replicationFactor: 3 }] }).' });
      const created = await Promise.all(commands.map(async (command) => {
        try {
          await call(command);
          return true;
        } catch (error) {
          if (error instanceof KafkaJSProtocolError && error.type === 'TOPIC_ALREADY_EXISTS') return false;
          throw error;
        }
      }));
      return created.every((one) => one);
    },
    deleteTopics: async ({ topics }) => {
      await call({ do: 'delete-topics', topics });
    },
    createPartitions: async ({ topicPartitions }) => {
      await Promise.all(topicPartitions.map(({ topic, count, assignments }) =>
        call({ do: 'create-partitions', topic, partitions: count, ...(assignments === undefined ? {} : { assignment: assignments }) })));
      return true;
    },
    alterPartitionReassignments: async ({ topics }) => {
      await call({ do: 'reassign', partitions: topics.flatMap(({ topic, partitionAssignment }) => partitionAssignment.map(({ partition, replicas }) => ({ topic, partition, replicas }))) });
    },
    listPartitionReassignments: async (options) => {
      const all = (await call({ do: 'list-reassignments' })) as ReassignmentsAnswer;
      const isAsked = (topic: string, partition: number): boolean =>
        options?.topics === undefined || options.topics.some((asked) => asked.topic === topic && asked.partitions.includes(partition));
      const names = [...new Set(all.map(({ topic }) => topic))];
      return {
        topics: names.map((topic) => ({
          topic,
          partitions: all.filter((one) => one.topic === topic && isAsked(topic, one.partition))
            .map(({ partition, replicas, addingReplicas, removingReplicas }) => ({ partitionIndex: partition, replicas, addingReplicas, removingReplicas })),
        })).filter(({ partitions }) => partitions.length > 0),
      };
    },
    deleteTopicRecords: async ({ topic, partitions }) => {
      await Promise.all(partitions.map(({ partition, offset }) => call({ do: 'delete-records', topic, partition, beforeOffset: Number(offset) })));
    },
    listTopics: async () => (await metadata(null)).topics.map(({ name }) => name),
    fetchTopicMetadata: async (options) => {
      const answer = await metadata(options?.topics ?? null);
      for (const { error } of answer.topics) if (error !== 'NONE') throw new KafkaJSProtocolError(error, 'This server does not host this topic-partition', true);
      return { topics: answer.topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(partitionMetadata) })) };
    },
    fetchTopicOffsets: async (topic) => {
      const [high, low] = await Promise.all([offsets(topic, LATEST), offsets(topic, EARLIEST)]);
      const lowOf = new Map(low.map(({ partition, offset }) => [partition, offset]));
      return high.map(({ partition, offset }) => ({ partition, offset: String(offset), high: String(offset), low: String(lowOf.get(partition) ?? 0) }));
    },
    fetchTopicOffsetsByTimestamp: async (topic, timestamp) =>
      (await offsets(topic, timestamp)).map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    describeCluster: async () => {
      const { brokers, controllerId, clusterId } = await metadata([]);
      return { brokers, controller: controllerId === -1 ? null : controllerId, clusterId };
    },
  };
  return placeCalls(methods, callFailed);
}

function createCommand({ topic, numPartitions = -1, replicationFactor = -1, replicaAssignment, configEntries = [] }: TopicConfig): CallCommand {
  const assignment = replicaAssignment === undefined ? undefined : [...replicaAssignment].sort((a, b) => a.partition - b.partition).map(({ replicas }) => replicas);
  return {
    do: 'create-topic',
    topic,
    partitions: assignment?.length ?? numPartitions,
    replicationFactor: assignment?.[0]?.length ?? replicationFactor,
    ...(assignment === undefined ? {} : { assignment }),
    ...(configEntries.length === 0 ? {} : { configs: Object.fromEntries(configEntries.map(({ name, value }) => [name, value])) }),
  };
}

function partitionMetadata({ partition, leader, replicas, isr, offlineReplicas = [], error }: MetadataAnswer['topics'][number]['partitions'][number]): PartitionMetadata {
  // KafkaJS gives the number of the error; LEADER_NOT_AVAILABLE is the one that a partition can have.
  return { partitionErrorCode: error === 'NONE' ? 0 : error === 'LEADER_NOT_AVAILABLE' ? 5 : -1, partitionId: partition, leader, replicas, isr, offlineReplicas };
}
