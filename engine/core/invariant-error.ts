// The only error the engine throws for a bug of its own. The world stops; the message names what was broken, and
// whoever runs the world adds seed, event and the last lines of the trace.
export class InvariantError extends Error {
  override readonly name = "InvariantError";
  readonly code = "INVARIANT";
}

export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** For the default branch of a `switch` over a closed union. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${String(value)}`);
}
