import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { clusterSpecOf } from "#src/lesson/cluster-spec-of.ts";
import { parseLesson } from "#src/lesson/parse-lesson.ts";

const FILE = "lessons/03-replication/60-the-leader-dies/index.md";
const LEADER_DIES = readFileSync(new URL("fixtures/the-leader-dies.md", import.meta.url), "utf8");

test("turns profiles, controllers of their own, racks and brokers that come later into a spec", () => {
  const withCluster = (front: string, lines: string): ClusterSpec => clusterSpecOf(parseLesson(LEADER_DIES
    .replace("kafka: 3.9 kraft", `kafka: ${front}`).replace("preset: guides/three-nodes", `brokers: 5\nlater: [4, 5]\n${lines}`), FILE).cluster);
  expect(withCluster("3.9 zookeeper", "zookeeper: 3")).toMatchObject({
    kafka: "3.9", mode: "zookeeper", zookeeper: [{ id: 1, host: "cpu-node1" }, { id: 2, host: "cpu-node2" }, { id: 3, host: "worker-node3" }],
    nodes: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4, startsLater: true }, { id: 5, startsLater: true }],
  });
  expect(withCluster("3.9 kraft", "profile: 4.3 kraft\ncontrollers: 1\nracks: [east, west, east, west, east]")).toMatchObject({
    kafka: "4.3", mode: "kraft",
    nodes: [{ id: 1, roles: ["broker"], rack: "east" }, { id: 2, rack: "west" }, { id: 3 }, { id: 4 }, { id: 5 }, { id: 101, roles: ["controller"] }],
  });
});
