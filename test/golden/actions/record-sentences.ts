// The recordings describe long lists of records by a sentence. Each sentence is one that the recorder writes; the records are those that it sent.
import { CannotPlay } from "../golden-world.ts";
import { isObject, type Recording } from "../read-recording.ts";
import type { OutgoingRecord } from "#engine/cluster/commands.ts";

/** What a sentence leaves to the rest of the file. @property valueBytes of the file's first sentence. */
interface Around { readonly valueBytes: number; readonly segmentBytes: number; readonly clockMs: number }

type Reader = readonly [RegExp, (match: RegExpExecArray, around: Around) => OutgoingRecord[]];

function list(count: number, record: (index: number) => OutgoingRecord): OutgoingRecord[] {
  return Array.from({ length: count }, (_, index) => record(index));
}

const READERS: readonly Reader[] = [
  [/^(\d+) records of (\d+) bytes to partition (\d+)$/, ([, count, bytes, partition]) =>
    list(Number(count), () => ({ key: null, value: "x".repeat(Number(bytes)), partition: Number(partition) }))],
  [/^(\d+) records of (\d+) bytes, one by one$/, ([, count, bytes]) => list(Number(count), () => ({ key: null, value: "x".repeat(Number(bytes)) }))],
  [/^(\d+) records one by one, keys k0 k1 k2 in turn, value (\d+) bytes, timestamps (\d+) \+ (\d+) i$/, ([, count, bytes, first, step]) =>
    list(Number(count), index => ({ key: `k${index % 3}`, value: "x".repeat(Number(bytes)), timestampMs: Number(first) + Number(step) * index }))],
  [/^(\d+) records one by one, value (\d+) bytes$/, ([, count, bytes]) => list(Number(count), () => ({ key: null, value: "x".repeat(Number(bytes)) }))],
  [/^(\d+) records one by one, keys ([\w-]+?)(\d+)\.\.(\d+) in turn, then a tombstone for (\S+)$/, ([, count, name, first, last, dead], around) => [
    ...list(Number(count), index => ({
      key: `${name}${Number(first) + index % (Number(last) - Number(first) + 1)}`, value: `v${index}${"x".repeat(Math.floor(around.valueBytes / 2))}`,
      timestampMs: around.clockMs,
    })),
    { key: dead ?? "", value: null },
  ]],
  [/^(\S+) until two segments later$/, ([, key], around) =>
    list(Math.floor(2 * around.segmentBytes / around.valueBytes), () => ({ key: key ?? "", value: "x".repeat(around.valueBytes) }))],
];

export function recordsOfSentence(sentence: string, recording: Recording, topic: string, clockMs: number): OutgoingRecord[] {
  for (const [pattern, read] of READERS) {
    const match = pattern.exec(sentence);
    if (match !== null) return read(match, aroundOf(recording, topic, clockMs));
  }
  throw new CannotPlay(`records are described by a sentence that is not known here: "${sentence}"`);
}

function aroundOf(recording: Recording, topic: string, clockMs: number): Around {
  let valueBytes = 1000;
  let segmentBytes = 1_073_741_824;
  for (const { does } of [...recording.steps].reverse()) {
    const { createTopic, produce } = does;
    if (isObject(createTopic) && createTopic["name"] === topic && isObject(createTopic["configs"])) segmentBytes = Number(createTopic["configs"]["segment.bytes"] ?? segmentBytes);
    const match = isObject(produce) && typeof produce["records"] === "string" ? /value (\d+) bytes/.exec(produce["records"]) : null;
    if (match !== null) valueBytes = Number(match[1]);
  }
  return { valueBytes, segmentBytes, clockMs };
}
