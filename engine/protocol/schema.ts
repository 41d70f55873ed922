// The language in which messages are described: one table a message, from which its TypeScript type and its size follow (and, later,
// its codec and its field tree). All messages here are flexible versions (KIP-482): compact lengths, tagged fields.
// FIDELITY: PROTO-SIZE.
import { RecordBatch } from "./record-batch.ts";

export type FieldType =
  | { readonly type: "bool" | "int8" | "int16" | "int32" | "int64" | "uuid" | "string" | "nullableString" | "records" | "metadataRecords" }
  | { readonly type: "array"; readonly of: FieldType }
  | { readonly type: "nullableArray"; readonly of: FieldType }
  | { readonly type: "struct"; readonly fields: Fields };
export interface Fields { readonly [name: string]: FieldType }

export const bool = { type: "bool" } as const;
export const int8 = { type: "int8" } as const;
export const int16 = { type: "int16" } as const;
export const int32 = { type: "int32" } as const;
export const int64 = { type: "int64" } as const;
export const uuid = { type: "uuid" } as const;
export const string = { type: "string" } as const;
export const nullableString = { type: "nullableString" } as const;
/** Record batches of a topic partition, shared by reference. */
export const records = { type: "records" } as const;
/** Batches of the metadata log: typed records, see engine/raft. Anything with `sizeBytes`. */
export const metadataRecords = { type: "metadataRecords" } as const;
export function array<const T extends FieldType>(of: T): { readonly type: "array"; readonly of: T } { return { type: "array", of }; }
export function nullableArray<const T extends FieldType>(of: T): { readonly type: "nullableArray"; readonly of: T } {
  return { type: "nullableArray", of };
}
export function struct<const F extends Fields>(fields: F): { readonly type: "struct"; readonly fields: F } {
  return { type: "struct", fields };
}

/** Anything that travels as a batch of the metadata log. */
export interface SizedBatch { readonly sizeBytes: number }

/** The TypeScript type of a field. */
export type ValueOf<T> =
  T extends { readonly type: "bool" } ? boolean
  : T extends { readonly type: "int8" | "int16" | "int32" | "int64" } ? number
  : T extends { readonly type: "uuid" | "string" } ? string
  : T extends { readonly type: "nullableString" } ? string | null
  : T extends { readonly type: "records" } ? readonly RecordBatch[]
  : T extends { readonly type: "metadataRecords" } ? readonly SizedBatch[]
  : T extends { readonly type: "array"; readonly of: infer U } ? readonly ValueOf<U>[]
  : T extends { readonly type: "nullableArray"; readonly of: infer U } ? readonly ValueOf<U>[] | null
  : T extends { readonly type: "struct"; readonly fields: infer F } ? { readonly [K in keyof F]: ValueOf<F[K]> }
  : never;

function unsignedVarintSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest !== 0; rest >>>= 7) size += 1;
  return size;
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    // A surrogate pair is two code units and four bytes: one extra byte for each unit.
    bytes += code < 0x800 || code >= 0xd800 && code <= 0xdfff ? 1 : 2;
  }
  return bytes;
}

/** Bytes of a value as the flexible versions encode it. */
export function sizeOf(type: FieldType, value: unknown): number {
  switch (type.type) {
    case "bool": case "int8": return 1;
    case "int16": return 2;
    case "int32": return 4;
    case "int64": return 8;
    case "uuid": return 16;
    case "string": case "nullableString": return stringSize(value as string | null);
    case "records": case "metadataRecords": return batchesSize(value as readonly SizedBatch[]);
    case "array": case "nullableArray": return arraySize(type.of, value as readonly unknown[] | null);
    case "struct": return structSize(type.fields, value as Record<string, unknown>);
  }
}

function stringSize(value: string | null): number {
  if (value === null) return 1;
  const length = utf8Length(value);
  return unsignedVarintSize(length + 1) + length;
}

function batchesSize(batches: readonly SizedBatch[]): number {
  let bytes = 0;
  for (const batch of batches) bytes += batch.sizeBytes;
  return unsignedVarintSize(bytes + 1) + bytes;
}

function arraySize(of: FieldType, values: readonly unknown[] | null): number {
  if (values === null) return 1;
  let bytes = unsignedVarintSize(values.length + 1);
  for (const value of values) bytes += sizeOf(of, value);
  return bytes;
}

/** The last byte counts the tagged fields: none. */
function structSize(fields: Fields, value: Record<string, unknown>): number {
  let bytes = 1;
  for (const name of Object.keys(fields)) bytes += sizeOf(fields[name] as FieldType, value[name]);
  return bytes;
}
