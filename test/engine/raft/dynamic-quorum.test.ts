// Voters in the log (KIP-853), with the answers that recordings of 3.9.1 show.
import { expect, test } from "vitest";
import { QuorumWorld } from "./quorum-world.ts";

const CONTROLLERS = [101, 102, 103];

function standalone(kafka: "3.9" | "4.3" = "3.9", overrides = {}): QuorumWorld {
  const world = new QuorumWorld({ controllers: CONTROLLERS, brokers: [1, 2], initialVoters: [101], startsLater: [102, 103], kafka, overrides }).boot();
  return world;
}

function votersOf(world: QuorumWorld): number[] {
  return world.describe().currentVoters.map(voter => voter.replicaId);
}

test("a standalone controller writes the voters of its snapshot behind the leader change, as one batch", () => {
  const world = standalone();
  const first = world.logOf(101)[0];
  expect(first?.records.map(record => record.type)).toEqual(["LeaderChangeMessage", "KRaftVersionRecord", "VotersRecord"]);
  expect(first?.control).toBe(true);
  expect([...world.simulation.process("controller-101").disk.keys()]).toEqual(expect.arrayContaining(
    ["meta.properties", "bootstrap.checkpoint", "__cluster_metadata-0/00000000000000000000-0000000000.checkpoint"]));
  expect(world.describe()).toMatchObject({ error: "NONE", leaderId: 101, leaderEpoch: 1, currentVoters: [{ replicaId: 101, replicaDirectoryId: world.directoryOf(101) }] });
});

test("a controller without the initial voters observes, is added, and then votes", () => {
  const world = standalone();
  world.start(102);
  world.run(3000);
  expect(world.describe().observers.map(observer => observer.replicaId).toSorted()).toEqual([1, 102, 2]);
  expect(world.addVoter(102)).toMatchObject({ error: "NONE" });
  expect(votersOf(world)).toEqual([101, 102]);
  expect(world.describe().observers.map(observer => observer.replicaId).toSorted()).toEqual([1, 2]);
  expect(world.facts("voters-changed")).toEqual([{ kind: "voters-changed", voters: [101, 102], change: "added", node: 102 }]);
  // Two voters: no majority without the second.
  world.kill(102);
  world.until("resignation", () => world.active() === -1, 4000);
  world.start(102);
  world.until("a leader again", () => world.active() !== -1, 10_000);
});

test("what is refused: a controller that does not run, a voter twice, unknown ids and directories", () => {
  const world = standalone();
  expect(world.addVoter(102, "DIRECTORY-THAT-IS-NOT-")).toMatchObject({
    error: "REQUEST_TIMED_OUT", errorMessage: "Aborted add voter operation for since API_VERSIONS returned an error BROKER_NOT_AVAILABLE",
  });
  world.start(102);
  world.run(3000);
  world.addVoter(102);
  const [first, second] = [world.directoryOf(101), world.directoryOf(102)];
  const voters = `[ReplicaKey(id=101, directoryId=Optional[${first}]), ReplicaKey(id=102, directoryId=Optional[${second}])]`;
  expect(world.addVoter(102)).toMatchObject({
    error: "DUPLICATE_VOTER", errorMessage: `The voter id for ReplicaKey(id=102, directoryId=Optional[${second}]) is already part of the set of voters ${voters}.`,
  });
  expect(world.removeVoter(104, second)).toMatchObject({
    error: "VOTER_NOT_FOUND", errorMessage: `Cannot remove voter ReplicaKey(id=104, directoryId=Optional[${second}]) from the set of voters ${voters}`,
  });
  expect(world.removeVoter(102, first)).toMatchObject({ error: "VOTER_NOT_FOUND" });
  expect(world.ask(102, "RemoveRaftVoter", { clusterId: "test-cluster", voterId: 101, voterDirectoryId: first })).toMatchObject({ error: "NOT_LEADER_OR_FOLLOWER" });
});

test("a voter that was removed observes; a removed leader resigns after the removal is committed", () => {
  const world = standalone();
  world.start(102);
  world.start(103);
  world.run(3000);
  for (const id of [102, 103]) expect(world.addVoter(id)).toMatchObject({ error: "NONE" });
  world.run(2000);
  expect(world.removeVoter(103)).toMatchObject({ error: "NONE" });
  world.run(1000);
  expect(votersOf(world)).toEqual([101, 102]);
  expect(world.describe().observers.map(observer => observer.replicaId)).toContain(103);
  expect(world.addVoter(103)).toMatchObject({ error: "NONE" });
  const { epoch } = world.node(101).kraft.raft;
  expect(world.removeVoter(101)).toMatchObject({ error: "NONE" });
  world.until("another leader", () => [102, 103].includes(world.active()), 5000);
  world.run(5000);
  expect(votersOf(world)).toEqual([102, 103]);
  expect(world.node(world.active()).kraft.raft.epoch).toBe(epoch + 1);
  expect(world.describe().observers.map(observer => observer.replicaId)).toContain(101);
  expect(world.facts("raft-role").filter(fact => fact.node === 101).at(-1)).toMatchObject({ role: "observer", leader: world.active() });
});

test("a quorum whose voters stand in the settings refuses both", () => {
  const world = new QuorumWorld({ controllers: CONTROLLERS, brokers: [1] }).boot();
  expect(world.removeVoter(103)).toMatchObject({
    error: "UNSUPPORTED_VERSION", errorMessage: "Cluster doesn't support removing voter because the kraft.version feature is 0",
  });
  expect(world.addVoter(103)).toMatchObject({ error: "UNSUPPORTED_VERSION" });
  const description = world.describe();
  expect(description.currentVoters.map(voter => voter.replicaDirectoryId)).toEqual(new Array(3).fill("AAAAAAAAAAAAAAAAAAAAAA"));
  expect(description.observers).toMatchObject([{ replicaId: 1, replicaDirectoryId: world.directoryOf(1) }]);
});

test("a voter that lost its disk comes back as somebody else: two voters, one alive, no leader for ever", () => {
  const world = standalone("4.3");
  world.start(102);
  world.run(3000);
  world.addVoter(102);
  world.run(1000);
  world.kill(102);
  world.simulation.process("controller-102").disk.clear();
  world.start(102);
  world.run(20_000);
  expect(world.active()).toBe(-1);
});

test("a leader that lost its disk and is believed in ends at once in 3.9", () => {
  const world = standalone();
  world.start(102);
  world.run(3000);
  world.addVoter(102);
  world.removeVoter(101);
  world.until("the second leads", () => world.active() === 102, 10_000);
  world.run(4000);
  expect(world.addVoter(101)).toMatchObject({ error: "NONE" });
  world.run(1000);
  world.kill(102);
  world.simulation.process("controller-102").disk.clear();
  world.start(102);
  world.run(1000);
  expect(world.facts("node-failed")).toMatchObject([{ node: 102, exitCode: 1 }]);
  expect(world.facts("node-failed")[0]?.text).toContain("which is inconsistent with current leader OptionalInt.empty and epoch 0");
});

test("4.3 joins by itself when it may", () => {
  const world = standalone("4.3", { "controller.quorum.auto.join.enable": true });
  world.start(102);
  world.until("joined", () => votersOf(world).length === 2, 10_000);
  expect(votersOf(world)).toEqual([101, 102]);
});

test("voters and their changes survive restarts of everybody", () => {
  const world = standalone();
  world.start(102);
  world.start(103);
  world.run(3000);
  world.addVoter(102);
  world.addVoter(103);
  world.run(1000);
  for (const id of world.ids) world.kill(id);
  for (const id of world.ids) world.start(id);
  world.until("a leader", () => world.active() !== -1);
  expect(votersOf(world)).toEqual([101, 102, 103]);
});

test("4.3 moves the voters of the settings into the log: one batch with version and voters; then they can be removed", () => {
  const world = new QuorumWorld({ controllers: CONTROLLERS, brokers: [1], kafka: "4.3" }).boot();
  world.run(3000);
  expect(world.ask(world.active(), "UpdateFeatures", {
    timeoutMs: 5000, featureUpdates: [{ feature: "kraft.version", maxVersionLevel: 1, upgradeType: 1 }], validateOnly: false,
  })).toMatchObject({ error: "NONE" });
  const written = world.logOf(world.active()).filter(batch => batch.control).at(-1);
  expect(written?.records.map(record => record.type)).toEqual(["KRaftVersionRecord", "VotersRecord"]);
  world.run(1000);
  expect(world.describe().currentVoters.map(voter => voter.replicaDirectoryId)).toEqual(CONTROLLERS.map(id => world.directoryOf(id)));
  const leaving = CONTROLLERS.find(id => id !== world.active()) ?? 101;
  expect(world.removeVoter(leaving)).toMatchObject({ error: "NONE" });
  for (const id of CONTROLLERS) world.kill(id);
  for (const id of CONTROLLERS) world.start(id);
  world.until("a controller", () => world.active() !== -1);
  expect(votersOf(world)).toEqual(CONTROLLERS.filter(id => id !== leaving));
});
