// Two moves are enough: partition 1 gives one copy away, partition 3 two copies and, by an election, its leader.
import { electPreferredLeaders, operate, plan, restart, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "two moves and an election",
  text: "Starts 4 and 5, moves partitions 1 and 3, waits until all is at rest, and elects the preferred leaders.",
  steps: [
    restart(4),
    restart(5),
    waitUntil({ check: "all-brokers-unfenced" }, 30_000),
    operate({
      do: "reassign", call: 1,
      partitions: [{ topic: TOPIC, partition: 1, replicas: [2, 3, 4] }, { topic: TOPIC, partition: 3, replicas: [4, 5, 1] }],
    }),
    waitUntil({ check: "replicas-per-broker", topic: TOPIC, atLeast: 1, atMost: 3 }, 60_000),
    waitUntil({ check: "no-reassignment" }, 60_000),
    electPreferredLeaders(2),
    waitUntil({ check: "leader-balance", topic: TOPIC }, 10_000),
  ],
});
