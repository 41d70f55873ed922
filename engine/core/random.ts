// Named random streams. Each process and purpose draws from a stream of its own, so that a new draw in one place shifts
// nothing elsewhere. The generator is xoshiro128** (Blackman and Vigna), seeded from the world's seed and the stream's name.
import { invariant } from "./invariant-error.ts";

export interface RandomStream { a: number; b: number; c: number; d: number }

/** FNV-1a of the name, then splitmix-like steps: neighbouring seeds and names give unrelated streams. */
export function createStream(seed: number, name: string): RandomStream {
  // The seed is multiplied first: otherwise seed 0 with "b" would be seed 3 with "a".
  let hash = Math.imul(0x811c9dc5 ^ seed, 0x85ebca6b);
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  const next = (): number => {
    hash = hash + 0x9e3779b9 | 0;
    let z = Math.imul(hash ^ hash >>> 16, 0x21f0aaad);
    z = Math.imul(z ^ z >>> 15, 0x735a2d97);
    return (z ^ z >>> 15) | 0;
  };
  return { a: next(), b: next(), c: next(), d: next() | 1 };
}

/** The next 32 bits, unsigned. */
export function drawUint32(stream: RandomStream): number {
  const product = Math.imul(stream.b, 5);
  const result = Math.imul(product << 7 | product >>> 25, 9);
  const shifted = stream.b << 9;
  stream.c ^= stream.a;
  stream.d ^= stream.b;
  stream.b ^= stream.c;
  stream.a ^= stream.d;
  stream.c ^= shifted;
  stream.d = stream.d << 11 | stream.d >>> 21;
  return result >>> 0;
}

/** A uniform integer in [0, bound); draws again where the last, incomplete range would favour small numbers. */
export function drawBelow(stream: RandomStream, bound: number): number {
  invariant(Number.isSafeInteger(bound) && bound > 0 && bound <= 4294967296, `random bound ${bound}`);
  const limit = 4294967296 - 4294967296 % bound;
  for (;;) {
    const value = drawUint32(stream);
    if (value < limit) return value % bound;
  }
}
