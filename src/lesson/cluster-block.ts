/** The `cluster` fence: the world that a lesson opens, in the author's words. src/session makes a run of it. */
import type { Fence } from './fence-scanner.ts';
import { name, profileOfText, profileText } from './front-matter.ts';
import type { Profile } from './front-matter.ts';
import {
  duration, integer, listOf, mapOf, optional, readYaml, record, required, setting, text, textLike,
} from './strict-yaml.ts';

export type Setting = string | number | boolean;
export type Settings = Readonly<Record<string, Setting>>;

export interface TopicForm {
  readonly partitions: number | null;
  readonly replicas: number | null;
  /** Broker ids per partition, the preferred leader first. */
  readonly assignment: readonly (readonly number[])[] | null;
  readonly settings: Settings;
}

export interface ProducerForm {
  readonly topic: string;
  /** Time between two records, such as "500ms"; null: it sends only when it is told to. */
  readonly every: string | null;
  readonly acks: string | null;
  /** Taken in turn, from the first. Empty: records without a key. */
  readonly keys: readonly string[];
  /** Value of its n-th record, with {n} replaced; null: the engine's own. */
  readonly value: string | null;
  /** It stops after so many records; null: never. */
  readonly records: number | null;
  readonly settings: Settings;
}

export interface ConsumerForm {
  readonly topic: string;
  /** Null: all partitions of the topic. */
  readonly partitions: readonly number[] | null;
  /** "earliest", "latest" or an offset. */
  readonly from: string;
  readonly settings: Settings;
}

export interface ClusterForm {
  readonly id: string;
  readonly seed: number;
  /** The sentence that says the cluster to a reader who does not see it. */
  readonly describe: string;
  /** Null: the lesson's own. */
  readonly profile: Profile | null;
  readonly preset: string | null;
  readonly brokers: number | null;
  /** KRaft: so many controllers on machines of their own, with ids from 101; null: each broker is a controller too. */
  readonly controllers: number | null;
  /** ZooKeeper mode: servers of the ensemble; null: three. */
  readonly zookeeper: number | null;
  /** Brokers that nobody has started yet. */
  readonly later: readonly number[];
  /** Rack of each broker in order; empty: none. */
  readonly racks: readonly string[];
  readonly topics: Readonly<Record<string, TopicForm>>;
  readonly producers: Readonly<Record<string, ProducerForm>>;
  readonly consumers: Readonly<Record<string, ConsumerForm>>;
  /** Broker settings, by Kafka's own names. */
  readonly settings: Settings;
  /** Virtual time at which the lesson opens, such as "12s". */
  readonly start: string | null;
}

/** Kafka's settings have a dot in their name; ours have none, so the two can share one mapping. */
const kafkaSettings = {
  accepts: (key: string): boolean => key.includes('.'),
  says: "a Kafka setting by its own name, such as min.insync.replicas",
  read: setting,
};

const SEED_MAX = 0xffff_ffff;
const PARTITIONS_MAX = 1_000;
const BROKERS_MAX = 100;
const VOTERS_MAX = 7;

const brokerId = integer(0, 100_000);

const topic = record(
  {
    partitions: optional(integer(1, PARTITIONS_MAX)),
    replicas: optional(integer(1, BROKERS_MAX)),
    assignment: optional(listOf(listOf(brokerId))),
  },
  kafkaSettings,
);
const producer = record(
  {
    topic: required(text),
    every: optional(duration),
    acks: optional(textLike(/^(all|-1|0|1)$/, 'all, 0 or 1')),
    keys: optional(listOf(text)),
    value: optional(text),
    records: optional(integer(1, 1_000_000)),
  },
  kafkaSettings,
);
const consumer = record(
  {
    topic: required(text),
    partitions: optional(listOf(integer(0, PARTITIONS_MAX))),
    from: optional(textLike(/^(earliest|latest|\d+)$/, 'earliest, latest or an offset')),
  },
  kafkaSettings,
);
const cluster = record(
  {
    describe: required(text),
    preset: optional(textLike(/^guides\/three-nodes$/, 'guides/three-nodes')),
    profile: optional(profileText),
    brokers: optional(integer(1, BROKERS_MAX)),
    controllers: optional(integer(1, VOTERS_MAX)),
    zookeeper: optional(integer(1, VOTERS_MAX)),
    later: optional(listOf(brokerId)),
    racks: optional(listOf(text)),
    topics: optional(mapOf(topic)),
    producers: optional(mapOf(producer)),
    consumers: optional(mapOf(consumer)),
    start: optional(duration),
  },
  kafkaSettings,
);

const clusterHead = record({ id: required(name), seed: required(integer(0, SEED_MAX)) });

export function readCluster(fence: Fence, file: string): ClusterForm {
  const head = readYaml(
    headAsYaml(fence.attributes),
    { file, block: 'the head of the cluster block', firstLine: fence.line, isHead: true },
    clusterHead,
  );
  const form = readYaml(fence.body, { file, block: 'the cluster block', firstLine: fence.line + 1 }, cluster);
  return {
    id: head.id,
    seed: head.seed,
    describe: form.describe,
    preset: form.preset ?? null,
    profile: form.profile === undefined ? null : profileOfText(form.profile),
    brokers: form.brokers ?? null,
    controllers: form.controllers ?? null,
    zookeeper: form.zookeeper ?? null,
    later: form.later ?? [],
    racks: form.racks ?? [],
    topics: mapValues(form.topics ?? {}, (it) => ({
      partitions: it.partitions ?? null,
      replicas: it.replicas ?? null,
      assignment: it.assignment ?? null,
      settings: settingsOf(it),
    })),
    producers: mapValues(form.producers ?? {}, (it) => ({
      topic: it.topic,
      every: it.every ?? null,
      acks: it.acks ?? null,
      keys: it.keys ?? [],
      value: it.value ?? null,
      records: it.records ?? null,
      settings: settingsOf(it),
    })),
    consumers: mapValues(form.consumers ?? {}, (it) => ({
      topic: it.topic,
      partitions: it.partitions ?? null,
      from: it.from ?? 'earliest',
      settings: settingsOf(it),
    })),
    settings: settingsOf(form),
    start: form.start ?? null,
  };
}

/** Attributes of a fence, read with the same readers and the same errors as YAML: all on one line. */
export function headAsYaml(attributes: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}: ${/^\d+$/.test(value) ? value : JSON.stringify(value)}`);
  return `{ ${pairs.join(', ')} }`;
}

function settingsOf(form: object): Settings {
  const settings: Record<string, Setting> = {};
  for (const [key, value] of Object.entries(form)) {
    if (kafkaSettings.accepts(key)) settings[key] = value as Setting;
  }
  return settings;
}

function mapValues<A, B>(from: Readonly<Record<string, A>>, change: (value: A) => B): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(from).map(([key, value]): [string, B] => [key, change(value)]));
}
