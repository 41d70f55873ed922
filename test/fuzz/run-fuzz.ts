// `npm run fuzz -- --seeds N --from S [--profile "3.9 zookeeper"] [--into folder]`: random lives of random clusters, one a seed. Prints totals;
// on a finding the seed, the smallest list of faults that shows it, and a run file that opens in the page. Exit code 1 when something was found.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fuzzPlan, type Profile, PROFILES } from "./fuzz-plan.ts";
import { type FuzzResult, fuzzRun } from "./fuzz-run.ts";
import { shrinkFaults } from "./shrink-faults.ts";
import { ENGINE_VERSION } from "#engine/host/engine-version.ts";

interface Arguments { readonly seeds: number; readonly from: number; readonly profile: Profile | undefined; readonly into: string; readonly shrink: boolean; readonly stopAfter: number }

const USAGE = `usage: npm run fuzz -- [--seeds N] [--from S] [--profile "${PROFILES.join("\" | \"")}"] [--into folder] [--stop-after findings] [--no-shrink]`;

function fail(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

function readArguments(words: readonly string[]): Arguments {
  const values = new Map<string, string>();
  let shrink = true;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as string;
    if (word === "--no-shrink") { shrink = false; continue; }
    if (!["--seeds", "--from", "--profile", "--into", "--stop-after"].includes(word)) fail(`"${word}" is not an option`);
    const value = words[index + 1];
    if (value === undefined) fail(`${word} needs a value`);
    values.set(word, value);
    index += 1;
  }
  const whole = (name: string, byDefault: number): number => {
    const text = values.get(name);
    if (text === undefined) return byDefault;
    const number = Number(text);
    if (!Number.isSafeInteger(number) || number < 0) fail(`${name} wants a whole number, not "${text}"`);
    return number;
  };
  const profile = values.get("--profile");
  if (profile !== undefined && !PROFILES.includes(profile as Profile)) fail(`--profile wants one of "${PROFILES.join("\", \"")}", not "${profile}"`);
  return { seeds: whole("--seeds", 100), from: whole("--from", 1), profile: profile as Profile | undefined, into: values.get("--into") ?? "fuzz-findings", shrink, stopAfter: whole("--stop-after", 10) };
}

function tell(result: FuzzResult, into: string): void {
  console.log(`\nseed ${result.plan.seed}, ${result.plan.profile}:`);
  for (const { phase, what } of result.findings) console.log(`  [${phase}] ${what}`);
  console.log(`  faults, at seconds after the opening:`);
  for (const fault of result.plan.faults) console.log(`    ${(fault.at / 1_000_000).toFixed(2)}  ${fault.kind} a=${fault.a} b=${fault.b} for ${fault.forMs} ms`);
  mkdirSync(into, { recursive: true });
  const path = join(into, `seed-${result.plan.seed}.json`);
  const run = { format: "sorting-office-run", engine: ENGINE_VERSION, spec: result.plan.spec, seed: result.plan.seed, inputs: result.inputs, until: result.until };
  writeFileSync(path, `${JSON.stringify(run, null, 1)}\n`);
  console.log(`  run file: ${path} (open it on the page, or: npm run -s replay -- ${path})`);
}

const { seeds, from, profile, into, shrink, stopAfter } = readArguments(process.argv.slice(2));
const began = performance.now();
const totals = { seconds: 0, operations: 0, faults: 0, events: 0 };
const did: Record<string, number> = {};
const anomalies: Record<string, number> = {};
const perProfile: Record<string, number> = {};
let found = 0;
let ran = 0;
for (let seed = from; seed < from + seeds && found < stopAfter; seed += 1) {
  const result = fuzzRun(fuzzPlan(seed, profile));
  ran += 1;
  totals.seconds += Math.round(result.until / 1_000_000);
  totals.operations += result.operations;
  totals.events += result.events;
  perProfile[result.plan.profile] = (perProfile[result.plan.profile] ?? 0) + 1;
  for (const [name, count] of Object.entries(result.did)) did[name] = (did[name] ?? 0) + count;
  for (const { name, forbidden } of result.anomalies) {
    const key = forbidden ? `${name} (forbidden)` : name;
    anomalies[key] = (anomalies[key] ?? 0) + 1;
  }
  if (result.findings.length === 0) continue;
  found += 1;
  tell(shrink ? shrinkFaults(result) : result, into);
}
const wallS = (performance.now() - began) / 1000;
const list = (counts: Record<string, number>): string => Object.entries(counts).sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`).join(", ") || "none";
console.log(`\n${ran} seeds from ${from}: ${list(perProfile)}`);
console.log(`${totals.seconds} virtual seconds (${Math.round(totals.seconds / Math.max(1, ran))} a seed), ${totals.operations} client operations (${Math.round(totals.operations / Math.max(1, ran))} a seed), ${totals.events} events`);
console.log(`commands: ${list(did)}`);
console.log(`anomalies: ${list(anomalies)}`);
console.log(`${wallS.toFixed(1)} s of wall time (${(1000 * wallS / Math.max(1, ran)).toFixed(0)} ms a seed)`);
console.log(`${ran - found} seeds passed, ${found} failed`);
process.exitCode = found === 0 ? 0 : 1;
