import { describe, expect, test } from "vitest";
import { crc32c, wordsBehind } from "#engine/protocol/crc32c.ts";
import { encodeUtf8 } from "#engine/protocol/utf8.ts";

/** One bit at a time, straight from the polynomial. */
function slowly(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe("CRC-32C", () => {
  test("gives the check value of the standard and the vectors of RFC 3720", () => {
    expect(crc32c(encodeUtf8("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  test("does not depend on length or alignment", () => {
    const memory = Uint8Array.from({ length: 400 }, (_, index) => index * 37 + (index >> 3) & 0xff);
    for (let from = 0; from < 9; from += 1) {
      for (const length of [0, 1, 3, 15, 16, 19, 20, 63, 64, 65, 100, 256, 391]) {
        const bytes = memory.subarray(from, from + length);
        const expected = slowly(bytes);
        expect(crc32c(bytes)).toBe(expected);
        expect(crc32c(memory, from, from + length)).toBe(expected);
        expect(crc32c(memory, from, from + length, 0, wordsBehind(memory))).toBe(expected);
      }
    }
  });

  test("can be built in parts", () => {
    const bytes = encodeUtf8("one record after another, and all of them are counted".repeat(5));
    for (const cut of [0, 1, 70, 200, bytes.length]) {
      expect(crc32c(bytes, cut, bytes.length, crc32c(bytes, 0, cut))).toBe(crc32c(bytes));
    }
  });
});
