// The fuzzer judged: each planted defect is found, and by the check that is there for it. Every defect runs in a process of its own, because it is put into
// the engine's source as that is loaded.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PLANTED_DEFECTS, type PlantedDefect } from "./planted-defects.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** The project's own Node: an older one cannot load the sources as they are. */
const NODE = join(ROOT, "node_modules", ".bin", "node");
const SEEDS_MAX = 200;

test.each(PLANTED_DEFECTS)("$name: its text stands in the source once", ({ file, find, replace }) => {
  expect(readFileSync(join(ROOT, file), "utf8").split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
});

test.each(PLANTED_DEFECTS)("$name: found, within 200 seeds, by $shows", defect => {
  const { status, output } = fuzzWith(defect);
  expect(status, output).toBe(1);
  expect(output).toMatch(new RegExp(`^  \\[(opening|safety|availability|liveness)\\] ${defect.shows}: `, "m"));
}, 120_000);

function fuzzWith({ name, profile, from }: PlantedDefect): { readonly status: number | null; readonly output: string } {
  const seeds = ["--profile", profile, "--from", String(from), "--seeds", String(SEEDS_MAX), "--stop-after", "1", "--no-shrink", "--into", join(tmpdir(), "planted-defects")];
  const child = spawnSync(NODE, ["--no-warnings", "--import", "./test/fuzz/plant-defect.ts", "test/fuzz/run-fuzz.ts", ...seeds], {
    cwd: ROOT, encoding: "utf8", env: { ...process.env, PLANTED_DEFECT: name },
  });
  return { status: child.status, output: child.stdout + child.stderr };
}
