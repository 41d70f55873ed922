// `npm run bench [-- name...]`: how fast the engine is, as a table and as one JSON line a figure (the median of several runs).
// Each benchmark is a function that runs once and gives its figure; what it says besides is printed under the table.
import { performance } from "node:perf_hooks";
import { type Bench, BENCHES } from "./benches.ts";

const RUNS_MIN = 3;

interface Figure { readonly name: string; readonly value: number; readonly unit: string; readonly better: "higher" | "lower"; readonly target: number; readonly notes: readonly string[] }

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

const wanted = process.argv.slice(2).filter(word => !word.startsWith("--"));
const unknown = wanted.filter(name => !BENCHES.some(bench => bench.name === name));
if (unknown.length > 0) {
  console.error(`no benchmark named ${unknown.join(", ")}; there are ${BENCHES.map(bench => bench.name).join(", ")}`);
  process.exit(1);
}

const figures: Figure[] = [];
for (const bench of BENCHES) {
  if (wanted.length > 0 && !wanted.includes(bench.name)) continue;
  try {
    figures.push(await measure(bench));
  } catch (error) {
    // The other figures are worth having.
    console.error(`${bench.name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function measure(bench: Bench): Promise<Figure> {
  const began = performance.now();
  for (let warmUp = 0; warmUp < (bench.warmUps ?? 0); warmUp += 1) await bench.run(-1 - warmUp);
  const values: number[] = [];
  let notes: readonly string[] = [];
  for (let run = 0; run < (bench.runs ?? RUNS_MIN); run += 1) {
    const outcome = await bench.run(run);
    values.push(outcome.value);
    if (outcome.notes !== undefined) notes = outcome.notes;
  }
  if (bench.explain !== undefined) notes = [...notes, bench.explain()];
  console.error(`${bench.name}: ${values.map(show).join(", ")} ${bench.unit} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  return { name: bench.name, value: median(values), unit: bench.unit, better: bench.better, target: bench.target, notes };
}

function show(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en") : value.toFixed(2);
}

const width = Math.max(...figures.map(figure => figure.name.length));
console.log(`${"benchmark".padEnd(width)}  ${"value".padStart(12)}  ${"target".padStart(12)}  unit`);
for (const { name, value, unit, better, target, notes } of figures) {
  const met = better === "higher" ? value >= target : value <= target;
  console.log(`${name.padEnd(width)}  ${show(value).padStart(12)}  ${(better === "higher" ? ">= " : "<= ").concat(show(target)).padStart(12)}  ${unit}${met ? "" : "  MISSED"}`);
  for (const note of notes) console.log(`${" ".repeat(width)}  ${note}`);
}
for (const { name, value, unit, better } of figures) {
  console.log(JSON.stringify({ name, value: Math.round(value * 1000) / 1000, unit, better }));
}
