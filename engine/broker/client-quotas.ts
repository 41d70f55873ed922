// Quotas of clients: bytes produced, bytes fetched, time of the request threads. Who exceeds one is told how long to wait, and its connection is not
// read meanwhile. Nobody is authenticated, so every client is the user ANONYMOUS; a quota of a user goes before one of a client id.
// Source: ClientQuotaManager.scala, ClientRequestQuotaManager.scala, QuotaUtils.java (3.9). FIDELITY: BROKER-QUOTA.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { quotaEntityKey } from "#engine/metadata/image.ts";
import type { BrokerState } from "./broker-state.ts";
import { createRate, type Rate, recordRate, throttleTimeMs, WINDOW_MS } from "./rate.ts";
import { unmute } from "./request-channel.ts";

export type QuotaType = "producer_byte_rate" | "consumer_byte_rate" | "request_percentage";
/** By quota and who shares it. */
export type ClientRates = Map<string, Rate>;

export const THROTTLE_TIMER = "throttled channel";

const USER = "ANONYMOUS";
/** The windows that are full, in seconds: what may pass in one burst is this many times the quota. */
const FULL_WINDOWS = 10;

interface Quota { readonly limit: number; readonly sharedBy: string }

/** Who is looked for first; `byUser` and `byClient`: whether each user, each client id has a rate of its own. */
const LEVELS: readonly { readonly user?: string | null; readonly client?: "id" | null }[] = [
  { user: USER, client: "id" }, { user: USER, client: null }, { user: USER }, { user: null, client: "id" }, { user: null, client: null }, { user: null },
  { client: "id" }, { client: null },
];

/** Null: without limit. */
function quotaOf(broker: BrokerState, clientId: string, type: QuotaType): Quota | null {
  for (const { user, client } of LEVELS) {
    const entity = [
      ...user === undefined ? [] : [{ entityType: "user", entityName: user }],
      ...client === undefined ? [] : [{ entityType: "client-id", entityName: client === null ? null : clientId }],
    ];
    const limit = broker.image.clientQuotas.get(quotaEntityKey(entity))?.values.get(type);
    if (limit !== undefined) return { limit, sharedBy: `${type} ${user === undefined ? "" : USER} ${client === undefined ? "" : clientId}` };
  }
  return null;
}

/** Counts what a client has used; how many milliseconds it has to wait. */
export function useQuota(process: ProcessContext, broker: BrokerState, clientId: string, type: QuotaType, amount: number): number {
  if (broker.image.clientQuotas.size === 0) return 0;
  const quota = quotaOf(broker, clientId, type);
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
  const quota = broker.image.clientQuotas.size === 0 ? null : quotaOf(broker, clientId, type);
  const rate = quota === null ? undefined : broker.clientRates.get(quota.sharedBy);
  if (rate !== undefined) recordRate(rate, -amount, toMs(process.now));
}

/** More than this a client may not fetch at once (getMaxValueInQuotaWindow). */
export function mostBytesAtOnce(broker: BrokerState, clientId: string): number {
  const quota = broker.image.clientQuotas.size === 0 ? null : quotaOf(broker, clientId, "consumer_byte_rate");
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
