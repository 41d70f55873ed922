// Checks what is sent to one server as it is: a request of Kafka's protocol against its message table, an operation on znodes, a four-letter word.
// Fields that a request leaves out get the schema's default; a field that it does not have is refused.
import { AuthorError, didYouMean, shown } from "./author-error.ts";
import { type Fields, readBoolean, readInteger, readList, readObject, readOneOf, readText } from "./read-input.ts";
import { NODE_ID_MAX, SERVER_ID_MAX } from "./validate-machines.ts";
import { RUN_MS_MAX, TEXT_MAX } from "./validate-spec.ts";
import { type Api, MESSAGES } from "#engine/protocol/messages.ts";
import type { FieldType } from "#engine/protocol/schema.ts";

const OFFSET_MAX = Number.MAX_SAFE_INTEGER;
/** Entries of one list in a request. */
const LIST_MAX = 100_000;
const PATH_LENGTH_MAX = 1_000;
const OPERATIONS_MAX = 10_000;

const INTEGER_LIMITS = {
  int8: 127, int16: 32_767, int32: 2_147_483_647, int64: OFFSET_MAX,
} as const;

export function checkRawCommand(verb: "request" | "zookeeper" | "four-letter-word", where: string, fields: Fields): void {
  switch (verb) {
    case "request": {
      readInteger(`${where}.to`, fields["to"], 1, NODE_ID_MAX);
      const api = readOneOf(`${where}.api`, fields["api"], Object.keys(MESSAGES)) as Api;
      if (fields["timeoutMs"] !== undefined) readInteger(`${where}.timeoutMs`, fields["timeoutMs"], 1, RUN_MS_MAX);
      if (fields["clientId"] !== undefined) readText(`${where}.clientId`, fields["clientId"], 250, 0);
      return checkField(`${where}.body`, fields["body"], MESSAGES[api].request);
    }
    case "zookeeper":
      if (fields["server"] !== undefined) readInteger(`${where}.server`, fields["server"], 1, SERVER_ID_MAX);
      return checkOperation(`${where}.operation`, fields["operation"], true);
    case "four-letter-word":
      readText(`${where}.word`, fields["word"], 4, 4);
      readInteger(`${where}.server`, fields["server"], 1, SERVER_ID_MAX);
  }
}

function checkField(where: string, value: unknown, type: FieldType): void {
  switch (type.type) {
    case "bool": readBoolean(where, value); return;
    case "int8": case "int16": case "int32": case "int64":
      if (where.endsWith(".error")) readText(where, value, 100);
      else readInteger(where, value, -INTEGER_LIMITS[type.type] - (type.type === "int64" ? 0 : 1), INTEGER_LIMITS[type.type]);
      return;
    case "uuid": case "string": readText(where, value, TEXT_MAX, 0); return;
    case "nullableString": if (value !== null) readText(where, value, TEXT_MAX, 0); return;
    case "records": return checkBatches(where, value);
    case "metadataRecords": readList(where, value, 0, 0); return;
    case "float64":
      if (typeof value !== "number" || !Number.isFinite(value)) readInteger(where, value, -OFFSET_MAX, OFFSET_MAX);
      return;
    case "array": case "nullableArray":
      if (value === null && type.type === "nullableArray") return;
      for (const [index, item] of readList(where, value, 0, LIST_MAX).entries()) checkField(`${where}[${index}]`, item, type.of);
      return;
    case "struct": case "nullableStruct": {
      if (value === null && type.type === "nullableStruct") return;
      const fields = readObject(where, value, Object.keys(type.fields));
      for (const [name, field] of Object.entries(type.fields)) {
        if (fields[name] !== undefined) checkField(`${where}.${name}`, fields[name], field);
      }
    }
  }
}

const BATCH_KEYS = ["records", "producerId", "producerEpoch", "baseSequence"];

/** Batches as a person writes them: their records, and the producer's numbers when there is one. */
function checkBatches(where: string, value: unknown): void {
  for (const [index, item] of readList(where, value, 0, 100).entries()) {
    const at = `${where}[${index}]`;
    const batch = readObject(at, item, BATCH_KEYS);
    if (batch["producerId"] !== undefined) readInteger(`${at}.producerId`, batch["producerId"], -1, OFFSET_MAX);
    if (batch["producerEpoch"] !== undefined) readInteger(`${at}.producerEpoch`, batch["producerEpoch"], -1, 32_767);
    if (batch["baseSequence"] !== undefined) readInteger(`${at}.baseSequence`, batch["baseSequence"], -1, 2_147_483_647);
    for (const [place, record] of readList(`${at}.records`, batch["records"], 1, LIST_MAX).entries()) {
      const fields = readObject(`${at}.records[${place}]`, record, ["key", "value", "timestampMs", "headers"]);
      for (const name of ["key", "value"]) if ((fields[name] ?? null) !== null) readText(`${at}.records[${place}].${name}`, fields[name], TEXT_MAX, 0);
      if (fields["timestampMs"] !== undefined) readInteger(`${at}.records[${place}].timestampMs`, fields["timestampMs"], -1, OFFSET_MAX);
    }
  }
}

const OPERATION_KEYS = {
  create: ["path", "data", "mode"], delete: ["path", "version"], setData: ["path", "data", "version"], check: ["path", "version"],
  exists: ["path", "watch"], getData: ["path", "watch"], getChildren: ["path", "watch"], sync: ["path"], multi: ["operations"],
} as const;

function checkOperation(where: string, value: unknown, isWhole: boolean): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) readObject(where, value, ["op"]);
  const writes = ["create", "delete", "setData", "check"] as const;
  const alone = ["create", "delete", "setData", "exists", "getData", "getChildren", "sync", "multi"] as const;
  const op = readOneOf(`${where}.op`, (value as Fields)["op"], isWhole ? alone : writes);
  const fields = readObject(where, value, ["op", ...OPERATION_KEYS[op]]);
  if (op === "multi") {
    for (const [index, operation] of readList(`${where}.operations`, fields["operations"], 1, OPERATIONS_MAX).entries()) {
      checkOperation(`${where}.operations[${index}]`, operation, false);
    }
    return;
  }
  checkPath(`${where}.path`, fields["path"]);
  switch (op) {
    case "create": case "setData":
      if (fields["data"] !== null) readText(`${where}.data`, fields["data"], TEXT_MAX, 0);
      if (op === "setData") readInteger(`${where}.version`, fields["version"], -1, 2_147_483_647);
      else readOneOf(`${where}.mode`, fields["mode"], ["persistent", "ephemeral", "persistent-sequential", "ephemeral-sequential"]);
      return;
    case "delete": case "check": readInteger(`${where}.version`, fields["version"], -1, 2_147_483_647); return;
    case "exists": case "getData": case "getChildren": readBoolean(`${where}.watch`, fields["watch"]); return;
    case "sync": return;
  }
}

/** As PathUtils.validatePath of ZooKeeper. */
function checkPath(where: string, value: unknown): void {
  const path = readText(where, value, PATH_LENGTH_MAX);
  if (path.startsWith("/") && (path === "/" || !path.endsWith("/")) && !path.includes("//")) return;
  throw new AuthorError({
    code: "wrong-format", where, what: "this is not the path of a znode", expected: "a path such as \"/brokers/ids\"", found: shown(value),
    cure: didYouMean(path, [`/${path.replace(/^\/+|\/+$/g, "")}`], "Begin it with \"/\", end it without one."),
  });
}
