// Rules about files: where they lie, what they are called, how long they are, how they open.
import ts from "typescript";
import { expect, test } from "vitest";
import { parse, place, read, repositoryFiles, walk } from "./source-files.ts";

const files = repositoryFiles();
const source = files.filter(file => /\.(ts|mjs|astro|css)$/.test(file));

const FILE_LINES_MAX = 450;
const FUNCTION_LINES_MAX = 75;

test("the top level holds what it should and no more", () => {
  const top = [...new Set(files.map(file => file.split("/")[0] ?? ""))];
  const allowed = /^(package\.json|package-lock\.json|astro\.config\.mjs|vitest\.config\.ts|src|lessons|engine|public|test|[A-Z]+\.md|LICENSE|NOTICE|tsconfig\.json|\..+)$/;
  expect(top.filter(name => !allowed.test(name))).toEqual([]);
});

test("file names say what is inside", () => {
  const vague = source.filter(file => /(^|\/)(utils?|helpers?|common|misc|shared|stuff|types|temp|tmp|new|old)(\.|\/)/.test(file));
  expect(vague).toEqual([]);
  const unusual = source.filter(file => {
    const name = file.split("/").pop() ?? "";
    return name.endsWith(".astro") ? false : !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?\.[a-z]+$/.test(name);
  });
  expect(unusual).toEqual([]);
});

test(`no file is longer than ${FILE_LINES_MAX} lines`, () => {
  const long = source.map(file => ({ file, lines: read(file).split("\n").length })).filter(({ lines }) => lines > FILE_LINES_MAX);
  expect(long.map(({ file, lines }) => `${file}: ${lines} lines; it is two rooms`)).toEqual([]);
});

test(`no function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
  const long: string[] = [];
  for (const file of source.filter(name => name.endsWith(".ts") && !name.startsWith("test/"))) {
    const tree = parse(file);
    walk(tree, node => {
      if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return;
      const lines = tree.getLineAndCharacterOfPosition(node.end).line - tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
      if (lines > FUNCTION_LINES_MAX) long.push(`${place(tree, node)}: ${lines} lines`);
    });
  }
  expect(long).toEqual([]);
});

test("every engine file opens by saying what it models", () => {
  const silent = source.filter(file => file.startsWith("engine/") && file.endsWith(".ts") && !/^(\/\/|\/\*)/.test(read(file)));
  expect(silent).toEqual([]);
});

test("FIDELITY ids that code and lessons cite exist in the ledger", () => {
  const ledger = read("engine/FIDELITY.md");
  const known = new Set([...ledger.matchAll(/^\|\s*([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)\s*\|/gm)].map(match => match[1]));
  expect(known.size).toBeGreaterThan(10);
  const missing: string[] = [];
  for (const file of files.filter(name => /^(engine\/.*\.ts|lessons\/.*index\.md)$/.test(name))) {
    for (const match of read(file).matchAll(/(?:FIDELITY: |^fidelity: \[)([^\]\n.]*)/gm)) {
      for (const id of (match[1] ?? "").match(/[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+/g) ?? []) if (!known.has(id)) missing.push(`${file}: ${id}`);
    }
  }
  expect(missing).toEqual([]);
});

test("each Markdown document has one title, and its relative links lead somewhere", () => {
  const broken: string[] = [];
  for (const file of files.filter(name => /^[A-Z]+\.md$|^engine\/FIDELITY\.md$|^lessons\/AUTHORING\.md$/.test(name))) {
    const text = read(file).replace(/```[\s\S]*?```/g, "");
    const titles = text.match(/^# /gm)?.length ?? 0;
    if (titles !== 1) broken.push(`${file}: ${titles} titles`);
    for (const match of text.matchAll(/\]\((?!https?:|#|run:)([^)#]+)/g)) {
      const target = new URL(match[1] ?? "", `file:///${file}`).pathname.slice(1);
      if (!files.some(name => name === target || name.startsWith(`${target.replace(/\/$/, "")}/`))) broken.push(`${file}: ${match[1]} does not exist`);
    }
  }
  expect(broken).toEqual([]);
});
