// Quotas of clients: bytes produced, bytes fetched, time of the request threads. Who exceeds one is told how long to wait, and its connection is not
// read meanwhile.
// Source: ClientQuotaManager.scala, ClientRequestQuotaManager.scala, QuotaUtils.java (3.9). FIDELITY: BROKER-QUOTA.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { quotaOfClient } from "#engine/metadata/quota-of-client.ts";
import type { BrokerState } from "./broker-state.ts";
import { createRate, type Rate, recordRate, throttleTimeMs, WINDOW_MS } from "./rate.ts";
import { unmute } from "./request-channel.ts";

export type QuotaType = "producer_byte_rate" | "consumer_byte_rate" | "request_percentage";
/** By quota and who shares it. */
export type ClientRates = Map<string, Rate>;

export const THROTTLE_TIMER = "throttled channel";

/** The windows that are full, in seconds: what may pass in one burst is this many times the quota. */
const FULL_WINDOWS = 10;

/** Counts what a client has used; how many milliseconds it has to wait. */
export function useQuota(process: ProcessContext, broker: BrokerState, clientId: string, type: QuotaType, amount: number): number {
  const quota = quotaOfClient(broker.image, clientId, type);
  if (quota === null) return 0;
  let rate = broker.clientRates.get(quota.sharedBy);
  if (rate === undefined) broker.clientRates.set(quota.sharedBy, rate = createRate());
  const nowMs = toMs(process.now);
  recordRate(rate, amount, nowMs);
  const waitMs = throttleTimeMs(rate, quota.limit, nowMs);
  return type === "request_percentage" ? Math.min(waitMs, WINDOW_MS) : waitMs;
}

/** Takes back what was counted for an answer that is not sent. */
export function giveBackQuota(process: ProcessContext, broker: BrokerState, clientId: string, type: QuotaType, amount: number): void {
  const quota = quotaOfClient(broker.image, clientId, type);
  const rate = quota === null ? undefined : broker.clientRates.get(quota.sharedBy);
  if (rate !== undefined) recordRate(rate, -amount, toMs(process.now));
}

/** More than this a client may not fetch at once (getMaxValueInQuotaWindow). */
export function mostBytesAtOnce(broker: BrokerState, clientId: string): number {
  const quota = quotaOfClient(broker.image, clientId, "consumer_byte_rate");
  return quota === null ? Number.MAX_SAFE_INTEGER : quota.limit * FULL_WINDOWS;
}

/** Time of a request thread in percent of a second. */
export function percentOf(threadUs: number): number {
  return threadUs / 10_000;
}

/** The answer is sent at once; the connection's next request is read when the time is over. */
export function muteFor(process: ProcessContext, connection: number, waitMs: number): void {
  process.schedule(fromMs(waitMs), THROTTLE_TIMER, connection);
}

/** The timer `THROTTLE_TIMER`. */
export function throttleOver(process: ProcessContext, broker: BrokerState, connection: number): void {
  unmute(process, broker.requests, connection);
}
