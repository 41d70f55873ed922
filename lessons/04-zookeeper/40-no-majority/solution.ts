// Two of three make a majority: one server is started, and no broker is touched.
import { plan, restart, wait, waitUntil } from "#kit";

export default plan({
  name: "one server, no broker",
  text: "Starts ZooKeeper server 2. It elects a leader with server 1, the brokers' sessions go on, and nothing else happens.",
  steps: [
    restart("zookeeper-2"),
    waitUntil({ check: "ensemble-serves" }, 30_000),
    wait(20_000),
  ],
});
