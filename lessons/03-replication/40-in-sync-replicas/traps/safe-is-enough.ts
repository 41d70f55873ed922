// "Nothing was lost and nothing wrong was promised." True, and the box is still closed.
import { letHappen, operate, plan, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "refusing is the end of it",
  text: "Sees that the last broker refuses, and leaves the two others unplugged.",
  breaks: "whole-again",
  steps: [
    operate({ do: "alter-configs", resource: { topic: TOPIC }, configs: { "min.insync.replicas": 2 }, call: 1 }),
    wait(1_000),
    letHappen("first"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 2 }, 20_000),
    wait(3_000),
    letHappen("second"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 3 }, 20_000),
    wait(5_000),
  ],
});
