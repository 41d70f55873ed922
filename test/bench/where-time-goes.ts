// Runs a body under V8's sampling profiler and tells which part of the engine the time went to.
import { Session, type Profiler } from "node:inspector";

/** The first that matches the function and its file names the part; the rest is told as "other". */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ["garbage collection", /^\(garbage collector\)/],
  ["texts to record bytes", /writeAscii|writeField|writeUtf8|record-batch-builder|varint/],
  ["CRC-32C of batches and values", /crc/],
  ["reading records in the consumer", /record-batch-codec|clients\/consumer/],
  ["producer: partitions, batches, answers", /clients\/|murmur2/],
  ["brokers and their logs", /engine\/(broker|log)\//],
  ["quorum and metadata", /engine\/(raft|metadata)\//],
  ["messages, connections, events, trace", /engine\/(core|protocol|cluster)\//],
];

export function whereTheTimeGoes(body: () => void): string {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.start");
  body();
  let profile: Profiler.Profile | null = null;
  session.post("Profiler.stop", (error, result) => { if (error === null) ({ profile } = result); });
  session.disconnect();
  return profile === null ? "no profile" : shares(profile);
}

function shares(profile: Profiler.Profile): string {
  const partOf = new Map(profile.nodes.map(node => [node.id, part(`${node.callFrame.functionName} ${node.callFrame.url}`)]));
  const times = new Map<string, number>();
  let total = 0;
  profile.samples?.forEach((id, index) => {
    const time = profile.timeDeltas?.[index] ?? 0;
    const name = partOf.get(id) ?? "other";
    times.set(name, (times.get(name) ?? 0) + time);
    total += time;
  });
  return [...times].sort((a, b) => b[1] - a[1]).map(([name, time]) => `${name} ${Math.round(100 * time / total)} %`).join(", ");
}

function part(frame: string): string {
  return PARTS.find(([, pattern]) => pattern.test(frame))?.[0] ?? "other";
}
