// Nobody leads: the only broker in sync is dead, two others are alive. Bring the partition back without losing what was promised.
import { atEnd, defineDrill, threeBrokers, within } from "#kit";

const TOPIC = "user-events";

export default defineDrill({
  id: "lost-leader",
  title: "The leader that nobody can replace",
  cluster: threeBrokers({
    settings: { "replica.lag.time.max.ms": 5000 },
    topics: [{ name: TOPIC, assignment: [[1, 2, 3]], configs: { "min.insync.replicas": 1 } }],
    producers: [{
      id: "web-1",
      settings: { acks: "all" },
      workload: { topic: TOPIC, everyMs: 200, keys: ["customer-123", "customer-456", "user-1"] },
    }],
    startMs: 40_000,
  }),
  before: [
    { atMs: 12_000, command: { do: "cut", from: [1], to: [2, 3] } },
    { atMs: 24_000, command: { do: "kill", node: 1 } },
    { atMs: 25_000, command: { do: "heal", from: [1], to: [2, 3] } },
  ],
  verbs: [{
    id: "unclean", text: "Elect an unclean leader",
    command: { do: "elect-leaders", type: "unclean", partitions: [{ topic: TOPIC, partition: 0 }] },
  }],
  faults: [],
  predictions: [],
  goals: [
    within(60_000, { id: "open-again", text: "user-events takes acks=all letters again.", check: { check: "writable", topic: TOPIC } }),
    atEnd({
      id: "nothing-lost", text: "every letter for which web-1 has a receipt is in the leader's log.",
      check: { check: "no-acknowledged-loss", topic: TOPIC, excused: false },
    }),
    atEnd({ id: "three-copies", text: "three brokers are in sync.", check: { check: "in-sync-count", topic: TOPIC, atLeast: 3 } }),
  ],
  hints: [
    "Look at the row of partition 0. Who is in the ISR, and who is alive? Why do brokers 2 and 3 not lead?",
    "Drag the playhead to second 22. Broker 1 is cut off from the other two, and web-1 gets its receipts. Who has those letters?",
    "An election can only choose among copies that exist. Brokers 2 and 3 have short ones. Whoever of them leads, broker 1 will throw away what they do not have.",
    "Broker 1 is unplugged, and its disk is well. Start it; it is in the ISR, so it leads as soon as it is registered. Hand in when 2 and 3 have caught up.",
  ],
});
