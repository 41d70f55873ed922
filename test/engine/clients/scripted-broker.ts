// A broker for tests of the clients: it keeps one log for each partition it leads, checks sequences as a leader does, and answers with
// the errors that a test puts in. Brokers of one world do not talk to each other: what leads where is told to each by the test.
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { Api, RequestMessage, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { Endpoint } from "#engine/protocol/network-client.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { sendResponse } from "#engine/protocol/reply-to.ts";
import { adminKind } from "#engine/clients/admin.ts";
import { consumerKind } from "#engine/clients/consumer.ts";
import { producerKind } from "#engine/clients/producer.ts";

export interface Leadership { readonly leader: number; readonly epoch: number }

/** `leaders` by partition. */
export interface ScriptedSettings {
  readonly id: number;
  readonly brokers: readonly number[];
  readonly topics: Readonly<Record<string, readonly Leadership[]>>;
}

interface PartitionLog { batches: RecordBatch[]; next: number; sequences: Map<number, { epoch: number; next: number; recent: { base: number; offset: number }[] }> }
/** `remaining` answers of an API carry this error; `swallow`: the request is done but never answered. */
export interface Injected { readonly api: Api; readonly partition?: number; readonly error?: KafkaError; readonly swallow?: boolean; remaining: number; readonly after?: boolean; readonly hint?: Leadership }

export interface ScriptedState {
  readonly id: number;
  readonly brokers: readonly number[];
  topics: Record<string, Leadership[]>;
  logs: Map<string, PartitionLog>;
  injected: Injected[];
  nextProducerId: number;
  waiting: { connection: number; correlationId: number; body: RequestOf<"Fetch">; timer: number }[];
  requests: { api: Api; connection: number; body: unknown }[];
}

export type ScriptedInput = { readonly inject: Injected } | { readonly topics: Readonly<Record<string, readonly Leadership[]>> } | { readonly logs: Map<string, PartitionLog> };

export function hostOf(id: number): string { return `host-${id}`; }

export const scriptedBrokerKind: ProcessKind = {
  kind: "scripted-broker",
  start(_process, settings): ScriptedState {
    const { id, brokers, topics } = settings as ScriptedSettings;
    return {
      id, brokers, topics: Object.fromEntries(Object.entries(topics).map(([name, list]) => [name, list.map(item => ({ ...item }))])),
      logs: new Map(), injected: [], nextProducerId: id * 1000, waiting: [], requests: [],
    };
  },
  onInput(process, state, input) {
    const broker = state as ScriptedState;
    const change = input as ScriptedInput;
    if ("inject" in change) broker.injected.push({ ...change.inject });
    else if ("logs" in change) broker.logs = change.logs;
    else broker.topics = Object.fromEntries(Object.entries(change.topics).map(([name, list]) => [name, list.map(item => ({ ...item }))]));
    answerWaiting(process, broker);
  },
  onMessage(process, state, connection, message) {
    const broker = state as ScriptedState;
    const request = message as RequestMessage;
    broker.requests.push({ api: request.api, connection, body: request.body });
    answer(process, broker, connection, request);
  },
  onTimer(process, state, _name, payload) {
    const broker = state as ScriptedState;
    const index = broker.waiting.findIndex(({ correlationId, connection }) => correlationId === (payload as { correlationId: number }).correlationId && connection === (payload as { connection: number }).connection);
    const [held] = index === -1 ? [] : broker.waiting.splice(index, 1);
    if (held !== undefined) sendResponse(process, { connection: held.connection, correlationId: held.correlationId, api: "Fetch" }, fetched(broker, held.body));
  },
  onConnected() {}, onAccepted() {},
  onClosed(_process, state, connection) {
    const broker = state as ScriptedState;
    broker.waiting = broker.waiting.filter(held => held.connection !== connection);
  },
};

function answer(process: ProcessContext, broker: ScriptedState, connection: number, request: RequestMessage): void {
  const { correlationId } = request;
  const reply = <A extends Api>(api: A, body: ResponseOf<A>): void => sendResponse(process, { connection, correlationId, api }, body);
  switch (request.api) {
    case "Metadata": {
      if (take(broker, "Metadata")?.swallow) return;
      return reply("Metadata", metadataOf(broker, request.body as RequestOf<"Metadata">));
    }
    case "InitProducerId": {
      const error = take(broker, "InitProducerId")?.error;
      if (error !== undefined) return reply("InitProducerId", { throttleTimeMs: 0, error, producerId: -1, producerEpoch: -1 });
      broker.nextProducerId += 1;
      return reply("InitProducerId", { throttleTimeMs: 0, error: "NONE", producerId: broker.nextProducerId - 1, producerEpoch: 0 });
    }
    case "Produce": {
      const response = produced(broker, request.body as RequestOf<"Produce">);
      if (response !== null && (request.body as RequestOf<"Produce">).acks !== 0) reply("Produce", response);
      return answerWaiting(process, broker);
    }
    case "ListOffsets": {
      const { topics } = request.body as RequestOf<"ListOffsets">;
      const error = take(broker, "ListOffsets")?.error;
      return reply("ListOffsets", { throttleTimeMs: 0, topics: topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(({ partition, timestamp }) => {
        const log = logOf(broker, name, partition);
        return { partition, error: error ?? leaderError(broker, name, partition), timestamp: -1, leaderEpoch: 0, offset: timestamp === -2 ? log.batches[0]?.baseOffset ?? log.next : log.next };
      }) })) });
    }
    case "Fetch": {
      const body = request.body as RequestOf<"Fetch">;
      const swallowed = take(broker, "Fetch");
      if (swallowed?.swallow) return;
      const response = fetched(broker, body, swallowed);
      const isEmpty = response.topics.every(({ partitions }) => partitions.every(({ records, error }) => records.length === 0 && error === "NONE"));
      if (!isEmpty || body.maxWaitMs === 0) return reply("Fetch", response);
      const timer = process.schedule(body.maxWaitMs * 1000, "fetch", { correlationId, connection });
      broker.waiting.push({ connection, correlationId, body, timer });
      return;
    }
    case "OffsetForLeaderEpoch": {
      const { topics } = request.body as RequestOf<"OffsetForLeaderEpoch">;
      return reply("OffsetForLeaderEpoch", { throttleTimeMs: 0, topics: topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(({ partition, leaderEpoch }) => {
        const log = logOf(broker, topic, partition);
        const error = leaderError(broker, topic, partition);
        const later = log.batches.find(batch => batch.partitionLeaderEpoch > leaderEpoch);
        return { error, partition, leaderEpoch: error === "NONE" ? leaderEpoch : -1, endOffset: error === "NONE" ? later?.baseOffset ?? log.next : -1 };
      }) })) });
    }
    case "CreateTopics": {
      const error = take(broker, "CreateTopics")?.error ?? "NONE";
      const { topics } = request.body as RequestOf<"CreateTopics">;
      return reply("CreateTopics", { throttleTimeMs: 0, topics: topics.map(({ name }) => ({ name, topicId: "", error, errorMessage: error === "NONE" ? null : `broker says ${error}`, numPartitions: 1, replicationFactor: 1, configs: [] })) });
    }
    case "ElectLeaders": {
      const { topicPartitions } = request.body as RequestOf<"ElectLeaders">;
      return reply("ElectLeaders", { throttleTimeMs: 0, error: take(broker, "ElectLeaders")?.error ?? "NONE", results: (topicPartitions ?? []).map(({ topic, partitions }) => ({ topic, partitions: partitions.map(partition => ({ partition, error: "ELECTION_NOT_NEEDED" as const, errorMessage: null })) })) });
    }
    default: throw new Error(`no answer to ${request.api}`);
  }
}

function take(broker: ScriptedState, api: Api, partition?: number): Injected | undefined {
  const found = broker.injected.find(entry => entry.api === api && entry.remaining > 0 && (entry.partition === undefined || entry.partition === partition));
  if (found !== undefined) found.remaining -= 1;
  return found;
}

function logOf(broker: ScriptedState, topic: string, partition: number): PartitionLog {
  const key = `${topic}-${partition}`;
  const found = broker.logs.get(key);
  if (found !== undefined) return found;
  const log: PartitionLog = { batches: [], next: 0, sequences: new Map() };
  broker.logs.set(key, log);
  return log;
}

function leaderError(broker: ScriptedState, topic: string, partition: number): KafkaError {
  const leadership = broker.topics[topic]?.[partition];
  if (leadership === undefined) return "UNKNOWN_TOPIC_OR_PARTITION";
  return leadership.leader === broker.id ? "NONE" : "NOT_LEADER_OR_FOLLOWER";
}

function metadataOf(broker: ScriptedState, { topics }: RequestOf<"Metadata">): ResponseOf<"Metadata"> {
  const names = topics === null ? Object.keys(broker.topics) : topics.map(({ name }) => name);
  return {
    throttleTimeMs: 0, brokers: broker.brokers.map(nodeId => ({ nodeId, host: hostOf(nodeId), port: 9092, rack: null })), clusterId: "scripted", controllerId: broker.brokers[0] ?? -1,
    topics: names.map(name => {
      const partitions = broker.topics[name];
      return {
        name, topicId: name, isInternal: false, error: partitions === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" as const : "NONE" as const,
        partitions: (partitions ?? []).map(({ leader, epoch }, partition) => ({
          partition, error: leader < 0 ? "LEADER_NOT_AVAILABLE" as const : "NONE" as const, leaderId: leader, leaderEpoch: epoch, replicaNodes: [...broker.brokers], isrNodes: [...broker.brokers], offlineReplicas: [],
        })),
      };
    }),
  };
}

/** Null when the answer is swallowed. */
function produced(broker: ScriptedState, body: RequestOf<"Produce">): ResponseOf<"Produce"> | null {
  let swallowed = false;
  const endpoints: { nodeId: number; host: string; port: number }[] = [];
  const topics = body.topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(({ index, records }) => {
    const injected = take(broker, "Produce", index);
    if (injected?.swallow) swallowed = true;
    const batch = records[0] as RecordBatch;
    const error = injected?.error !== undefined && injected.after !== true ? injected.error : leaderError(broker, name, index);
    const result = error === "NONE" ? append(broker, name, index, batch) : { error, baseOffset: -1 };
    const hint = injected?.hint ?? { leader: -1, epoch: -1 };
    if (hint.leader >= 0) endpoints.push({ nodeId: hint.leader, host: hostOf(hint.leader), port: 9092 });
    return {
      index, error: injected?.after === true && injected.error !== undefined ? injected.error : result.error, baseOffset: result.baseOffset, logAppendTimeMs: -1, logStartOffset: 0, errorMessage: null,
      currentLeader: { leaderId: hint.leader, leaderEpoch: hint.epoch },
    };
  }) }));
  return swallowed ? null : { topics, nodeEndpoints: endpoints, throttleTimeMs: 0 };
}

/** A leader's rules for sequences: a known batch is answered with its old offset, a gap is refused. */
function append(broker: ScriptedState, topic: string, partition: number, batch: RecordBatch): { error: KafkaError; baseOffset: number } {
  const log = logOf(broker, topic, partition);
  if (batch.producerId !== -1) {
    const known = log.sequences.get(batch.producerId);
    if (known !== undefined && known.epoch === batch.producerEpoch) {
      const duplicate = known.recent.find(({ base }) => base === batch.baseSequence);
      if (duplicate !== undefined) return { error: "NONE", baseOffset: duplicate.offset };
      if (batch.baseSequence !== known.next) return { error: "OUT_OF_ORDER_SEQUENCE_NUMBER", baseOffset: -1 };
    } else if (known !== undefined && batch.producerEpoch < known.epoch) {
      return { error: "INVALID_PRODUCER_EPOCH", baseOffset: -1 };
    } else if (known !== undefined && batch.baseSequence !== 0) {
      return { error: "OUT_OF_ORDER_SEQUENCE_NUMBER", baseOffset: -1 };
    }
    const recent = known !== undefined && known.epoch === batch.producerEpoch ? known.recent : [];
    log.sequences.set(batch.producerId, { epoch: batch.producerEpoch, next: batch.baseSequence + batch.recordCount, recent: [...recent, { base: batch.baseSequence, offset: log.next }].slice(-5) });
  }
  const baseOffset = log.next;
  log.batches.push(batch.placed(baseOffset, broker.topics[topic]?.[partition]?.epoch ?? 0));
  log.next += batch.recordCount;
  return { error: "NONE", baseOffset };
}

function fetched(broker: ScriptedState, body: RequestOf<"Fetch">, injected?: Injected): ResponseOf<"Fetch"> {
  return {
    throttleTimeMs: 0, error: "NONE", sessionId: 0, nodeEndpoints: [],
    topics: body.topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(({ partition, fetchOffset }) => {
      const log = logOf(broker, topic, partition);
      let error = injected?.error ?? leaderError(broker, topic, partition);
      if (error === "NONE" && (fetchOffset > log.next || fetchOffset < (log.batches[0]?.baseOffset ?? 0))) error = "OFFSET_OUT_OF_RANGE";
      const from = log.batches.findIndex(batch => batch.nextOffset > fetchOffset);
      const records = error !== "NONE" || from === -1 ? [] : log.batches.slice(from, from + 100);
      return { partition, error, highWatermark: log.next, lastStableOffset: log.next, logStartOffset: log.batches[0]?.baseOffset ?? 0, divergingEpoch: { epoch: -1, endOffset: -1 }, currentLeader: { leaderId: -1, leaderEpoch: -1 }, preferredReadReplica: -1, records };
    }) })),
  };
}

function answerWaiting(process: ProcessContext, broker: ScriptedState): void {
  const still: ScriptedState["waiting"] = [];
  for (const held of broker.waiting) {
    const response = fetched(broker, held.body);
    if (response.topics.every(({ partitions }) => partitions.every(({ records, error }) => records.length === 0 && error === "NONE"))) {
      still.push(held);
      continue;
    }
    process.cancel(held.timer);
    sendResponse(process, { connection: held.connection, correlationId: held.correlationId, api: "Fetch" }, response);
  }
  broker.waiting = still;
}

// ---- a world of them

export const BOOTSTRAP: readonly Endpoint[] = [1, 2, 3].map(id => ({ host: hostOf(id), port: 9092 }));

/** Brokers 1, 2, 3 with these topics, started; no client yet. */
export function scriptedWorld(topics: ScriptedSettings["topics"], seed = 7): Simulation {
  const kinds = new Map([scriptedBrokerKind, adminKind, producerKind, consumerKind].map(kind => [kind.kind, kind]));
  const simulation = Simulation.create(seed, [1, 2, 3].map(hostOf), kinds);
  for (const id of [1, 2, 3]) {
    simulation.addProcess(`broker-${id}`, "scripted-broker", hostOf(id), [9092], { id, brokers: [1, 2, 3], topics } satisfies ScriptedSettings);
    simulation.start(`broker-${id}`);
  }
  return simulation;
}

export function brokerState(simulation: Simulation, id: number): ScriptedState {
  return simulation.process(`broker-${id}`).state as ScriptedState;
}

/** What lies in the log of a partition, at its leader. */
export function batchesAt(simulation: Simulation, id: number, topic: string, partition: number): readonly RecordBatch[] {
  return brokerState(simulation, id).logs.get(`${topic}-${partition}`)?.batches ?? [];
}

export function requestsOf<A extends Api>(simulation: Simulation, id: number, api: A): RequestOf<A>[] {
  return brokerState(simulation, id).requests.filter(request => request.api === api).map(({ body }) => body as RequestOf<A>);
}
