// Two of three: one loss is survived, and after two nobody is promised what a third could take away.
import { letHappen, operate, plan, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "two of three",
  text: "min.insync.replicas 2, then both losses, then both brokers come back.",
  steps: [
    operate({ do: "alter-configs", resource: { topic: TOPIC }, configs: { "min.insync.replicas": 2 }, call: 1 }),
    wait(1_000),
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
