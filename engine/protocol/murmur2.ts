// murmur2 as Kafka's producer hashes keys: 32 bits, seed 0x9747b28c, and the partition it leads to.
// Source: Utils.murmur2, Utils.toPositive, BuiltInPartitioner.partitionForKey.
import { encodeUtf8 } from "./utf8.ts";

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
/** Longer texts than this are rare as keys; they take the way over bytes. */
const CODES_MAX = 256;
const CODES = new Uint8Array(CODES_MAX);

/** A signed 32-bit integer. */
export function murmur2(bytes: Uint8Array): number {
  return hash(bytes, bytes.length);
}

/** The same for the UTF-8 bytes of a text; ASCII texts need no allocation. */
export function murmur2OfText(text: string): number {
  const length = text.length;
  if (length <= CODES_MAX) {
    let mixed = 0;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      CODES[index] = code;
      mixed |= code;
    }
    if (mixed < 0x80) return hash(CODES, length);
  }
  const bytes = encodeUtf8(text);
  return hash(bytes, bytes.length);
}

function hash(bytes: Uint8Array, length: number): number {
  let h = SEED ^ length;
  const whole = length & ~3;
  for (let index = 0; index < whole; index += 4) {
    let k = (bytes[index] as number) | (bytes[index + 1] as number) << 8 | (bytes[index + 2] as number) << 16 | (bytes[index + 3] as number) << 24;
    k = Math.imul(k, MULTIPLIER);
    k ^= k >>> 24;
    h = Math.imul(h, MULTIPLIER) ^ Math.imul(k, MULTIPLIER);
  }
  const tail = length & 3;
  if (tail === 3) h ^= (bytes[whole + 2] as number) << 16;
  if (tail >= 2) h ^= (bytes[whole + 1] as number) << 8;
  if (tail >= 1) h = Math.imul(h ^ (bytes[whole] as number), MULTIPLIER);
  h ^= h >>> 13;
  h = Math.imul(h, MULTIPLIER);
  return h ^ h >>> 15;
}

/** Clears the sign bit; it is not the absolute value. */
export function toPositive(value: number): number {
  return value & 0x7fffffff;
}

/** Where a keyed record goes: over all partitions of the topic, whether they have a leader or not. */
export function partitionForKey(key: Uint8Array | string, partitions: number): number {
  return toPositive(typeof key === "string" ? murmur2OfText(key) : murmur2(key)) % partitions;
}
