// CRC-32C (Castagnoli) as record batches carry it: reflected polynomial 0x82f63b78, sixteen tables, four words a step ("slicing by 16",
// Kounavis and Berry). Words are read through a view, so the tables assume a little-endian machine; on any other the bytes go one by one.
// Source: Crc32C.java, RFC 3720 B.4.

const POLYNOMIAL = 0x82f63b78;
const SLICES = 16;

/** Table k at [256 k, 256 k + 256): the effect of a byte that k further bytes follow. */
const TABLES = buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index += 1) {
    const before = tables[index - 256] as number;
    tables[index] = before >>> 8 ^ (tables[before & 0xff] as number);
  }
  return tables;
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** The aligned words of the memory behind `bytes`; worth keeping by whoever sums many short ranges of it. */
export function wordsBehind(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >> 2);
}

/** Ranges shorter than this are not worth a view of their own. */
const VIEW_BYTES_MIN = 64;

/**
 * CRC-32C of bytes [from, to) as an unsigned integer. `previous`: of the bytes before, when a sum is built in parts.
 * `words`: `wordsBehind(bytes)`, made here when absent.
 */
export function crc32c(bytes: Uint8Array, from = 0, to: number = bytes.length, previous = 0, words?: Int32Array): number {
  let crc = ~previous;
  let index = from;
  if (IS_LITTLE_ENDIAN && to - from >= (words === undefined ? VIEW_BYTES_MIN : 19)) {
    const head = from + (-(bytes.byteOffset + from) & 3);
    crc = overBytes(crc, bytes, index, head);
    const count = to - head >> 4 << 2;
    const first = bytes.byteOffset + head >> 2;
    crc = overWords(crc, words ?? wordsBehind(bytes), first, first + count);
    index = head + 4 * count;
  }
  return ~overBytes(crc, bytes, index, to) >>> 0;
}

function overBytes(start: number, bytes: Uint8Array, from: number, to: number): number {
  const t = TABLES;
  let crc = start;
  for (let index = from; index < to; index += 1) crc = crc >>> 8 ^ (t[(crc ^ (bytes[index] as number)) & 0xff] as number);
  return crc;
}

/** Words [from, to), a multiple of four. */
function overWords(start: number, words: Int32Array, from: number, to: number): number {
  const t = TABLES;
  let crc = start;
  for (let index = from; index < to; index += 4) {
    const a = crc ^ (words[index] as number);
    const b = words[index + 1] as number;
    const c = words[index + 2] as number;
    const d = words[index + 3] as number;
    crc = (t[3840 + (a & 0xff)] as number) ^ (t[3584 + (a >>> 8 & 0xff)] as number)
      ^ (t[3328 + (a >>> 16 & 0xff)] as number) ^ (t[3072 + (a >>> 24)] as number)
      ^ (t[2816 + (b & 0xff)] as number) ^ (t[2560 + (b >>> 8 & 0xff)] as number)
      ^ (t[2304 + (b >>> 16 & 0xff)] as number) ^ (t[2048 + (b >>> 24)] as number)
      ^ (t[1792 + (c & 0xff)] as number) ^ (t[1536 + (c >>> 8 & 0xff)] as number)
      ^ (t[1280 + (c >>> 16 & 0xff)] as number) ^ (t[1024 + (c >>> 24)] as number)
      ^ (t[768 + (d & 0xff)] as number) ^ (t[512 + (d >>> 8 & 0xff)] as number)
      ^ (t[256 + (d >>> 16 & 0xff)] as number) ^ (t[d >>> 24] as number);
  }
  return crc;
}
