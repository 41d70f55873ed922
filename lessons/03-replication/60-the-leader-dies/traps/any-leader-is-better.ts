// "Two brokers are alive; the box has to open now." It opens, and what only broker 1 had is thrown away when it comes back.
import { operate, plan, restart, wait, waitUntil } from "#kit";

const TOPIC = "user-events";

export default plan({
  name: "any leader is better than none",
  text: "Orders an unclean election. Broker 2 leads with a short log, and broker 1 cuts its own to match.",
  breaks: "nothing-lost",
  steps: [
    operate({ do: "elect-leaders", type: "unclean", partitions: [{ topic: TOPIC, partition: 0 }], call: 1 }),
    waitUntil({ check: "writable", topic: TOPIC }, 30_000),
    wait(5_000),
    restart(1),
    waitUntil({ check: "fully-replicated", topic: TOPIC }, 60_000),
  ],
});
