import { describe, expect, test } from "vitest";
import { murmur2, murmur2OfText, partitionForKey, toPositive } from "#engine/protocol/murmur2.ts";
import { encodeUtf8 } from "#engine/protocol/utf8.ts";

/** Key, hash, and where a real Java producer sent it with 3, 4, 5, 6, 10 and 12 partitions. */
const ROUTED: readonly (readonly [string, number, readonly number[]])[] = [
  ["customer-123", 593099448, [0, 0, 3, 0, 8, 0]],
  ["customer-456", -2043506365, [1, 3, 3, 1, 3, 7]],
  ["customer-789", -2108364088, [1, 0, 0, 4, 0, 4]],
  ["user-1", 1404122828, [2, 0, 3, 2, 8, 8]],
  ["user-2", -324981792, [2, 0, 1, 2, 6, 8]],
  ["user-3", 1141442267, [2, 3, 2, 5, 7, 11]],
  ["user-4", 2067937567, [1, 3, 2, 1, 7, 7]],
  ["user-5", -345666322, [1, 2, 1, 4, 6, 10]],
  ["user-6", -936439275, [2, 1, 3, 5, 3, 5]],
  ["order-1", 1221710326, [1, 2, 1, 4, 6, 10]],
  ["order-2", -1055499005, [0, 3, 3, 3, 3, 3]],
  ["order-1001", 297523878, [0, 2, 3, 0, 8, 6]],
  ["device-42", -1415647139, [0, 1, 4, 3, 9, 9]],
  ["key1", 28543940, [2, 0, 0, 2, 0, 8]],
  ["key2", 1674751211, [2, 3, 1, 5, 1, 11]],
  ["key3", -1745673403, [1, 1, 0, 1, 5, 1]],
  ["key", -1079937367, [1, 1, 1, 1, 1, 1]],
  ["a", -1563381124, [1, 0, 4, 4, 4, 4]],
  ["b", -1853091852, [2, 0, 1, 2, 6, 8]],
  ["c", -1877468854, [1, 2, 4, 4, 4, 10]],
  ["A", 1592744578, [1, 2, 3, 4, 8, 10]],
  ["", 275646681, [0, 1, 1, 3, 1, 9]],
  ["héllo", 614509002, [0, 2, 2, 0, 2, 6]],
  ["Ünïcode-✓", -2004628770, [2, 2, 3, 2, 8, 2]],
  ["0", 971027396, [2, 0, 1, 2, 6, 8]],
  ["1", -1993445489, [0, 3, 4, 3, 9, 3]],
  ["42", 417700972, [1, 0, 2, 4, 2, 4]],
];

/** Of Kafka's own UtilsTest. */
const UPSTREAM: readonly (readonly [string, number])[] = [
  ["21", -973932308], ["foobar", -790332482], ["a-little-bit-long-string", -985981536], ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971], ["abc", 479470107],
];

function bigEndian(value: number, width: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(width);
  bytes[width - 1] = value;
  return bytes;
}

describe("murmur2", () => {
  test.each(UPSTREAM)("of %j is %i, as in Kafka's own tests", (key, hash) => {
    expect(murmur2(encodeUtf8(key))).toBe(hash);
    expect(murmur2OfText(key)).toBe(hash);
  });

  test.each(ROUTED)("sends %j where a Java producer sends it", (key, hash, partitions) => {
    expect(murmur2OfText(key)).toBe(hash);
    expect(murmur2(encodeUtf8(key))).toBe(hash);
    expect([3, 4, 5, 6, 10, 12].map(count => partitionForKey(key, count))).toEqual(partitions);
    expect([3, 4, 5, 6, 10, 12].map(count => partitionForKey(encodeUtf8(key), count))).toEqual(partitions);
  });

  test("of serialized integers differs from that of their text", () => {
    expect([1, 2, 3].map(value => murmur2(bigEndian(value, 4)))).toEqual([-173113808, 1586072243, 841864711]);
    expect([1, 2, 3].map(value => murmur2(bigEndian(value, 8)))).toEqual([2100486060, 1195241604, -1040460169]);
  });

  test("takes long keys over their bytes", () => {
    const key = "k".repeat(1000);
    expect(murmur2OfText(key)).toBe(murmur2(encodeUtf8(key)));
  });

  test("is made positive by clearing the sign, not by taking the absolute value", () => {
    expect(toPositive(-1)).toBe(0x7fffffff);
    expect(toPositive(-2147483648)).toBe(0);
  });
});
