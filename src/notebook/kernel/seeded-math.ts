// Math for cells: everything as it is, and a Math.random that gives each cell the same numbers in each of its runs.

/** @param seed any text; the run's seed and the cell's name. */
export function seededMath(seed: string): Math {
  const random = mulberry32(hash(seed));
  const math = Object.create(null) as Record<string, unknown>;
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(Math))) Object.defineProperty(math, name, descriptor);
  Object.defineProperty(math, Symbol.toStringTag, { value: 'Math' });
  Object.defineProperty(math, 'random', { value: random, configurable: true, writable: true });
  return math as unknown as Math;
}

/** FNV-1a over the code units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** A small generator with 32 bits of state; good enough for sample keys, and the same on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
