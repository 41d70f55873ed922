// The quota on what clients change in the metadata (controller_mutation_rate, KIP-599): each partition created or deleted takes a token. Who has
// less than none is refused; who has any left may take as many as it likes.
// Follows ControllerMutationQuotaManager.scala (StrictControllerMutationQuota), TokenBucket.java (3.9). FIDELITY: META-MUTATION-QUOTA.
import { type Refusal, refuse } from "./replica-assignment.ts";
import type { MetadataImage } from "./image.ts";
import { quotaOfClient } from "./quota-of-client.ts";

/** controller.quota.window.num, of one second each: what may be saved up is this many times the quota. */
const WINDOWS = 11;

export interface TokenBucket { tokens: number; filledUs: number }
/** By who shares them. */
export type MutationBuckets = Map<string, TokenBucket>;

/** What one request of a client may change. */
export interface MutationQuota {
  readonly limit: number;
  /** Null: without limit. */
  readonly bucket: TokenBucket | null;
  /** How long the client has to wait after a refusal. */
  throttleTimeMs: number;
}

export function mutationQuota(image: MetadataImage, buckets: MutationBuckets, clientId: string, nowUs: number): MutationQuota {
  const quota = quotaOfClient(image, clientId, "controller_mutation_rate");
  if (quota === null) return { limit: 0, bucket: null, throttleTimeMs: 0 };
  const { limit, sharedBy } = quota;
  let bucket = buckets.get(sharedBy);
  if (bucket === undefined) buckets.set(sharedBy, bucket = { tokens: limit * WINDOWS, filledUs: nowUs });
  bucket.tokens = Math.min(limit * WINDOWS, bucket.tokens + limit * (nowUs - bucket.filledUs) / 1_000_000);
  bucket.filledUs = nowUs;
  return { limit, bucket, throttleTimeMs: 0 };
}

/** Takes a token for each partition; null when the client may. */
export function takeMutations(quota: MutationQuota, partitions: number): Refusal | null {
  const { bucket, limit } = quota;
  if (bucket === null) return null;
  if (bucket.tokens >= 0) {
    bucket.tokens -= partitions;
    return null;
  }
  quota.throttleTimeMs = Math.round(-bucket.tokens / limit * 1_000);
  return refuse("THROTTLING_QUOTA_EXCEEDED", "The throttling quota has been exceeded.");
}
