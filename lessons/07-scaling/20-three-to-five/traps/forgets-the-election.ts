// "Broker 4 stands first, so it leads": it is preferred, and nobody has asked it.
import { operate, plan, restart, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "first in the list is leader",
  text: "Moves both partitions and hands in when the copies are there. Broker 1 still leads two.",
  breaks: "one-each",
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
  ],
});
