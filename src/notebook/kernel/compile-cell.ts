// From the text of a cell to a function expression: types are stripped, then notebook-kit finds what the cell needs and
// gives. The value of the last expression is the cell's result, as in a console. Lines stay where they are.
import { parseJavaScript, transpileJavaScript } from '@observablehq/notebook-kit';
import { transform } from 'sucrase';
import type { CellProblem } from '../cell-problem.ts';
import { CELL_LIMITS } from '../cell-protocol.ts';
import type { CellSource } from '../cell-protocol.ts';

export interface CompiledCell {
  readonly id: string;
  readonly code: string;
  /** An arrow function from `needs`, in order, to an object of `gives`. */
  readonly body: string;
  readonly needs: readonly string[];
  readonly gives: readonly string[];
  /** Line of the body minus this is a line of the cell. */
  readonly extraLines: number;
}

export type Compilation = { readonly ok: true; readonly cell: CompiledCell } | { readonly ok: false; readonly problem: CellProblem };

/** The name under which the wrapped last expression hands over its value. */
export const RESULT_NAME = '__result';

export function compileCell(source: CellSource): Compilation {
  try {
    if (source.code.length > CELL_LIMITS.codeCharactersMax) throw tooLongProblem(source);
    const javascript = stripTypes(source);
    const prepared = showLastExpression(takeKafkaJsImport(javascript));
    const { body, inputs = [], outputs = [] } = transpileJavaScript(prepared);
    // The transpiler drops one line break at the start and puts one line before the text.
    const extraLines = prepared.startsWith('\n') ? 0 : 1;
    return { ok: true, cell: { id: source.id, code: source.code, body, needs: inputs, gives: outputs, extraLines } };
  } catch (error) {
    return { ok: false, problem: error instanceof CompileError ? { ...error.problem, cell: source.id } : syntaxProblem(source, error, 1) };
  }
}

class CompileError extends Error {
  readonly problem: Omit<CellProblem, 'cell'>;

  constructor(problem: Omit<CellProblem, 'cell'>) {
    super(problem.what);
    this.problem = problem;
  }
}

function tooLongProblem({ code }: CellSource): CompileError {
  return new CompileError({
    code: 'cell-syntax', line: null, column: null, what: 'the cell is too long', expected: `at most ${CELL_LIMITS.codeCharactersMax} characters`,
    found: `${code.length} characters`, cure: 'Shorten it, or make data in a loop instead of writing it out.', edit: null,
  });
}

function stripTypes(source: CellSource): string {
  try {
    return transform(source.code, { transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: true }).code;
  } catch (error) {
    // sucrase counts columns from 1, the parser that comes after it from 0.
    throw new CompileError(syntaxProblem(source, error, 0));
  }
}

/** As much of a syntax tree as is needed here. */
interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  return Object.values(node).flatMap((value) => (Array.isArray(value) ? value : [value])).filter(isNode);
}

function treeOf(javascript: string): SyntaxNode {
  const { body } = parseJavaScript(javascript);
  return body as unknown as SyntaxNode;
}

/**
 * `import { Kafka } from "kafkajs"` names what a cell has anyway, so that code can be pasted from here into an application
 * and back. It is blanked out; every other import is refused, and so is `import()`, which could reach beyond the cell.
 */
function takeKafkaJsImport(javascript: string): string {
  if (!/\bimport\b/.test(javascript)) return javascript;
  const blanks: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'ImportDeclaration') {
      if (!isKafkaImport(node)) throw importProblem(javascript, node);
      blanks.push(node);
    }
    if (node.type === 'ImportExpression' || node.type === 'MetaProperty' && javascript.startsWith('import', node.start)) throw importProblem(javascript, node);
    childrenOf(node).forEach(visit);
  };
  visit(treeOf(javascript));
  return blanks.reduce((text, { start, end }) => text.slice(0, start) + text.slice(start, end).replaceAll(/[^\n]/g, ' ') + text.slice(end), javascript);
}

function isKafkaImport(node: SyntaxNode): boolean {
  const source = node['source'];
  if (!isNode(source) || source['value'] !== 'kafkajs') return false;
  return childrenOf(node).filter((child) => child.type.startsWith('Import')).every((specifier) => {
    const { imported, local } = specifier;
    return specifier.type === 'ImportSpecifier' && isNode(imported) && isNode(local) && imported['name'] === 'Kafka' && local['name'] === 'Kafka';
  });
}

function importProblem(javascript: string, node: SyntaxNode): CompileError {
  return new CompileError({
    code: 'cell-import',
    ...placeOf(javascript, node.start),
    what: 'a cell cannot import',
    expected: 'code that uses kafka, cluster, display and the language itself',
    found: javascript.slice(node.start, node.end).split('\n')[0] ?? '',
    cure: 'Remove the import. "import { Kafka } from \'kafkajs\'" is allowed and means the Kafka of this page.',
    edit: null,
  });
}

/** Hands the value of the last expression over, unless it shows itself already. */
function showLastExpression(javascript: string): string {
  const tree = treeOf(javascript);
  if (tree.type !== 'Program') return showsItself(tree) ? statement(javascript) : wrap(javascript, { start: 0, end: javascript.length });
  const body = tree['body'];
  const last = Array.isArray(body) ? (body.at(-1) as unknown) : null;
  if (!isNode(last) || last.type !== 'ExpressionStatement') return javascript;
  const expression = last['expression'];
  // The statement, not the expression: parentheses around an expression are not part of it.
  const end = last.end - (/;?$/.exec(javascript.slice(last.start, last.end))?.[0].length ?? 0);
  return !isNode(expression) || showsItself(expression) ? javascript : wrap(javascript, { start: last.start, end });
}

/** A program, not an expression: otherwise the transpiler would return the value instead of the outputs. */
function statement(javascript: string): string {
  return `${javascript}\n;`;
}

function wrap(javascript: string, { start, end }: { readonly start: number; readonly end: number }): string {
  // The line break ends a comment that may stand behind the expression.
  return `${javascript.slice(0, start)}${RESULT_NAME}(await (${javascript.slice(start, end)}\n));${javascript.slice(end)}`;
}

function showsItself(expression: SyntaxNode): boolean {
  const called = expression.type === 'AwaitExpression' && isNode(expression['argument']) ? expression['argument'] : expression;
  if (called.type !== 'CallExpression' || !isNode(called['callee'])) return false;
  const callee = called['callee'];
  const object = callee['object'];
  return callee['name'] === 'display' || isNode(object) && object['name'] === 'console';
}

function placeOf(text: string, position: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, position).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

function syntaxProblem(source: CellSource, error: unknown, columnsFrom: number): CellProblem {
  const message = error instanceof Error ? error.message : String(error);
  const match = /^(?:Error transforming [^:]*: )?(.*?)\s*\((\d+):(\d+)\)$/s.exec(message);
  const reason = match?.[1] ?? message;
  const line = match === null ? null : Math.min(Number(match[2]), source.code.split('\n').length);
  const column = match === null ? null : Number(match[3]) + columnsFrom;
  const found = line === null ? '' : (source.code.split('\n')[line - 1] ?? '').trim();
  const isRedefinition = /cannot be redefined|external variable|Assignment to global|already been declared/.test(reason);
  return {
    code: 'cell-syntax',
    cell: source.id,
    line,
    column,
    what: isRedefinition ? reason : `this is not TypeScript: ${lowerFirst(reason)}`,
    expected: isRedefinition ? 'a name of its own for each value, given once' : 'statements that parse',
    found: found === '' ? 'the end of the cell' : found,
    cure: isRedefinition ? 'Choose another name; a value that changes belongs into one cell.' : syntaxCure(reason, line, column),
    edit: null,
  };
}

function syntaxCure(reason: string, line: number | null, column: number | null): string {
  if (/'return'/.test(reason)) return 'Leave return out: the value of the last expression is the result.';
  if (/'export'/.test(reason)) return 'Leave export out: other cells can use every name of this one.';
  if (/unterminated/i.test(reason)) return `Close what opens on line ${line ?? 1}.`;
  return `Look at line ${line ?? 1}${column === null ? '' : `, column ${column}`}: a bracket, quote or comma is missing or too many just before it.`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
