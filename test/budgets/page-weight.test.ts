// What a reader downloads before the first touch. Editor, kernel, Mermaid and drills come on demand.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { root } from "../tidy/source-files.ts";

const dist = join(root, "dist");
const KILOBYTE = 1_000;

/** A script with everything that it imports statically, as paths inside dist. */
function withImports(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(join(dist, file), "utf8");
  for (const match of text.matchAll(/(?:^|[;}\s])(?:import|export)\s*(?:[\w*${},\s]+?from\s*)?["'](\.[^"']+\.js)["']/g)) {
    withImports(posix.join(posix.dirname(file), match[1] ?? ""), seen);
  }
  return seen;
}

function gzipBytes(files: Iterable<string>): number {
  let bytes = 0;
  for (const file of files) bytes += gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
  return bytes;
}

function lessonPages(): string[] {
  return readdirSync(join(dist, "the-post-office")).map(name => `the-post-office/${name}/index.html`);
}

test("the scripts of a lesson page are at most 60 kB before the first interaction", () => {
  for (const page of lessonPages()) {
    const html = readFileSync(join(dist, page), "utf8");
    const files = new Set<string>();
    for (const match of html.matchAll(/<script[^>]+src="([^"]+)"/g)) withImports(posix.join(posix.dirname(page), match[1] ?? ""), files);
    expect(files.size).toBeGreaterThan(0);
    const bytes = gzipBytes(files);
    expect(bytes, `${page}: ${bytes} bytes of script in ${[...files].join(", ")}`).toBeLessThanOrEqual(60 * KILOBYTE);
    expect(bytes).toBeGreaterThan(10 * KILOBYTE);
  }
});

// 150 kB is what a page should load. ZooKeeper mode and the migration are in the same file still, and belong into a chunk that only their pages load.
test("the engine worker is at most 200 kB", () => {
  const worker = readdirSync(join(dist, "_astro")).filter(name => /^worker-.*\.js$/.test(name));
  expect(worker).toHaveLength(1);
  const bytes = gzipBytes(withImports(`_astro/${worker[0]}`));
  expect(bytes, `${bytes} bytes`).toBeLessThanOrEqual(200 * KILOBYTE);
  expect(bytes).toBeGreaterThan(20 * KILOBYTE);
});
