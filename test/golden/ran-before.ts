// A scenario may use what an earlier one on the same cluster has left: 09 goes on with the topic of 08. Then the earlier one is played first. What else
// ran before shows only in numbers (epochs, offsets, ids), which are compared by pairs, so it is not played.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObject, type Json, readRecording, type Recording } from "./read-recording.ts";

export function earlierRecordings(recording: Recording): Recording[] {
  const made = topicsMade(recording);
  const missing = topicsUsed(recording).filter(topic => !made.has(topic) && !topic.startsWith("__"));
  if (missing.length === 0) return [];
  return recording.spec.ranBefore.flatMap(id => {
    const path = join(dirname(recording.path), `${id}.json`);
    if (!existsSync(path)) return [];
    const earlier = readRecording(path);
    const makes = topicsMade(earlier);
    return missing.some(topic => makes.has(topic)) ? [earlier] : [];
  });
}

function topicsMade(recording: Recording): ReadonlySet<string> {
  const made = new Set<string>();
  for (const { does } of recording.steps) {
    if (isObject(does["createTopic"]) && typeof does["createTopic"]["name"] === "string") made.add(does["createTopic"]["name"]);
    const match = typeof does["cli"] === "string" && does["cli"].includes("--create") ? /--topic '?([^\s']+)/.exec(does["cli"]) : null;
    if (match !== null) made.add(match[1] ?? "");
  }
  return made;
}

/** Topics whose state is looked at before anything could have made them by itself. */
function topicsUsed(recording: Recording): string[] {
  const used = new Set<string>();
  const first = recording.steps[0]?.fields["observe"];
  if (isObject(first) && isObject(first["metadata"])) {
    for (const [topic, state] of Object.entries(first["metadata"])) if (isObject(state) && !("errorCode" in (state as Record<string, Json>))) used.add(topic);
  }
  return [...used];
}
