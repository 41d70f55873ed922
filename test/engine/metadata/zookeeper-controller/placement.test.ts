// AdminUtils, against the vectors of Kafka's own class comment and of its formulas; Scala's LongMap; texts of refusals.
import { expect, test } from "vitest";
import { assignReplicas, type PlacementWish, rackAlternatedBrokers } from "#engine/metadata/zookeeper-controller/admin-utils-placement.ts";
import { hashMapOrderOfTexts, longMapOrder } from "#engine/metadata/zookeeper-controller/scala-map-order.ts";
import { topicIn, topicNode } from "#engine/metadata/zookeeper-controller/znode-data.ts";

function placed(ids: readonly number[], wish: PlacementWish, draws: readonly number[]): unknown {
  let next = 0;
  return assignReplicas(ids.map(brokerId => ({ brokerId, rack: null })), wish, { next: () => draws[next++] ?? 0 });
}

test("five brokers, ten partitions: the example of the class comment", () => {
  expect(placed([0, 1, 2, 3, 4], { partitions: 10, replicationFactor: 3 }, [0, 0])).toEqual({ replicas: [
    [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 0], [4, 0, 1], [0, 2, 3], [1, 3, 4], [2, 4, 0], [3, 0, 1], [4, 1, 2]] });
});

test("three brokers: followers change places in the second turn; start and shift are drawn", () => {
  expect(placed([1, 2, 3], { partitions: 6, replicationFactor: 3 }, [0, 0])).toEqual({ replicas: [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 3, 2], [2, 1, 3], [3, 2, 1]] });
  expect(placed([1, 2, 3], { partitions: 6, replicationFactor: 2 }, [1, 2])).toEqual({ replicas: [[2, 3], [3, 1], [1, 2], [2, 1], [3, 2], [1, 3]] });
});

test("racks: an alternating list, and no rack twice before each has one", () => {
  const racks = ["r1", "r3", "r3", "r2", "r2", "r1"];
  const brokers = racks.map((rack, brokerId) => ({ brokerId, rack }));
  expect(rackAlternatedBrokers(brokers)).toEqual([0, 3, 1, 5, 4, 2]);
  expect(assignReplicas(brokers, { partitions: 7, replicationFactor: 3 }, { next: () => 0 })).toEqual({ replicas: [
    [0, 3, 1], [3, 1, 5], [1, 5, 4], [5, 4, 2], [4, 2, 0], [2, 0, 3], [0, 4, 2]] });
});

test("some brokers without a rack", () => {
  expect(assignReplicas([{ brokerId: 1, rack: "a" }, { brokerId: 2, rack: null }], { partitions: 1, replicationFactor: 1 }, { next: () => 0 }))
    .toMatchObject({ refusal: "racks" });
});

test("Scala's LongMap lists 1, 2, 3 as 2, 3, 1, and zero first", () => {
  expect(longMapOrder([1, 2, 3])).toEqual([2, 3, 1]);
  expect(longMapOrder([0, 1, 2])).toEqual([0, 2, 1]);
  expect(longMapOrder([3, 1, 2])).toEqual(longMapOrder([1, 2, 3]));
});

test("partitions stand in a topic's znode in the order of Scala's HashMap: from twelve on it is not that of their numbers", () => {
  const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));
  expect(hashMapOrderOfTexts(numbers(11))).toEqual(numbers(11));
  expect(hashMapOrderOfTexts(numbers(12))).toEqual(["11", ...numbers(11)]);
  expect(hashMapOrderOfTexts(numbers(15)).join()).toBe("11,12,13,14,0,1,2,3,4,5,6,7,8,9,10");
  const partitions = numbers(12).map(() => ({ replicas: [1], addingReplicas: [], removingReplicas: [] }));
  const text = topicNode({ topicId: "id", partitions });
  expect(text.slice(0, 37)).toBe("{\"partitions\":{\"11\":[1],\"0\":[1],\"1\":[");
  expect(topicIn(text)).toEqual({ topicId: "id", partitions });
});
