// Say who leads after a crash, then bring the leaders home without cutting anybody off.
import { always, atEnd, defineDrill, predicted, threeNodes } from "#kit";

const TOPIC = "user-events";

export default defineDrill({
  id: "who-leads-now",
  title: "Who leads now?",
  cluster: threeNodes({
    topics: [{ name: TOPIC, assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { "min.insync.replicas": 2 } }],
    producers: [{
      id: "web-1",
      settings: { acks: "all" },
      workload: { topic: TOPIC, everyMs: 500, keys: ["customer-123", "customer-456", "user-1"] },
    }],
    startMs: 10_000,
  }),
  faults: [{ id: "crash", text: "The broker that leads partition 0 is unplugged.", do: "kill", victim: { leaderOf: { topic: TOPIC, partition: 0 } } }],
  predictions: [{
    id: "after-the-crash",
    text: "When the controller has decided, what does partition 0 look like?",
    fault: "crash",
    about: { topic: TOPIC, partition: 0 },
    fields: ["leader", "leaderEpoch", "isr"],
  }],
  goals: [
    predicted({ id: "foreseen", text: "leader, epoch and ISR of partition 0, before the crash, and it came true.", prediction: "after-the-crash" }),
    always({
      id: "nobody-else-cut-off", text: "partition 1 has a leader: nobody else is cut off while you repair.",
      check: { check: "has-leader", topic: TOPIC, partition: 1 },
    }),
    atEnd({
      id: "everybody-home", text: "each broker leads the partition that is its own.", after: "crash",
      check: { check: "leader-balance", topic: TOPIC },
    }),
  ],
  hints: [
    "A partition's assignment is a list with an order. Who stands behind the first?",
    "The epoch counts leaders of a partition, not crashes. How many has partition 0 had, and how many will it have had?",
    "A broker that comes back is a follower. It has to be in sync before it can lead again, and it does not ask for the leadership.",
    "When broker 1 is in the ISR of all three partitions, order a preferred leader election. It moves leaders from one living broker to another, so nobody waits.",
  ],
});
