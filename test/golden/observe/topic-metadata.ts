// What a live broker answers to Metadata, in the recordings' words: topic -> partition -> leader, epoch, replicas, in-sync replicas, offline replicas.
import type { GoldenWorld } from "../golden-world.ts";
import { codeOf } from "../java-exceptions.ts";
import type { Json, JsonObject } from "../read-recording.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";

/** The recorder waited 4 s before it asked the next broker. */
const PATIENCE_MS = 4_000;

/** Null when no broker answers. `via`: brokers in the order in which they are asked; default: all that live. */
export function topicMetadata(world: GoldenWorld, topics: readonly string[], via: readonly number[] = world.liveBrokers()): JsonObject | null {
  for (const broker of via) {
    if (world.process(world.processName(broker)).status === "stopped") continue;
    const answer = world.ask(broker, "Metadata", { topics: topics.map(name => ({ name })), allowAutoTopicCreation: false }, { timeoutMs: PATIENCE_MS });
    if (answer.is === "answer") return shownTopics(answer.body as ResponseOf<"Metadata">);
  }
  return null;
}

function shownTopics(body: ResponseOf<"Metadata">): JsonObject {
  const shown: Record<string, Json> = {};
  for (const topic of body.topics) {
    if (topic.error !== "NONE") {
      shown[topic.name] = { errorCode: codeOf(topic.error) };
      continue;
    }
    const partitions = [...topic.partitions].sort((a, b) => a.partition - b.partition);
    shown[topic.name] = Object.fromEntries(partitions.map(({ partition, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas }) =>
      [String(partition), { leader: leaderId, leaderEpoch, replicas: [...replicaNodes], isr: [...isrNodes], offline: [...offlineReplicas] }]));
  }
  return shown;
}

/** Ids of the brokers that a broker's Metadata names; null when it does not answer. */
export function knownBrokers(world: GoldenWorld, broker: number): number[] | null {
  const answer = world.ask(broker, "Metadata", { topics: [], allowAutoTopicCreation: false }, { timeoutMs: PATIENCE_MS });
  return answer.is === "answer" ? (answer.body as ResponseOf<"Metadata">).brokers.map(({ nodeId }) => nodeId) : null;
}

/** As timelines show it: topic -> partition -> [leader, epoch, in-sync replicas]. */
export function leaderEpochIsr(metadata: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(metadata).map(([topic, partitions]) => {
    const byPartition = partitions as JsonObject;
    if ("errorCode" in byPartition) return [topic, byPartition];
    return [topic, Object.fromEntries(Object.entries(byPartition).map(([partition, state]) => {
      const { leader, leaderEpoch, isr } = state as { leader: Json; leaderEpoch: Json; isr: Json };
      return [partition, [leader as Json, leaderEpoch as Json, isr as Json]];
    }))];
  }));
}
