import { describe, expect, test } from "vitest";
import { AuthorError } from "#engine/cluster/author-error.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import { exportFacts } from "#engine/cluster/export-fact.ts";
import { defineDrill, type Drill } from "#engine/grading/define-drill.ts";
import { gateDrill } from "#engine/grading/gate-drill.ts";
import { grade, Grader } from "#engine/grading/grade.ts";
import { doNothing, playPlan } from "#engine/grading/play-plan.ts";
import { LEADER_DRILL, SOLUTION, TRAPS } from "./leader-drill.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];

function statesOf(drill: Drill, run: Parameters<typeof grade>[1], final = true): Record<string, string> {
  return Object.fromEntries(grade(drill, run, final).goals.map(goal => [goal.goal, goal.state]));
}

describe("grading", () => {
  test("the solution passes, doing nothing fails, and each trap fails on the goal it names, whatever the seed", () => {
    expect(gateDrill(LEADER_DRILL, SOLUTION, TRAPS, SEEDS)).toEqual([]);
  });

  test("the gate notices a solution that is none and a trap that is none", () => {
    const [trap] = TRAPS;
    if (trap === undefined) throw new Error("no trap");
    const problems = gateDrill(LEADER_DRILL, trap, [{ ...SOLUTION, breaks: "predicted" }], [1]);
    expect(problems.map(({ plan, problem }) => `${plan}: ${problem.slice(0, 40)}`)).toEqual([
      "the-highest-id-wins: the solution does not pass: predicted is", "solution: the trap does not break \"predicted\"",
    ]);
  });

  test("is a pure replay: the same drill, seed and inputs give the same verdict", () => {
    const run = playPlan(LEADER_DRILL, SOLUTION, 3);
    const again = JSON.parse(JSON.stringify(run)) as typeof run;
    expect(grade(LEADER_DRILL, again)).toEqual(grade(LEADER_DRILL, run));
  });

  test("a verdict cites the facts that decided it, with their moments", () => {
    const run = playPlan(LEADER_DRILL, SOLUTION, 3);
    const verdict = grade(LEADER_DRILL, run);
    const predicted = verdict.goals.find(goal => goal.goal === "predicted");
    expect(predicted?.evidence.map(evidence => evidence.text)).toEqual(["the prediction", "the fault", "what the cluster decided"]);
    expect(predicted?.detail).toBe("it happened as predicted: leader 2, leaderEpoch 1, isr [2, 3]");
    const cluster = Cluster.build(LEADER_DRILL.cluster, 3);
    run.inputs.forEach((input, index) => {
      cluster.runUntil(input.at);
      cluster.apply(index, input.command);
    });
    cluster.runUntil(run.until);
    const facts = exportFacts(cluster.simulation.world.trace, 0, true);
    const kinds = predicted?.evidence.map(({ factId, at }) => {
      expect(facts[factId]?.at).toBe(at);
      return facts[factId]?.fact.kind;
    });
    expect(kinds).toEqual(["command", "command", "partition-changed"]);
  });

  test("what was predicted wrongly is told field by field", () => {
    const [wrongLeader] = TRAPS;
    const verdict = grade(LEADER_DRILL, playPlan(LEADER_DRILL, wrongLeader ?? SOLUTION, 2));
    expect(verdict.goals[0]).toMatchObject({ state: "broken", detail: "leader: predicted 3, it is 2" });
  });

  test("before it is handed in, what can still go either way is open", () => {
    const nothing = doNothing(LEADER_DRILL, 1, 1000);
    expect(statesOf(LEADER_DRILL, nothing, false)).toEqual({
      "predicted": "open", "nothing-lost": "met", "writable-again": "open", "whole": "open", "balanced": "open", "two-copies": "open", "quorum-led": "open",
    });
    expect(statesOf(LEADER_DRILL, nothing)).toMatchObject({ "predicted": "broken", "writable-again": "broken", "balanced": "broken", "quorum-led": "met" });
  });

  test("a bound that is too tight breaks, an event that must never come breaks when it comes", () => {
    const tight: Drill = defineDrill({
      ...LEADER_DRILL,
      goals: [
        { id: "at-once", text: "", goal: "within", withinMs: 6_000, after: "the-leader-dies", check: { check: "writable", topic: "user-events", partition: 0 } },
        { id: "never-two", text: "", goal: "never", check: { check: "leader-of", topic: "user-events", partition: 0, broker: 2 } },
        { id: "always-all", text: "", goal: "always", check: { check: "all-nodes-running" } },
      ],
    });
    const run = playPlan(LEADER_DRILL, SOLUTION, 3);
    const verdict = grade(tight, run);
    // Right after the crash the view still shows the old leader, who is stopped: not writable until the controller has decided.
    expect(verdict.goals.map(goal => goal.state)).toEqual(["broken", "broken", "broken"]);
    expect(verdict.goals[2]).toMatchObject({ detail: "node 1 is stopped" });
    expect(verdict.goals[2]?.evidence[0]?.at).toBe(run.inputs[1]?.at);
  });

  test("facts fed one by one give the same verdict as a replay", () => {
    const run = playPlan(LEADER_DRILL, SOLUTION, 5);
    const cluster = Cluster.build(LEADER_DRILL.cluster, 5);
    run.inputs.forEach((input, index) => {
      cluster.runUntil(input.at);
      cluster.apply(index, input.command);
    });
    cluster.runUntil(run.until);
    const grader = new Grader(LEADER_DRILL);
    for (const fact of exportFacts(cluster.simulation.world.trace, 0, false)) grader.add(fact);
    expect(grader.verdicts(run.until, true)).toEqual(grade(LEADER_DRILL, run).goals);
  });
});

describe("a drill that contradicts itself", () => {
  test.each([
    ["two goals of one name", { goals: [...LEADER_DRILL.goals, ...LEADER_DRILL.goals] }],
    ["a question about no fault", { predictions: LEADER_DRILL.predictions.map(question => ({ ...question, fault: "nothing" })) }],
    ["a goal after no fault", { goals: [{ id: "g", text: "", goal: "at-end" as const, after: "nothing", check: { check: "leader-balance" as const } }] }],
    ["a goal on no question", { goals: [{ id: "g", text: "", goal: "prediction" as const, prediction: "nothing" }] }],
    ["a cluster that is none", { cluster: { ...LEADER_DRILL.cluster, nodes: [] } }],
  ])("is refused: %s", (_what, changes) => {
    expect(() => defineDrill({ ...LEADER_DRILL, ...changes })).toThrow(AuthorError);
  });
});
