// The part of @observablehq/runtime 6 that reactive-graph.ts uses; the package has no types of its own.
declare module '@observablehq/runtime' {
  export interface Observer {
    pending?(): void;
    fulfilled?(value: unknown, name: string | null): void;
    rejected?(error: unknown, name: string | null): void;
  }
  export interface Variable {
    define(name: string | null, inputs: readonly string[], definition: (...values: unknown[]) => unknown): this;
    delete(): this;
  }
  export interface Module {
    variable(observer?: Observer | true): Variable;
  }
  export class Runtime {
    constructor(builtins?: Readonly<Record<string, unknown>>, global?: (name: string) => unknown);
    module(): Module;
    /** Settles when everything that is out of date has been started. */
    _compute(): Promise<void>;
    dispose(): void;
  }
  export class RuntimeError extends Error {
    /** The name of the input that could not be had. */
    readonly input?: string;
  }
}
