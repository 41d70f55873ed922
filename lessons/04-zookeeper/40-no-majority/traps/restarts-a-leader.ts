// "Restart a broker" that leads: its partition stays without a leader for as long as nobody can elect one.
import { kill, plan, restart, waitUntil } from "#kit";

export default plan({
  name: "restart a leader",
  text: "Unplugs broker 2, sees that nobody takes its partition over, and starts the ensemble at once.",
  breaks: "never-closed",
  steps: [
    kill(2),
    restart("zookeeper-2"),
    waitUntil({ check: "ensemble-serves" }, 30_000),
    waitUntil({ check: "writable", topic: "user-events" }, 30_000),
  ],
});
