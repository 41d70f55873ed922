// The one place that knows @observablehq/runtime: cells as variables that compute when what they need has changed.
import { Runtime, RuntimeError } from '@observablehq/runtime';
import type { Variable } from '@observablehq/runtime';

export interface GraphCell {
  readonly id: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Computes the cell; answers an object with a property for each output. */
  readonly body: (...inputs: readonly unknown[]) => Promise<Readonly<Record<string, unknown>>>;
  /** An input could not be had, so the body was not called; `name` is that input's. */
  readonly refused: (error: unknown, name: string | null) => void;
}

export interface ReactiveGraph {
  define(cell: GraphCell): void;
  remove(id: string): void;
  /** Settles when the runtime has started everything that is out of date. */
  started(): Promise<void>;
}

/** @param unknown throws the error for a name that no cell defines. */
export function createReactiveGraph(unknown: (name: string) => never): ReactiveGraph {
  const runtime = new Runtime({}, unknown);
  const main = runtime.module();
  const variables = new Map<string, readonly Variable[]>();

  function remove(id: string): void {
    for (const variable of variables.get(id) ?? []) variable.delete();
    variables.delete(id);
  }

  function define(cell: GraphCell): void {
    remove(cell.id);
    let wasCalled = false;
    const body = main.variable({
      pending: () => { wasCalled = false; },
      rejected: (error) => { if (!wasCalled) cell.refused(error, inputOf(error)); },
    });
    const name = `cell ${cell.id}`;
    body.define(cell.outputs.length === 0 ? null : name, cell.inputs, (...inputs) => {
      wasCalled = true;
      return cell.body(...inputs);
    });
    const outputs = cell.outputs.map((output) =>
      main.variable(true).define(output, [name], (values) => (values as Readonly<Record<string, unknown>>)[output]));
    variables.set(cell.id, [body, ...outputs]);
  }

  return { define, remove, started: () => runtime._compute() };
}

function inputOf(error: unknown): string | null {
  return error instanceof RuntimeError ? (error.input ?? null) : null;
}
