// "min.insync.replicas is 2, so two copies will do": until the next broker is restarted, and the partition closes.
import { electPreferredLeaders, operate, plan, restart, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "two copies will do",
  text: "Gives partition 3 to brokers 4 and 5 alone: less to copy, and one crash from refusing letters.",
  breaks: "three-copies",
  steps: [
    restart(4),
    restart(5),
    waitUntil({ check: "all-brokers-unfenced" }, 30_000),
    operate({
      do: "reassign", call: 1,
      partitions: [{ topic: TOPIC, partition: 1, replicas: [2, 3, 4] }, { topic: TOPIC, partition: 3, replicas: [4, 5] }],
    }),
    waitUntil({ check: "replicas-per-broker", topic: TOPIC, atLeast: 1, atMost: 3 }, 60_000),
    waitUntil({ check: "no-reassignment" }, 60_000),
    electPreferredLeaders(9),
    waitUntil({ check: "leader-balance", topic: TOPIC }, 10_000),
  ],
});
