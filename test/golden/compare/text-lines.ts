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
  [/\b\d+ms\b/g, "Nms"],
  [/\b(broker|controller)(\d+)\b(?=[:/<])/g, "localhost"],
];

/** Lines that are no events: dumps of the settings at a start. */
function isEvent(line: string): boolean {
  return !line.startsWith("\t");
}

/** The kind of a line: its first words without names and numbers, and its logger. */
function kindOf(line: string): string {
  const text = line.replace(/^\[[^\]]*\] /, "").replace(/\[[^\]]*\]/g, "[]").replace(/[\w.-]+-\d+\b/g, "P").replace(/\d+/g, "N");
  return `${text.split(" ").slice(0, 4).join(" ")} ${/\(([\w.$]+)\)$/.exec(line)?.[1] ?? ""}`;
}

/**
 * The recorder kept lines by patterns that the file does not tell: a kind of line that it shows nowhere was not kept. Lines that repeat while a
 * process goes on trying stand for one.
 */
export function keptLines(lines: readonly string[], kinds: ReadonlySet<string>): string[] {
  return lines.filter(line => isEvent(line) && kinds.has(kindOf(line))).map(normalisedText).filter((line, index, all) => index === 0 || line !== all[index - 1]);
}

export function kindsOf(lines: readonly string[]): Set<string> {
  return new Set(lines.map(kindOf));
}

export function normalisedText(text: string): string {
  let shown = text;
  for (const [pattern, name] of REPLACEMENTS) shown = shown.replace(pattern, name);
  return shown;
}

export function normalisedTexts(value: Json): Json {
  if (typeof value === "string") return normalisedText(value);
  return Array.isArray(value) ? value.map(item => normalisedTexts(item as Json)) : value;
}
