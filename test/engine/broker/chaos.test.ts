// Nodes die, hang, return and are cut off at random while records are produced. In the end everything heals, and then: whatever was
// acknowledged with acks=all is at its offset, all replicas are equal, and no high watermark of a leader ever went back in an epoch.
import { expect, test } from "vitest";
import { cutLink, healLink } from "#engine/core/connections.ts";
import { createStream, drawBelow } from "#engine/core/random.ts";
import { batchesOf } from "#engine/log/unified-log.ts";
import { batchOf, ClusterWorld, hostOf } from "./kafka-cluster-world.ts";

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

function crcs(world: ClusterWorld, id: number): number[] {
  const process = world.simulation.contextOf(world.simulation.process(`broker-${id}`));
  return [...batchesOf(process, world.replica(id, "orders").log)].map(batch => batch.crc);
}

function disturb(world: ClusterWorld, choose: (bound: number) => number): void {
  const id = 1 + choose(3);
  const name = `broker-${id}`;
  const other = 1 + (id + choose(2)) % 3;
  const { status } = world.simulation.process(name);
  switch (choose(9)) {
    case 0: if (status !== "stopped") world.simulation.crash(name); return;
    case 1: if (status === "running") world.simulation.pause(name); return;
    case 2: cutLink(world.simulation, hostOf(id), hostOf(other)); return;
    case 3: healLink(world.simulation, hostOf(id), hostOf(other)); return;
    default: revive(world, name);
  }
}

function revive(world: ClusterWorld, name: string): void {
  const { status } = world.simulation.process(name);
  if (status === "stopped") world.simulation.start(name);
  if (status === "paused") world.simulation.resume(name);
}

function heal(world: ClusterWorld): void {
  for (const id of [1, 2, 3]) {
    revive(world, `broker-${id}`);
    for (const other of [1, 2, 3]) if (other !== id) healLink(world.simulation, hostOf(id), hostOf(other));
  }
}

let acknowledgedInAll = 0;

for (const seed of SEEDS) {
  test(`nothing acknowledged is lost, seed ${seed}`, () => {
    const world = new ClusterWorld([1, 2, 3], {}, seed).boot();
    const stream = createStream(seed, "what goes wrong");
    const choose = (bound: number): number => drawBelow(stream, bound);
    world.createTopic("orders", [[1, 2, 3]], { "min.insync.replicas": "2" });
    const sent: { readonly correlation: number; readonly crc: number }[] = [];
    for (let round = 0; round < 40; round += 1) {
      disturb(world, choose);
      for (const id of [1, 2, 3]) {
        if (!world.isRunning(id) || !world.node(id).broker.isReady) continue;
        const batch = batchOf([`${round} to ${id}`]);
        sent.push({ correlation: world.ask(world.connect(id), "Produce", world.produceBody("orders", batch, -1, 3_000)), crc: batch.crc });
      }
      world.run(0.2 + choose(40) / 10);
    }
    heal(world);
    // TCP sends again after up to two minutes of silence, and a broker that could not register for 60 s has ended itself.
    world.run(130);
    heal(world);
    const isWell = (id: number): boolean => world.isRunning(id) && world.node(id).broker.isReady && world.unfenced(id).length === 3
      && world.registration("orders", 0, id)?.isr.length === 3;
    world.until("all is well again", () => [1, 2, 3].every(isWell), 300);
    world.run(10);
    const log = crcs(world, 1);
    expect(crcs(world, 2)).toEqual(log);
    expect(crcs(world, 3)).toEqual(log);
    const acknowledged = sent.flatMap(({ correlation, crc }) => {
      const answer = world.answer<"Produce">(correlation)?.topics[0]?.partitions[0];
      return answer?.error === "NONE" ? [{ offset: answer.baseOffset, crc }] : [];
    });
    acknowledgedInAll += acknowledged.length;
    for (const { offset, crc } of acknowledged) expect(log[offset]).toBe(crc);
    for (const id of [1, 2, 3]) expect(world.replica(id, "orders").log.highWatermark).toBe(log.length);
  });
}

test("the runs above are not idle", () => {
  expect(acknowledgedInAll).toBeGreaterThan(5 * SEEDS.length);
});
