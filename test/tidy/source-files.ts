// Reads the tree for the tidy tests: every source file once, parsed once.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Tracked files and new ones that are not ignored, as paths from the root. */
export function repositoryFiles(): string[] {
  const out = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  return out.split("\n").filter(file => file !== "" && existsSync(join(root, file))).sort();
}

export function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

const parsed = new Map<string, ts.SourceFile>();

export function parse(file: string): ts.SourceFile {
  let source = parsed.get(file);
  if (source === undefined) {
    source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2023, true);
    parsed.set(file, source);
  }
  return source;
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, child => walk(child, visit));
}

/** "engine/log/log.ts:12" for a node. */
export function place(source: ts.SourceFile, node: ts.Node): string {
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
}

/** What a file imports: paths from the root for files of ours, package names for others. Type-only imports are marked. */
export function importsOf(file: string): { target: string; typeOnly: boolean; where: string }[] {
  const source = parse(file);
  const found: { target: string; typeOnly: boolean; where: string }[] = [];
  walk(source, node => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push({ target: resolve(file, node.moduleSpecifier.text), typeOnly: isTypeOnly(node), where: place(source, node) });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const argument = node.arguments[0];
      if (argument !== undefined && ts.isStringLiteral(argument)) {
        found.push({ target: resolve(file, argument.text), typeOnly: false, where: place(source, node) });
      }
    }
  });
  return found;
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const bindings = clause.namedBindings;
  return clause.name === undefined && bindings !== undefined && ts.isNamedImports(bindings)
    && bindings.elements.length > 0 && bindings.elements.every(element => element.isTypeOnly);
}

function resolve(file: string, specifier: string): string {
  const bare = specifier.replace(/\?.*$/, "");
  if (bare.startsWith(".")) return posix.join(posix.dirname(file), bare);
  if (bare === "#kit") return "lessons/_kit/index.ts";
  if (bare.startsWith("#")) return bare.slice(1);
  return bare;
}
