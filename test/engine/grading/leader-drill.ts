// A drill for tests: the leader of partition 0 dies; predict what follows, then bring everything back to its place.
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { defineDrill } from "#engine/grading/define-drill.ts";
import type { DrillPlan, PlanStep } from "#engine/grading/play-plan.ts";

export const LEADER_DRILL = defineDrill({
  id: "leader-drill", title: "Who leads now?",
  cluster: {
    ...PRESETS["guides/three-nodes"] as ClusterSpec, startMs: 5000,
    topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { "min.insync.replicas": 2 } }],
    producers: [{ id: "orders", workload: { topic: "user-events", everyMs: 200, keys: ["customer-123", "customer-456", "customer-789"] } }],
  },
  faults: [{ id: "the-leader-dies", text: "The leader of partition 0 is unplugged.", do: "kill", victim: { leaderOf: { topic: "user-events", partition: 0 } } }],
  predictions: [{
    id: "after-the-crash", text: "Who leads partition 0 afterwards?", fault: "the-leader-dies", about: { topic: "user-events", partition: 0 },
    fields: ["leader", "leaderEpoch", "isr"],
  }],
  goals: [
    { id: "predicted", text: "You said who would lead.", goal: "prediction", prediction: "after-the-crash" },
    { id: "nothing-lost", text: "Nothing acknowledged is lost.", goal: "at-end", check: { check: "no-acknowledged-loss" } },
    { id: "writable-again", text: "Partition 0 takes writes again within 20 s.", goal: "within", withinMs: 20_000, after: "the-leader-dies",
      check: { check: "writable", topic: "user-events", partition: 0 } },
    { id: "whole", text: "All replicas are in sync at the end.", goal: "at-end", after: "the-leader-dies", check: { check: "fully-replicated" } },
    { id: "balanced", text: "Each partition is led by its preferred replica.", goal: "at-end", after: "the-leader-dies", check: { check: "leader-balance" } },
    { id: "two-copies", text: "No partition ever has fewer than two replicas in sync.", goal: "never", after: "the-leader-dies",
      check: { check: "in-sync-replicas", topic: "user-events", partition: 0, isr: [2] } },
    { id: "quorum-led", text: "Nodes 2 and 3 stay up.", goal: "always", check: { check: "node-status", node: 2, status: "running" } },
  ],
  hints: ["Look at the ISR."],
});

const RIGHT = { leader: 2, leaderEpoch: 1, isr: [2, 3] };
const predict = (answer: unknown): PlanStep => ({ step: "predict", prediction: "after-the-crash", answer: () => answer });
const crash: readonly PlanStep[] = [
  { step: "fault", fault: "the-leader-dies" },
  { step: "wait-until", check: { check: "leader-of", topic: "user-events", partition: 0, broker: 2 }, atMostMs: 25_000 },
];
const restart: readonly PlanStep[] = [
  { step: "command", command: () => ({ do: "restart", node: 1 }) },
  { step: "wait-until", check: { check: "fully-replicated" }, atMostMs: 60_000 },
];
const elect: readonly PlanStep[] = [
  { step: "command", command: () => ({ do: "elect-leaders", type: "preferred", partitions: null, call: 1 }) },
  { step: "wait-until", check: { check: "leader-balance" }, atMostMs: 10_000 },
];

export const SOLUTION: DrillPlan = { name: "solution", text: "", steps: [predict(RIGHT), ...crash, ...restart, ...elect] };
export const TRAPS: readonly DrillPlan[] = [
  { name: "the-highest-id-wins", text: "", breaks: "predicted", steps: [predict({ ...RIGHT, leader: 3 }), ...crash, ...restart, ...elect] },
  { name: "the-isr-stays", text: "", breaks: "predicted", steps: [predict({ ...RIGHT, isr: [1, 2, 3] }), ...crash, ...restart, ...elect] },
  { name: "prophecy-after-the-fact", text: "", breaks: "predicted", steps: [...crash, predict(RIGHT), ...restart, ...elect] },
  { name: "it-leads-again-by-itself", text: "", breaks: "balanced", steps: [predict(RIGHT), ...crash, ...restart, { step: "wait", ms: 20_000 }] },
  { name: "two-are-enough", text: "", breaks: "whole", steps: [predict(RIGHT), ...crash, { step: "wait", ms: 20_000 }] },
];
