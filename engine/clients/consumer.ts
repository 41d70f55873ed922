// The consumer without a group: reads assigned partitions from their leaders, from the beginning, the end or an offset, and keeps count.
// Source: KafkaConsumer.java (assign), AbstractFetch.java, OffsetFetcher.java (3.9). FIDELITY: CLIENT-CONSUMER.
import type { Command } from "#engine/cluster/commands.ts";
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import {
  clientClosed, clientConnected, clientReceived, clientTimer, createClientCore, NEVER_US, nextConnectUs, refreshMetadata, tookMetadata, traceClient,
  wakeAt, woke,
} from "./client-core.ts";
import { wantTopic } from "./client-metadata.ts";
import { fetchAnswered, fetchRecords } from "./consumer-fetch.ts";
import { noteLeaders, positionsValidated, validatePositions } from "./consumer-validation.ts";
import { assign, lookUpPositions, positionsAnswered, seek } from "./consumer-positions.ts";
import { type ConsumerProcessSettings, type ConsumerState, readConsumerConfig } from "./consumer-state.ts";

export const consumerKind: ProcessKind = {
  kind: "consumer",

  start(process: ProcessContext, settings: unknown): ConsumerState {
    const { topic, partitions, from, checksum, ...rest } = settings as ConsumerProcessSettings;
    const state: ConsumerState = {
      core: createClientCore(rest, { allowAutoTopicCreation: true }), config: readConsumerConfig(rest.overrides), topic, wanted: partitions, from,
      hasChecksum: checksum ?? false, partitions: new Map(), isAssigned: false, leadersVersion: -1, mustScan: true, scannedVersion: -1, unscanned: [], idle: [], hasOpenPositions: false, seeks: [], fetching: new Set(), sessions: new Map(),
      consumedRecords: 0, consumedBytes: 0, checksum: 0,
    };
    wantTopic(state.core.metadata, topic);
    poll(process, state);
    return state;
  },

  onInput(process: ProcessContext, state: unknown, input: unknown): void {
    const consumer = state as ConsumerState;
    const command = input as Command;
    if (command.do === "seek") {
      if (command.topic === consumer.topic) seek(process, consumer, command.partition, command.offset);
      poll(process, consumer);
    } else if (command.do === "close-client") {
      traceClient(process, { kind: "client-closed", client: consumer.core.settings.clientId });
      process.outcome({ call: command.call, at: process.now, ok: true, value: null });
      process.exit();
    }
  },

  onConnected(process: ProcessContext, state: unknown, connection: number): void {
    const consumer = state as ConsumerState;
    clientConnected(process, consumer.core, connection);
    poll(process, consumer);
  },

  onMessage(process: ProcessContext, state: unknown, connection: number, message: unknown): void {
    const consumer = state as ConsumerState;
    const result = clientReceived(consumer.core, connection, message);
    if (result !== null) take(process, consumer, [result]);
  },

  onClosed(process: ProcessContext, state: unknown, connection: number): void {
    const consumer = state as ConsumerState;
    take(process, consumer, clientClosed(process, consumer.core, connection));
  },

  onTimer(process: ProcessContext, state: unknown, name: string, payload: unknown, sequence: number): void {
    const consumer = state as ConsumerState;
    const results = clientTimer(process, consumer.core, name, payload, sequence);
    if (results !== null) take(process, consumer, results);
    else if (woke(consumer.core, name, sequence)) {
      // One alarm clock for all deadlines: what it was set for last is nobody's cause.
      process.becauseOf(-1);
      poll(process, consumer);
    }
  },

  onAccepted(): void {},
};

function take(process: ProcessContext, state: ConsumerState, results: readonly NetworkResult[]): void {
  for (const result of results) {
    if (tookMetadata(process, state.core, result)) continue;
    if (result.api === "Fetch") fetchAnswered(process, state, result);
    else if (result.api === "OffsetForLeaderEpoch") positionsValidated(process, state, result);
    else positionsAnswered(process, state, result);
  }
  poll(process, state);
}

function settlePositions(process: ProcessContext, state: ConsumerState): number {
  state.hasOpenPositions = false;
  for (const { reset, validation } of state.partitions.values()) if (reset !== null || validation !== null) state.hasOpenPositions = true;
  return state.hasOpenPositions ? Math.min(lookUpPositions(process, state), validatePositions(process, state)) : NEVER_US;
}

/** Asks for all that can be asked for now and arms the next look. */
function poll(process: ProcessContext, state: ConsumerState): void {
  assign(process, state);
  noteLeaders(state);
  let nextUs = state.hasOpenPositions ? settlePositions(process, state) : NEVER_US;
  nextUs = Math.min(nextUs, fetchRecords(process, state), nextConnectUs(process, state.core));
  // Last, because everything before may have asked for newer metadata.
  nextUs = Math.min(nextUs, refreshMetadata(process, state.core));
  wakeAt(process, state.core, nextUs);
}
