// "The order has been accepted": accepted is not done.
import { electPreferredLeaders, operate, plan, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "ordered is done",
  text: "Has done enough, orders one move more for broker 5, and hands in while the copy is being made.",
  breaks: "at-rest",
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
    electPreferredLeaders(9),
    waitUntil({ check: "leader-balance", topic: TOPIC }, 10_000),
    operate({ do: "reassign", call: 2, partitions: [{ topic: TOPIC, partition: 2, replicas: [3, 1, 5] }] }),
    wait(100),
  ],
});
