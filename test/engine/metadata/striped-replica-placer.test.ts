import { expect, test } from "vitest";
import { createJavaRandom, javaHash, nextJavaInt } from "#engine/metadata/java-random.ts";
import { placeReplicas, type UsableBroker } from "#engine/metadata/striped-replica-placer.ts";

function brokers(ids: readonly number[], fenced: readonly number[] = [], rackOf: (id: number) => string | null = () => null): UsableBroker[] {
  return ids.map(id => ({ id, rack: rackOf(id), fenced: fenced.includes(id) }));
}

function place(seed: number, cluster: readonly UsableBroker[], partitions: number): string {
  const placement = placeReplicas(createJavaRandom(seed), cluster, partitions, 3);
  return "refusal" in placement ? placement.refusal : placement.replicas.map(replicas => `[${replicas.join(",")}]`).join(" ");
}

test("java.util.Random is emulated bit for bit", () => {
  const random = createJavaRandom(42);
  expect(Array.from({ length: 6 }, () => nextJavaInt(random, 10))).toEqual([0, 3, 8, 4, 0, 5]);
});

test("a text hashes as in Java", () => {
  expect([javaHash(""), javaHash("a"), javaHash("rack-1"), javaHash("polygenelubricants")]).toEqual([0, 97, -938608965, -2147483648]);
});

const THREE = brokers([1, 2, 3]);
const FIVE = brokers([0, 1, 2, 3, 4]);
const RACKS = brokers([0, 1, 2, 3, 4, 5], [], id => ["a", "b", "c"][id % 3] ?? null);

// Computed with the compiled class of Kafka 3.9.
test.each([
  ["three brokers, seed 0", 0, THREE, 6, "[1,2,3] [2,3,1] [3,1,2] [1,3,2] [3,2,1] [2,1,3]"],
  ["three brokers, seed 1", 1, THREE, 6, "[1,2,3] [2,3,1] [3,1,2] [3,1,2] [1,2,3] [2,3,1]"],
  ["three brokers, seed 42", 42, THREE, 6, "[3,1,2] [1,2,3] [2,3,1] [1,2,3] [2,3,1] [3,1,2]"],
  ["five brokers, seed 0", 0, FIVE, 8, "[0,1,2] [1,2,3] [2,3,4] [3,4,0] [4,0,1] [1,0,3] [0,3,2] [3,2,4]"],
  ["five brokers, seed 42", 42, FIVE, 8, "[0,1,2] [1,2,3] [2,3,4] [3,4,0] [4,0,1] [2,1,4] [1,4,0] [4,0,3]"],
  ["a fenced broker never leads", 0, brokers([1, 2, 3], [3]), 4, "[2,1,3] [1,2,3] [2,1,3] [1,2,3]"],
  ["three racks, seed 0", 0, RACKS, 7, "[2,3,4] [0,1,5] [4,2,3] [5,0,1] [3,4,2] [1,5,0] [2,1,3]"],
  ["three racks, seed 42", 42, RACKS, 7, "[5,3,1] [0,4,2] [1,5,3] [2,0,4] [3,1,5] [4,2,0] [0,5,1]"],
] as const)("placement equals Kafka's: %s", (_name, seed, cluster, partitions, expected) => {
  expect(place(seed, cluster, partitions)).toBe(expected);
});

test("placement is refused with Kafka's words", () => {
  expect(place(0, brokers([1, 2]), 1)).toBe("The target replication factor of 3 cannot be reached because only 2 broker(s) are registered.");
  expect(place(0, brokers([1, 2, 3], [1, 2, 3]), 1)).toBe("All brokers are currently fenced.");
});
