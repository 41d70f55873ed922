// Two of three ZooKeeper servers are dead. Letters still flow; bring the ensemble back before somebody makes it worse.
import { always, atEnd, defineDrill, threeNodesAndZooKeeper } from "#kit";

const TOPIC = "user-events";

export default defineDrill({
  id: "ensemble-without-majority",
  title: "The ensemble has lost its majority",
  cluster: threeNodesAndZooKeeper({
    topics: [{ name: TOPIC, assignment: [[1, 2, 3], [2, 1, 3]], configs: { "min.insync.replicas": 2 } }],
    producers: [{
      id: "web-1",
      settings: { acks: "all", "request.timeout.ms": 10_000, "delivery.timeout.ms": 30_000 },
      workload: { topic: TOPIC, everyMs: 200, keys: ["customer-123", "customer-456", "user-1"] },
    }],
    startMs: 40_000,
  }),
  before: [
    { atMs: 20_000, command: { do: "kill", node: "zookeeper-2" } },
    { atMs: 22_000, command: { do: "kill", node: "zookeeper-3" } },
  ],
  verbs: [
    { id: "stop-3", text: "Shut broker 3 down", command: { do: "shut-down", node: 3 } },
    { id: "unplug-3", text: "Unplug broker 3", command: { do: "kill", node: 3 } },
    { id: "unplug-2", text: "Unplug broker 2", command: { do: "kill", node: 2 } },
    { id: "unplug-last", text: "Unplug ZooKeeper server 1", command: { do: "kill", node: "zookeeper-1" } },
  ],
  faults: [],
  predictions: [],
  goals: [
    always({ id: "never-closed", text: "both partitions take acks=all letters.", check: { check: "writable", topic: TOPIC } }),
    always({ id: "nobody-turned-away", text: "no letter of web-1 fails.", check: { check: "nothing-failed", producer: "web-1" } }),
    atEnd({
      id: "decisions-again", text: "the ensemble serves, and a controller is in charge.",
      check: { check: "all-of", checks: [{ check: "ensemble-serves" }, { check: "active-controller" }] },
    }),
  ],
  hints: [
    "What has stopped, and what has not? Look at the producer first: does anybody notice?",
    "Brokers ask ZooKeeper nothing when a letter comes. They need it when something changes: a broker that comes or goes, an ISR that shrinks.",
    "A broker that you restart now has nowhere to register, and those who wait for its copies cannot strike it off the list.",
    "Two of three are a majority. Start one ZooKeeper server and touch nothing else.",
  ],
});
