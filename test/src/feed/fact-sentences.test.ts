import { expect, test } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { exportFacts } from "#engine/cluster/export-fact.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { commandSentence } from "#src/feed/command-sentences.ts";
import { sentenceOf } from "#src/feed/fact-sentences.ts";
import { markOf } from "#src/feed/fact-marks.ts";
import type { ExportedFact, ViewFact } from "#engine/cluster/view.ts";
import { batch, crashStory } from "../session/written-facts.ts";

const of = { topic: "user-events", partition: 1 };
function say(fact: ExportedFact, knowledge = { isNewLeader: true, isOfLeader: true }): string | null {
  const entry: ViewFact = { id: 0, at: 0, process: "", cause: -1, quiet: false, fact };
  return sentenceOf(entry, knowledge);
}
const changed = (leader: number, reason: "broker-fenced" | "unclean-election" | "isr-expanded" | "preferred-election"): ExportedFact =>
  ({ kind: "partition-changed", ...of, replicas: [2, 3, 1], isr: [3, 1], leader, leaderEpoch: 1, partitionEpoch: 1, reason });

test("faults, the controller's decisions and elections are sentences with an actor", () => {
  expect(say({ kind: "process-stopped", process: "broker-2", how: "crash" })).toBe("Broker 2 is gone. It has told nobody.");
  expect(say({ kind: "broker-fenced", broker: 2, silentForUs: 9_000_000 })).toBe("The controller has not heard from broker 2 for 9 s and fences it.");
  expect(say({ kind: "broker-fenced", broker: 2, silentForUs: 0 })).toBe("The controller fences broker 2, as it asked.");
  expect(say(changed(3, "broker-fenced"))).toBe("Broker 3 leads partition 1, epoch 1, after a broker was fenced; in sync: 3 and 1.");
  expect(say(changed(3, "broker-fenced"), { isNewLeader: false, isOfLeader: false })).toBe("Partition 1 loses a replica from its ISR; in sync: 3 and 1. Broker 3 goes on leading it.");
  expect(say(changed(-1, "broker-fenced"))).toContain("Nobody leads partition 1");
  expect(say(changed(3, "unclean-election"))).toContain("what it lacks is lost");
  expect(say({ kind: "raft-role", node: 3, role: "leader", epoch: 2, leader: 3 })).toBe("Broker 3 wins the election of the metadata quorum: it is the active controller of epoch 2.");
});

test("a letter is told from its sender to its receipt", () => {
  expect(say({ kind: "records-accepted", client: "web-1", call: 1, topic: "user-events", count: 1, keys: ["customer-456"], partitions: [1] }))
    .toBe("web-1 writes customer-456 to user-events. It goes to partition 1.");
  expect(say({ kind: "log-appended", broker: 2, ...of, batch: batch(6, "k"), asLeader: true })).toBe("Offset 6 of partition 1 is in broker 2's log, in pencil.");
  expect(say({ kind: "high-watermark", broker: 2, ...of, offset: 7 })).toBe("Every in-sync copy is there: broker 2 moves the high watermark of partition 1 to 7.");
  expect(say({ kind: "high-watermark", broker: 3, ...of, offset: 7 }, { isNewLeader: false, isOfLeader: false })).toBe("Broker 3 learns that the high watermark of partition 1 is 7.");
  expect(say({ kind: "batch-acknowledged", client: "web-1", ...of, baseOffset: 6, count: 2, producerId: 1, baseSequence: 0 })).toBe("web-1 gets its receipt: offsets 6 to 7 of partition 1.");
});

test("what a sender or a machine cannot know is not said of it", () => {
  expect(say({ kind: "batch-acknowledged", client: "web-1", ...of, baseOffset: -1, count: 1, producerId: -1, baseSequence: -1 }))
    .toBe("web-1 takes a letter for partition 1 as delivered; at which offset, it is not told.");
  // The operating system may have written back what nobody had forced.
  expect(say({ kind: "process-stopped", process: "broker-2", how: "power-loss" })).toBe("Broker 2 is gone with its power; what was not on its disk yet is lost.");
  // Silence is one reason; that the leader of the quorum has resigned, or that there was none yet, is another.
  expect(say({ kind: "raft-role", node: 3, role: "candidate", epoch: 2, leader: -1 })).toBe("Broker 3 knows of no active controller and stands for election in epoch 2.");
});

test("refusals carry Kafka's error name, and an indefinite failure says that it is one", () => {
  expect(say({ kind: "batch-retried", client: "web-1", ...of, count: 1, error: "NOT_LEADER_OR_FOLLOWER", attempt: 2 })).toBe("web-1 will send a letter for partition 1 again: NOT_LEADER_OR_FOLLOWER, try 2.");
  expect(say({ kind: "batch-failed", client: "web-1", ...of, count: 3, error: "REQUEST_TIMED_OUT", message: "", definite: false })).toContain("cannot know whether the log has them");
});

test("a learner's deeds are told to the learner", () => {
  expect(commandSentence({ do: "kill", node: 2 })).toBe("You unplug broker 2.");
  expect(commandSentence({ do: "cut", from: [1], to: [2, 3] })).toBe("You cut the network between broker 1 and broker 2 and broker 3.");
  expect(commandSentence({ do: "heal", from: [], to: [] })).toBe("You heal the network.");
  expect(commandSentence({ do: "send", producer: "web-1", topic: "user-events", records: [{ key: "customer-123", value: "paid" }], call: 1 })).toBe("You hand web-1 a letter for user-events, key customer-123.");
});

test("routine facts have no sentence of their own, everything else of a run ends with a full stop", () => {
  expect(say({ kind: "raft-log", node: 1, logEnd: 3, highWatermark: 2 })).toBeNull();
  const told = crashStory().facts.map(fact => sentenceOf(fact)).filter(sentence => sentence !== null);
  expect(told.length).toBeGreaterThan(80);
  for (const sentence of told) expect(sentence).toMatch(/\.$/);
});

test("an ensemble, its sessions and its znodes have sentences", () => {
  expect(say({ kind: "zookeeper-state", server: 3, state: "leading", epoch: 2, leader: 3 })).toBe("ZooKeeper server 3 leads the ensemble, epoch 2.");
  expect(say({ kind: "zookeeper-state", server: 1, state: "looking", epoch: 1, leader: -1 })).toBe("ZooKeeper server 1 knows of no leader and looks for one.");
  expect(say({ kind: "zookeeper-session", session: "0x1", change: "expired", client: "broker-2", silentForUs: 18_000_000 })).toBe("ZooKeeper has not heard from broker 2 for 18 s and ends its session.");
  expect(say({ kind: "zookeeper-session", session: "0x1", change: "created", client: "admin" })).toBe("admin has a session with ZooKeeper.");
  expect(say({ kind: "znode", path: "/controller", change: "created", version: 0, data: "{}", ephemeral: true })).toBe("ZooKeeper has a new znode /controller, which lives as long as the session that made it.");
  expect(say({ kind: "znode-watch", server: 1, event: "NodeDeleted", path: "/controller", client: "broker-3" })).toBe("ZooKeeper server 1 tells broker 3 that /controller is gone.");
  expect(say({ kind: "controller-elected", broker: 2, controllerEpoch: 4 })).toBe("Broker 2 was the first to create /controller: it is the controller, epoch 4.");
  expect(say({ kind: "controller-fenced", broker: 3, controllerEpoch: 4, requestEpoch: 3, api: "LeaderAndIsr" }))
    .toBe("Broker 3 refuses the LeaderAndIsr request of an old controller: its epoch is 3, and 4 is known here.");
});

test("what becomes of topics, replicas and voters has sentences", () => {
  const moved = { kind: "partition-changed", ...of, isr: [1, 2], leader: 1, leaderEpoch: 2, partitionEpoch: 5 } as const;
  expect(say({ ...moved, replicas: [1, 2, 3], reason: "reassignment-started", addingReplicas: [3], removingReplicas: [2] }))
    .toBe("Partition 1 gets copies on 3 and will leave 2; in sync: 1 and 2.");
  expect(say({ ...moved, replicas: [1, 3], reason: "reassignment-completed" })).toBe("Partition 1 has moved: its replicas are 1 and 3, in sync: 1 and 2.");
  expect(say({ ...moved, replicas: [1, 2], reason: "reassignment-cancelled" })).toBe("The move of partition 1 is cancelled: its replicas are 1 and 2 again.");
  expect(say({ ...moved, replicas: [1, 2], isr: [], leader: -1, reason: "eligible-leader-replicas", eligibleLeaderReplicas: [2] }))
    .toBe("Partition 1 may still be led without loss by 2, though not in sync; in sync: none.");
  expect(say({ kind: "topic-deleted", topic: "orders", topicId: "x" })).toBe("The controller deletes topic orders.");
  expect(say({ kind: "topic-configured", topic: "orders", configs: [["min.insync.replicas", "2"]] })).toBe("The controller configures topic orders: min.insync.replicas=2.");
  expect(say({ kind: "voters-changed", voters: [101, 102], change: "added", node: 102 })).toBe("Controller 102 joins the voters of the metadata quorum; they are 101 and 102 now.");
  expect(say({ kind: "segments-deleted", broker: 1, ...of, count: 2, logStart: 40, why: "retention-size" }))
    .toBe("Broker 1 deletes 2 segments of partition 1 to come below retention.bytes; the log begins at 40 now.");
  expect(say({ kind: "log-compacted", broker: 1, ...of, to: 50, recordsBefore: 40, recordsAfter: 10 })).toBe("Broker 1 compacts partition 1 below offset 50: of 40 records 10 stay.");
  expect(say({ kind: "node-failed", node: 9, exitCode: 1, text: "Duplicate broker id\n  at …" })).toBe("Broker 9 gives up and ends with exit code 1: Duplicate broker id.");
  const controller: ViewFact = { id: 0, at: 0, process: "controller-101", cause: -1, quiet: false, fact: { kind: "raft-role", node: 101, role: "leader", epoch: 3, leader: 101 } };
  expect(sentenceOf(controller)).toBe("Controller 101 wins the election of the metadata quorum: it is the active controller of epoch 3.");
});

test("an operator's deeds are told to the operator", () => {
  expect(commandSentence({ do: "restart", node: 2, settings: { "broker.rack": "r1", "log.retention.ms": null } })).toBe("You start broker 2 again, with other settings: broker.rack=r1 and log.retention.ms back to its default.");
  expect(commandSentence({ do: "kill", node: 101 }, [101, 102])).toBe("You unplug controller 101.");
  expect(commandSentence({ do: "kill", node: "zookeeper-1" })).toBe("You unplug ZooKeeper server 1.");
  expect(commandSentence({ do: "reassign", call: 1, partitions: [{ topic: "orders", partition: 0, replicas: [2, 3] }, { topic: "orders", partition: 1, replicas: null }] }))
    .toBe("You ask to move orders-0 to 2 and 3 and to leave orders-1 where it is.");
  expect(commandSentence({ do: "alter-configs", resource: { broker: "" }, configs: { "min.insync.replicas": 2 }, call: 1 })).toBe("You set min.insync.replicas=2 for all brokers.");
  expect(commandSentence({ do: "four-letter-word", word: "ruok", server: 2, call: 1 })).toBe("You send \"ruok\" to ZooKeeper server 2.");
  expect(commandSentence({ do: "limit-disk", node: 1, capacityBytes: null })).toBe("The disk of broker 1 has room again.");
});

test.each(["guides/three-nodes-zookeeper", "guides/three-brokers-three-controllers", "guides/three-nodes-4.3"])("every fact of a busy life of %s that is told ends with a full stop", (preset) => {
  const cluster = Cluster.build({ ...PRESETS[preset] as ClusterSpec, topics: [{ name: "user-events", partitions: 2 }] }, 7);
  const commands: readonly Command[] = [
    { do: "create-topic", topic: "orders", partitions: 2, replicationFactor: 2, call: 1 }, { do: "create-partitions", topic: "orders", partitions: 3, call: 2 },
    { do: "reassign", partitions: [{ topic: "orders", partition: 0, replicas: [3, 1] }], call: 3 }, { do: "alter-configs", resource: { topic: "orders" }, configs: { "min.insync.replicas": 2 }, call: 4 },
    { do: "kill", node: 1 }, { do: "restart", node: 1 }, { do: "shut-down", node: 2 }, { do: "delete-topics", topics: ["orders"], call: 5 }, { do: "restart", node: 2 },
  ];
  commands.forEach((command, index) => {
    cluster.runUntil((12 + 15 * index) * 1_000_000);
    cluster.apply(index, command);
  });
  cluster.runUntil(180_000_000);
  const facts = exportFacts(cluster.simulation.world.trace, 0, true);
  const told = facts.map(fact => sentenceOf(fact)).filter(sentence => sentence !== null);
  expect(told.length).toBeGreaterThan(150);
  for (const sentence of told) expect(sentence).toMatch(/^\S.*[^.\s]\.$/);
  for (const sentence of told) expect(sentence).not.toMatch(/undefined|NaN|\[object/);
});

test("a client that ends is closed, which is no fault; a broker that ends has shut down", () => {
  const stopped = (process: string): ViewFact => ({ id: 0, at: 0, process, cause: -1, quiet: false, fact: { kind: "process-stopped", process, how: "exit" } });
  expect(sentenceOf(stopped("cell-first"))).toBeNull();
  expect(markOf(stopped("cell-first"))).toBeNull();
  expect(sentenceOf(stopped("broker-2"))).toBe("Broker 2 has shut down.");
  expect(markOf(stopped("broker-2"))?.kind).toBe("fault");
});
