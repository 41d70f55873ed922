// "Move one copy first, then multiply it": while there is one, two in sync cannot be.
import { electPreferredLeaders, operate, plan, restart, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "small steps",
  text: "Moves partition 3 to broker 4 alone, and from there to three brokers.",
  breaks: "never-closed",
  steps: [
    restart(4),
    restart(5),
    waitUntil({ check: "all-brokers-unfenced" }, 30_000),
    operate({ do: "reassign", call: 1, partitions: [{ topic: TOPIC, partition: 3, replicas: [4] }] }),
    waitUntil({ check: "in-sync-replicas", topic: TOPIC, partition: 3, isr: [4] }, 60_000),
    operate({
      do: "reassign", call: 2,
      partitions: [{ topic: TOPIC, partition: 1, replicas: [2, 3, 4] }, { topic: TOPIC, partition: 3, replicas: [4, 5, 1] }],
    }),
    waitUntil({ check: "replicas-per-broker", topic: TOPIC, atLeast: 1, atMost: 3 }, 60_000),
    waitUntil({ check: "no-reassignment" }, 60_000),
    electPreferredLeaders(9),
    waitUntil({ check: "leader-balance", topic: TOPIC }, 10_000),
  ],
});
