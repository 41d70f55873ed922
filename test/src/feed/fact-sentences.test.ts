import { expect, test } from "vitest";
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

test("a client that ends is closed, which is no fault; a broker that ends has shut down", () => {
  const stopped = (process: string): ViewFact => ({ id: 0, at: 0, process, cause: -1, quiet: false, fact: { kind: "process-stopped", process, how: "exit" } });
  expect(sentenceOf(stopped("cell-first"))).toBeNull();
  expect(markOf(stopped("cell-first"))).toBeNull();
  expect(sentenceOf(stopped("broker-2"))).toBe("Broker 2 has shut down.");
  expect(markOf(stopped("broker-2"))?.kind).toBe("fault");
});
