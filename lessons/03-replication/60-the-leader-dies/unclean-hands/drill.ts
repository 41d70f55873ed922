// The only complete copy is gone for good. Two short ones are left, of different length: choose what is lost, and say which offsets.
import { atEnd, defineDrill, predicted, threeBrokers, within } from "#kit";

const TOPIC = "user-events";

/** Forty letters each, so that a log ends at the same offset whatever the seed. */
const shift = (id: string, fromMs: number, key: string) => ({
  id, settings: { acks: "all" }, workload: { topic: TOPIC, everyMs: 100, keys: [key], fromMs, records: 40, value: `${id} {n}` },
});

export default defineDrill({
  id: "unclean-hands",
  title: "Unclean hands",
  cluster: threeBrokers({
    settings: { "replica.lag.time.max.ms": 5000 },
    topics: [{ name: TOPIC, assignment: [[1, 2, 3]], configs: { "min.insync.replicas": 1 } }],
    producers: [
      shift("early", 5_000, "customer-123"), shift("noon", 13_000, "customer-456"), shift("late", 23_000, "customer-789"),
      { id: "web-1", settings: { acks: "all" }, workload: { topic: TOPIC, everyMs: 500, keys: ["user-1"], fromMs: 40_000 } },
    ],
    startMs: 50_000,
  }),
  before: [
    { atMs: 12_000, command: { do: "cut", from: [1], to: [2] } },
    { atMs: 22_000, command: { do: "cut", from: [1], to: [3] } },
    { atMs: 34_000, command: { do: "fail-log-directory", node: 1, directory: "/tmp/kafka-logs" } },
    { atMs: 44_000, command: { do: "heal", from: [], to: [] } },
  ],
  verbs: [
    { id: "stop-2", text: "Shut broker 2 down", command: { do: "shut-down", node: 2 } },
    { id: "stop-3", text: "Shut broker 3 down", command: { do: "shut-down", node: 3 } },
  ],
  faults: [{
    id: "order", text: "You order an unclean election of partition 0.",
    command: { do: "elect-leaders", type: "unclean", partitions: [{ topic: TOPIC, partition: 0 }] },
  }],
  predictions: [{
    id: "what-is-left",
    text: "Who will lead partition 0, and where will that log end? What lay there and above on broker 1 is lost.",
    fault: "order",
    about: { topic: TOPIC, partition: 0 },
    fields: ["leader", "logEnd"],
  }],
  goals: [
    within(90_000, { id: "open-again", text: "user-events takes acks=all letters again.", check: { check: "writable", topic: TOPIC } }),
    predicted({ id: "foreseen", text: "the new leader and the first lost offset, before the order, and it came true.", prediction: "what-is-left" }),
    atEnd({
      id: "the-longer-log", text: "broker 3 leads: what it has is not lost.", after: "order",
      check: { check: "leader-of", topic: TOPIC, partition: 0, broker: 3 },
    }),
    atEnd({ id: "two-copies", text: "two brokers are in sync.", after: "order", check: { check: "in-sync-count", topic: TOPIC, atLeast: 2 } }),
  ],
  hints: [
    "Start broker 1 once, and read why it ends again. Is there anything to wait for?",
    "Compare the logs of broker 2 and broker 3. Who has the letters of early, who those of noon? Who was cut off from broker 1 first?",
    "An unclean election does not look at logs either: it takes the first broker in assignment order that is alive.",
    "The order is 1, 2, 3. Broker 2 stands before broker 3, unless it is down when the election is held.",
    "Shut broker 2 down. Say broker 3, and its log end offset: not the high watermark, which no longer protects anything. Give the order, start broker 2, and hand in when two are in sync.",
  ],
});
