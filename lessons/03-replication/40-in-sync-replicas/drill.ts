// Two leaders will die, one after the other: go on after the first, refuse after the second, and be whole at the end.
import { always, atEnd, defineDrill, threeBrokers, within } from "#kit";

const TOPIC = "user-events";

const minimum = (replicas: number) => ({
  id: `minimum-${replicas}`,
  text: `Set min.insync.replicas to ${replicas}`,
  command: { do: "alter-configs", resource: { topic: TOPIC }, configs: { "min.insync.replicas": replicas } } as const,
});

export default defineDrill({
  id: "one-copy-left",
  title: "One copy left",
  cluster: threeBrokers({
    topics: [{ name: TOPIC, assignment: [[1, 2, 3]], configs: { "min.insync.replicas": 1 } }],
    producers: [{
      id: "web-1",
      settings: { acks: "all" },
      workload: { topic: TOPIC, everyMs: 200, keys: ["customer-123", "customer-456", "user-1"] },
    }],
    startMs: 10_000,
  }),
  verbs: [minimum(1), minimum(2), minimum(3)],
  faults: [
    { id: "first", text: "The broker that leads user-events is unplugged.", do: "kill", victim: { leaderOf: { topic: TOPIC, partition: 0 } } },
    { id: "second", text: "The broker that leads it now is unplugged too.", do: "kill", victim: { leaderOf: { topic: TOPIC, partition: 0 } } },
  ],
  predictions: [],
  goals: [
    within(20_000, { id: "goes-on", text: "after the first loss, acks=all letters are taken again.", after: "first", check: { check: "writable", topic: TOPIC } }),
    always({
      id: "two-or-nothing", text: "after the second loss, no receipt for a letter that lies on a single disk.", after: "second",
      check: { check: "acknowledged-by-at-least", topic: TOPIC, copies: 2 },
    }),
    atEnd({
      id: "nothing-lost", text: "every letter for which web-1 has a receipt is in the leader's log.", after: "second",
      check: { check: "no-acknowledged-loss", topic: TOPIC, excused: false },
    }),
    atEnd({ id: "whole-again", text: "three brokers are in sync.", after: "second", check: { check: "in-sync-count", topic: TOPIC, atLeast: 3 } }),
  ],
  hints: [
    "How many copies are left after the first loss, and how many after the second? The topic needs a number that tells these two apart.",
    "The topic begins with 1: one copy in the ISR is enough for a receipt. What would happen with 3 when the first broker is gone?",
    "Between the two losses, wait until the next broker leads: nine seconds of silence have to pass.",
    "After the second loss the last broker refuses, and that is what you want. The cure is not another leader but another copy: start the brokers that are down.",
    "Set it to 2 before anything happens. First loss, wait for broker 2; second loss, wait for broker 3; start 1 and 2; hand in when all three are in sync.",
  ],
});
