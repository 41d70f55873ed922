// "Broker 2 has the leadership, so unplug broker 2": it comes back to broker 1, and partition 1 pays for it.
import { electPreferredLeaders, kill, letHappen, plan, predict, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "unplug the deputy",
  text: "Takes the leadership from broker 2 by a second crash. It works for partition 0, and leaves partition 1 without a leader for seconds.",
  breaks: "nobody-else-cut-off",
  steps: [
    predict("after-the-crash", { leader: 2, leaderEpoch: 1, isr: [2, 3] }),
    letHappen("crash"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 2 }, 30_000),
    restart(1),
    waitUntil({ check: "fully-replicated", topic: TOPIC }, 60_000),
    kill(2),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 1 }, 30_000),
    restart(2),
    waitUntil({ check: "fully-replicated", topic: TOPIC }, 60_000),
    electPreferredLeaders(),
    wait(2_000),
  ],
});
