// Closes every door of the worker before anything else is loaded: this module is the first import of worker-entry.ts.
//
// What stays is the language itself and four harmless converters; everything that the browser adds is deleted from the global
// object and from its prototypes. What the kernel needs is taken out first and kept in this module, where no cell can reach it.
// Behind this stand two more walls: the worker's origin is opaque (a data: URL) and it inherits the page's Content-Security-Policy.
import type { Lockdown } from '../cell-protocol.ts';

/** ECMAScript's own names, and what converts data without reaching anywhere. */
const ALLOWED: ReadonlySet<string> = new Set([
  'Object', 'Array', 'String', 'Number', 'Boolean', 'BigInt', 'Symbol', 'Math', 'JSON', 'Reflect', 'Proxy', 'Promise', 'Date', 'RegExp', 'Intl', 'Iterator',
  'Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry', 'Infinity', 'NaN', 'undefined', 'isFinite', 'isNaN', 'parseFloat', 'parseInt',
  'decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'unescape',
  'ArrayBuffer', 'DataView', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
  'Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array',
  'Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'SuppressedError', 'DisposableStack', 'AsyncDisposableStack',
  'TextEncoder', 'TextDecoder', 'structuredClone', 'queueMicrotask', 'atob', 'btoa',
]);

interface WorkerScope {
  readonly origin: string;
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: (event: never) => void): void;
}

const scope = globalThis as unknown as WorkerScope & Record<string, unknown>;

/** What the kernel keeps for itself. */
export const kept = {
  post: scope.postMessage.bind(scope) as (message: unknown) => void,
  listen: scope.addEventListener.bind(scope) as (type: string, listener: (event: never) => void) => void,
  blobUrl: keptBlobUrl(Blob, URL.createObjectURL.bind(URL), URL.revokeObjectURL.bind(URL)),
  turn: keptTurn(new MessageChannel()),
};

function keptBlobUrl(
  BlobOfWorker: typeof Blob, create: (blob: Blob) => string, revoke: (url: string) => void,
): { readonly create: (text: string) => string; readonly revoke: (url: string) => void } {
  return { create: (text) => create(new BlobOfWorker([text], { type: 'text/javascript' })), revoke };
}

/** A task of the event loop. A message arrives behind everything that promises still do, and is not slowed down as setTimeout is. */
function keptTurn({ port1, port2 }: MessageChannel): () => Promise<void> {
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () => new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}

function evalIsBlocked(): boolean {
  try {
    (0, eval)('1');
    return false;
  } catch {
    return true;
  }
}

function deleteGlobals(): readonly string[] {
  for (let at: object | null = scope; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    for (const name of Reflect.ownKeys(at)) {
      if (typeof name === 'string' && ALLOWED.has(name)) continue;
      Reflect.deleteProperty(at, name);
    }
  }
  return everyName().filter((name) => !ALLOWED.has(name));
}

function everyName(): readonly string[] {
  const names: string[] = [];
  for (let at: object | null = scope; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    names.push(...Reflect.ownKeys(at).map(String));
  }
  return names;
}

/** `f.constructor("text")` makes code out of text; the policy forbids it, and so does this. */
function closeFunctionConstructors(): void {
  const kinds = [function plain() { return 0; }, async function later() { return 0; }, function* many() { yield 0; }, async function* manyLater() { yield 0; }];
  for (const kind of kinds) {
    Object.defineProperty(Object.getPrototypeOf(kind) as object, 'constructor', {
      value: function Function() { throw new EvalError('a cell cannot make code out of text'); }, writable: false, configurable: false,
    });
  }
}

/** Numbers are written as in the lesson's text, whatever language the browser speaks. */
function fixLocale(): void {
  const write = Number.prototype.toLocaleString;
  const writeBig = BigInt.prototype.toLocaleString;
  Number.prototype.toLocaleString = function (this: number, locales = 'en-US', options) { return write.call(this, locales, options); };
  BigInt.prototype.toLocaleString = function (this: bigint, locales = 'en-US', options) { return writeBig.call(this, locales, options); };
}

const origin = scope.origin;
const isEvalBlocked = evalIsBlocked();
closeFunctionConstructors();
fixLocale();
const open = deleteGlobals();

export const lockdown: Lockdown = { origin, evalIsBlocked: isEvalBlocked, open };

// The runtime of the cells takes its tasks from here when it is loaded; worker-entry.ts closes that too.
Object.defineProperty(scope, 'setImmediate', { configurable: true, value: (run: () => void) => { void kept.turn().then(run); } });

export function closeLastDoor(): void {
  Reflect.deleteProperty(scope, 'setImmediate');
}
