// Stands in for the TypeScript compiler that notebook-kit imports (a megabyte that strips types): sucrase strips them before, so
// nothing of this is ever called.
function unused(): never {
  throw new Error('the TypeScript compiler is not part of the kernel');
}

export const ModuleKind = {};
export const ScriptTarget = {};
export const transpile = unused;
export const createProgram = unused;
export const createSourceFile = unused;
export const isClassExpression = unused;
export const isFunctionExpression = unused;
export const isParenthesizedExpression = unused;
export const isExpressionStatement = unused;
export default {};
