// "When the broker is back and in sync, it leads again."
import { letHappen, plan, predict, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "back is not in charge",
  text: "Waits for the ISR and hands in. Nobody takes the leadership from a leader that works, until an election is ordered or the controller's check comes round.",
  breaks: "everybody-home",
  steps: [
    predict("after-the-crash", { leader: 2, leaderEpoch: 1, isr: [2, 3] }),
    letHappen("crash"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 2 }, 30_000),
    restart(1),
    waitUntil({ check: "fully-replicated", topic: TOPIC }, 60_000),
    wait(30_000),
  ],
});
