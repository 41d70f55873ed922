// "Every second counts": the order is given while broker 2 is in line, and what only broker 3 had goes too.
import { letHappen, plan, predict, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "every second counts",
  text: "Elects at once. It is broker 2, as foreseen; broker 3 throws the letters of noon away to follow it.",
  breaks: "the-longer-log",
  steps: [
    predict("what-is-left", { leader: 2, logEnd: 40 }),
    letHappen("order"),
    waitUntil({ check: "in-sync-count", topic: TOPIC, atLeast: 2 }, 60_000),
  ],
});
