// "More is safer": with 3 the first loss closes the box, until somebody takes the setting back.
import { letHappen, operate, plan, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "all three or nothing",
  text: "min.insync.replicas 3: after the first loss nothing is taken. Half a minute later it is set to 2.",
  breaks: "goes-on",
  steps: [
    operate({ do: "alter-configs", resource: { topic: TOPIC }, configs: { "min.insync.replicas": 3 }, call: 1 }),
    wait(1_000),
    letHappen("first"),
    wait(30_000),
    operate({ do: "alter-configs", resource: { topic: TOPIC }, configs: { "min.insync.replicas": 2 }, call: 2 }),
    wait(3_000),
    letHappen("second"),
    waitUntil({ check: "leader-of", topic: TOPIC, partition: 0, broker: 3 }, 20_000),
    wait(5_000),
    restart(1),
    restart(2),
    waitUntil({ check: "fully-replicated", topic: TOPIC }, 60_000),
  ],
});
