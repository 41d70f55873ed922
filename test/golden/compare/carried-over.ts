// The recorder read the metadata log from a file that another process was writing: a record of the last moment may show in its next look only.
import { isObject, type Json, type JsonObject } from "../read-recording.ts";
import type { Difference } from "./compare-json.ts";

/** Differences without records that came too early by one look; `next` is where the next look has to begin then. */
export function withoutCarriedOver(differences: readonly Difference[], nextRecorded: readonly Json[]): { readonly differences: Difference[]; readonly next: number | null } {
  const types = new Set(nextRecorded.filter(isObject).map(record => keyOf(record)));
  let next: number | null = null;
  const rest = differences.filter(({ field, real, simulated }) => {
    if (real !== undefined || !field.endsWith("metadataRecords.+") || !isObject(simulated) || !types.has(keyOf(simulated))) return true;
    const offset = Number(simulated["offset"]);
    next = next === null ? offset : Math.min(next, offset);
    return false;
  });
  return { differences: rest, next };
}

/** Type and what it is about, without ids. */
function keyOf(record: JsonObject): string {
  const data = isObject(record["data"]) ? record["data"] : {};
  return JSON.stringify([record["type"], ...["partitionId", "brokerId", "controllerId", "name", "resourceName", "value"].map(name => data[name] ?? null)]);
}
