// The one module that a lesson's drill may import: what a drill is made of, and nothing of the engine behind it.
import { defineDrill as define, type Drill, type DrillFault, type DrillVerb, type Goal, type Prelude, type PredictionQuestion, type Victim } from "#engine/grading/define-drill.ts";
import type { DrillPlan, PlanStep } from "#engine/grading/play-plan.ts";
import type { Check } from "#engine/checks/check.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { Command, Party } from "#engine/cluster/commands.ts";
import type { ClusterView } from "#engine/cluster/view.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";

export type { Check, ClusterSpec, Command, Drill, DrillFault, DrillPlan, DrillVerb, Goal, PlanStep, PredictionQuestion, Prelude, Victim };

/**
 * A drill: a cluster, faults that the learner lets happen, questions before them, goals over what the run then shows, and hints.
 * @example
 * export default defineDrill({ id: "my-drill", title: "…", cluster: threeNodes({ topics: […] }), faults: […], predictions: [], goals: […], hints: […] });
 */
export const defineDrill = define;

/** What a drill adds to a cluster: topics, producers, settings, a later start. */
type Added = Omit<Partial<ClusterSpec>, "kafka" | "mode" | "nodes">;

/** The guides' three nodes, each broker and controller. */
export function threeNodes(more: Added): ClusterSpec {
  return preset("guides/three-nodes", more);
}

/** Three brokers, and three controllers (101, 102, 103) on machines of their own. */
export function threeBrokers(more: Added): ClusterSpec {
  return preset("guides/three-brokers-three-controllers", more);
}

/** The same with brokers 4 and 5, which are installed and not started. */
export function fiveBrokers(more: Added): ClusterSpec {
  const three = threeBrokers(more);
  const later = [{ id: 4, host: "worker-node4" }, { id: 5, host: "gpu-node5" }] as const;
  return { ...three, nodes: [...three.nodes, ...later.map(node => ({ ...node, roles: ["broker"] as const, startsLater: true }))] };
}

/** Three brokers and an ensemble of three ZooKeeper servers on the same machines. */
export function threeNodesAndZooKeeper(more: Added): ClusterSpec {
  return preset("guides/three-nodes-zookeeper", more);
}

function preset(name: string, more: Added): ClusterSpec {
  const found = PRESETS[name];
  if (found === undefined) throw new Error(`the preset ${name} is gone`);
  return { ...found, ...more };
}

/** `after` is the id of a fault: the goal counts from that fault on. */
interface GoalText { readonly id: string; readonly text: string; readonly check: Check; readonly after?: string }

/** Holds at every moment. */
export function always(goal: GoalText): Goal {
  return { ...goal, goal: "always" };
}

/** Holds at no moment. */
export function never(goal: GoalText): Goal {
  return { ...goal, goal: "never" };
}

/** Holds within so many virtual milliseconds. */
export function within(withinMs: number, goal: GoalText): Goal {
  return { ...goal, goal: "within", withinMs };
}

/** Holds when the run is handed in. */
export function atEnd(goal: GoalText): Goal {
  return { ...goal, goal: "at-end" };
}

/** Was said before the fault, and came true. */
export function predicted(goal: { readonly id: string; readonly text: string; readonly prediction: string }): Goal {
  return { ...goal, goal: "prediction" };
}

/** A drill's solution, or with `breaks` a trap: a plausible answer that fails on the goal it names. */
export function plan(it: DrillPlan): DrillPlan {
  return it;
}

export function wait(ms: number): PlanStep {
  return { step: "wait", ms };
}

/** Looks again and again until the check holds, at most for so long. */
export function waitUntil(check: Check, atMostMs: number): PlanStep {
  return { step: "wait-until", check, atMostMs };
}

export function letHappen(fault: string): PlanStep {
  return { step: "fault", fault };
}

export function predict(prediction: string, answer: unknown): PlanStep {
  return { step: "predict", prediction, answer: () => answer };
}

export function kill(node: Party): PlanStep {
  return { step: "command", command: () => ({ do: "kill", node }) };
}

export function restart(node: Party): PlanStep {
  return { step: "command", command: () => ({ do: "restart", node }) };
}

/** The clean end: leaders move first. */
export function shutDown(node: Party): PlanStep {
  return { step: "command", command: () => ({ do: "shut-down", node }) };
}

/** Anything that an operator can do. `make` sees the cluster as it is at that moment. */
export function operate(make: Command | ((view: ClusterView) => Command)): PlanStep {
  return { step: "command", command: typeof make === "function" ? make : () => make };
}

/** Preferred leader election of all partitions. `call` tells several apart. */
export function electPreferredLeaders(call = 1): PlanStep {
  return { step: "command", command: () => ({ do: "elect-leaders", type: "preferred", partitions: null, call }) };
}
