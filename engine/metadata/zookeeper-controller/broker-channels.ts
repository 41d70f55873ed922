// The controller's way to each broker: a queue and one request in flight, sent again after 100 ms for as long as the broker is registered.
// Source: ControllerChannelManager.scala, RequestSendThread (3.9). FIDELITY: ZKC-CHANNELS.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import {
  createNetworkClient, type Endpoint, type NetworkClient, networkDisconnect, type NetworkResult, networkSend,
} from "#engine/protocol/network-client.ts";

/** controller.socket.timeout.ms. */
const REQUEST_TIMEOUT_MS = 30_000;
/** RequestSendThread.backoff. */
const RETRY_AFTER_MS = 100;
/** ControllerChannelManager's NetworkClient: reconnect.backoff.ms and its maximum. */
const RECONNECT_BACKOFF_MS = 50;

export const CONTROLLER_CHANNEL_TIMER = "controller channel";

export type ControlApi = Extract<Api, "LeaderAndIsr" | "StopReplica" | "UpdateMetadata">;
export interface ControlRequest<A extends ControlApi = ControlApi> { readonly api: A; readonly body: RequestOf<A> }

interface BrokerChannel {
  readonly brokerId: number;
  readonly endpoint: Endpoint;
  /** Tells a broker's lives apart: answers to an earlier one mean nothing. */
  readonly generation: number;
  queue: ControlRequest[];
  inFlight: ControlRequest | null;
  /** Waiting to send the request in flight again. */
  retryTimer: number;
}

export interface BrokerChannels { readonly network: NetworkClient; readonly byBroker: Map<number, BrokerChannel>; generations: number }

export function createBrokerChannels(controllerId: number): BrokerChannels {
  const network = createNetworkClient("controller", {
    clientId: String(controllerId), reconnectBackoffMs: RECONNECT_BACKOFF_MS, reconnectBackoffMaxMs: RECONNECT_BACKOFF_MS,
    connectionSetupTimeoutMs: 10_000,
  });
  return { network, byBroker: new Map(), generations: 0 };
}

export function addBrokerChannel(channels: BrokerChannels, brokerId: number, endpoint: Endpoint): void {
  if (channels.byBroker.has(brokerId)) return;
  channels.generations += 1;
  channels.byBroker.set(brokerId, { brokerId, endpoint, generation: channels.generations, queue: [], inFlight: null, retryTimer: 0 });
}

/** What was queued is dropped. */
export function removeBrokerChannel(process: ProcessContext, channels: BrokerChannels, brokerId: number): void {
  const channel = channels.byBroker.get(brokerId);
  if (channel === undefined) return;
  channels.byBroker.delete(brokerId);
  if (channel.retryTimer !== 0) process.cancel(channel.retryTimer);
  networkDisconnect(process, channels.network, String(brokerId), "the controller has removed the broker");
}

export function closeBrokerChannels(process: ProcessContext, channels: BrokerChannels): void {
  for (const brokerId of [...channels.byBroker.keys()]) removeBrokerChannel(process, channels, brokerId);
}

export function sendToBroker(process: ProcessContext, channels: BrokerChannels, brokerId: number, request: ControlRequest): void {
  const channel = channels.byBroker.get(brokerId);
  if (channel === undefined) return;
  channel.queue.push(request);
  pump(process, channels, channel);
}

function pump(process: ProcessContext, channels: BrokerChannels, channel: BrokerChannel): void {
  if (channel.inFlight !== null) return;
  const next = channel.queue.shift();
  if (next === undefined) return;
  channel.inFlight = next;
  transmit(process, channels, channel, next);
}

function transmit(process: ProcessContext, channels: BrokerChannels, channel: BrokerChannel, request: ControlRequest): void {
  networkSend(process, channels.network, String(channel.brokerId), channel.endpoint, {
    api: request.api, body: request.body, timeoutMs: REQUEST_TIMEOUT_MS,
    context: { brokerId: channel.brokerId, generation: channel.generation },
  });
}

/** A broker's answer; null when it goes to nobody: the broker's earlier life, or a request that is sent again. */
export interface ControlResponse { readonly brokerId: number; readonly api: ControlApi; readonly request: RequestOf<ControlApi>; readonly response: ResponseOf<ControlApi> }

export function channelResult(process: ProcessContext, channels: BrokerChannels, result: NetworkResult): ControlResponse | null {
  const { brokerId, generation } = result.context as { readonly brokerId: number; readonly generation: number };
  const channel = channels.byBroker.get(brokerId);
  if (channel === undefined || channel.generation !== generation || channel.inFlight === null) return null;
  if (result.response === null) {
    channel.retryTimer = process.schedule(fromMs(RETRY_AFTER_MS), CONTROLLER_CHANNEL_TIMER, brokerId);
    return null;
  }
  channel.inFlight = null;
  pump(process, channels, channel);
  return { brokerId, api: result.api as ControlApi, request: result.request as RequestOf<ControlApi>, response: result.response as ResponseOf<ControlApi> };
}

/** The timer `CONTROLLER_CHANNEL_TIMER`; its payload is the broker. */
export function channelTimer(process: ProcessContext, channels: BrokerChannels, brokerId: number, sequence: number): void {
  const channel = channels.byBroker.get(brokerId);
  if (channel === undefined || channel.retryTimer !== sequence || channel.inFlight === null) return;
  channel.retryTimer = 0;
  transmit(process, channels, channel, channel.inFlight);
}
