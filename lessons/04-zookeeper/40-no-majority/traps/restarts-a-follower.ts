// "Restart a broker, perhaps it finds the ensemble again": it cannot register, and it still stands in the ISR.
import { kill, plan, restart, wait, waitUntil } from "#kit";

export default plan({
  name: "restart what looks lost",
  text: "Unplugs and starts broker 3, which leads nothing. The leaders wait for its copies, and nobody can strike it off: letters fail.",
  breaks: "nobody-turned-away",
  steps: [
    kill(3),
    wait(1_000),
    restart(3),
    wait(40_000),
    restart("zookeeper-2"),
    waitUntil({ check: "ensemble-serves" }, 30_000),
    wait(25_000),
    restart(3),
    waitUntil({ check: "fully-replicated", topic: "user-events" }, 60_000),
  ],
});
