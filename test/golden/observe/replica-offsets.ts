// Log end, high watermark and log start of each live replica, asked from that broker itself with the debugging replica id, as the recorder did.
import type { GoldenWorld } from "../golden-world.ts";
import { codeOf } from "../java-exceptions.ts";
import type { Json, JsonObject } from "../read-recording.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";

/** Request.DEBUGGING_CONSUMER_ID: every replica answers it, and shows its log to the end. */
export const DEBUGGING_REPLICA = -2;
const PATIENCE_MS = 30_000;
const LATEST = -1;

export function replicaOffsets(world: GoldenWorld, metadata: JsonObject): JsonObject {
  const shown: Record<string, Json> = {};
  for (const [topic, partitions] of Object.entries(metadata)) {
    const states = partitions as JsonObject;
    if ("errorCode" in states) continue;
    shown[topic] = Object.fromEntries(Object.entries(states).map(([partition, state]) => {
      const replicas = (state as { readonly replicas: readonly number[] }).replicas;
      const live = replicas.filter(broker => world.liveBrokers().includes(broker)).sort((a, b) => a - b);
      return [partition, Object.fromEntries(live.map(broker => [String(broker), offsetsAt(world, broker, topic, Number(partition))]))];
    }));
  }
  return shown;
}

function offsetsAt(world: GoldenWorld, broker: number, topic: string, partition: number): Json {
  // A process that is stopped answers nobody; the recorder's patience is spent for nothing then.
  if (world.process(world.processName(broker)).status === "paused") return { logEndOffset: null, highWatermark: null, logStartOffset: null };
  const listed = world.ask(broker, "ListOffsets", {
    replicaId: DEBUGGING_REPLICA, isolationLevel: 0, topics: [{ name: topic, partitions: [{ partition, currentLeaderEpoch: -1, timestamp: LATEST }] }],
  }, { timeoutMs: PATIENCE_MS });
  const list = listed.is === "answer" ? (listed.body as ResponseOf<"ListOffsets">).topics[0]?.partitions[0] : undefined;
  const fetched = world.ask(broker, "Fetch", fetchBody(topic, partition, Math.max(list?.offset ?? 0, 0)), { timeoutMs: PATIENCE_MS });
  const fetch = fetched.is === "answer" ? (fetched.body as ResponseOf<"Fetch">).topics[0]?.partitions[0] : undefined;
  return {
    logEndOffset: list?.offset ?? null, highWatermark: fetch?.highWatermark ?? null, logStartOffset: fetch?.logStartOffset ?? null,
    ...list !== undefined && list.error !== "NONE" ? { listOffsetsErrorCode: codeOf(list.error) } : {},
    ...fetch !== undefined && fetch.error !== "NONE" ? { fetchError: fetch.error } : {},
  };
}

export interface FetchOptions {
  readonly replicaId?: number; readonly currentLeaderEpoch?: number; readonly lastFetchedEpoch?: number; readonly rackId?: string;
  readonly maxWaitMs?: number; readonly minBytes?: number; readonly isolationLevel?: number;
}

/** The recorder's single fetch: 100 ms, no minimum, one mebibyte. */
export function fetchBody(topic: string, partition: number, offset: number, options: FetchOptions = {}): unknown {
  return {
    replicaId: options.replicaId ?? DEBUGGING_REPLICA, replicaEpoch: -1, maxWaitMs: options.maxWaitMs ?? 100, minBytes: options.minBytes ?? 0, maxBytes: 1 << 20,
    isolationLevel: options.isolationLevel ?? 0, rackId: options.rackId ?? "",
    topics: [{ topic, partitions: [{
      partition, currentLeaderEpoch: options.currentLeaderEpoch ?? -1, fetchOffset: offset, lastFetchedEpoch: options.lastFetchedEpoch ?? -1, logStartOffset: -1,
      partitionMaxBytes: 1 << 20,
    }] }],
  };
}
