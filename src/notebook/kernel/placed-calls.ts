// Calls that a cell makes on kafka and cluster: each remembers the line that made it, because its failure arrives later and from
// elsewhere, and knows whether anybody waits for it, so that a failure that nobody looks at is still said.

/** The stack of the place where a failed call was made. */
export const calledAt = new WeakMap<Error, string>();

export class CallPromise<Value> extends Promise<Value> {
  isLookedAt = false;

  /** What is derived from it is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  override then<A = Value, B = never>(kept?: ((value: Value) => A | PromiseLike<A>) | null, broken?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<A | B> {
    this.isLookedAt = true;
    return super.then(kept, broken);
  }
}

export type CallFailed = (promise: CallPromise<unknown>, error: unknown) => void;

/** The same object; every method that answers with a promise remembers where it was called. */
export function placeCalls<Methods extends object>(methods: Methods, failed: CallFailed): Methods {
  const placed: Record<string, unknown> = {};
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(methods))) {
    const method: unknown = descriptor.value;
    const value = typeof method === 'function' ? placeCall(method as (...values: readonly unknown[]) => unknown, failed) : method;
    Object.defineProperty(placed, name, descriptor.get === undefined ? { ...descriptor, value } : descriptor);
  }
  return placed as Methods;
}

function placeCall(method: (...values: readonly unknown[]) => unknown, failed: CallFailed): (...values: readonly unknown[]) => unknown {
  return (...values) => {
    const site = new Error().stack ?? '';
    const answer = method(...values);
    if (!(answer instanceof Promise) || answer instanceof CallPromise) return answer;
    const promise: CallPromise<unknown> = new CallPromise((resolve, reject) => {
      answer.then(resolve, (error: unknown) => {
        if (error instanceof Error) calledAt.set(error, site);
        reject(error);
        failed(promise, error);
      });
    });
    // Not by `catch`, which would count as being looked at.
    Promise.prototype.then.call(promise, undefined, () => undefined);
    return promise;
  };
}
