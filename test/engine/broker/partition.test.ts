import fc from "fast-check";
import { expect, test } from "vitest";
import { SECOND } from "#engine/core/time.ts";
import {
  createPartition, createReplicaState, effectiveMinIsr, mayJoinIsr, maybeIncrementHighWatermark, outOfSyncReplicas, type Partition, type ReplicaRules,
  resetReplicaState, updateFetchState,
} from "#engine/broker/partition.ts";
import { createImage } from "#engine/metadata/apply-record.ts";
import { appendAsLeader } from "#engine/log/unified-log.ts";
import { batchOf, CONFIG, type DiskProcess, opened, processWithADisk } from "../log/process-with-a-disk.ts";

const LAG_US = 30 * SECOND;

interface Led { readonly process: DiskProcess & { now: number }; readonly partition: Partition; readonly rules: ReplicaRules }

/** Broker 1 leads [1, 2, 3] in epoch 0 since second 100; all brokers are registered with epoch 50 + id. */
function led(isr: readonly number[], minInsyncReplicas = 1): Led {
  const process = Object.assign(processWithADisk(), { now: 100 * SECOND });
  const image = createImage();
  for (const brokerId of [1, 2, 3]) {
    image.brokers.set(brokerId, {
      brokerId, brokerEpoch: 50 + brokerId, incarnationId: "", host: "", port: 0, rack: null, fenced: false, inControlledShutdown: false,
      endPoints: [], features: [], logDirs: [], cordonedLogDirs: null, isMigratingZkBroker: false });
  }
  const config = { ...CONFIG, minInsyncReplicas };
  const partition = createPartition("id", opened(process, config), config);
  Object.assign(partition, { role: "leader", leader: 1, leaderEpoch: 0, partitionEpoch: 0, leaderEpochStartOffset: 0, replicas: [1, 2, 3], isr });
  partition.remoteReplicas = [2, 3].map(createReplicaState);
  for (const replica of partition.remoteReplicas) resetReplicaState(replica, process.now, 0, { isNewLeader: true, inIsr: isr.includes(replica.brokerId) });
  return { process, partition, rules: { brokerId: 1, lagTimeMaxUs: LAG_US, image, isKraft: true } };
}

function append({ process, partition }: Led, count: number): void {
  appendAsLeader(process, partition.log, batchOf(count), 0, partition.config, 0);
}

function fetched({ process, partition }: Led, brokerId: number, offset: number): void {
  const replica = partition.remoteReplicas.find(known => known.brokerId === brokerId);
  if (replica !== undefined) updateFetchState(replica, offset, 0, process.now, partition.log.logEndOffset, 50 + brokerId);
}

function highWatermark(world: Led): number {
  maybeIncrementHighWatermark(world.process, world.partition, world.rules);
  return world.partition.log.highWatermark;
}

test("the high watermark is the smallest end of the ISR", () => {
  const world = led([1, 2, 3]);
  append(world, 5);
  expect(highWatermark(world)).toBe(0);
  fetched(world, 2, 5);
  expect(highWatermark(world)).toBe(0);
  fetched(world, 3, 4);
  expect(highWatermark(world)).toBe(4);
});

test("it is frozen while the committed ISR is below the effective minimum, and jumps when it is not", () => {
  const world = led([1], 2);
  append(world, 3);
  expect(effectiveMinIsr(world.partition)).toBe(2);
  expect(highWatermark(world)).toBe(0);
  fetched(world, 2, 3);
  world.partition.pendingIsr = { change: "expand", isr: [1, 2], added: 2 };
  expect(highWatermark(world)).toBe(0);
  Object.assign(world.partition, { isr: [1, 2], pendingIsr: null });
  expect(highWatermark(world)).toBe(3);
});

test("alone with one replica, the minimum is one however high min.insync.replicas is", () => {
  const world = led([1], 2);
  world.partition.remoteReplicas = [];
  append(world, 3);
  expect(highWatermark(world)).toBe(3);
});

test("a replica on its way into the ISR holds it back, one on its way out still counts", () => {
  const joining = led([1, 2]);
  append(joining, 3);
  fetched(joining, 2, 3);
  fetched(joining, 3, 1);
  joining.process.now += 60 * SECOND;
  fetched(joining, 2, 3);
  joining.partition.pendingIsr = { change: "expand", isr: [1, 2, 3], added: 3 };
  expect(highWatermark(joining)).toBe(1);
  const leaving = led([1, 2, 3]);
  append(leaving, 3);
  fetched(leaving, 2, 3);
  fetched(leaving, 3, 2);
  leaving.partition.pendingIsr = { change: "shrink", isr: [1, 2] };
  expect(highWatermark(leaving)).toBe(2);
});

test("a caught-up replica outside the ISR holds it back for 30 s, but not when it is fenced or of another life", () => {
  const world = led([1]);
  fetched(world, 2, 0);
  append(world, 3);
  expect(highWatermark(world)).toBe(0);
  world.process.now += LAG_US + 1;
  expect(highWatermark(world)).toBe(3);
  const fenced = led([1]);
  fetched(fenced, 2, 0);
  append(fenced, 3);
  const registration = fenced.rules.image.brokers.get(2);
  if (registration !== undefined) registration.fenced = true;
  expect(highWatermark(fenced)).toBe(3);
  const another = led([1]);
  fetched(another, 2, 0);
  append(another, 3);
  const restarted = another.rules.image.brokers.get(2);
  if (restarted !== undefined) restarted.brokerEpoch = 99;
  expect(highWatermark(another)).toBe(3);
});

test("a follower may join at the high watermark and at the start of the leader's epoch, not before, and not twice", () => {
  const world = led([1, 2]);
  append(world, 4);
  fetched(world, 2, 3);
  fetched(world, 3, 2);
  const third = world.partition.remoteReplicas[1];
  if (third === undefined) throw new Error("no third replica");
  world.process.now += LAG_US + 1;
  fetched(world, 2, 3);
  expect(highWatermark(world)).toBe(3);
  expect(mayJoinIsr(world.partition, third, world.rules)).toBe(false);
  fetched(world, 3, 3);
  expect(mayJoinIsr(world.partition, third, world.rules)).toBe(true);
  world.partition.leaderEpochStartOffset = 4;
  expect(mayJoinIsr(world.partition, third, world.rules)).toBe(false);
  world.partition.leaderEpochStartOffset = 0;
  world.partition.pendingIsr = { change: "expand", isr: [1, 2, 3], added: 3 };
  expect(mayJoinIsr(world.partition, third, world.rules)).toBe(false);
});

test("who fetches what was the end at its last fetch was caught up then", () => {
  const world = led([1, 2, 3]);
  fetched(world, 2, 0);
  append(world, 4);
  world.process.now += 10 * SECOND;
  fetched(world, 2, 0);
  append(world, 4);
  world.process.now += 10 * SECOND;
  fetched(world, 2, 4);
  expect(world.partition.remoteReplicas[0]?.lastCaughtUpUs).toBe(110 * SECOND);
  world.process.now = 140 * SECOND;
  expect(outOfSyncReplicas(world.partition, world.process.now, LAG_US)).toEqual([3]);
  world.process.now += 1;
  expect(outOfSyncReplicas(world.partition, world.process.now, LAG_US)).toEqual([2, 3]);
});

test("a newly elected leader knows nothing of its followers, and gives ISR members 30 s", () => {
  const world = led([1, 2]);
  append(world, 2);
  expect(world.partition.remoteReplicas.map(replica => [replica.logEndOffset, replica.brokerEpoch])).toEqual([[-1, null], [-1, null]]);
  expect(highWatermark(world)).toBe(0);
  expect(outOfSyncReplicas(world.partition, world.process.now + LAG_US, LAG_US)).toEqual([]);
  expect(outOfSyncReplicas(world.partition, world.process.now + LAG_US + 1, LAG_US)).toEqual([2]);
});

test("whatever is appended and fetched, the high watermark never goes back and never passes an ISR member", () => {
  const steps = fc.array(fc.record({ broker: fc.constantFrom(1, 2, 3), amount: fc.integer({ min: 1, max: 3 }), seconds: fc.nat(20) }), { maxLength: 50 });
  fc.assert(fc.property(steps, list => {
    const world = led([1, 2]);
    const has = new Map([[2, 0], [3, 0]]);
    let before = 0;
    for (const { broker, amount, seconds } of list) {
      world.process.now += seconds * SECOND;
      if (broker === 1) append(world, amount);
      else {
        const end = Math.min((has.get(broker) ?? 0) + amount, world.partition.log.logEndOffset);
        has.set(broker, end);
        fetched(world, broker, end);
      }
      const offset = highWatermark(world);
      expect(offset).toBeGreaterThanOrEqual(before);
      expect(offset).toBeLessThanOrEqual(Math.max(before, has.get(2) ?? 0));
      before = offset;
    }
  }));
});
