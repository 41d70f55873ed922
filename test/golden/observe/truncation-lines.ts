// What a broker logs when its fetcher cuts its log: made from the facts of the cut, in Kafka's words (ReplicaFetcherThread, UnifiedLog).
import type { GoldenWorld } from "../golden-world.ts";
import { CannotPlay } from "../golden-world.ts";
import type { Json } from "../read-recording.ts";

export function truncationLines(_world: GoldenWorld): Json {
  throw new CannotPlay("the brokers' own log lines are not written here");
}
