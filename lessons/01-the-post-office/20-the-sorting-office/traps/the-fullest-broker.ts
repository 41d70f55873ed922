// "The new leader is the broker with the most records", or the one with the highest number: broker 3.
import { electPreferredLeaders, letHappen, plan, predict, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "the fullest broker",
  text: "Says broker 3. In-sync replicas all have what was acknowledged, so the order of assignment decides, and broker 2 stands before broker 3.",
  breaks: "foreseen",
  steps: [
    predict("after-the-crash", { leader: 3, leaderEpoch: 1, isr: [2, 3] }),
    letHappen("crash"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 2 }, 30_000),
    restart(1),
    waitUntil({ check: "fully-replicated", topic: TOPIC }, 60_000),
    electPreferredLeaders(),
    wait(2_000),
  ],
});
