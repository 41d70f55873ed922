// Fills in the fields of a request that a recording does not name, from the message tables: nothing, empty, or -1 as Kafka's defaults are.
import { type Api, MESSAGES } from "#engine/protocol/messages.ts";
import type { FieldType } from "#engine/protocol/schema.ts";

/** Defaults other than -1, "", false, null and []. */
const DEFAULTS: Readonly<Record<string, unknown>> = { sessionId: 0, isolationLevel: 0 };

export function fullRequest(api: Api, body: unknown): unknown {
  return filled(MESSAGES[api].request as FieldType, body);
}

function filled(type: FieldType, value: unknown, name = ""): unknown {
  if (value === undefined) return name in DEFAULTS ? DEFAULTS[name] : absent(type);
  switch (type.type) {
    case "struct": return Object.fromEntries(Object.entries(type.fields).map(([field, of]) => [field, filled(of, (value as Readonly<Record<string, unknown>>)[field], field)]));
    case "array": case "nullableArray": return value === null ? null : (value as readonly unknown[]).map(item => filled(type.of, item));
    default: return value;
  }
}

function absent(type: FieldType): unknown {
  switch (type.type) {
    case "bool": return false;
    case "string": return "";
    case "uuid": return "AAAAAAAAAAAAAAAAAAAAAA";
    case "nullableString": case "nullableArray": return null;
    case "array": case "records": case "metadataRecords": return [];
    case "struct": return filled(type, {});
    default: return -1;
  }
}
