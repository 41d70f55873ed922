// One generic copy for checkpoint and fork. State is a tree of plain data: objects, arrays, maps, sets, numbers, strings,
// booleans, null, bytes (immutable), append-only lists (shared by length) and shared values (shared by reference).
import { AppendOnlyList } from "./append-only-list.ts";
import { InvariantError } from "./invariant-error.ts";
import { SharedValue } from "./shared-value.ts";

export function copyState<T>(value: T): T {
  return (typeof value === "object" && value !== null ? copyObject(value) : value) as T;
}

function copyObject(value: object): unknown {
  if (Array.isArray(value)) return copyArray(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return copyRecord(value as Record<string, unknown>);
  if (value instanceof SharedValue || value instanceof Uint8Array) return value;
  if (value instanceof AppendOnlyList) return value.share();
  if (value instanceof Map) return copyMap(value);
  if (value instanceof Set) return new Set(value);
  throw new InvariantError(`state holds a ${value.constructor.name}, which cannot be copied`);
}

function copyArray(value: readonly unknown[]): unknown[] {
  const copy = value.slice();
  for (let index = 0; index < copy.length; index += 1) {
    const item = copy[index];
    if (typeof item === "object" && item !== null) copy[index] = copyObject(item);
  }
  return copy;
}

/** A spread keeps the hidden class of the original, so restored state runs as fast as the first. */
function copyRecord(value: Record<string, unknown>): Record<string, unknown> {
  const copy = { ...value };
  for (const key of Object.keys(copy)) {
    const item = copy[key];
    if (typeof item === "object" && item !== null) copy[key] = copyObject(item);
    else if (typeof item === "function") throw new InvariantError(`state holds a function in "${key}"`);
  }
  return copy;
}

function copyMap(value: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
  const copy = new Map<unknown, unknown>();
  for (const [key, item] of value) {
    copy.set(key, typeof item === "object" && item !== null ? copyObject(item) : item);
  }
  return copy;
}
