// A record of the metadata log as kafka-dump-log prints it: type in capitals, version, data with Kafka's field names. Fields that the engine's
// records have are passed on under their names; those that Kafka writes in another form are turned into it here.
import { isObject, type Json, type JsonObject } from "../read-recording.ts";
import type { LogRecord } from "#engine/raft/raft-batch.ts";

/** ConfigResource.Type. */
const RESOURCE_TYPES: Readonly<Record<string, number>> = { TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32 };
const RECOVERY_STATES: Readonly<Record<string, number>> = { RECOVERED: 0, RECOVERING: 1 };

/** Null for a NoOp record, which the recordings leave out. */
export function metadataRecordJson(record: LogRecord, isControl: boolean): JsonObject | null {
  const { type, ...fields } = record as unknown as { readonly type: string } & Readonly<Record<string, Json>>;
  if (type === "NoOpRecord") return null;
  if (type === "LeaderChangeMessage") return { type: "CONTROL_LEADER_CHANGE" };
  const { recordVersion, ...data } = fields;
  const name = isControl ? `CONTROL_${capitals(type.replace(/(Record|Message)$/, ""))}` : capitals(type);
  return { type: name, ...typeof recordVersion === "number" ? { version: recordVersion } : {}, data: shownData(type, data) };
}

function capitals(type: string): string {
  return type.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
}

function shownData(type: string, data: Readonly<Record<string, Json | undefined>>): JsonObject {
  const shown: Record<string, Json> = {};
  for (const [name, value] of Object.entries(data)) {
    if (value === undefined) continue;
    if (name === "resourceType" && typeof value === "string") shown[name] = RESOURCE_TYPES[value] ?? value;
    else if (name === "leaderRecoveryState" && typeof value === "string") addRecoveryState(type, shown, RECOVERY_STATES[value] ?? value);
    else if (isUnchanged(type, name, value)) continue;
    else shown[name] = plain(value);
  }
  if (type === "RegisterBrokerRecord" && "host" in shown && !("endPoints" in shown)) {
    const { host, port, ...rest } = shown;
    return { ...rest, endPoints: [{ name: "PLAINTEXT", host: host ?? "", port: port ?? 0, securityProtocol: 0 }] };
  }
  return shown;
}

/** RECOVERED is the default and not written in a PartitionRecord. */
function addRecoveryState(type: string, shown: Record<string, Json>, value: Json): void {
  if (type !== "PartitionRecord" || value !== 0) shown["leaderRecoveryState"] = value;
}

/** "No change" is a tagged field's default: it is not written. */
function isUnchanged(type: string, name: string, value: Json): boolean {
  return type === "BrokerRegistrationChangeRecord" && (name === "fenced" || name === "inControlledShutdown") && value === 0;
}

/** Plain data of the engine may hold maps and read-only lists. */
function plain(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return [...value].map(([key, item]) => [plain(key), plain(item)]);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value as Json;
}
