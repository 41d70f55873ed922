// Where requests wait for a processor: one request at a time of each connection (the others stay unread until its response has been
// sent), read by one of num.network.threads network threads, a bounded queue, and num.io.threads request threads with a service time each.
// The broker's and the controller's listener have a channel each. Source: SocketServer.scala, RequestChannel.scala, KafkaRequestHandler.scala (3.9).
// FIDELITY: BROKER-SERVICE-TIME, BROKER-REQUEST-CHANNEL.
import { writeStallUs } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import type { RequestMessage, RequestOf } from "#engine/protocol/messages.ts";

/**
 * Measured as processor time of a broker (Apache Kafka 3.9.1, Java 17, one of two shared cores of a virtual machine) under kafka-producer-perf-test, acks=1:
 * 72 us a produce request of one small record, 2.2 ns a byte (10 kB values, one a request), 77 ns a record (10 byte values, 900 a request). Which
 * share falls to the network thread was not measured: it is taken as a third of the request and half of the bytes.
 */
export const NETWORK_REQUEST_US = 22;
export const NETWORK_BYTE_NS = 1;
export const SERVICE_REQUEST_US = 50;
export const SERVICE_BYTE_NS = 1;
export const SERVICE_RECORD_NS = 77;

export const REQUEST_TIMER = "request served";

/** Default of num.network.threads. */
const NETWORK_THREADS = 3;

export type Listener = "broker" | "controller";

interface ConnectionQueue {
  readonly listener: Listener;
  /** Index of the network thread that reads it. */
  readonly processor: number;
  /** A request of this connection is in work, or its client has to wait. */
  muted: boolean;
  /** The request in work: who has sent it, and what it takes. */
  current: RequestMessage | null;
  /** Arrived meanwhile, oldest first. */
  unread: RequestMessage[];
}

/** @property readUs when its network thread has read it. */
interface AdmittedRequest { readonly listener: Listener; readonly connection: number; readonly message: RequestMessage; readonly readUs: number }

interface RequestThreads {
  /** When each network thread has read what it was given, in microseconds. Connections are given to them in turn. */
  readonly processorsBusyUntilUs: number[];
  nextProcessor: number;
  /** When each thread has finished what it was given, in microseconds. */
  busyUntilUs: number[];
  /** Given to a thread or waiting in the queue. */
  unserved: number;
  /** The queue was full: the network threads hold these. */
  blocked: AdmittedRequest[];
}

export interface RequestChannel {
  readonly queueMax: number;
  readonly threads: { readonly broker: RequestThreads; readonly controller: RequestThreads };
  readonly connections: Map<number, ConnectionQueue>;
}

export function createRequestChannel(threadCount: number, queueMax: number, processorCount = NETWORK_THREADS): RequestChannel {
  const threads = (): RequestThreads => ({ processorsBusyUntilUs: new Array<number>(processorCount).fill(0), nextProcessor: 0, busyUntilUs: new Array<number>(threadCount).fill(0), unserved: 0, blocked: [] });
  return { queueMax, threads: { broker: threads(), controller: threads() }, connections: new Map() };
}

export function openChannel(channel: RequestChannel, connection: number, listener: Listener): void {
  const threads = channel.threads[listener];
  const processor = threads.nextProcessor;
  threads.nextProcessor = (processor + 1) % threads.processorsBusyUntilUs.length;
  channel.connections.set(connection, { listener, processor, muted: false, current: null, unread: [] });
}

/** The process's `onClosed` for an accepted connection: what was unread is forgotten; false when it was not one. */
export function closeChannel(channel: RequestChannel, connection: number): boolean {
  return channel.connections.delete(connection);
}

export function listenerOf(channel: RequestChannel, connection: number): Listener | undefined {
  return channel.connections.get(connection)?.listener;
}

/** A request has arrived. It comes back through `requestServed` after its turn and its service time. */
export function receiveRequest(process: ProcessContext, channel: RequestChannel, connection: number, message: RequestMessage): void {
  const queue = channel.connections.get(connection);
  if (queue === undefined) return;
  if (queue.muted) queue.unread.push(message);
  else admit(process, channel, queue, connection, message);
}

function admit(process: ProcessContext, channel: RequestChannel, queue: ConnectionQueue, connection: number, message: RequestMessage): void {
  queue.muted = true;
  queue.current = message;
  const threads = channel.threads[queue.listener];
  const readUs = Math.max(process.now, threads.processorsBusyUntilUs[queue.processor] as number) + networkTimeUs(message);
  threads.processorsBusyUntilUs[queue.processor] = readUs;
  const request: AdmittedRequest = { listener: queue.listener, connection, message, readUs };
  if (threads.unserved >= threads.busyUntilUs.length + channel.queueMax) threads.blocked.push(request);
  else give(process, threads, request);
}

/** The thread that is free first takes the request; as the queue is in order, its end is known at once. */
function give(process: ProcessContext, threads: RequestThreads, request: AdmittedRequest): void {
  let first = 0;
  const busy = threads.busyUntilUs;
  for (let index = 1; index < busy.length; index += 1) if ((busy[index] as number) < (busy[first] as number)) first = index;
  const startUs = Math.max(process.now, request.readUs, busy[first] as number);
  const endUs = startUs + serviceTimeUs(request.message) + stallUs(process, request.message);
  busy[first] = endUs;
  threads.unserved += 1;
  process.schedule(endUs - process.now, REQUEST_TIMER, request);
}

/** The timer `REQUEST_TIMER`: a request whose turn and service time are over; null when its connection is gone. */
export function requestServed(process: ProcessContext, channel: RequestChannel, payload: unknown): AdmittedRequest | null {
  const request = payload as AdmittedRequest;
  const threads = channel.threads[request.listener];
  threads.unserved -= 1;
  const next = threads.blocked.shift();
  if (next !== undefined) give(process, threads, next);
  return channel.connections.has(request.connection) ? request : null;
}

/** The request of this connection that is in work. */
export function currentRequest(channel: RequestChannel, connection: number): RequestMessage | null {
  return channel.connections.get(connection)?.current ?? null;
}

/** The response of a connection's request was sent (or there is none): its next request is read. */
export function unmute(process: ProcessContext, channel: RequestChannel, connection: number): void {
  const queue = channel.connections.get(connection);
  if (queue === undefined) return;
  queue.muted = false;
  queue.current = null;
  const next = queue.unread.shift();
  if (next !== undefined) admit(process, channel, queue, connection, next);
}

/** A slow disk that is far behind makes the thread wait that writes to its page cache. */
function stallUs(process: ProcessContext, message: RequestMessage): number {
  if (process.device.bytesPerSecond === null || message.api !== "Produce") return 0;
  let bytes = 0;
  for (const topic of (message.body as RequestOf<"Produce">).topics) {
    for (const partition of topic.partitions) for (const batch of partition.records) bytes += batch.sizeBytes;
  }
  return writeStallUs(process.device, process.now, bytes);
}

/** Microseconds of a network thread. */
export function networkTimeUs(message: RequestMessage): number {
  return message.api === "Produce" ? NETWORK_REQUEST_US + Math.ceil(batchesOf(message).bytes * NETWORK_BYTE_NS / 1_000) : NETWORK_REQUEST_US;
}

/** Microseconds of a request thread. Reading for a fetch copies nothing (sendfile), so only what is written costs by size. */
export function serviceTimeUs(message: RequestMessage): number {
  if (message.api !== "Produce") return SERVICE_REQUEST_US;
  const { bytes, records } = batchesOf(message);
  return SERVICE_REQUEST_US + Math.ceil((bytes * SERVICE_BYTE_NS + records * SERVICE_RECORD_NS) / 1_000);
}

function batchesOf(message: RequestMessage): { readonly bytes: number; readonly records: number } {
  let bytes = 0;
  let records = 0;
  for (const topic of (message.body as RequestOf<"Produce">).topics) {
    for (const partition of topic.partitions) {
      for (const batch of partition.records) {
        bytes += batch.sizeBytes;
        records += batch.recordCount;
      }
    }
  }
  return { bytes, records };
}
