// The language in which messages are described: one table a message, from which its TypeScript type and its size follow (and, later,
// its codec and its field tree). All messages here are flexible versions (KIP-482): compact lengths, tagged fields.
// FIDELITY: PROTO-SIZE.
import { RecordBatch } from "./record-batch.ts";

export type FieldType =
  | { readonly type: "bool" | "int8" | "int16" | "int32" | "int64" | "float64" | "uuid" | "string" | "nullableString" | "records" | "metadataRecords" }
  | { readonly type: "array"; readonly of: FieldType }
  | { readonly type: "nullableArray"; readonly of: FieldType }
  | { readonly type: "struct" | "nullableStruct"; readonly fields: Fields };
export interface Fields { readonly [name: string]: FieldType }

export const bool = { type: "bool" } as const;
export const int8 = { type: "int8" } as const;
export const int16 = { type: "int16" } as const;
export const int32 = { type: "int32" } as const;
export const int64 = { type: "int64" } as const;
export const float64 = { type: "float64" } as const;
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
export function nullableStruct<const F extends Fields>(fields: F): { readonly type: "nullableStruct"; readonly fields: F } {
  return { type: "nullableStruct", fields };
}

/** Anything that travels as a batch of the metadata log. */
export interface SizedBatch { readonly sizeBytes: number }

/** The TypeScript type of a field. */
export type ValueOf<T> =
  T extends { readonly type: "bool" } ? boolean
  : T extends { readonly type: "int8" | "int16" | "int32" | "int64" | "float64" } ? number
  : T extends { readonly type: "uuid" | "string" } ? string
  : T extends { readonly type: "nullableString" } ? string | null
  : T extends { readonly type: "records" } ? readonly RecordBatch[]
  : T extends { readonly type: "metadataRecords" } ? readonly SizedBatch[]
  : T extends { readonly type: "array"; readonly of: infer U } ? readonly ValueOf<U>[]
  : T extends { readonly type: "nullableArray"; readonly of: infer U } ? readonly ValueOf<U>[] | null
  : T extends { readonly type: "struct"; readonly fields: infer F } ? { readonly [K in keyof F]: ValueOf<F[K]> }
  : T extends { readonly type: "nullableStruct"; readonly fields: infer F } ? { readonly [K in keyof F]: ValueOf<F[K]> } | null
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
export type Sizer = (value: unknown) => number;

/** A number where every value of the type has the same size, so that a table folds its fixed parts into one constant. */
type Size = number | Sizer;

/** Compiles a table once; sizing a message is on the path of every message. */
export function sizerOf(type: FieldType): Sizer {
  const size = compile(type);
  return typeof size === "number" ? () => size : size;
}

function compile(type: FieldType): Size {
  switch (type.type) {
    case "bool": case "int8": return 1;
    case "int16": return 2;
    case "int32": return 4;
    case "int64": case "float64": return 8;
    case "uuid": return 16;
    case "string": case "nullableString": return value => stringSize(value as string | null);
    case "records": case "metadataRecords": return value => batchesSize(value as readonly SizedBatch[]);
    case "array": case "nullableArray": return compileArray(compile(type.of));
    case "struct": return compileStruct(type.fields);
    case "nullableStruct": return compileNullable(compileStruct(type.fields));
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

function compileArray(of: Size): Sizer {
  return value => {
    const values = value as readonly unknown[] | null;
    if (values === null) return 1;
    let bytes = unsignedVarintSize(values.length + 1);
    if (typeof of === "number") return bytes + of * values.length;
    for (const item of values) bytes += of(item);
    return bytes;
  };
}

/** A byte says whether the struct is there. */
function compileNullable(of: Size): Sizer {
  return value => value === null ? 1 : 1 + (typeof of === "number" ? of : of(value));
}

/** One more byte counts the tagged fields: none. */
function compileStruct(fields: Fields): Size {
  let fixed = 1;
  const names: string[] = [];
  const sizers: Sizer[] = [];
  for (const name of Object.keys(fields)) {
    const size = compile(fields[name] as FieldType);
    if (typeof size === "number") fixed += size;
    else { names.push(name); sizers.push(size); }
  }
  if (sizers.length === 0) return fixed;
  return value => {
    let bytes = fixed;
    for (let index = 0; index < sizers.length; index += 1) {
      bytes += (sizers[index] as Sizer)((value as Record<string, unknown>)[names[index] as string]);
    }
    return bytes;
  };
}
