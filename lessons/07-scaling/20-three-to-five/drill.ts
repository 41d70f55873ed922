// Two empty brokers are to carry their share: copies and leaders spread over five, nobody cut off, nothing thinned out.
import { always, atEnd, defineDrill, fiveBrokers } from "#kit";

const TOPIC = "user-events";

const move = (id: string, partition: number, replicas: readonly number[]) => ({
  id, text: `Move partition ${partition} to ${replicas.join(", ")}`,
  command: { do: "reassign", partitions: [{ topic: TOPIC, partition, replicas }] } as const,
});

export default defineDrill({
  id: "three-to-five",
  title: "Five shelves, and all of them used",
  cluster: fiveBrokers({
    topics: [{ name: TOPIC, assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 3, 2]], configs: { "min.insync.replicas": 2 } }],
    producers: [{
      id: "web-1",
      settings: { acks: "all" },
      workload: { topic: TOPIC, everyMs: 200, keys: ["customer-123", "customer-456", "customer-789", "user-1"] },
    }],
    startMs: 12_000,
  }),
  verbs: [
    move("move-0", 0, [1, 4, 5]), move("move-1", 1, [2, 3, 4]), move("move-3", 3, [4, 5, 1]), move("two-copies", 3, [4, 5]), move("one-copy", 3, [4]),
  ],
  faults: [],
  predictions: [],
  goals: [
    atEnd({
      id: "every-shelf", text: "each of the five brokers holds one to three copies.",
      check: { check: "replicas-per-broker", topic: TOPIC, atLeast: 1, atMost: 3 },
    }),
    atEnd({
      id: "one-each", text: "no broker leads more than one of the four partitions.",
      check: { check: "leaders-per-broker", topic: TOPIC, atLeast: 0, atMost: 1 },
    }),
    always({
      id: "never-closed", text: "each partition takes acks=all letters and has two copies in sync, also while it is being moved.",
      check: { check: "all-of", checks: [{ check: "writable", topic: TOPIC }, { check: "in-sync-count", topic: TOPIC, atLeast: 2 }] },
    }),
    atEnd({ id: "three-copies", text: "each partition has three replicas.", check: { check: "replication-factor", topic: TOPIC, atLeast: 3 } }),
    atEnd({ id: "at-rest", text: "nothing is being moved.", check: { check: "no-reassignment" } }),
  ],
  hints: [
    "Start brokers 4 and 5 and look at the assignments. Who has decided them, and when?",
    "Twelve copies lie on three brokers, four on each. None of them may keep four. Which two moves take one copy at least from each?",
    "A reassignment adds before it removes, so two copies in sync are always there, if you do not ask for fewer on the way.",
    "Broker 1 leads partitions 0 and 3. A leader that stays a replica goes on leading, even when another broker stands first in the new list.",
    "Start 4 and 5; move partition 1 to 2, 3, 4 and partition 3 to 4, 5, 1; when nothing moves any more, elect the preferred leaders.",
  ],
});
