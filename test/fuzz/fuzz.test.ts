// Random lives of random clusters in every profile (`npm run fuzz` runs as many as one likes): fixed seeds, and one that comes from the commit, so that
// every commit tries another. A seed that finds something is told with everything that is needed to run it again.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { fuzzPlan, PROFILES } from "./fuzz-plan.ts";
import { type FuzzResult, fuzzRun } from "./fuzz-run.ts";
import { Cluster } from "#engine/cluster/cluster.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const results: FuzzResult[] = [];

/** Fixed where there is no repository, as in an archive of the sources. */
function seedOfCommit(): number {
  try {
    return Number.parseInt(execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).slice(0, 7), 16);
  } catch {
    return 20_261_121;
  }
}

function run(seed: number, profile: typeof PROFILES[number]): FuzzResult {
  const result = fuzzRun(fuzzPlan(seed, profile));
  expect(result.findings, `npm run fuzz -- --from ${seed} --seeds 1 --profile "${profile}"`).toEqual([]);
  results.push(result);
  return result;
}

test.each(PROFILES.flatMap(profile => SEEDS.map(seed => [profile, seed] as const)))("%s, seed %i: nothing is found", (profile, seed) => {
  run(seed, profile);
});

const ofCommit = seedOfCommit();
test.each(PROFILES)(`%s, seed ${ofCommit}, which is this commit's: nothing is found`, profile => {
  console.log(`the commit's seed: npm run fuzz -- --from ${ofCommit} --seeds 1 --profile "${profile}"`);
  run(ofCommit, profile);
}, 60_000);

test("no seed is empty: 60 virtual seconds, 200 client operations and 5 faults are the least", () => {
  for (const result of results) {
    const done = Object.entries(result.did).filter(([name]) => !["refused", "list-offsets", "close-client", "heal", "restart", "resume"].includes(name));
    const what = `${result.plan.profile}, seed ${result.plan.seed}`;
    expect(result.until, what).toBeGreaterThanOrEqual(60_000_000);
    expect(result.operations, what).toBeGreaterThanOrEqual(200);
    expect(done.reduce((sum, [, count]) => sum + count, 0), what).toBeGreaterThanOrEqual(5);
  }
});

test.each(PROFILES)("%s: the inputs of a run, given again, lead to the same cluster", profile => {
  let digest = "";
  const { plan, inputs, until } = fuzzRun(fuzzPlan(SEEDS[0], profile), cluster => { digest = cluster.digest(); });
  const replay = Cluster.build(plan.spec, plan.seed);
  inputs.forEach((input, index) => {
    replay.runUntil(input.at);
    replay.apply(index, input.command);
  });
  replay.runUntil(until);
  expect(replay.digest()).toBe(digest);
});
