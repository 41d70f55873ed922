// The producer: send() puts records into batches, the sender brings them to the leaders and sends again what failed in a way that may
// pass. With a workload it calls send() by itself. Source: KafkaProducer.java, Sender.java (3.9). FIDELITY: CLIENT-PRODUCER, CLIENT-SEND-CALL.
import type { CallError, Command } from "#engine/cluster/commands.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import {
  clientClosed, clientConnected, clientReceived, clientTimer, createClientCore, NEVER_US, nextConnectUs, refreshMetadata, tookMetadata, traceClient,
  wakeAt, woke,
} from "./client-core.ts";
import { clientProfile } from "./client-settings.ts";
import { type TopicMetadata, wantTopic } from "./client-metadata.ts";
import { timeoutError } from "./error-texts.ts";
import { exceptionText } from "./java-exceptions.ts";
import { appendRecords, type Blocked, type BurstResult } from "./producer-accumulator.ts";
import { finishIfDone } from "./producer-completion.ts";
import { PRODUCER_ID_CONTEXT, producerIdAnswered, requestProducerId } from "./producer-idempotence.ts";
import { produceAnswered, runSender } from "./producer-sender.ts";
import { producerConfigError, type ProducerProcessSettings, readProducerConfig } from "./producer-settings.ts";
import {
  activeQueues, ChosenPartitions, OutgoingRecords, type ProducerState, type SendCall, topicOf, WORKLOAD_CALL, type WorkloadProgress,
} from "./producer-state.ts";

const WORKLOAD_TIMER = "workload";
const CALLS_MAX = 100_000;

export const producerKind: ProcessKind = {
  kind: "producer",

  start(process: ProcessContext, settings: unknown): ProducerState {
    const { workload, ...rest } = settings as ProducerProcessSettings;
    const profile = clientProfile(rest.kafka);
    const config = readProducerConfig(rest.overrides, profile);
    const state: ProducerState = {
      core: createClientCore(rest, { allowAutoTopicCreation: true }), config, configError: producerConfigError(rest.overrides, profile),
      idempotence: { producerId: -1, producerEpoch: -1, isRequested: false, retryAtUs: 0, attempts: 0, mustBumpEpoch: false },
      topics: new Map(), calls: new Map(), pending: [], nextBatchId: 1, usedMemoryBytes: 0, drainIndex: new Map(), nodeReadyUs: new Map(),
      progress: workload === undefined ? null : { workload, sent: 0 }, closing: null, accepted: 0, acknowledged: 0, failed: 0,
    };
    if (state.configError !== null) return state;
    traceClient(process, { kind: "producer-opened", client: rest.clientId, acks: config.acks, idempotent: config.isIdempotent });
    if (workload !== undefined) {
      wantTopic(state.core.metadata, workload.topic);
      process.schedule(Math.max(0, fromMs(workload.fromMs ?? 0) - process.now), WORKLOAD_TIMER);
    }
    poll(process, state);
    return state;
  },

  onInput(process: ProcessContext, state: unknown, input: unknown): void {
    const producer = state as ProducerState;
    const command = input as Command;
    if (command.do === "send") sendCommand(process, producer, command);
    else if (command.do === "close-client") close(process, producer, command.call);
  },

  onConnected(process: ProcessContext, state: unknown, connection: number): void {
    const producer = state as ProducerState;
    clientConnected(process, producer.core, connection);
    poll(process, producer);
  },

  onMessage(process: ProcessContext, state: unknown, connection: number, message: unknown): void {
    const producer = state as ProducerState;
    const result = clientReceived(producer.core, connection, message);
    if (result !== null) take(process, producer, [result]);
  },

  onClosed(process: ProcessContext, state: unknown, connection: number): void {
    const producer = state as ProducerState;
    take(process, producer, clientClosed(process, producer.core, connection));
  },

  onTimer(process: ProcessContext, state: unknown, name: string, payload: unknown, sequence: number): void {
    const producer = state as ProducerState;
    const results = clientTimer(process, producer.core, name, payload, sequence);
    if (results !== null) take(process, producer, results);
    else if (name === WORKLOAD_TIMER) {
      process.becauseOf(-1);
      workloadTick(process, producer);
    }
    else if (woke(producer.core, name, sequence)) {
      // One alarm clock for all deadlines: what it was set for last is nobody's cause.
      process.becauseOf(-1);
      poll(process, producer);
    }
  },

  onAccepted(): void {},
};

function take(process: ProcessContext, state: ProducerState, results: readonly NetworkResult[]): void {
  for (const result of results) {
    if (tookMetadata(process, state.core, result)) continue;
    if (result.context === PRODUCER_ID_CONTEXT) producerIdAnswered(process, state, result.response as ResponseOf<"InitProducerId"> | null);
    else produceAnswered(process, state, result);
  }
  poll(process, state);
}

/** Everything that can go on goes on; then the next look is armed. */
function poll(process: ProcessContext, state: ProducerState): void {
  let nextUs = resumeCalls(process, state);
  nextUs = Math.min(nextUs, requestProducerId(process, state));
  nextUs = Math.min(nextUs, runSender(process, state));
  // Last, because everything before may have asked for newer metadata.
  nextUs = Math.min(nextUs, refreshMetadata(process, state.core));
  if (hasWaiting(state)) nextUs = Math.min(nextUs, nextConnectUs(process, state.core));
  if (state.closing !== null && isIdle(state)) return exit(process, state, state.closing);
  wakeAt(process, state.core, nextUs);
}

function hasWaiting(state: ProducerState): boolean {
  for (const topic of state.topics.values()) {
    for (const queue of activeQueues(topic)) if (queue.waiting.length > 0) return true;
  }
  return false;
}

// ---- calls of send()

function answerError(process: ProcessContext, call: number, error: CallError): void {
  process.outcome({ call, at: process.now, ok: false, error });
}

function sendCommand(process: ProcessContext, state: ProducerState, command: Extract<Command, { readonly do: "send" }>): void {
  if (state.configError !== null) return answerError(process, command.call, state.configError);
  if (state.closing !== null) {
    return answerError(process, command.call, {
      name: "IllegalState", message: "Cannot perform operation after producer has been closed", retriable: false,
    });
  }
  beginCall(state, command.call, command.topic, new OutgoingRecords(command.records));
  poll(process, state);
}

function beginCall(state: ProducerState, call: number, topic: string, records: OutgoingRecords): void {
  invariant(state.calls.size < CALLS_MAX, `the producer has ${CALLS_MAX} open calls`);
  state.calls.set(call, { call, topic, records, next: 0, blockedUntilUs: -1, runs: [], chosen: [], open: 0, error: null });
  state.pending.push(call);
}

/** Each waiting call goes on as far as it can, oldest first. Returns when the first wait ends. */
function resumeCalls(process: ProcessContext, state: ProducerState): number {
  let nextUs = NEVER_US;
  if (state.pending.length === 0) return nextUs;
  const still: number[] = [];
  let isMemoryAwaited = false;
  for (const number of state.pending) {
    const call = state.calls.get(number);
    if (call === undefined) continue;
    const blocked = isMemoryAwaited ? MEMORY_AWAITED : goOn(process, state, call);
    if (blocked === null) continue;
    if (blocked.on === "memory") isMemoryAwaited = true;
    still.push(number);
    nextUs = Math.min(nextUs, call.blockedUntilUs === -1 ? NEVER_US : call.blockedUntilUs);
  }
  state.pending = still;
  return nextUs;
}

/** Memory goes to whoever has waited longest. */
const MEMORY_AWAITED: Blocked = { on: "memory", bytes: 0 };

/** Null when all records of the call are in batches or refused. */
function goOn(process: ProcessContext, state: ProducerState, call: SendCall): Blocked | null {
  const { metadata } = state.core;
  wantTopic(metadata, call.topic);
  for (;;) {
    const topicMetadata = metadata.topics.get(call.topic);
    const blocked: Blocked = topicMetadata === undefined || topicMetadata.partitions.length === 0
      ? { on: "nothing" } : append(process, state, call, topicMetadata);
    if (call.next === call.records.list.length) {
      finishCall(process, state, call);
      return null;
    }
    if (call.blockedUntilUs === -1) call.blockedUntilUs = process.now + fromMs(state.config.maxBlockMs);
    const refusal = refusalAfterWaiting(state, call, blocked, topicMetadata, call.blockedUntilUs <= process.now);
    if (refusal === null) {
      if (blocked.on !== "memory") metadata.isUpdateNeeded = true;
      return blocked;
    }
    refuse(call, refusal, blocked.on === "nothing" ? call.records.list.length - call.next : 1);
  }
}

function append(process: ProcessContext, state: ProducerState, call: SendCall, metadata: TopicMetadata): Blocked {
  const before = state.accepted;
  const burst = appendRecords(process, state, topicOf(state, call.topic), metadata, call);
  if (burst.chosen.length > 0) call.blockedUntilUs = -1;
  if (call.call !== WORKLOAD_CALL && burst.chosen.length > 0) call.chosen.push(new ChosenPartitions(burst.chosen));
  const count = state.accepted - before;
  if (count > 0) accepted(process, state, call, count, burst);
  return burst.blocked;
}

/** Tells which records went where; refused ones are left out. */
function accepted(
  process: ProcessContext, state: ProducerState, { call, topic }: SendCall, count: number, { chosen, keys }: BurstResult,
): void {
  const hasRefused = count < chosen.length;
  traceClient(process, {
    kind: "records-accepted", client: state.core.settings.clientId, call, topic, count,
    keys: hasRefused ? keys.filter((_, index) => chosen[index] !== -1) : keys,
    partitions: hasRefused ? chosen.filter(partition => partition !== -1) : chosen,
  });
}

/** Why the next record is given up now; null while the call may go on waiting. */
function refusalAfterWaiting(
  state: ProducerState, call: SendCall, blocked: Blocked, metadata: TopicMetadata | undefined, isOver: boolean,
): CallError | null {
  const { maxBlockMs, bufferMemoryBytes } = state.config;
  if (metadata?.error === "INVALID_TOPIC_EXCEPTION") {
    return { name: "InvalidTopic", message: `Invalid topics: [${call.topic}]`, retriable: false };
  }
  if (!isOver) return null;
  switch (blocked.on) {
    case "memory":
      return {
        name: "BufferExhausted", retriable: true,
        message: `Failed to allocate ${blocked.bytes} bytes within the configured max blocking time ${maxBlockMs} ms. `
          + `Total memory: ${bufferMemoryBytes} bytes. Available memory: ${bufferMemoryBytes - state.usedMemoryBytes} bytes. `
          + `Poolable size: ${state.config.batchSizeBytes} bytes`,
      };
    case "partition":
      return timeoutError(`Partition ${blocked.partition} of topic ${call.topic} with partition count ${metadata?.partitions.length ?? 0} `
        + `is not present in metadata after ${maxBlockMs} ms.`);
    case "nothing": {
      const failure = timeoutError(`Topic ${call.topic} not present in metadata after ${maxBlockMs} ms.`);
      return metadata === undefined || metadata.error === "NONE" ? failure : { ...failure, cause: exceptionText(metadata.error) };
    }
  }
}

/** Without metadata the whole rest of the call fails at once; otherwise only the record that waited. */
function refuse(call: SendCall, error: CallError, count: number): void {
  call.error ??= error;
  call.chosen.push(new ChosenPartitions(Array.from({ length: count }, () => -1)));
  call.next += count;
  call.blockedUntilUs = -1;
}

function finishCall(process: ProcessContext, state: ProducerState, call: SendCall): void {
  if (call.call === WORKLOAD_CALL) state.calls.delete(WORKLOAD_CALL);
  else finishIfDone(process, state, call);
}

// ---- workload

/** The application's thread: while it waits in send(), it sends nothing else. */
function workloadTick(process: ProcessContext, state: ProducerState): void {
  const { progress } = state;
  if (progress === null || state.closing !== null) return;
  if (!state.calls.has(WORKLOAD_CALL)) {
    const { topic } = progress.workload;
    beginCall(state, WORKLOAD_CALL, topic, new OutgoingRecords([nextRecord(progress)]));
    poll(process, state);
  }
  const { records = Number.MAX_SAFE_INTEGER, everyMs } = progress.workload;
  if (progress.sent < records) process.schedule(fromMs(everyMs), WORKLOAD_TIMER);
}

function nextRecord(progress: WorkloadProgress): { readonly key: string | null; readonly value: string } {
  const { keys, value = "{n}" } = progress.workload;
  const key = keys.length === 0 ? null : keys[progress.sent % keys.length] ?? null;
  progress.sent += 1;
  return { key, value: value.replaceAll("{n}", String(progress.sent)) };
}

// ---- close

/** Waits for everything that was accepted (KafkaProducer.close without a time-out). */
function close(process: ProcessContext, state: ProducerState, call: number): void {
  if (state.closing !== null) return answerError(process, call, { name: "IllegalState", message: "The producer is being closed", retriable: false });
  state.closing = call;
  if (state.configError !== null) return exit(process, state, call);
  poll(process, state);
}

function isIdle(state: ProducerState): boolean {
  if (state.pending.length > 0) return false;
  for (const topic of state.topics.values()) {
    for (const queue of activeQueues(topic)) if (queue.waiting.length > 0 || queue.inFlight.length > 0) return false;
  }
  return true;
}

function exit(process: ProcessContext, state: ProducerState, call: number): void {
  traceClient(process, { kind: "client-closed", client: state.core.settings.clientId });
  process.outcome({ call, at: process.now, ok: true, value: null });
  process.exit();
}
