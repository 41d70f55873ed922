// How a broker reaches the active controller: a queue with one request in flight, sent again when the connection breaks or the asked
// node is not (or no longer) the active controller, until the request's own time is over. A broker has three: heartbeats, changes of the ISR,
// and what it forwards for clients. Source: NodeToControllerChannelManager.scala (3.9).
import { fromMs } from "#engine/core/time.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import {
  createNetworkClient, type Endpoint, type NetworkClient, networkDisconnect, type NetworkResult, networkSend,
} from "#engine/protocol/network-client.ts";

/** controller.socket.timeout.ms */
const REQUEST_TIMEOUT_MS = 30_000;
/** ControllerChannelManager's NetworkClient: 50 ms, not growing. */
const RECONNECT_BACKOFF_MS = 50;
/** For a request that is tried for as long as the broker lives. */
export const NO_DEADLINE_MS = 4_294_967_295;

/** What its sender wants to have back with the answer: plain immutable data. */
export interface ControllerRequest {
  readonly api: Api;
  readonly body: RequestOf<Api>;
  readonly timeoutMs: number;
  readonly context: unknown;
  /** Client id of who this broker asks for. */
  readonly forwardedFor?: string | undefined;
}

interface QueuedRequest extends ControllerRequest { readonly deadlineUs: number }

export interface ControllerChannel {
  readonly name: string;
  readonly network: NetworkClient;
  queue: QueuedRequest[];
  inFlight: QueuedRequest | null;
  /** Sequence number of the timer for the oldest deadline; 0 for none. */
  timer: number;
  timerAtUs: number;
}

export function createControllerChannel(name: string, nodeId: number): ControllerChannel {
  const network = createNetworkClient(name, {
    clientId: `broker-${nodeId}-${name}`, reconnectBackoffMs: RECONNECT_BACKOFF_MS, reconnectBackoffMaxMs: RECONNECT_BACKOFF_MS,
    connectionSetupTimeoutMs: 10_000,
  });
  return { name, network, queue: [], inFlight: null, timer: 0, timerAtUs: 0 };
}

export function controllerTimerName(channel: ControllerChannel): string {
  return `deadline ${channel.name}`;
}

/** Queues a request; `pumpController` sends it. Its result comes from `controllerResult` or `controllerTimer`. */
export function askController(process: ProcessContext, channel: ControllerChannel, request: ControllerRequest): void {
  channel.queue.push({ ...request, deadlineUs: process.now + fromMs(request.timeoutMs) });
  armTimer(process, channel);
}

/** Whether there is something to send that may be sent now. */
export function isWaiting(channel: ControllerChannel): boolean {
  return channel.inFlight === null && channel.queue.length > 0;
}

/** The active controller, and where it listens. */
export interface ControllerAt { readonly id: number; readonly endpoint: Endpoint }

/** Sends the next request to the active controller when nothing is in flight. */
export function pumpController(process: ProcessContext, channel: ControllerChannel, controller: ControllerAt): void {
  if (channel.inFlight !== null) return;
  const next = channel.queue.shift();
  if (next === undefined) return;
  channel.inFlight = next;
  const leftMs = Math.max(1, Math.ceil((next.deadlineUs - process.now) / 1_000));
  networkSend(process, channel.network, String(controller.id), controller.endpoint, {
    api: next.api, body: next.body, timeoutMs: Math.min(REQUEST_TIMEOUT_MS, leftMs), context: null, forwardedFor: next.forwardedFor,
  });
}

/** What came of the request in flight: null when it goes back to the head of the queue, to be tried again. */
export function controllerResult(process: ProcessContext, channel: ControllerChannel, result: NetworkResult): NetworkResult | null {
  const request = channel.inFlight;
  if (request === null) return null;
  channel.inFlight = null;
  const answered = result.response !== null && !saysNotController(result.response);
  if (answered || request.deadlineUs <= process.now) return { ...result, response: answered ? result.response : null, context: request.context };
  if (result.response !== null) networkDisconnect(process, channel.network, result.peer, "not the active controller");
  channel.queue.unshift(request);
  armTimer(process, channel);
  return null;
}

function saysNotController(response: ResponseOf<Api>): boolean {
  if ("error" in response) return response.error === "NOT_CONTROLLER";
  return "topics" in response && response.topics.some(topic => "error" in topic && topic.error === "NOT_CONTROLLER");
}

/** Requests that have waited too long for a controller: their results, without an answer. */
export function controllerTimer(process: ProcessContext, channel: ControllerChannel, sequence: number): NetworkResult[] {
  if (channel.timer !== sequence) return [];
  channel.timer = 0;
  const expired = channel.queue.filter(request => request.deadlineUs <= process.now);
  if (expired.length > 0) channel.queue = channel.queue.filter(request => request.deadlineUs > process.now);
  armTimer(process, channel);
  return expired.map(({ api, body, context }) => ({ api, peer: "", request: body, response: null, context }));
}

/** Armed only while something waits, at the oldest deadline. */
function armTimer(process: ProcessContext, channel: ControllerChannel): void {
  let at = Number.MAX_SAFE_INTEGER;
  for (const request of channel.queue) if (request.timeoutMs !== NO_DEADLINE_MS && request.deadlineUs < at) at = request.deadlineUs;
  if (at === Number.MAX_SAFE_INTEGER || channel.timer !== 0 && channel.timerAtUs <= at) return;
  if (channel.timer !== 0) process.cancel(channel.timer);
  channel.timerAtUs = at;
  channel.timer = process.schedule(Math.max(0, at - process.now), controllerTimerName(channel));
}
