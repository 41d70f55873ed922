/** What the author wrote in a `cluster` fence, as the engine's cluster spec. Pure; types only from the engine. */
import type { ClusterSpec, ConsumerSpec, NodeSpec, ProducerSpec, TopicSpec } from '#engine/cluster/spec.ts';
import type { Profile } from './front-matter.ts';
import type { ClusterForm, ConsumerForm, ProducerForm, TopicForm } from './cluster-block.ts';

/** The machines of the guides, in their order; a lesson with n brokers takes the first n. */
const HOSTS = ['cpu-node1', 'cpu-node2', 'worker-node3', 'worker-node4', 'gpu-node5'] as const;
const DEFAULT_BROKERS = 3;
const DEFAULT_SERVERS = 3;
/** Of a cluster that belongs to no lesson. */
const DEFAULT_PROFILE: Profile = { kafka: '3.9', mode: 'kraft' };

export function clusterSpecOf(form: ClusterForm): ClusterSpec {
  const { kafka, mode } = form.profile ?? DEFAULT_PROFILE;
  const brokers: NodeSpec[] = Array.from({ length: form.brokers ?? DEFAULT_BROKERS }, (_, index) => brokerOf(form, index));
  const controllers: NodeSpec[] = Array.from({ length: form.controllers ?? 0 }, (_, index) => ({ id: 101 + index, host: `controller-${index + 1}`, roles: ['controller'] }));
  return {
    kafka,
    mode,
    nodes: [...brokers, ...controllers],
    // As in the guides, a server of the ensemble runs beside each of the first brokers.
    ...(mode === 'zookeeper' ? { zookeeper: Array.from({ length: form.zookeeper ?? DEFAULT_SERVERS }, (_, index) => ({ id: index + 1, host: hostOf(index) })) } : {}),
    settings: form.settings,
    topics: Object.entries(form.topics).map(([name, topic]) => topicOf(name, topic)),
    producers: Object.entries(form.producers).map(([id, producer]) => producerOf(id, producer)),
    consumers: Object.entries(form.consumers).map(([id, consumer]) => consumerOf(id, consumer)),
    ...(form.start === null ? {} : { startMs: milliseconds(form.start) }),
  };
}

function hostOf(index: number): string {
  return HOSTS[index] ?? `node${index + 1}`;
}

function brokerOf(form: ClusterForm, index: number): NodeSpec {
  const id = index + 1;
  const rack = form.racks[index];
  return {
    id,
    host: hostOf(index),
    ...(rack === undefined ? {} : { rack }),
    ...(form.controllers === null ? {} : { roles: ['broker'] as const }),
    ...(form.later.includes(id) ? { startsLater: true } : {}),
  };
}

function topicOf(name: string, topic: TopicForm): TopicSpec {
  const shape =
    topic.assignment === null
      ? { partitions: topic.partitions ?? 1, replicationFactor: topic.replicas ?? 1 }
      : { assignment: topic.assignment };
  return { name, ...shape, configs: topic.settings };
}

function producerOf(id: string, producer: ProducerForm): ProducerSpec {
  const settings = producer.acks === null ? producer.settings : { acks: producer.acks, ...producer.settings };
  if (producer.every === null) return { id, settings };
  return {
    id,
    settings,
    workload: {
      topic: producer.topic,
      everyMs: milliseconds(producer.every),
      keys: producer.keys.length === 0 ? [null] : producer.keys,
      ...(producer.value === null ? {} : { value: producer.value }),
      ...(producer.records === null ? {} : { records: producer.records }),
    },
  };
}

function consumerOf(id: string, consumer: ConsumerForm): ConsumerSpec {
  return {
    id,
    settings: consumer.settings,
    topic: consumer.topic,
    ...(consumer.partitions === null ? {} : { partitions: consumer.partitions }),
    from: fromOf(consumer.from),
  };
}

function fromOf(written: string): 'beginning' | 'end' | number {
  if (written === 'earliest') return 'beginning';
  return written === 'latest' ? 'end' : Number(written);
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

/** "1.5s" is 1500. The reader of the fence has checked the form. */
export function milliseconds(duration: string): number {
  const [, number = '0', unit = 'ms'] = /^([\d.]+)([a-z]+)$/.exec(duration) ?? [];
  return Math.round(Number(number) * (UNIT_MS[unit] ?? 1) * 1_000) / 1_000;
}
