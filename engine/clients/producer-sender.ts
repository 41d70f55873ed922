// The sender: which batches may go, to which leader, in which request; what has expired; what the answers mean.
// Source: Sender.java, RecordAccumulator.ready, RecordAccumulator.drain. FIDELITY: CLIENT-PRODUCER.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { inFlightCount, type NetworkResult, networkSendOneWay } from "#engine/protocol/network-client.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { connectedNode, NEVER_US, type Node, noteThrottleTime, send } from "./client-core.ts";
import { leaderEpochOf, leaderHinted, leaderOf, requestUpdate } from "./client-metadata.ts";
import { isFull } from "./producer-accumulator.ts";
import { batchAnswered, expire, hasReachedDeliveryTimeout } from "./producer-completion.ts";
import { mustHoldBack, sealForSending, settleSequences } from "./producer-idempotence.ts";
import { loadStatistics } from "./producer-partitioner.ts";
import { activeQueues, type PartitionQueue, type ProducerBatch, type ProducerState, type ProducerTopic } from "./producer-state.ts";

/** Sent along with a Produce request: which batch lies where. */
interface SentBatch { readonly topic: string; readonly partition: number; readonly id: number }
export interface ProduceContext { readonly batches: readonly SentBatch[] }

interface Candidate { readonly topic: ProducerTopic; readonly queue: PartitionQueue }

/** What `ready` found: partitions that may be sent, by leader, and when to look again. */
interface Ready { readonly byBroker: Map<number, Candidate[]>; nextUs: number }

/** Sends whatever may go now. Returns when to look again. */
export function runSender(process: ProcessContext, state: ProducerState): number {
  for (;;) {
    settleSequences(state);
    const ready = findReady(process, state);
    let sent = false;
    for (const [broker, candidates] of ready.byBroker) {
      const node = readyNode(process, state, broker);
      if (node !== null && sendTo(process, state, { broker, node, candidates })) sent = true;
    }
    const expiryUs = expireBatches(process, state);
    if (!sent) return Math.min(ready.nextUs, expiryUs);
  }
}

function findReady(process: ProcessContext, state: ProducerState): Ready {
  const ready: Ready = { byBroker: new Map(), nextUs: NEVER_US };
  for (const topic of state.topics.values()) {
    updateLoad(state, topic);
    for (const queue of activeQueues(topic)) {
      const first = queue.waiting[0];
      if (first !== undefined) lookAt(process, state, ready, { topic, queue }, first);
    }
  }
  return ready;
}

function updateLoad(state: ProducerState, topic: ProducerTopic): void {
  const { isAdaptive, availabilityTimeoutMs } = state.config;
  // Nothing without a key has been sent: nobody will ask.
  if (!isAdaptive || topic.sticky.partition === -1) return;
  const { metadata } = state.core;
  topic.load = loadStatistics(topic.queues, metadata.topics.get(topic.name)?.partitions.length ?? 0, ({ partition, waiting }) => {
    const leader = leaderOf(metadata, topic.name, partition);
    if (leader < 0) return false;
    const node = state.nodeReadyUs.get(leader);
    if (availabilityTimeoutMs <= 0 || waiting.length === 0 || node === undefined) return true;
    return node.readyUs - node.drainedUs <= fromMs(availabilityTimeoutMs);
  });
}

function lookAt(process: ProcessContext, state: ProducerState, ready: Ready, candidate: Candidate, first: ProducerBatch): void {
  const { metadata } = state.core;
  const { config } = state;
  const leader = leaderOf(metadata, candidate.topic.name, candidate.queue.partition);
  if (leader < 0 || !metadata.brokers.has(leader)) return requestUpdate(metadata);
  noteLeader(state, candidate, first);
  // With one request in flight at most, a partition is muted until its batch is answered.
  if (config.maxInFlight === 1 && candidate.queue.inFlight.length > 0) return;
  if (isBackingOff(first, process.now)) {
    ready.nextUs = Math.min(ready.nextUs, first.retryAtUs);
    return;
  }
  const lingerUntilUs = first.createdUs + fromMs(config.lingerMs);
  const isSendable = first.attempts > 0 || candidate.queue.waiting.length > 1 || isFull(first, config.batchSizeBytes)
    || lingerUntilUs <= process.now || state.closing !== null || isMemoryExhausted(state);
  if (!isSendable) {
    ready.nextUs = Math.min(ready.nextUs, lingerUntilUs);
    return;
  }
  const list = ready.byBroker.get(leader);
  if (list === undefined) ready.byBroker.set(leader, [candidate]);
  else list.push(candidate);
}

/** KIP-951: a batch whose leader has changed since its last attempt need not wait. */
function noteLeader(state: ProducerState, { topic, queue }: Candidate, batch: ProducerBatch): void {
  const epoch = leaderEpochOf(state.core.metadata, topic.name, queue.partition);
  if (epoch === batch.leaderEpoch) return;
  if (batch.leaderEpoch !== -1) batch.attemptsAtLeaderChange = batch.attempts;
  batch.leaderEpoch = epoch;
}

function isBackingOff(batch: ProducerBatch, nowUs: number): boolean {
  return batch.attempts > 0 && batch.attemptsAtLeaderChange !== batch.attempts && batch.retryAtUs > nowUs;
}

/** A call waits for buffer.memory: everything may go at once. */
function isMemoryExhausted(state: ProducerState): boolean {
  for (const number of state.pending) {
    const call = state.calls.get(number);
    if (call !== undefined && call.blockedUntilUs !== -1 && state.core.metadata.topics.has(call.topic)) return true;
  }
  return false;
}

/** The node when a request may be put on the wire to it. */
function readyNode(process: ProcessContext, state: ProducerState, broker: number): Node | null {
  const { core, config } = state;
  const connected = connectedNode(process, core, broker);
  const node = connected !== null && inFlightCount(core.network, connected.key) < config.maxInFlight ? connected : null;
  if (config.availabilityTimeoutMs > 0) {
    const times = state.nodeReadyUs.get(broker) ?? { readyUs: process.now, drainedUs: process.now };
    times.readyUs = process.now;
    if (node !== null) times.drainedUs = process.now;
    state.nodeReadyUs.set(broker, times);
  }
  return node;
}

interface Draining { readonly broker: number; readonly node: Node; readonly candidates: readonly Candidate[] }

/** One request: the first batch of each partition that this broker leads. False when nothing could go. */
function sendTo(process: ProcessContext, state: ProducerState, { broker, node, candidates }: Draining): boolean {
  const start = (state.drainIndex.get(broker) ?? 0) % candidates.length;
  const byTopic = new Map<string, { index: number; records: RecordBatch[] }[]>();
  const batches: SentBatch[] = [];
  let bytes = 0;
  let cause = -1;
  for (let step = 0; step < candidates.length; step += 1) {
    const { topic, queue } = candidates[(start + step) % candidates.length] as Candidate;
    const batch = queue.waiting[0];
    if (batch === undefined || mustHoldBack(state, queue, batch)) continue;
    const size = batch.sealed?.sizeBytes ?? batch.draft?.length ?? 0;
    if (batches.length > 0 && bytes + size > state.config.maxRequestSizeBytes) {
      state.drainIndex.set(broker, (start + step) % candidates.length);
      break;
    }
    bytes += size;
    if (batches.length === 0) ({ cause } = batch);
    const sealed = sealForSending(state, queue, batch);
    queue.waiting.shift();
    queue.inFlight.push(batch);
    batches.push({ topic: topic.name, partition: queue.partition, id: batch.id });
    const partitions = byTopic.get(topic.name);
    if (partitions === undefined) byTopic.set(topic.name, [{ index: queue.partition, records: [sealed] }]);
    else partitions.push({ index: queue.partition, records: [sealed] });
  }
  if (batches.length === 0) return false;
  if (process.cause === -1) process.becauseOf(cause);
  const { requestTimeoutMs } = state.core.settings;
  const body: RequestOf<"Produce"> = {
    transactionalId: null, acks: state.config.acks, timeoutMs: requestTimeoutMs,
    topics: [...byTopic].map(([name, partitions]) => ({ name, partitions })),
  };
  const context: ProduceContext = { batches };
  if (state.config.acks === 0) {
    networkSendOneWay(process, state.core.network, node.key, "Produce", body);
    settleUnanswered(process, state, context);
  } else {
    send(process, state.core, node, { api: "Produce", body, timeoutMs: requestTimeoutMs, context });
  }
  return true;
}

/** acks=0: what is on the wire counts as done; offsets are not known. */
function settleUnanswered(process: ProcessContext, state: ProducerState, { batches }: ProduceContext): void {
  for (const sent of batches) {
    withBatch(state, sent, (queue, batch) => batchAnswered(process, state, queue, batch, {
      error: "NONE", errorMessage: null, baseOffset: -1, logAppendTimeMs: -1,
    }));
  }
}

function withBatch(state: ProducerState, sent: SentBatch, use: (queue: PartitionQueue, batch: ProducerBatch) => void): void {
  const queue = state.topics.get(sent.topic)?.queues.get(sent.partition);
  const batch = queue?.inFlight.find(({ id }) => id === sent.id);
  // Without one, the batch had expired while it was on the wire.
  if (queue !== undefined && batch !== undefined) use(queue, batch);
}

/** A Produce request has an answer, or its connection broke. */
export function produceAnswered(process: ProcessContext, state: ProducerState, result: NetworkResult): void {
  const { batches } = result.context as ProduceContext;
  const response = result.response as ResponseOf<"Produce"> | null;
  if (response !== null) noteThrottleTime(state.core, response.throttleTimeMs);
  for (const sent of batches) {
    const answer = response?.topics.find(({ name }) => name === sent.topic)?.partitions.find(({ index }) => index === sent.partition);
    if (answer !== undefined && response !== null) {
      leaderHinted(state.core.metadata, sent.topic, sent.partition, answer.currentLeader, response.nodeEndpoints);
    }
    withBatch(state, sent, (queue, batch) => batchAnswered(process, state, queue, batch, answer ?? {
      error: "NETWORK_EXCEPTION", errorMessage: null, baseOffset: -1, logAppendTimeMs: -1,
    }));
  }
}

/** Gives up what is older than delivery.timeout.ms. Returns when the next one will be. */
function expireBatches(process: ProcessContext, state: ProducerState): number {
  let nextUs = NEVER_US;
  const deliveryTimeoutUs = fromMs(state.config.deliveryTimeoutMs);
  for (const topic of state.topics.values()) {
    for (const queue of activeQueues(topic)) {
      for (const isOnWire of [true, false]) {
        const list = isOnWire ? queue.inFlight : queue.waiting;
        for (let first = list[0]; first !== undefined; first = list[0]) {
          if (!hasReachedDeliveryTimeout(process, state, first)) {
            nextUs = Math.min(nextUs, first.createdUs + deliveryTimeoutUs);
            break;
          }
          expire(process, state, queue, first, isOnWire);
        }
      }
    }
  }
  return nextUs;
}
