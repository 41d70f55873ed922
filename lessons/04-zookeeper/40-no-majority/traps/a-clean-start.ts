// "Begin the ensemble anew, from one server": one of three is no majority, however fresh it is.
import { kill, plan, restart, wait } from "#kit";

export default plan({
  name: "a clean start",
  text: "Kills the last ZooKeeper server too and starts it alone.",
  breaks: "decisions-again",
  steps: [
    kill("zookeeper-1"),
    wait(5_000),
    restart("zookeeper-1"),
    wait(30_000),
  ],
});
