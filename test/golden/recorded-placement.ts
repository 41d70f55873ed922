// Where a topic without an assignment lies is drawn at random by the cluster. The recording tells what was drawn, in its next observation or
// description of the topic; a replay tries until its own draw is the same, which also shows that the recorded placement is one that the placer can give.
import type { GoldenWorld } from "./golden-world.ts";
import { topicMetadata } from "./observe/topic-metadata.ts";
import { isObject, type Json, type JsonObject, type Recording } from "./read-recording.ts";

/** True also when the recording does not tell. */
export function hasRecordedPlacement(world: GoldenWorld, recording: Recording, stepNumber: number, topic: string): boolean {
  const recorded = recordedPlacement(recording, stepNumber, topic);
  if (recorded === null) return true;
  const metadata = topicMetadata(world, [topic]);
  const partitions = metadata?.[topic];
  if (!isObject(partitions)) return true;
  return Object.entries(recorded).every(([partition, replicas]) => {
    const state = partitions[partition];
    return state === undefined || JSON.stringify((state as JsonObject)["replicas"]) === JSON.stringify(replicas);
  });
}

/** Partition -> replicas as first seen from this step on; null when it is not told before the topic changes. */
export function recordedPlacement(recording: Recording, stepNumber: number, topic: string): Readonly<Record<string, readonly number[]>> | null {
  for (const step of recording.steps.slice(stepNumber - 1)) {
    const command = step.does["cli"];
    const isLater = step.number > stepNumber;
    if (isLater && (step.does["reassign"] !== undefined || typeof command === "string" && /--(execute|delete)\b/.test(command) && command.includes(topic))) return null;
    const observed = isObject(step.fields["observe"]) ? step.fields["observe"] : {};
    const metadata = isObject(observed["metadata"]) ? observed["metadata"][topic] : undefined;
    if (isObject(metadata) && !("errorCode" in metadata)) {
      return Object.fromEntries(Object.entries(metadata).map(([partition, state]) => [partition, (state as { readonly replicas: readonly number[] }).replicas]));
    }
    const fromRecords = placementInRecords(observed["metadataRecords"] ?? step.fields["metadataRecords"], topic);
    if (fromRecords !== null) return fromRecords;
    const described = typeof step.fields["stdout"] === "string" ? placementInText(step.fields["stdout"], topic) : null;
    if (described !== null) return described;
  }
  return null;
}

function placementInRecords(records: Json | undefined, topic: string): Record<string, number[]> | null {
  if (!Array.isArray(records)) return null;
  const dataOf = (record: Json): JsonObject => isObject(record) && isObject(record["data"]) ? record["data"] : {};
  const created = records.find((record: Json) => isObject(record) && record["type"] === "TOPIC_RECORD" && dataOf(record)["name"] === topic);
  if (created === undefined) return null;
  const id = dataOf(created as Json)["topicId"];
  const partitions = records.filter((record: Json) => isObject(record) && record["type"] === "PARTITION_RECORD" && dataOf(record)["topicId"] === id);
  if (partitions.length === 0) return null;
  return Object.fromEntries(partitions.map((record: Json) => [String(dataOf(record)["partitionId"]), dataOf(record)["replicas"] as number[]]));
}

/** Lines of kafka-topics.sh --describe. */
function placementInText(text: string, topic: string): Record<string, number[]> | null {
  const placement: Record<string, number[]> = {};
  for (const line of text.split("\n")) {
    const match = /Topic: (\S+)\tPartition: (\d+)\t.*Replicas: ([\d,]+)/.exec(line);
    if (match !== null && match[1] === topic) placement[match[2] ?? ""] = (match[3] ?? "").split(",").map(Number);
  }
  return Object.keys(placement).length === 0 ? null : placement;
}
