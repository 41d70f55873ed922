// "Broker 3 refuses, so let somebody else lead": broker 1, which was away while the others went on.
import { letHappen, operate, plan, restart, shutDown, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "somebody else shall lead",
  text: "Shuts broker 3 down, starts broker 1 and makes it leader by an unclean election. What came after its death is gone.",
  breaks: "nothing-lost",
  steps: [
    operate({ do: "alter-configs", resource: { topic: TOPIC }, configs: { "min.insync.replicas": 2 }, call: 1 }),
    wait(1_000),
    letHappen("first"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 2 }, 20_000),
    wait(3_000),
    letHappen("second"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 3 }, 20_000),
    shutDown(3),
    wait(5_000),
    restart(1),
    wait(10_000),
    operate({ do: "elect-leaders", type: "unclean", partitions: [{ topic: TOPIC, partition: 0 }], call: 2 }),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 1 }, 20_000),
    restart(2),
    restart(3),
    waitUntil({ check: "fully-replicated", topic: TOPIC }, 60_000),
  ],
});
