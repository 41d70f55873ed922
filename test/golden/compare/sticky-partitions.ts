// Records without key and partition go where the sticky partitioner's random draws put them. What can be compared: how long it sticks, that offsets of
// a partition are consecutive, and every error. Source of the rule: the recordings' `random` ("the partition of unkeyed records (not that it sticks)").
import { isObject, type Json, type RecordedStep, type Recording } from "../read-recording.ts";
import type { Difference } from "./compare-json.ts";

export function goesWhereChanceWill(recording: Recording, step: RecordedStep): boolean {
  const does = step.does["produce"];
  if (!isObject(does) || !Array.isArray(does["records"]) || !recording.random.some(text => text.includes("partition of unkeyed records"))) return false;
  return does["records"].some((record: Json) => isObject(record) && record["k"] === undefined && record["p"] === undefined);
}

interface Sent { readonly partition: number; readonly offset: number }

export function compareSticky(field: string, real: readonly Json[], simulated: readonly Json[], out: Difference[]): void {
  const errors = (list: readonly Json[]): Json => list.flatMap((item, index) => isObject(item) && "error" in item ? [{ index, error: item["error"] as Json }] : []);
  if (JSON.stringify(errors(real)) !== JSON.stringify(errors(simulated))) out.push({ field: `${field}.errors`, real: errors(real), simulated: errors(simulated) });
  if (real.length !== simulated.length) out.push({ field: `${field}.length`, real: real.length, simulated: simulated.length });
  const [wanted, ours] = [sentOf(real), sentOf(simulated)];
  const [wantedStride, ourStride] = [strideOf(wanted), strideOf(ours)];
  // Two draws in a row may name the same partition: a stretch is then twice as long. So a shorter list of switches proves nothing by its lengths alone.
  if (wantedStride !== ourStride) out.push({ field: `${field}.recordsOnOnePartition`, real: wantedStride, simulated: ourStride });
  const gap = gapIn(ours);
  if (gap !== null) out.push({ field: `${field}.offset`, real: "consecutive on each partition", simulated: gap as unknown as Json });
}

function sentOf(list: readonly Json[]): Sent[] {
  return list.flatMap(item => isObject(item) && typeof item["partition"] === "number" ? [{ partition: item["partition"], offset: Number(item["offset"]) }] : []);
}

/** The shortest stretch on one partition that is not the last, if all others are multiples of it; "never" without a switch. */
function strideOf(sent: readonly Sent[]): number | string {
  const lengths: number[] = [];
  for (const [index, { partition }] of sent.entries()) {
    if (index > 0 && sent[index - 1]?.partition === partition) lengths.push((lengths.pop() ?? 0) + 1);
    else lengths.push(1);
  }
  const whole = lengths.slice(0, -1);
  if (whole.length === 0) return "never";
  const shortest = Math.min(...whole);
  return whole.every(length => length % shortest === 0) ? shortest : whole.join(",");
}

function gapIn(sent: readonly Sent[]): Sent | null {
  const next = new Map<number, number>();
  for (const { partition, offset } of sent) {
    const expected = next.get(partition);
    if (expected !== undefined && expected !== offset) return { partition, offset };
    next.set(partition, offset + 1);
  }
  return null;
}
