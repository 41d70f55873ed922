// Texts of tools and logs: what only one run has is replaced by its name on both sides.
import type { Json } from "../read-recording.ts";

/** Ports and hosts of the recording, and ours, become the node's name. */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]/g, "[time]"],
  [/:\d+ ms has passed since/g, ":N ms has passed since"],
  [/(deadlineMs|nextAllowedTryMs)=\d+/g, "$1=N"],
  [/tries=\d+/g, "tries=N"],
  [/timed out at \d+ after \d+ attempt\(s\)/g, "timed out at N after N attempt(s)"],
  [/correlation id \d+/g, "correlation id N"],
  [/console-consumer-\d+/g, "console-consumer-N"],
  [/(electionTimeoutMs|fetchTimeoutMs)=\d+/g, "$1=N"],
  [/@[0-9a-f]{6,8}\b/g, "@hash"],
  [/0x[0-9a-f]{8,16}/g, "0xN"],
  [/(adminclient|producer|consumer)-\d+/g, "$1-N"],
];

export function normalisedText(text: string): string {
  let shown = text;
  for (const [pattern, name] of REPLACEMENTS) shown = shown.replace(pattern, name);
  return shown;
}

export function normalisedTexts(value: Json): Json {
  if (typeof value === "string") return normalisedText(value);
  return Array.isArray(value) ? value.map(item => normalisedTexts(item as Json)) : value;
}
