// Whoever stands in line with the shorter log steps aside for the election, and follows afterwards.
import { letHappen, plan, predict, restart, shutDown, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "the shorter log steps aside",
  text: "Broker 2 is shut down, the election takes broker 3, and broker 2 comes back as its follower.",
  steps: [
    shutDown(2),
    wait(5_000),
    predict("what-is-left", { leader: 3, logEnd: 80 }),
    letHappen("order"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 3 }, 20_000),
    restart(2),
    waitUntil({ check: "in-sync-count", topic: TOPIC, atLeast: 2 }, 60_000),
  ],
});
