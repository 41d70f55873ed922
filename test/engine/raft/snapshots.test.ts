// Snapshots of the metadata log (KIP-630): taken, loaded at a start, fetched by those who are behind the log's start.
import { expect, test } from "vitest";
import { copyState } from "#engine/core/copy-state.ts";
import { digestOf } from "#engine/core/digest.ts";
import { createImage, applyBatch } from "#engine/metadata/apply-record.ts";
import { catchUpBatches, committedImage, imageOfSnapshot, snapshotRecords } from "#engine/metadata/image-snapshot.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";
import type { MetadataRecord } from "#engine/metadata/records.ts";
import { logStartOffset } from "#engine/raft/metadata-log.ts";
import { RaftBatch } from "#engine/raft/raft-batch.ts";
import { buildSnapshot } from "#engine/raft/raft-snapshot.ts";
import { firstDirectoryOf, QuorumWorld, type QuorumWorldOptions } from "./quorum-world.ts";

/** A snapshot every 4 kB of records, and only the newest is kept. */
const OFTEN = { "metadata.log.max.record.bytes.between.snapshots": 4_000, "metadata.max.retention.bytes": 1, "metadata.log.max.snapshot.interval.ms": 0 };
const ROLES: QuorumWorldOptions = { controllers: [101, 102, 103], brokers: [1, 2], overrides: OFTEN };

function startOf(world: QuorumWorld, id: number): number {
  const first = world.logOf(id)[0];
  return first === undefined ? 0 : first.baseOffset;
}

function createTopic(world: QuorumWorld, name: string): void {
  const answer = world.ask(1, "CreateTopics", {
    topics: [{ name, numPartitions: -1, replicationFactor: -1, assignments: [{ partition: 0, brokers: [1, 2] }, { partition: 1, brokers: [2, 1] }],
      configs: [{ name: "min.insync.replicas", value: "1" }] }],
    timeoutMs: 10_000, validateOnly: false,
  }, 9092);
  expect(answer.topics[0]?.error).toBe("NONE");
}

/** Everything but where in the log it stands. */
function contentOf(image: MetadataImage | undefined): string {
  if (image === undefined) return "";
  return digestOf({ ...copyState(image), offset: 0, epoch: 0, topics: new Map([...image.topics].toSorted(([a], [b]) => a < b ? -1 : 1)),
    topicNames: new Map([...image.topicNames].toSorted(([a], [b]) => a < b ? -1 : 1)),
    brokers: new Map([...image.brokers].toSorted(([a], [b]) => a - b)), controllers: new Map([...image.controllers].toSorted(([a], [b]) => a - b)) });
}

test("the records of a snapshot add up to the image, whatever it holds", () => {
  const endPoints = [{ name: "PLAINTEXT", host: "h", port: 9092, securityProtocol: 0 }];
  const records: MetadataRecord[] = [
    { type: "FeatureLevelRecord", name: "metadata.version", featureLevel: 21 },
    { type: "RegisterBrokerRecord", brokerId: 1, isMigratingZkBroker: false, incarnationId: "i", brokerEpoch: 7, endPoints, features: [], rack: "r", fenced: true, inControlledShutdown: false, logDirs: ["d"] },
    { type: "BrokerRegistrationChangeRecord", brokerId: 1, brokerEpoch: 7, fenced: -1, inControlledShutdown: 1, cordonedLogDirs: ["d"] },
    { type: "RegisterControllerRecord", controllerId: 101, incarnationId: "c", zkMigrationReady: false, endPoints, features: [] },
    { type: "TopicRecord", name: "orders", topicId: "T" },
    { type: "PartitionRecord", partitionId: 0, topicId: "T", replicas: [1, 2], isr: [1], removingReplicas: [2], addingReplicas: [3], leader: 1, leaderRecoveryState: "RECOVERED", leaderEpoch: 4, partitionEpoch: 9, directories: ["d", "e"], eligibleLeaderReplicas: [2], lastKnownElr: [3] },
    { type: "ConfigRecord", resourceType: "TOPIC", resourceName: "orders", name: "retention.ms", value: "1" },
    { type: "ConfigRecord", resourceType: "BROKER", resourceName: "", name: "min.insync.replicas", value: "2" },
    { type: "ClientQuotaRecord", entity: [{ entityType: "user", entityName: null }], key: "producer_byte_rate", value: 5, remove: false },
    { type: "ProducerIdsRecord", brokerId: 1, brokerEpoch: 7, nextProducerId: 1000 },
    { type: "ZkMigrationStateRecord", zkMigrationState: 1 },
  ];
  const image = createImage();
  applyBatch(image, new RaftBatch(0, 1, false, records, 0));
  const snapshot = buildSnapshot({ endOffset: 11, epoch: 1 }, null, snapshotRecords(image), 0);
  expect(imageOfSnapshot(snapshot)).toEqual(image);
  // Somebody with an older image, of which nothing is left, comes to the same.
  const older = createImage();
  applyBatch(older, new RaftBatch(0, 1, false, [
    { type: "FeatureLevelRecord", name: "group.version", featureLevel: 1 },
    { type: "RegisterBrokerRecord", brokerId: 5, isMigratingZkBroker: false, incarnationId: "j", brokerEpoch: 3, endPoints, features: [], rack: null, fenced: false, inControlledShutdown: false, logDirs: [] },
    { type: "TopicRecord", name: "orders", topicId: "OLD" }, { type: "TopicRecord", name: "gone", topicId: "G" },
    { type: "ConfigRecord", resourceType: "BROKER", resourceName: "5", name: "a", value: "b" },
    { type: "ClientQuotaRecord", entity: [{ entityType: "client-id", entityName: "x" }], key: "producer_byte_rate", value: 1, remove: false },
  ] as MetadataRecord[], 0));
  for (const batch of catchUpBatches(older, snapshot)) applyBatch(older, batch);
  expect(older).toEqual(image);
});

test("each node takes snapshots of what it has committed and gives up the log before them", () => {
  const world = new QuorumWorld(ROLES).boot();
  for (let index = 0; index < 6; index += 1) createTopic(world, `topic-${index}`);
  world.run(40_000);
  for (const id of world.ids) {
    expect(startOf(world, id), `node ${id}`).toBeGreaterThan(20);
    const names = [...world.simulation.process(world.nameOf(id)).disk.keys()].filter(path => path.endsWith(".checkpoint") && path.startsWith("__cluster"));
    expect(names, `node ${id}`).toHaveLength(1);
    expect(names[0]).toMatch(/^__cluster_metadata-0\/\d{20}-\d{10}\.checkpoint$/);
  }
  const [first, ...others] = world.brokers.map(id => contentOf(world.node(id).broker?.image));
  for (const other of others) expect(other).toBe(first);
});

test("a node starts from its snapshot and the log behind it, and knows the same", () => {
  const world = new QuorumWorld(ROLES).boot();
  createTopic(world, "orders");
  world.run(40_000);
  const before = contentOf(world.node(world.active()).kraft.controller?.image);
  for (const id of world.controllers) world.kill(id);
  for (const id of world.controllers) world.start(id);
  world.until("a controller", () => world.active() !== -1);
  expect(world.node(world.active()).kraft.controller?.image.topics.has("orders")).toBe(true);
  world.kill(2);
  world.start(2);
  world.until("the topic", () => world.isUp(2) && world.node(2).broker?.partitions.get("orders")?.[1] != null, 30_000);
  expect(before).not.toBe("");
});

test("who is behind the log's start gets the snapshot: a broker that was away, a controller with an empty disk", () => {
  const world = new QuorumWorld(ROLES).boot();
  createTopic(world, "before");
  world.run(2000);
  world.kill(2);
  const empty = world.controllers.find(id => id !== world.active()) ?? 103;
  world.kill(empty);
  for (let index = 0; index < 5; index += 1) createTopic(world, `while-away-${index}`);
  world.run(60_000);
  const behind = world.logOf(2).at(-1)?.nextOffset ?? 0;
  expect(startOf(world, world.active())).toBeGreaterThan(behind);
  world.simulation.process(world.nameOf(empty)).disk.clear();
  world.start(2);
  world.start(empty);
  world.run(20_000);
  expect(startOf(world, 2)).toBeGreaterThan(behind);
  expect(startOf(world, empty)).toBeGreaterThan(0);
  expect(contentOf(world.node(2).broker?.image)).toBe(contentOf(world.node(1).broker?.image));
  expect(world.unfenced(1)).toEqual([1, 2]);
  world.kill(world.active());
  world.run(15_000);
  expect(world.node(world.active()).kraft.controller?.image.topics.size).toBe(6);
});

test("a broker that runs and is cut off for long catches up by a snapshot without a restart; what was deleted is gone", () => {
  const world = new QuorumWorld(ROLES).boot();
  createTopic(world, "deleted");
  world.run(2000);
  for (const id of world.ids) if (id !== 2) world.cut(2, id);
  const answer = world.ask(1, "DeleteTopics", { topics: [{ name: "deleted", topicId: "AAAAAAAAAAAAAAAAAAAAAA" }], timeoutMs: 10_000 }, 9092);
  expect(answer.responses[0]?.error).toBe("NONE");
  createTopic(world, "created");
  world.run(60_000);
  for (const id of world.ids) if (id !== 2) world.heal(2, id);
  world.run(60_000);
  const { broker } = world.node(2);
  expect([...broker?.image.topics.keys() ?? []]).toEqual(["created"]);
  expect(broker?.partitions.get("deleted")).toBeUndefined();
  expect(broker?.partitions.get("created")?.[0]).toBeDefined();
});

test("the voters of a dynamic quorum are in the snapshot", () => {
  const world = new QuorumWorld({ ...ROLES, initialVoters: [101], startsLater: [102, 103] }).boot();
  world.start(102);
  world.run(3000);
  expect(world.addVoter(102)).toMatchObject({ error: "NONE" });
  world.run(60_000);
  expect(startOf(world, 101)).toBeGreaterThan(10);
  world.start(103);
  world.run(10_000);
  expect(startOf(world, 103)).toBeGreaterThan(10);
  expect(world.addVoter(103)).toMatchObject({ error: "NONE" });
  for (const id of world.controllers) world.kill(id);
  for (const id of world.controllers) world.start(id);
  world.until("a controller", () => world.active() !== -1);
  expect(world.describe().currentVoters.map(voter => voter.replicaId)).toEqual([101, 102, 103]);
  expect(world.directoryOf(101)).toBe(firstDirectoryOf(101));
});

test("with the defaults an hour passes before the first snapshot, and the log is kept", () => {
  const world = new QuorumWorld({ controllers: [101], brokers: [] });
  world.run(3_599_000);
  expect(world.node(101).kraft.raft.snapshots).toEqual([]);
  world.run(2_000);
  const [snapshot] = world.node(101).kraft.raft.snapshots;
  expect(snapshot?.endOffset).toBeGreaterThan(7000);
  const file = world.simulation.process("controller-101").disk.get("__cluster_metadata-0/00000000000000000000.log");
  expect(file?.kind === "log" ? logStartOffset(file) : -1).toBe(0);
  expect(contentOf(committedImage({ disk: world.simulation.process("controller-101").disk } as never, world.node(101).kraft.raft)))
    .toBe(contentOf(world.node(101).kraft.controller?.image));
});

test("a checkpoint goes on exactly as the original, with snapshots and voters on the way", () => {
  const world = new QuorumWorld({ ...ROLES, initialVoters: [101, 102, 103] }).boot();
  world.run(15_000);
  const leaving = world.controllers.find(id => id !== world.active()) ?? 101;
  world.put(world.active(), "RemoveRaftVoter", { clusterId: "test-cluster", voterId: leaving, voterDirectoryId: world.directoryOf(leaving) });
  world.run(1);
  const fork = world.simulation.fork();
  for (const simulation of [world.simulation, fork]) {
    simulation.crash(world.nameOf(leaving));
    simulation.runUntil(simulation.world.now + 60_000_000);
  }
  expect(fork.digest()).toBe(world.simulation.digest());
  expect(startOf(world, world.active())).toBeGreaterThan(20);
});
