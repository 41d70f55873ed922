import { describe, expect, test } from "vitest";
import { AuthorError } from "#engine/cluster/author-error.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { initialView } from "#engine/cluster/fold-facts.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { defineDrill, type DrillFault } from "#engine/grading/define-drill.ts";
import { faultCommand, isFault } from "#engine/grading/fault-command.ts";
import { grade } from "#engine/grading/grade.ts";
import { playPlan, type PlanStep } from "#engine/grading/play-plan.ts";

const spec = PRESETS["guides/three-brokers-three-controllers"] as ClusterSpec;
const view = initialView(spec);
const partitions = [{ topic: "t", partition: 0 }];
const ORDER: DrillFault = { id: "order", text: "An unclean election.", command: { do: "elect-leaders", type: "unclean", partitions } };

describe("a fault that is an order", () => {
  test("is given under a call number, and known again whatever the number", () => {
    expect(faultCommand(ORDER, view, 7)).toEqual({ do: "elect-leaders", type: "unclean", partitions, call: 7 });
    expect(isFault(ORDER, { do: "elect-leaders", type: "unclean", partitions, call: 8 }, view)).toBe(true);
  });

  const others: readonly Command[] = [
    { do: "elect-leaders", type: "preferred", partitions, call: 1 }, { do: "elect-leaders", type: "unclean", partitions: null, call: 1 },
    { do: "elect-leaders", type: "unclean", partitions: [{ topic: "t", partition: 1 }], call: 1 },
    { do: "elect-leaders", type: "unclean", partitions: [...partitions, { topic: "t", partition: 1 }], call: 1 }, { do: "kill", node: 1 },
  ];
  test.each(others)("is not another order: %j", command => {
    expect(isFault(ORDER, command, view)).toBe(false);
  });

  test("has to be a command", () => {
    const bad = { ...ORDER, command: { do: "elect-leaders", type: "any", partitions } } as unknown as DrillFault;
    expect(() => defineDrill({ id: "d", title: "", cluster: spec, faults: [bad], predictions: [], goals: [], hints: [] })).toThrow(AuthorError);
  });
});

const kill: DrillFault = { id: "first", text: "", do: "kill", victim: { leaderOf: { topic: "t", partition: 0 } } };
const drill = defineDrill({
  id: "twice", title: "",
  cluster: {
    ...spec, startMs: 10_000, topics: [{ name: "t", assignment: [[1, 2]] }],
    producers: [
      { id: "early", workload: { topic: "t", everyMs: 100, keys: ["a"], fromMs: 4000, records: 12 } },
      { id: "late", workload: { topic: "t", everyMs: 100, keys: ["a"], fromMs: 25_000, records: 5 } },
    ],
  },
  faults: [kill, { ...kill, id: "second" }, ORDER],
  predictions: [{ id: "left", text: "", fault: "order", about: { topic: "t", partition: 0 }, fields: ["leader", "logEnd"] }],
  goals: [
    { id: "one", text: "", goal: "at-end", after: "first", check: { check: "no-reassignment" } },
    { id: "two", text: "", goal: "at-end", after: "second", check: { check: "no-reassignment" } },
    { id: "foreseen", text: "", goal: "prediction", prediction: "left" },
  ],
  hints: [],
});
const give = (command: Command): PlanStep => ({ step: "command", command: () => command });

test("one deed is one fault, though two of them read the same", () => {
  const run = playPlan(drill, { name: "", text: "", steps: [{ step: "fault", fault: "second" }, { step: "wait", ms: 12_000 }] }, 1);
  expect(grade(drill, run).goals.map(({ state }) => state)).toEqual(["met", "broken", "broken"]);
});

test.each([[12, "met", "it happened as predicted: leader 2, logEnd 12"], [17, "broken", "logEnd: predicted 17, it is 12"]])(
  "where the log of the new leader ends may be foreseen: %i is %s", (logEnd, state, detail) => {
    const steps: readonly PlanStep[] = [
      give({ do: "kill", node: 2 }), { step: "wait", ms: 20_000 }, give({ do: "kill", node: 1 }), { step: "wait", ms: 12_000 },
      give({ do: "restart", node: 2 }), { step: "wait", ms: 8_000 },
      { step: "predict", prediction: "left", answer: () => ({ leader: "2", logEnd }) }, { step: "fault", fault: "order" }, { step: "wait", ms: 2_000 },
    ];
    const [, , foreseen] = grade(drill, playPlan(drill, { name: "", text: "", steps }, 1)).goals;
    expect(foreseen).toMatchObject({ state, detail });
  });
