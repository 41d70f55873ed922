// Names of the browser that a cell does not have. In the worker they are gone; here each gets an object that says so when it
// is touched, so that a learner reads the same sentence in every browser and in the tests.

/** Thrown when a cell touches one of them. */
export class ForbiddenNameError extends Error {
  override readonly name = 'ForbiddenNameError';
  readonly forbidden: string;

  constructor(name: string) {
    super(`a cell has no ${name}`);
    this.forbidden = name;
  }
}

/** What to write instead, by what the name is for. */
export const FORBIDDEN_NAMES: ReadonlyMap<string, string> = new Map([
  ...group('A cell reaches the cluster and nothing else: use kafka, cluster and display.', [
    'fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'WebTransport', 'RTCPeerConnection', 'navigator', 'location', 'Request', 'Response', 'Headers', 'importScripts', 'Notification',
  ]),
  ...group('Give the value to display(…): the page draws it.', ['document', 'window', 'Image', 'Path2D', 'AudioContext', 'alert', 'devicePixelRatio', 'FileReader', 'File', 'FileList', 'Blob']),
  ...group('A cell runs alone in its worker: use variables that other cells read.', [
    'Worker', 'SharedWorker', 'BroadcastChannel', 'MessageChannel', 'MessagePort', 'postMessage', 'onmessage', 'addEventListener', 'removeEventListener', 'dispatchEvent', 'self', 'globalThis', 'global', 'parent', 'top', 'frames', 'opener', 'process', 'require', 'SharedArrayBuffer', 'Atomics', 'close',
  ]),
  ...group('Keep what you need in a variable: a cell stores nothing.', ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore']),
  ...group('Use setTimeout: it follows the clock of the cluster.', ['requestAnimationFrame', 'cancelAnimationFrame', 'requestIdleCallback', 'setImmediate']),
  ...group('Use Math.random: it is seeded, so that the run can be repeated.', ['crypto']),
]);

function group(cure: string, names: readonly string[]): readonly (readonly [string, string])[] {
  return names.map((name) => [name, cure]);
}

/** Throws ForbiddenNameError whatever is done with it. */
export function forbiddenObject(name: string): unknown {
  const refuse = (): never => {
    throw new ForbiddenNameError(name);
  };
  return new Proxy(function forbidden() { return undefined; }, {
    apply: refuse, construct: refuse, get: refuse, set: refuse, has: refuse, deleteProperty: refuse, ownKeys: refuse,
    getOwnPropertyDescriptor: refuse, defineProperty: refuse, getPrototypeOf: refuse, setPrototypeOf: refuse,
  });
}
