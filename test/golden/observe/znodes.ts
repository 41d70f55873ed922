// Texts and versions of Kafka's znodes, as the ensemble has committed them.
import type { GoldenWorld } from "../golden-world.ts";
import type { Json, JsonObject } from "../read-recording.ts";
import { observe } from "#engine/cluster/observe.ts";
import type { EnsembleView } from "#engine/cluster/view.ts";

export type Znode = EnsembleView["znodes"][number];

export function znodesOf(world: GoldenWorld): ReadonlyMap<string, Znode> {
  return new Map((observe(world.cluster).ensemble?.znodes ?? []).map(znode => [znode.path, znode]));
}

/** Topic -> partition -> state znode, and the topic's own znode. */
export function topicZnodes(world: GoldenWorld, topics: readonly string[]): JsonObject {
  const znodes = znodesOf(world);
  const shown: Record<string, Json> = {};
  for (const topic of topics) {
    const states: Record<string, Json> = {};
    const folder = `/brokers/topics/${topic}/partitions/`;
    const partitions = [...znodes.keys()].filter(path => path.startsWith(folder) && path.endsWith("/state"))
      .map(path => Number(path.slice(folder.length, -"/state".length))).sort((a, b) => a - b);
    for (const partition of partitions) {
      const znode = znodes.get(`${folder}${partition}/state`);
      if (znode !== undefined) states[String(partition)] = { znode: znode.data, version: znode.version };
    }
    const assignment = znodes.get(`/brokers/topics/${topic}`);
    // The recorder asked for the partitions first: a topic without them is an error as a whole.
    shown[topic] = assignment === undefined || partitions.length === 0 ? { error: "NoNodeError" }
      : { ...states, assignmentZnode: { data: assignment.data, version: assignment.version } };
  }
  return shown;
}
