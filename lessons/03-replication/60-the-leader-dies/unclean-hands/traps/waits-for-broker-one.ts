// "Broker 1 has everything": its disk does not answer, and no waiting changes that.
import { letHappen, plan, predict, restart, shutDown, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "broker 1 has everything",
  text: "Starts broker 1 again and again for two minutes, and gives the order only then.",
  breaks: "open-again",
  steps: [
    restart(1),
    wait(60_000),
    restart(1),
    wait(60_000),
    shutDown(2),
    wait(5_000),
    predict("what-is-left", { leader: 3, logEnd: 80 }),
    letHappen("order"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 3 }, 20_000),
    restart(2),
    waitUntil({ check: "in-sync-count", topic: TOPIC, atLeast: 2 }, 60_000),
  ],
});
