// "Kafka spreads the load over the brokers that it has": over those that it had when the topic was made.
import { electPreferredLeaders, plan, restart, wait, waitUntil } from "#kit";

export default plan({
  name: "they will find their place",
  text: "Starts both brokers and waits for the cluster to balance itself.",
  breaks: "every-shelf",
  steps: [
    restart(4),
    restart(5),
    waitUntil({ check: "all-brokers-unfenced" }, 30_000),
    wait(60_000),
    electPreferredLeaders(1),
    wait(2_000),
  ],
});
