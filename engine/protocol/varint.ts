// Zig-zag varints of record batches (and of nothing else here): 7 bits a byte, least significant first. Values beyond 32 bits occur only
// as timestamp deltas; they stay within safe integers. Source: ByteUtils.java.

const FAST_LIMIT = 0x40000000;

/** Bytes that `writeVarint` takes. */
export function varintSize(value: number): number {
  if (value >= FAST_LIMIT || value < -FAST_LIMIT) return largeSize(value);
  const zigzag = value << 1 ^ value >> 31;
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x200000 ? 3 : zigzag < 0x10000000 ? 4 : 5;
}

function largeSize(value: number): number {
  let size = 1;
  for (let rest = zigzagLarge(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** Exact for values within +-2^52. */
function zigzagLarge(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

/** Returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  if (value >= FAST_LIMIT || value < -FAST_LIMIT) return writeLarge(bytes, at, value);
  let rest = value << 1 ^ value >> 31;
  let position = at;
  while (rest >= 0x80) {
    bytes[position] = rest & 0x7f | 0x80;
    rest >>>= 7;
    position += 1;
  }
  bytes[position] = rest;
  return position + 1;
}

function writeLarge(bytes: Uint8Array, at: number, value: number): number {
  let rest = zigzagLarge(value);
  let position = at;
  while (rest >= 0x80) {
    bytes[position] = rest % 0x80 | 0x80;
    rest = Math.floor(rest / 0x80);
    position += 1;
  }
  bytes[position] = rest;
  return position + 1;
}
