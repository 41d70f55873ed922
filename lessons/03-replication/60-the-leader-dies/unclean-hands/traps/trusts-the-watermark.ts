// "What lies above the high watermark was never promised": the watermark that broker 2 knew is old news, and the new leader does not ask it.
import { letHappen, plan, predict, restart, shutDown, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "the watermark of broker 2",
  text: "Does everything right, and says the high watermark that broker 2 knew for the offset from which all is lost.",
  breaks: "foreseen",
  steps: [
    predict("what-is-left", { leader: 3, logEnd: 40 }),
    shutDown(2),
    wait(5_000),
    letHappen("order"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 3 }, 20_000),
    restart(2),
    waitUntil({ check: "in-sync-count", topic: TOPIC, atLeast: 2 }, 60_000),
  ],
});
