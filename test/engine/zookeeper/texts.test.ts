// Small things with a fixed form: ids as ZooKeeper prints them, Java's dates, buckets of deadlines.
import { expect, test } from "vitest";
import { createExpiryQueue, nextExpiryUs, pollExpired, removeExpiry, updateExpiry } from "#engine/zookeeper/expiry-queue.ts";
import { javaDateText } from "#engine/zookeeper/java-date.ts";
import { averageText } from "#engine/zookeeper/metrics.ts";
import { firstSessionId, makeZxid, sessionText, zxidCounter, zxidEpoch, zxidText } from "#engine/zookeeper/zxid.ts";

test("a zxid is an epoch and a counter, printed as one hexadecimal number", () => {
  const zxid = makeZxid(4, 0xa2);
  expect([zxidText(zxid), zxidEpoch(zxid), zxidCounter(zxid)]).toEqual(["0x4000000a2", 4, 0xa2]);
});

test("session ids of a server count up from its start time and are printed in the recorded form", () => {
  const first = firstSessionId(2, 0x46cb80);
  expect([sessionText(first), sessionText(first + 1)]).toEqual(["0x2000046cb800000", "0x2000046cb800001"]);
  expect(Number.isSafeInteger(firstSessionId(255, 1_795_216_493_019) + 0xffff)).toBe(true);
});

test("dates are Java's, in UTC, through leap years", () => {
  expect([0, 1_795_216_544_000, 951_782_400_000, 951_868_800_000, 1_735_689_599_999].map(javaDateText)).toEqual([
    "Thu Jan 01 00:00:00 UTC 1970", "Fri Nov 20 23:15:44 UTC 2026", "Tue Feb 29 00:00:00 UTC 2000", "Wed Mar 01 00:00:00 UTC 2000", "Tue Dec 31 23:59:59 UTC 2024",
  ]);
});

test("averages are printed as Java prints a double of four digits", () => {
  expect([averageText(0, 0), averageText(5, 2), averageText(4, 4), averageText(606, 80), averageText(659, 87)]).toEqual(["0.0", "2.5", "1.0", "7.575", "7.5747"]);
});

test("deadlines fall on the next bucket boundary, move for nothing within a bucket, and expire together", () => {
  const queue = createExpiryQueue(2_000);
  updateExpiry(queue, 1, 18_000, 0);
  updateExpiry(queue, 2, 19_999, 0);
  updateExpiry(queue, 3, 3_000, 0);
  expect(nextExpiryUs(queue)).toBe(4_000);
  updateExpiry(queue, 3, 20_500, 2_500);
  expect(nextExpiryUs(queue)).toBe(20_000);
  removeExpiry(queue, 2);
  expect(pollExpired(queue, 19_999)).toEqual([]);
  expect(pollExpired(queue, 20_000)).toEqual([1]);
  expect(pollExpired(queue, 22_000)).toEqual([3]);
  expect(nextExpiryUs(queue)).toBeUndefined();
});
