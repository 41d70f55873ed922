// What the compiler lets through and the engine may not use, found by walking the syntax tree.
import ts from "typescript";
import { expect, test } from "vitest";
import { parse, place, read, repositoryFiles, walk } from "./source-files.ts";

const BANNED_MATH = new Set(["random", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "exp", "expm1", "log", "log2", "log10", "log1p", "pow", "sqrt", "cbrt", "hypot"]);
const BANNED_NAMES = new Map([
  ["Date", "virtual time comes from context.now"],
  ["Promise", "handlers run to completion; wait with a timer or a purgatory entry"],
  ["WeakRef", "its life is not defined"],
  ["Intl", "the order of texts must be the same everywhere: compare code units"],
]);

/** Why a node is not allowed below engine/host; undefined when it is. */
function engineBan(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    if (ts.isIdentifier(node.expression) && node.expression.text === "Math" && BANNED_MATH.has(node.name.text)) {
      return `Math.${node.name.text}: chance comes from context.random, and transcendental functions differ between engines`;
    }
    if (node.name.text === "localeCompare" || node.name.text.startsWith("toLocale")) return `${node.name.text} depends on the machine`;
    if (node.name.text === "sort" && ts.isCallExpression(node.parent) && node.parent.arguments.length === 0) return "sort() without a total comparator";
  }
  if (ts.isIdentifier(node) && BANNED_NAMES.has(node.text) && !isPropertyName(node)) return `${node.text}: ${BANNED_NAMES.get(node.text)}`;
  if (ts.isForInStatement(node)) return "for…in: its order is not defined; use Object.keys or a Map";
  if (ts.isAwaitExpression(node) || node.kind === ts.SyntaxKind.AsyncKeyword) return "async: handlers run to completion";
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken) return "**: engines round it differently";
  return undefined;
}

function isPropertyName(node: ts.Identifier): boolean {
  return ts.isPropertyAccessExpression(node.parent) && node.parent.name === node || ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

/** Not allowed anywhere. */
function generalBan(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return "any: say what it is, or unknown";
  if (ts.isNonNullExpression(node)) return "!: handle the missing case, or throw an InvariantError";
  if (ts.isEnumDeclaration(node)) return "enum: use a union of texts";
  return undefined;
}

function findings(files: readonly string[], ban: (node: ts.Node) => string | undefined): string[] {
  const found: string[] = [];
  for (const file of files) {
    const source = parse(file);
    walk(source, node => {
      const why = ban(node);
      if (why !== undefined) found.push(`${place(source, node)}: ${why}`);
    });
  }
  return found;
}

const typescript = repositoryFiles().filter(file => file.endsWith(".ts") && !file.endsWith(".d.ts"));

test("below engine/host there is no wall clock, chance, promise, or undefined order", () => {
  const engine = typescript.filter(file => file.startsWith("engine/") && !file.startsWith("engine/host/") && !file.startsWith("engine/gateway/"));
  expect(engine.length).toBeGreaterThan(20);
  expect(findings(engine, engineBan)).toEqual([]);
});

test("the bans see what they ban", () => {
  const source = ts.createSourceFile("x.ts", "const a = Math.random(); async function f() { for (const k in {}) await 1; } Date.now(); [2].sort(); 2 ** 3; let b: any; b!.c", ts.ScriptTarget.ES2023, true);
  const seen: string[] = [];
  walk(source, node => { const why = engineBan(node) ?? generalBan(node); if (why !== undefined) seen.push(why.split(":")[0] ?? ""); });
  for (const name of ["Math.random", "async", "for…in", "Date", "sort() without a total comparator", "**", "any", "!"]) expect(seen).toContain(name);
});

test("no any, no non-null assertion, no enum in product code", () => {
  expect(findings(typescript.filter(file => !file.startsWith("test/")), generalBan)).toEqual([]);
});

test("no test is switched off, no type check is silenced, no work is put off", () => {
  const found = typescript.filter(file => file !== "test/tidy/bans.test.ts").flatMap(file => read(file).split("\n").flatMap((line, index) =>
    /\b(it|test|describe)\.(skip|only|todo)\b|@ts-(ignore|nocheck|expect-error)|\b(TODO|FIXME|XXX)\b/.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
  expect(found).toEqual([]);
});
