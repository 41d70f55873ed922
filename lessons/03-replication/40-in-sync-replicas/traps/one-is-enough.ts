// "The topic has three replicas, so it is safe." Three were the plan; one is what the last receipts stood for.
import { letHappen, plan, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "three replicas are three copies",
  text: "Leaves min.insync.replicas at 1: broker 3 goes on alone and promises what only it has.",
  breaks: "two-or-nothing",
  steps: [
    letHappen("first"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 2 }, 20_000),
    wait(3_000),
    letHappen("second"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 3 }, 20_000),
    wait(5_000),
    restart(1),
    restart(2),
    waitUntil({ check: "fully-replicated", topic: TOPIC }, 60_000),
  ],
});
