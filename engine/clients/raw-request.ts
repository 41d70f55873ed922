// A request as an operator writes it down, and a response as one reads it: fields that are left out get their default, records are texts.
// Source: the JSON schemas of the messages, for the defaults that are not zero. FIDELITY: CLIENT-RAW-REQUEST.
import { type Api, MESSAGES, type RequestOf, type ResponseOf } from "#engine/protocol/messages.ts";
import { NO_HEADERS, RecordBatchBuilder } from "#engine/protocol/record-batch-builder.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import type { Fields, FieldType } from "#engine/protocol/schema.ts";
import { recordViews } from "./record-text.ts";

const NO_UUID = "AAAAAAAAAAAAAAAAAAAAAA";
/** Numbers whose default in Kafka's schemas is -1. */
const MINUS_ONE: ReadonlySet<string> = new Set([
  "replicaId", "replicaEpoch", "currentLeaderEpoch", "lastFetchedEpoch", "logStartOffset", "producerId", "producerEpoch", "brokerEpoch", "sessionEpoch",
]);
const OTHER_DEFAULTS: Readonly<Record<string, number | boolean>> = {
  maxBytes: 2_147_483_647, partitionMaxBytes: 1_048_576, timeoutMs: 60_000, minBytes: 1, maxWaitMs: 500, allowAutoTopicCreation: true,
};

export function requestBody<A extends Api>(api: A, body: unknown, nowMs: number): RequestOf<A> {
  return filled(MESSAGES[api].request, "", body, nowMs) as RequestOf<A>;
}

function filled(type: FieldType, name: string, value: unknown, nowMs: number): unknown {
  if (value === undefined) return defaultOf(type, name, nowMs);
  switch (type.type) {
    case "records": return (value as readonly WrittenBatch[]).map(batch => recordBatch(batch, nowMs));
    case "array": case "nullableArray":
      return value === null ? null : (value as readonly unknown[]).map(item => filled(type.of, name, item, nowMs));
    case "struct": case "nullableStruct":
      return value === null ? null : filledStruct(type.fields, value as Readonly<Record<string, unknown>>, nowMs);
    default: return value;
  }
}

function filledStruct(types: Fields, fields: Readonly<Record<string, unknown>>, nowMs: number): unknown {
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, filled(type, name, fields[name], nowMs)]));
}

function defaultOf(type: FieldType, name: string, nowMs: number): unknown {
  switch (type.type) {
    case "bool": return OTHER_DEFAULTS[name] ?? false;
    case "string": return "";
    case "uuid": return NO_UUID;
    case "struct": return filledStruct(type.fields, {}, nowMs);
    case "array": case "records": case "metadataRecords": return [];
    case "int8": case "int16": case "int32": case "int64":
      if (name === "error") return "NONE";
      return MINUS_ONE.has(name) ? -1 : OTHER_DEFAULTS[name] ?? 0;
    case "float64": return 0;
    default: return null;
  }
}

/** A batch as a person writes it. */
export interface WrittenBatch {
  readonly records: readonly {
    readonly key?: string | null; readonly value?: string | null; readonly timestampMs?: number; readonly headers?: Readonly<Record<string, string>>;
  }[];
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
}

function recordBatch(batch: WrittenBatch | RecordBatch, nowMs: number): RecordBatch {
  if (batch instanceof RecordBatch) return batch;
  const builder = new RecordBatchBuilder();
  for (const { key, value, timestampMs, headers } of batch.records) {
    builder.append(timestampMs ?? nowMs, key ?? null, value ?? null, headers === undefined ? NO_HEADERS : Object.entries(headers));
  }
  return builder.build({
    producerId: batch.producerId ?? -1, producerEpoch: batch.producerEpoch ?? -1, baseSequence: batch.baseSequence ?? -1, transactional: false,
  });
}

/** The response with its record batches as texts; everything else as it came. */
export function responseView(body: ResponseOf<Api>): unknown {
  return viewOf(body);
}

function viewOf(value: unknown): unknown {
  if (value instanceof RecordBatch) return batchView(value);
  if (Array.isArray(value)) return value.map(viewOf);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, viewOf(item)]));
}

function batchView(batch: RecordBatch): unknown {
  return {
    baseOffset: batch.baseOffset, lastOffset: batch.nextOffset - 1, partitionLeaderEpoch: batch.partitionLeaderEpoch, producerId: batch.producerId,
    producerEpoch: batch.producerEpoch, baseSequence: batch.baseSequence, sizeBytes: batch.sizeBytes,
    records: recordViews(batch, 0, Number.MAX_SAFE_INTEGER),
  };
}
