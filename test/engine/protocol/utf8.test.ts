import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeUtf8, encodeUtf8, lendHostEncoder, utf8BytesOf, writeAscii } from "#engine/protocol/utf8.ts";

describe("UTF-8", () => {
  test("is what the platform's own encoder and decoder make of any text, lone surrogates included", () => {
    const units = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 }), fc.integer({ min: 0, max: 127 })));
    fc.assert(fc.property(units, codes => {
      const text = String.fromCharCode(...codes);
      const bytes = encodeUtf8(text);
      expect(bytes).toEqual(new Uint8Array(new TextEncoder().encode(text)));
      expect(utf8BytesOf(text)).toBe(bytes.length);
      expect(decodeUtf8(bytes)).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    }));
  });

  test("decodes bytes that are no UTF-8 to the same replacement characters as the platform", () => {
    const bytes = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xe0, 0xed, 0xf0, 0xf4, 0x80, 0x9f, 0xa0, 0xbf, 0xc2)));
    fc.assert(fc.property(bytes, list => {
      const array = Uint8Array.from(list);
      expect(decodeUtf8(array)).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(array));
    }), { numRuns: 500 });
  });

  test("decodes a range, and texts longer than one call of fromCharCode takes", () => {
    expect(decodeUtf8(encodeUtf8("abcdef"), 2, 4)).toBe("cd");
    const long = "ä€😀x".repeat(10_000);
    expect(decodeUtf8(encodeUtf8(long))).toBe(long);
  });

  test("the quick way refuses what is not ASCII", () => {
    const bytes = new Uint8Array(8);
    expect(writeAscii(bytes, 1, "abc")).toBe(4);
    expect([...bytes.subarray(0, 5)]).toEqual([0, 97, 98, 99, 0]);
    expect(writeAscii(bytes, 0, "aé")).toBe(-1);
    expect(writeAscii(bytes, 0, "\u0180")).toBe(-1);
  });

  test("a lent encoder writes what the loop writes, and says so when a text is not ASCII", () => {
    const encoder = new TextEncoder();
    const write = (text: string): [number, string] => {
      const bytes = new Uint8Array(text.length + 4);
      const end = writeAscii(bytes, 2, text);
      return [end, end === -1 ? "" : bytes.join()];
    };
    fc.assert(fc.property(fc.string({ minLength: 0, maxLength: 90, unit: "binary" }), fc.string({ maxLength: 90, unit: "binary-ascii" }), (any, ascii) => {
      for (const text of [any, ascii]) {
        lendHostEncoder(null);
        const own = write(text);
        lendHostEncoder((from, into) => encoder.encodeInto(from, into));
        expect(write(text)).toEqual(own);
        lendHostEncoder(null);
      }
    }));
  });
});
