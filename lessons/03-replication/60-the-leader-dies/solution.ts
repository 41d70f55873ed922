// The only complete copy is on broker 1. Its process is dead and its disk is not: start it, and wait for the others.
import { plan, restart, waitUntil } from "#kit";

export default plan({
  name: "start the one that has it all",
  text: "Broker 1 comes back, is alone in the ISR and leads at once; brokers 2 and 3 fetch what they missed.",
  steps: [
    restart(1),
    waitUntil({ check: "fully-replicated", topic: "user-events" }, 60_000),
  ],
});
