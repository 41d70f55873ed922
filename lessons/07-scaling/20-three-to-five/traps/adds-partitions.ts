// "More partitions, and the new ones go to the new brokers": the old ones stay where they were, and so do their letters.
import { operate, plan, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "two partitions more",
  text: "Adds partitions 4 and 5 on the new brokers. Brokers 1, 2 and 3 keep all their copies.",
  breaks: "every-shelf",
  steps: [
    restart(4),
    restart(5),
    waitUntil({ check: "all-brokers-unfenced" }, 30_000),
    operate({ do: "create-partitions", topic: TOPIC, partitions: 6, assignment: [[4, 5, 1], [5, 4, 2]], call: 1 }),
    wait(10_000),
  ],
});
