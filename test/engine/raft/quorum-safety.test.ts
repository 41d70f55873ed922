// A small random simulation: crashes, losses of power, pauses and cuts against a quorum; what Raft promises must hold all the time.
import { expect, test } from "vitest";
import { createStream, drawBelow } from "#engine/core/random.ts";
import { batchAt } from "#engine/raft/metadata-log.ts";
import { cutBoth, healBoth, TestCluster } from "../metadata/kraft-test-node.ts";

const LOG = "__cluster_metadata-0/00000000000000000000.log";

/** Every batch that some node has known as committed, in order; a node that disagrees breaks the promise. */
class CommittedHistory {
  readonly batches: string[] = [];

  check(cluster: TestCluster): void {
    for (const id of cluster.running()) {
      const { raft } = cluster.kraft(id);
      const file = cluster.simulation.process(`broker-${id}`).disk.get(LOG);
      if (file?.kind !== "log") continue;
      for (let index = 0; index < raft.committedBatches; index += 1) {
        const text = batchAt(file, index).digestParts().join(" ");
        if (index === this.batches.length) this.batches.push(text);
        else if (this.batches[index] !== text) throw new Error(`broker-${id}: batch ${index} is "${text}", was committed as "${this.batches[index]}"`);
      }
    }
  }
}

function leadersByEpoch(cluster: TestCluster): Map<number, Set<number>> {
  const leaders = new Map<number, Set<number>>();
  for (const fact of cluster.facts("raft-role")) {
    if (fact.role !== "leader") continue;
    const of = leaders.get(fact.epoch) ?? new Set<number>();
    of.add(fact.node);
    leaders.set(fact.epoch, of);
  }
  return leaders;
}

function disturb(cluster: TestCluster, draw: (bound: number) => number): void {
  const { simulation, ids } = cluster;
  const id = ids[draw(ids.length)] ?? 1;
  const other = ids[draw(ids.length)] ?? 1;
  const name = `broker-${id}`;
  const { status } = simulation.process(name);
  switch (draw(8)) {
    case 0: if (status !== "stopped") simulation.crash(name); break;
    case 1: if (status !== "stopped") simulation.losePower(name); break;
    case 2: case 3: if (status === "stopped") simulation.start(name); break;
    case 4: if (id !== other) cutBoth(simulation, id, other); break;
    case 5: case 6: if (id !== other) healBoth(simulation, id, other); break;
    case 7:
      if (status === "running") simulation.pause(name);
      else if (status === "paused") simulation.resume(name);
      break;
  }
}

test.each([3, 5])("a quorum of %i: one leader an epoch, nothing committed is ever lost, and life goes on when all is well again", nodes => {
  let committed = 0;
  let elections = 0;
  for (let seed = 1; seed <= 50; seed += 1) {
    const cluster = new TestCluster(seed, { nodes, withBroker: false });
    const stream = createStream(seed, "faults");
    const history = new CommittedHistory();
    for (let step = 0; step < 40; step += 1) {
      cluster.run(200 + drawBelow(stream, 2500));
      history.check(cluster);
      disturb(cluster, bound => drawBelow(stream, bound));
    }
    for (const id of cluster.ids) {
      const { status } = cluster.simulation.process(`broker-${id}`);
      if (status === "stopped") cluster.simulation.start(`broker-${id}`);
      if (status === "paused") cluster.simulation.resume(`broker-${id}`);
      for (const other of cluster.ids) if (other > id) healBoth(cluster.simulation, id, other);
    }
    const before = history.batches.length;
    cluster.run(30_000);
    history.check(cluster);
    expect(history.batches.length, `seed ${seed} commits again`).toBeGreaterThan(before + 10);
    for (const [epoch, leaders] of leadersByEpoch(cluster)) expect([...leaders], `seed ${seed}, epoch ${epoch}`).toHaveLength(1);
    committed += before;
    elections += leadersByEpoch(cluster).size;
  }
  expect(committed).toBeGreaterThan(1000);
  expect(elections).toBeGreaterThan(150);
}, 120_000);
