// What random lives have taught, each as a seed and a sentence: the story still happens in that seed, and nothing is found in it any more.
import { expect, test } from "vitest";
import { fuzzPlan, type Profile } from "../fuzz/fuzz-plan.ts";
import { fuzzRun } from "../fuzz/fuzz-run.ts";
import type { AnomalyName } from "#engine/checks/run-history.ts";

const STORIES: readonly (readonly [Profile, number, AnomalyName, string])[] = [
  ["3.9 zookeeper", 15, "leader-without-its-page-cache", "a leader leads on after a power loss, and its follower gives up instead of breaking an invariant"],
  ["4.3 kraft", 302, "nobody-is-eligible-any-more", "min.insync.replicas is changed while a partition waits for its eligible leaders, and they are forgotten"],
];

test.each(STORIES)("%s, seed %i, %s: %s", (profile, seed, anomaly) => {
  const { findings, excuses } = fuzzRun(fuzzPlan(seed, profile));
  expect(excuses).toContain(anomaly);
  expect(findings).toEqual([]);
}, 60_000);

test("3.9 kraft, seed 410: a full disk costs a broker one of its two log directories until it is started again", () => {
  const { findings, did } = fuzzRun(fuzzPlan(410, "3.9 kraft"));
  expect(did["limit-disk"]).toBeGreaterThan(0);
  expect(findings).toEqual([]);
}, 60_000);
