// "Kafka elects a new leader by itself; give it time." It may not: nobody who is alive is in sync.
import { plan, restart, wait, waitUntil } from "#kit";

export default plan({
  name: "it will heal itself",
  text: "Watches for two minutes, then starts broker 1. Everything is there, and two minutes late.",
  breaks: "open-again",
  steps: [
    wait(120_000),
    restart(1),
    waitUntil({ check: "fully-replicated", topic: "user-events" }, 60_000),
  ],
});
