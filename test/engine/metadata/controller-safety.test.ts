// Random runs of a whole cluster of controllers and brokers' lives: whatever dies, all nodes end with the same metadata, and the facts of
// the trace alone tell the same story.
import { expect, test } from "vitest";
import { digestOf } from "#engine/core/digest.ts";
import { createStream, drawBelow } from "#engine/core/random.ts";
import { cutBoth, healBoth, TestCluster } from "./kraft-test-node.ts";

interface Told { leader: number; leaderEpoch: number; partitionEpoch: number; isr: readonly number[] }

/** Partitions as the facts tell them in the end. An heir may repeat what its predecessor has told; it never contradicts it. */
function foldPartitions(cluster: TestCluster): { readonly told: Map<string, Told>; readonly facts: number; readonly repeated: number } {
  const told = new Map<string, Told>();
  const history = new Map<string, Told>();
  let repeated = 0;
  const facts = cluster.facts("partition-changed");
  for (const fact of facts) {
    const key = `${fact.topic}-${fact.partition}`;
    const now: Told = { leader: fact.leader, leaderEpoch: fact.leaderEpoch, partitionEpoch: fact.partitionEpoch, isr: fact.isr };
    const same = history.get(`${key} ${now.partitionEpoch}`);
    if (same !== undefined) {
      expect(now).toEqual(same);
      repeated += 1;
    } else {
      const before = told.get(key);
      if (before !== undefined) {
        expect(now.partitionEpoch).toBe(before.partitionEpoch + 1);
        expect(now.leaderEpoch).toBe(before.leaderEpoch + (now.leader === before.leader ? 0 : 1));
      }
      history.set(`${key} ${now.partitionEpoch}`, now);
    }
    told.set(key, now);
  }
  return { told, facts: facts.length, repeated };
}

function disturb(cluster: TestCluster, step: number, draw: (bound: number) => number): void {
  const id = cluster.ids[draw(5)] ?? 1;
  const other = cluster.ids[draw(5)] ?? 1;
  const name = `broker-${id}`;
  const { status } = cluster.simulation.process(name);
  const asker = cluster.running()[0];
  switch (draw(9)) {
    case 0: if (status === "running") cluster.simulation.crash(name); break;
    case 1: case 2: case 3: if (status === "stopped") cluster.simulation.start(name); break;
    case 4: if (status === "running") cluster.simulation.input(name, { do: "shut-down" }); break;
    case 5: if (id !== other) cutBoth(cluster.simulation, id, other); break;
    case 6: case 7: if (id !== other) healBoth(cluster.simulation, id, other); break;
    case 8:
      if (asker !== undefined) cluster.put(asker, "CreateTopics", {
        topics: [{ name: `topic-${step}`, numPartitions: 2, replicationFactor: 3, assignments: [], configs: [] }], timeoutMs: 1000, validateOnly: false,
      });
      break;
  }
}

test("all nodes agree on the metadata in the end, and so do the facts", () => {
  let facts = 0;
  let repeats = 0;
  let topics = 0;
  let leaderless = 0;
  let controllers = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const cluster = new TestCluster(seed, { nodes: 5 });
    cluster.boot();
    cluster.createTopic("first", [[1, 2, 3], [4, 5, 1], [2]]);
    const stream = createStream(seed, "faults");
    for (let step = 0; step < 40; step += 1) {
      cluster.run(500 + drawBelow(stream, 4000));
      disturb(cluster, step, bound => drawBelow(stream, bound));
    }
    for (const id of cluster.ids) for (const other of cluster.ids) if (other > id) healBoth(cluster.simulation, id, other);
    // Whoever still has a shutdown to end ends it and is started again.
    for (let round = 0; round < 4; round += 1) {
      cluster.run(20_000);
      for (const id of cluster.ids) if (cluster.simulation.process(`broker-${id}`).status === "stopped") cluster.simulation.start(`broker-${id}`);
    }
    cluster.run(20_000);

    const image = cluster.image();
    expect([...image.brokers.values()].filter(broker => broker.fenced), `seed ${seed}`).toEqual([]);
    const topicsOf = (id: number): string => digestOf([...cluster.node(id).image.topics.entries()].map(([name, topic]) => [name, topic]));
    for (const id of cluster.ids) expect(topicsOf(id), `seed ${seed}, broker-${id}`).toBe(digestOf([...image.topics.entries()].map(([name, topic]) => [name, topic])));
    const { told, facts: factCount, repeated } = foldPartitions(cluster);
    for (const topic of image.topics.values()) {
      for (const { partition, leader, leaderEpoch, partitionEpoch, isr } of topic.partitions) {
        expect(told.get(`${topic.name}-${partition}`), `seed ${seed}, ${topic.name}-${partition}`).toEqual({ leader, leaderEpoch, partitionEpoch, isr });
      }
    }
    facts += factCount;
    repeats += repeated;
    topics += image.topics.size;
    leaderless += cluster.facts("partition-changed").filter(fact => fact.leader === -1).length;
    controllers += new Set(cluster.facts("raft-role").filter(fact => fact.role === "leader").map(fact => fact.epoch)).size;
  }
  expect(repeats).toBeLessThan(facts / 50);
  expect(topics).toBeGreaterThan(40);
  expect(leaderless).toBeGreaterThan(10);
  expect(controllers).toBeGreaterThan(30);
}, 120_000);
