// The first in-sync replica in line takes over; when the old leader has caught up, a preferred election brings it home.
import { electPreferredLeaders, letHappen, plan, predict, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "restart, catch up, elect",
  text: "Broker 2 is next in line. Broker 1 returns, catches up, and the election gives it its partition back.",
  steps: [
    predict("after-the-crash", { leader: 2, leaderEpoch: 1, isr: [2, 3] }),
    letHappen("crash"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 2 }, 30_000),
    restart(1),
    waitUntil({ check: "fully-replicated", topic: TOPIC }, 60_000),
    electPreferredLeaders(),
    wait(2_000),
  ],
});
