// "Moving one partition brings the leaders apart": it does, and broker 5 is still idle.
import { electPreferredLeaders, operate, plan, restart, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "one move is enough",
  text: "Moves partition 3 to 4, 1, 2 and elects. Four brokers lead one partition each; the fifth holds nothing.",
  breaks: "every-shelf",
  steps: [
    restart(4),
    restart(5),
    waitUntil({ check: "all-brokers-unfenced" }, 30_000),
    operate({ do: "reassign", call: 1, partitions: [{ topic: TOPIC, partition: 3, replicas: [4, 1, 2] }] }),
    waitUntil({ check: "in-sync-replicas", topic: TOPIC, partition: 3, isr: [1, 2, 4] }, 60_000),
    waitUntil({ check: "no-reassignment" }, 60_000),
    electPreferredLeaders(9),
    waitUntil({ check: "leader-balance", topic: TOPIC }, 10_000),
  ],
});
