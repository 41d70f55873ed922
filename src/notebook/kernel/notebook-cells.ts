// The cells of one notebook as the kernel knows them: their text, what they need and give, and which of them have run.
import type { CellProblem } from '../cell-problem.ts';
import type { CellSource } from '../cell-protocol.ts';
import { compileCell } from './compile-cell.ts';
import type { Compilation, CompiledCell } from './compile-cell.ts';

interface KnownCell {
  readonly source: CellSource;
  readonly compilation: Compilation;
  /** Whether the graph holds the values of this text. */
  hasRun: boolean;
}

export class NotebookCells {
  private known = new Map<string, KnownCell>();

  /** Takes the texts of the page; a text that has not changed is not compiled again. */
  update(sources: readonly CellSource[]): void {
    const before = this.known;
    this.known = new Map(sources.map((source) => {
      const old = before.get(source.id);
      return [source.id, old?.source.code === source.code ? old : { source, compilation: compileCell(source), hasRun: false }];
    }));
  }

  /** Ids in the order of the page. */
  get order(): readonly string[] {
    return [...this.known.keys()];
  }

  /** As the page shows it, from 1. */
  numberOf(id: string): number {
    return this.order.indexOf(id) + 1;
  }

  codeOf(id: string): string {
    return this.known.get(id)?.source.code ?? '';
  }

  compiled(id: string): CompiledCell | null {
    const compilation = this.known.get(id)?.compilation;
    return compilation?.ok === true ? compilation.cell : null;
  }

  problemOf(id: string): CellProblem | null {
    const compilation = this.known.get(id)?.compilation;
    return compilation?.ok === false ? compilation.problem : this.duplicateIn(id);
  }

  markRun(id: string, hasRun: boolean): void {
    const cell = this.known.get(id);
    if (cell !== undefined) cell.hasRun = hasRun;
  }

  giversOf(name: string): readonly string[] {
    return this.order.filter((id) => this.compiled(id)?.gives.includes(name) === true);
  }

  /** Every name that a cell gives. */
  names(): readonly string[] {
    return [...new Set(this.order.flatMap((id) => this.compiled(id)?.gives ?? []))];
  }

  /** `target`, and before it whatever it needs that has not run, in the order of the page. */
  toRun(target: string): readonly string[] {
    const wanted = new Set<string>();
    const want = (id: string): void => {
      if (wanted.has(id)) return;
      wanted.add(id);
      for (const name of this.compiled(id)?.needs ?? []) {
        for (const giver of this.giversOf(name)) if (this.known.get(giver)?.hasRun === false) want(giver);
      }
    };
    want(target);
    return this.order.filter((id) => wanted.has(id));
  }

  private duplicateIn(id: string): CellProblem | null {
    for (const name of this.compiled(id)?.gives ?? []) {
      const others = this.giversOf(name).filter((other) => other !== id);
      if (others.length > 0) return duplicateProblem(id, name, others.map((other) => this.numberOf(other)), this.codeOf(id));
    }
    return null;
  }
}

function duplicateProblem(cell: string, name: string, others: readonly number[], code: string): CellProblem {
  return {
    code: 'cell-duplicate-name',
    cell,
    ...firstPlaceOf(name, code),
    what: `${name} is defined more than once`,
    expected: 'each name given by one cell of the page',
    found: `also in cell ${others.join(', ')}`,
    cure: `Choose another name here, or put it in braces: { const ${name} = … }`,
    edit: null,
  };
}

/** Where a name first stands in a cell's text. */
export function firstPlaceOf(name: string, code: string): { readonly line: number | null; readonly column: number | null } {
  const lines = code.split('\n');
  const pattern = new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`);
  for (const [index, line] of lines.entries()) {
    const column = line.search(pattern);
    if (column >= 0) return { line: index + 1, column: column + 1 };
  }
  return { line: null, column: null };
}
