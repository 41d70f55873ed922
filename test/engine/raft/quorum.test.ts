import { expect, test } from "vitest";
import { digestOf } from "#engine/core/digest.ts";
import { fromMs } from "#engine/core/time.ts";
import { batchAt, logEndOffset } from "#engine/raft/metadata-log.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { NO_DIRECTORY } from "#engine/raft/voter-set.ts";
import { cutBoth, healBoth, TestCluster } from "../metadata/kraft-test-node.ts";

/** Of a candidate of a static quorum. */
const NO_DIRECTORIES = { replicaDirectoryId: NO_DIRECTORY, voterDirectoryId: NO_DIRECTORY, preVote: false };

function quorum(seed: number, nodes = 3): TestCluster {
  const cluster = new TestCluster(seed, { nodes, withBroker: false });
  cluster.runUntil(() => cluster.active() !== -1, 20_000);
  cluster.run(2000);
  return cluster;
}

/** The metadata log on a node's disk. */
function logOf(cluster: TestCluster, id: number): RaftBatch[] {
  const file = cluster.simulation.process(`broker-${id}`).disk.get("__cluster_metadata-0/00000000000000000000.log");
  return file?.kind === "log" ? Array.from({ length: file.entries.length }, (_, index) => batchAt(file, index)) : [];
}

function others(cluster: TestCluster, id: number): number[] {
  return cluster.ids.filter(other => other !== id);
}

test("three voters elect one leader, and everybody knows it", () => {
  const cluster = quorum(7);
  const leader = cluster.active();
  expect(cluster.ids.map(id => cluster.kraft(id).raft.leader)).toEqual([leader, leader, leader]);
  expect(cluster.ids.map(id => cluster.kraft(id).raft.role.role).toSorted()).toEqual(["follower", "follower", "leader"]);
});

test("a quorum of one leads at once and commits alone", () => {
  const cluster = new TestCluster(1, { nodes: 1, withBroker: false });
  cluster.run(1);
  expect(cluster.active()).toBe(1);
  cluster.run(1000);
  expect(cluster.kraft(1).raft.highWatermark).toBeGreaterThanOrEqual(6);
});

test("the leader's first record is the leader change, and nothing is committed before it is", () => {
  const cluster = quorum(3);
  const first = logOf(cluster, cluster.active())[0];
  expect(first?.control).toBe(true);
  expect(first?.records[0]).toMatchObject({ type: "LeaderChangeMessage", leaderId: cluster.active(), voters: [1, 2, 3] });
});

test("votes are on the disk before they are given: a voter that restarts does not vote twice in an epoch", () => {
  const cluster = new TestCluster(11, { withBroker: false });
  cluster.run(100);
  const body = { clusterId: "test-cluster", voterId: 1, replicaEpoch: 50, replicaId: 2, ...NO_DIRECTORIES, lastOffsetEpoch: 40, lastOffset: 10 };
  expect(cluster.ask(2, "Vote", body, 1)).toMatchObject({ voteGranted: true, leaderEpoch: 50 });
  cluster.simulation.losePower("broker-1");
  cluster.simulation.start("broker-1");
  cluster.run(0);
  expect(cluster.kraft(1).raft).toMatchObject({ epoch: 50, votedFor: 2, role: { role: "unattached" } });
  expect(cluster.ask(3, "Vote", { ...body, replicaId: 3 }, 1)).toMatchObject({ voteGranted: false, leaderEpoch: 50 });
  // The first attempt only finds out that the old connection is dead.
  cluster.ask(2, "Vote", body, 1);
  expect(cluster.ask(2, "Vote", body, 1)).toMatchObject({ voteGranted: true, leaderEpoch: 50 });
});

test("a vote is refused to a candidate whose log is shorter, to a stale epoch, a wrong cluster and a wrong voter", () => {
  const cluster = quorum(5);
  // Not in the first epoch: a stale one must be possible.
  cluster.simulation.crash(`broker-${cluster.active()}`);
  cluster.run(10_000);
  for (const id of cluster.ids) if (!cluster.isRunning(id)) cluster.simulation.start(`broker-${id}`);
  cluster.run(5_000);
  const leader = cluster.active();
  const [asker = 1, voter = 2] = others(cluster, leader);
  const { epoch } = cluster.kraft(voter).raft;
  const body = { clusterId: "test-cluster", voterId: voter, replicaEpoch: epoch + 5, replicaId: asker, ...NO_DIRECTORIES, lastOffsetEpoch: epoch, lastOffset: 1 };
  expect(cluster.ask(asker, "Vote", { ...body, replicaEpoch: epoch - 1, lastOffsetEpoch: epoch - 2 }, voter)).toMatchObject({ error: "FENCED_LEADER_EPOCH", voteGranted: false, leaderId: leader });
  expect(cluster.ask(asker, "Vote", { ...body, clusterId: "other" }, voter)).toMatchObject({ error: "INCONSISTENT_CLUSTER_ID", voteGranted: false });
  expect(cluster.ask(asker, "Vote", { ...body, replicaEpoch: epoch, lastOffset: 1000 }, voter)).toMatchObject({ error: "INVALID_REQUEST", voteGranted: false });
  expect(cluster.ask(asker, "Vote", { ...body, replicaEpoch: epoch, lastOffsetEpoch: epoch - 1, lastOffset: 1000 }, voter)).toMatchObject({ error: "NONE", voteGranted: false });
  expect(cluster.ask(asker, "Vote", { ...body, voterId: 9 }, voter)).toMatchObject({ error: "INVALID_VOTER_KEY", voteGranted: false });
  expect(cluster.ask(asker, "Vote", body, voter)).toMatchObject({ error: "NONE", voteGranted: false });
  expect(cluster.kraft(voter).raft.epoch).toBeGreaterThanOrEqual(epoch + 5);
});

test("after SIGKILL of the leader both followers wait out the fetch timeout; mostly the vote splits and the epoch rises by two", () => {
  const rises: number[] = [];
  for (let seed = 1; seed <= 12; seed += 1) {
    const cluster = quorum(seed);
    const leader = cluster.active();
    const { epoch } = cluster.kraft(leader).raft;
    const killedMs = cluster.nowMs;
    cluster.simulation.crash(`broker-${leader}`);
    cluster.runUntil(() => cluster.active() !== -1, 15_000);
    const tookMs = cluster.nowMs - killedMs;
    expect(tookMs).toBeGreaterThan(1400);
    expect(tookMs).toBeLessThan(8000);
    rises.push(cluster.kraft(cluster.active()).raft.epoch - epoch);
  }
  expect(rises.filter(rise => rise === 2).length).toBeGreaterThan(6);
  expect(Math.max(...rises)).toBeLessThan(5);
});

test("a leader that shuts down gracefully names its successor: no time-out, epoch plus one", () => {
  const cluster = quorum(2);
  const leader = cluster.active();
  const { epoch } = cluster.kraft(leader).raft;
  cluster.simulation.input(`broker-${leader}`, { do: "shut-down" });
  cluster.runUntil(() => cluster.active() !== -1 && cluster.active() !== leader, 1000);
  expect(cluster.kraft(cluster.active()).raft.epoch).toBe(epoch + 1);
  cluster.run(100);
  expect(cluster.simulation.process(`broker-${leader}`).status).toBe("stopped");
});

test("a leader that is cut off resigns when no majority fetches for 3 s, and the others elect a new one", () => {
  const cluster = quorum(4);
  const leader = cluster.active();
  for (const other of others(cluster, leader)) cutBoth(cluster.simulation, leader, other);
  const cutMs = cluster.nowMs;
  cluster.runUntil(() => cluster.kraft(leader).raft.role.role !== "leader", 5000);
  expect(cluster.nowMs - cutMs).toBeGreaterThan(2400);
  expect(cluster.nowMs - cutMs).toBeLessThan(3100);
  cluster.runUntil(() => cluster.active() !== -1 && cluster.active() !== leader, 10_000);
  for (const other of others(cluster, leader)) healBoth(cluster.simulation, leader, other);
  cluster.run(20_000);
  expect(cluster.running().filter(id => cluster.kraft(id).raft.role.role === "leader")).toHaveLength(1);
});

test("without a majority nothing is committed; what the old leader wrote alone is cut away when it returns", () => {
  const cluster = quorum(6);
  const leader = cluster.active();
  for (const other of others(cluster, leader)) cutBoth(cluster.simulation, leader, other);
  const before = cluster.kraft(leader).raft.highWatermark;
  cluster.run(2000);
  const lonelyEnd = logEndOffset(cluster.simulation.process(`broker-${leader}`).disk.get("__cluster_metadata-0/00000000000000000000.log") as never);
  expect(lonelyEnd).toBeGreaterThan(before);
  expect(cluster.kraft(leader).raft.highWatermark).toBeLessThanOrEqual(before + 1);
  cluster.run(10_000);
  for (const other of others(cluster, leader)) healBoth(cluster.simulation, leader, other);
  cluster.run(20_000);
  const [first = [], ...rest] = cluster.ids.map(id => logOf(cluster, id).slice(0, cluster.kraft(id).raft.committedBatches));
  for (const log of rest) {
    const shared = Math.min(log.length, first.length);
    expect(shared).toBeGreaterThan(10);
    expect(digestOf(log.slice(0, shared))).toBe(digestOf(first.slice(0, shared)));
  }
});

test("entries of an older epoch are committed only together with one of the leader's own", () => {
  const cluster = quorum(3);
  cluster.simulation.crash(`broker-${cluster.active()}`);
  const oldEntriesOnMajority = (): boolean => cluster.running().some(id => {
    const { role } = cluster.kraft(id).raft;
    return role.role === "leader" && role.voters.some(voter => voter.endOffset === role.epochStartOffset);
  });
  while (!oldEntriesOnMajority()) cluster.simulation.step();
  const leader = cluster.running().find(id => cluster.kraft(id).raft.role.role === "leader") ?? 0;
  expect(cluster.kraft(leader).raft.role).toMatchObject({ highWatermarkKnown: false });
  const before = cluster.kraft(leader).raft.highWatermark;
  expect(cluster.controller(leader).active).toBeNull();
  cluster.run(10);
  expect(cluster.kraft(leader).raft.highWatermark).toBeGreaterThan(before);
  expect(cluster.active()).toBe(leader);
});

test("a follower learns the high watermark with the next answer only, as before KIP-1166", () => {
  const cluster = quorum(9);
  const leader = cluster.active();
  const follower = others(cluster, leader)[0] ?? 1;
  const before = cluster.kraft(leader).raft.highWatermark;
  cluster.runUntil(() => cluster.kraft(leader).raft.highWatermark > before);
  expect(cluster.kraft(follower).raft.highWatermark).toBeLessThan(cluster.kraft(leader).raft.highWatermark);
});

test("a restarted leader never leads its old epoch again", () => {
  const cluster = quorum(8);
  const leader = cluster.active();
  const { epoch } = cluster.kraft(leader).raft;
  cluster.simulation.crash(`broker-${leader}`);
  cluster.simulation.start(`broker-${leader}`);
  cluster.run(0);
  expect(cluster.kraft(leader).raft).toMatchObject({ epoch, role: { role: "resigned" } });
  cluster.runUntil(() => cluster.active() !== -1, 10_000);
  expect(cluster.kraft(cluster.active()).raft.epoch).toBeGreaterThan(epoch);
});

test("an idle quorum costs few events", () => {
  const cluster = quorum(1);
  const before = cluster.simulation.world.eventsHandled;
  cluster.run(10_000);
  expect((cluster.simulation.world.eventsHandled - before) / 10).toBeLessThan(30);
});

test("a dead voter is told once a second who leads, not more often", () => {
  const cluster = quorum(1);
  const dead = others(cluster, cluster.active())[0] ?? 1;
  cluster.simulation.crash(`broker-${dead}`);
  cluster.run(2000);
  const before = cluster.simulation.world.eventsHandled;
  cluster.run(10_000);
  expect((cluster.simulation.world.eventsHandled - before) / 10).toBeLessThan(25);
  cluster.simulation.start(`broker-${dead}`);
  cluster.run(1500);
  expect(cluster.kraft(dead).raft).toMatchObject({ leader: cluster.active(), role: { role: "follower" } });
});

test("a voter whose disk was emptied gets the whole log again", () => {
  const cluster = quorum(1);
  const fresh = others(cluster, cluster.active())[0] ?? 1;
  const { epoch } = cluster.kraft(cluster.active()).raft;
  cluster.simulation.crash(`broker-${fresh}`);
  cluster.simulation.process(`broker-${fresh}`).disk.clear();
  cluster.run(1500);
  cluster.simulation.start(`broker-${fresh}`);
  // Its own election time-out is 1 to 2 s; the leader comes first or the epoch rises.
  cluster.run(5000);
  expect(cluster.kraft(fresh).raft.highWatermark).toBeGreaterThan(5);
  expect(cluster.kraft(fresh).raft.epoch).toBeGreaterThanOrEqual(epoch);
  expect(logOf(cluster, fresh)[0]?.control).toBe(true);
});

test("a checkpoint goes on exactly as the original", () => {
  const cluster = quorum(12);
  const fork = cluster.simulation.fork();
  cluster.simulation.crash(`broker-${cluster.active()}`);
  fork.crash(cluster.simulation.world.processes.find(process => process.status === "stopped")?.name ?? "");
  cluster.run(10_000);
  fork.runUntil(cluster.simulation.world.now);
  expect(fork.digest()).toBe(cluster.simulation.digest());
  expect(fork.world.now).toBeGreaterThan(fromMs(10_000));
});
