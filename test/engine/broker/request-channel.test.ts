import { expect, test } from "vitest";
import {
  createRequestChannel, openChannel, receiveRequest, type RequestChannel, REQUEST_TIMER, requestServed, NETWORK_REQUEST_US, SERVICE_RECORD_NS, SERVICE_REQUEST_US, serviceTimeUs, unmute,
} from "#engine/broker/request-channel.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import type { RequestMessage } from "#engine/protocol/messages.ts";
import { batchOf } from "../log/process-with-a-disk.ts";

interface Served { readonly connection: number; readonly correlationId: number; readonly at: number }
interface State { readonly channel: RequestChannel; readonly served: Served[] }
interface Input { readonly connection: number; readonly correlationIds: readonly number[] }

function request(correlationId: number): RequestMessage {
  return { type: "request", api: "ApiVersions", correlationId, clientId: "", body: { clientSoftwareName: "", clientSoftwareVersion: "" } };
}

/** Serves each request as soon as its turn has come, and answers at once unless its correlation id is negative. */
function channelWorld(threads: number, queueMax: number, connections: number): { input(connection: number, ...ids: number[]): void; run(): readonly Served[] } {
  const kind: ProcessKind = {
    kind: "channel", onMessage() {}, onConnected() {}, onAccepted() {}, onClosed() {},
    start(): State {
      const channel = createRequestChannel(threads, queueMax);
      for (let connection = 1; connection <= connections; connection += 1) openChannel(channel, connection, "broker");
      return { channel, served: [] };
    },
    onInput(process, state, input) {
      const { connection, correlationIds } = input as Input;
      for (const id of correlationIds) receiveRequest(process, (state as State).channel, connection, request(id));
    },
    onTimer(process, state, name, payload) {
      expect(name).toBe(REQUEST_TIMER);
      const { channel, served } = state as State;
      const done = requestServed(process, channel, payload);
      if (done === null) return;
      served.push({ connection: done.connection, correlationId: done.message.correlationId, at: process.now });
      if (done.message.correlationId > 0) unmute(process, channel, done.connection);
    },
  };
  const simulation = Simulation.create(1, ["host"], new Map([[kind.kind, kind]]));
  simulation.addProcess("channel", kind.kind, "host", [], null);
  simulation.start("channel");
  simulation.runUntil(1_000);
  return {
    input: (connection, ...correlationIds) => simulation.input("channel", { connection, correlationIds } satisfies Input),
    run: () => { simulation.runUntil(10_000_000); return (simulation.process("channel").state as State).served; },
  };
}

test("requests of one connection are served one after the other, in their order, however many threads there are", () => {
  const world = channelWorld(8, 500, 1);
  world.input(1, 1, 2, 3);
  expect(world.run()).toEqual([1, 2, 3].map(correlationId => ({ connection: 1, correlationId, at: 1_000 + correlationId * (NETWORK_REQUEST_US + SERVICE_REQUEST_US) })));
});

test("a request that waits for something keeps its connection muted and holds no thread", () => {
  const world = channelWorld(1, 500, 2);
  world.input(1, -1, 2);
  world.input(2, 3);
  expect(world.run().map(served => served.correlationId)).toEqual([-1, 3]);
});

test("two threads serve three connections: the third waits for the first thread", () => {
  const world = channelWorld(2, 500, 3);
  for (const connection of [1, 2, 3]) world.input(connection, connection);
  expect(world.run().map(served => served.at - 1_000)).toEqual([1, 1, 2].map(turn => NETWORK_REQUEST_US + turn * SERVICE_REQUEST_US));
});

test("a full queue holds the network back and loses nothing", () => {
  const world = channelWorld(1, 2, 10);
  for (let connection = 1; connection <= 10; connection += 1) world.input(connection, connection);
  expect(world.run().map(served => served.connection)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(world.run().at(-1)?.at).toBe(1_000 + NETWORK_REQUEST_US + 10 * SERVICE_REQUEST_US);
});

test("a produce request costs by its bytes and records, in whole microseconds", () => {
  const batch = batchOf(100);
  const body = { transactionalId: null, acks: 1, timeoutMs: 0, topics: [{ name: "orders", partitions: [{ index: 0, records: [batch] }] }] };
  const message: RequestMessage = { type: "request", api: "Produce", correlationId: 1, clientId: "", body };
  expect(serviceTimeUs(message)).toBe(SERVICE_REQUEST_US + Math.ceil((batch.sizeBytes + 100 * SERVICE_RECORD_NS) / 1_000));
});
