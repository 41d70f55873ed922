// "It leads, it takes letters": and the next crash takes them all.
import { letHappen, plan, predict, shutDown, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "broker 2 may rest",
  text: "Leaves broker 2 shut down after the election: one copy on one disk.",
  breaks: "two-copies",
  steps: [
    shutDown(2),
    wait(5_000),
    predict("what-is-left", { leader: 3, logEnd: 80 }),
    letHappen("order"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 3 }, 20_000),
    wait(10_000),
  ],
});
