// java.util.Random, bit for bit: Kafka's replica placement draws from it. 48-bit linear congruential generator, kept as two halves of 24
// bits so that every product stays an exact integer. Source: the documentation of java.util.Random and java.util.Collections.shuffle.

/** The 48 bits of state: upper and lower 24. */
export interface JavaRandom { high: number; low: number }

const HALF = 0x1000000;
const MULTIPLIER_HIGH = 0x5de;
const MULTIPLIER_LOW = 0xece66d;
const INCREMENT = 11;

/** `new Random(seed)` for a seed of 0 to 2^48 - 1. */
export function createJavaRandom(seed: number): JavaRandom {
  const high = Math.floor(seed / HALF) % HALF;
  return { high: (high ^ MULTIPLIER_HIGH) >>> 0, low: (seed % HALF ^ MULTIPLIER_LOW) >>> 0 };
}

/** The next 31 random bits, `next(31)`: the upper 31 of 48. */
function next31(random: JavaRandom): number {
  const low = random.low * MULTIPLIER_LOW + INCREMENT;
  const high = random.high * MULTIPLIER_LOW + random.low * MULTIPLIER_HIGH + Math.floor(low / HALF);
  random.low = low % HALF;
  random.high = high % HALF;
  return random.high * 128 + (random.low >>> 17);
}

/** `nextInt(bound)`: a power of two takes the highest bits, everything else is drawn again where the last range is incomplete. */
export function nextJavaInt(random: JavaRandom, bound: number): number {
  if ((bound & -bound) === bound) return Math.floor(bound * next31(random) / 0x80000000);
  for (;;) {
    const bits = next31(random);
    const value = bits % bound;
    if (bits - value + (bound - 1) < 0x80000000) return value;
  }
}

/** `Collections.shuffle(list, random)`. */
export function shuffleAsJava<T>(list: T[], random: JavaRandom): void {
  for (let size = list.length; size > 1; size -= 1) {
    const other = nextJavaInt(random, size);
    const last = list[size - 1] as T;
    list[size - 1] = list[other] as T;
    list[other] = last;
  }
}

/** `String.hashCode()`. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash, 31) + text.charCodeAt(index) | 0;
  return hash;
}

/**
 * The keys in the order in which a java.util.HashMap that they were put into one by one iterates over them (without tree bins).
 * @param room the initial capacity; Java takes the next power of two
 */
export function hashMapOrder<T>(keys: readonly T[], hashOf: (key: T) => number, room = 16): T[] {
  let capacity = 1;
  while (capacity < room) capacity *= 2;
  while (keys.length > capacity * 3 / 4) capacity *= 2;
  const bucketOf = (key: T): number => {
    const hash = hashOf(key);
    return (hash ^ hash >>> 16) & capacity - 1;
  };
  return keys.map((key, index) => ({ key, index, bucket: bucketOf(key) }))
    .sort((a, b) => a.bucket - b.bucket || a.index - b.index).map(entry => entry.key);
}
