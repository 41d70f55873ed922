// The worker that runs cells: made from a data: URL, so that its origin is opaque; watched by a heartbeat, because code that loops can
// be stopped in no other way than by ending its worker. The cluster is in another worker and lives on.
import type { KernelLink } from './cell-run.ts';
import type { FromKernel, Lockdown, ToKernel } from './cell-protocol.ts';
import { readKernelMessage } from './check-message.ts';
import { MessageQueue } from './message-queue.ts';

/** A kernel that is busy for this long without a pause is taken for a loop. */
export const BUSY_MS_MAX = 1_500;
const BEAT_MS = 250;
const BOOT_MS_MAX = 15_000;
/** A kernel waits for the answer to its turn, so one message is unread at most; a second one may be the last word of a run that was stopped. */
const UNREAD_MAX = 2;

export class KernelEndedError extends Error {
  override readonly name = 'KernelEndedError';
  readonly why: 'endless' | 'ended' | 'broken';

  constructor(why: KernelEndedError['why'], message: string) {
    super(message);
    this.why = why;
  }
}

export interface KernelProcess extends KernelLink {
  readonly lockdown: Lockdown;
  /** The worker is gone, by the watch or by `end`. */
  readonly isEnded: boolean;
  /** From here on the heartbeat is watched, until the returned function is called. */
  watch(): () => void;
  end(): void;
}

/**
 * @param source the bundled kernel, from `virtual:kernel-source`.
 * @param needsPolicy whether a worker without the page's policy is refused. The development server's pages have none, because it
 *   injects scripts of its own; what the kernel takes away by itself is gone there too.
 */
export async function startKernel(source: string, needsPolicy: boolean): Promise<KernelProcess> {
  const worker = new Worker(`data:text/javascript;charset=utf-8,${encodeURIComponent(source)}`, { name: 'cells' });
  const kernel = new WatchedWorker(worker, needsPolicy);
  await kernel.ready();
  return kernel;
}

/** The kernel keeps to its turns by itself: this is code that speaks in its name. */
function unasked(what: string): Error {
  return new Error(`the kernel of the cells ${what}`);
}

/** What must be gone in a kernel, whatever the browser. */
const DANGEROUS = [
  'fetch', 'XMLHttpRequest', 'WebSocket', 'WebTransport', 'EventSource', 'importScripts', 'Worker', 'SharedWorker', 'BroadcastChannel', 'MessageChannel',
  'postMessage', 'indexedDB', 'caches', 'navigator', 'RTCPeerConnection', 'requestAnimationFrame', 'eval', 'Function', 'URL', 'Blob', 'addEventListener', 'self', 'globalThis',
] as const;

class WatchedWorker implements KernelProcess {
  private readonly worker: Worker;
  private readonly needsPolicy: boolean;
  private readonly queue = new MessageQueue<Extract<FromKernel, { readonly type: 'turn' | 'done' }>>();
  private found: Lockdown | null = null;
  private onReady: { readonly resolve: () => void; readonly reject: (reason: Error) => void } | null = null;
  private nonce: number | null = null;
  private unread = 0;
  isEnded = false;

  constructor(worker: Worker, needsPolicy: boolean) {
    this.worker = worker;
    this.needsPolicy = needsPolicy;
    worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.take(data));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.stop(new KernelEndedError('broken', `the kernel of the cells broke: ${event.message}`));
    });
  }

  get lockdown(): Lockdown {
    return this.found ?? { origin: '', evalIsBlocked: false, open: [] };
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.stop(new KernelEndedError('broken', 'the kernel of the cells did not start')), BOOT_MS_MAX);
      this.onReady = {
        resolve: () => { clearTimeout(timer); resolve(); },
        reject: (reason) => { clearTimeout(timer); reject(reason); },
      };
    });
  }

  send(message: ToKernel): void {
    this.worker.postMessage(message);
  }

  next(): Promise<Extract<FromKernel, { readonly type: 'turn' | 'done' }>> {
    this.unread = Math.max(0, this.unread - 1);
    return this.queue.next();
  }

  watch(): () => void {
    let silentMs = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      // A page that was busy itself could not hear the answer: no beat counts for more than two.
      silentMs = this.nonce === null ? 0 : silentMs + Math.min(now - last, 2 * BEAT_MS);
      last = now;
      if (this.nonce === null) return this.beat();
      if (silentMs < BUSY_MS_MAX) return;
      clearInterval(timer);
      this.stop(new KernelEndedError('endless', 'the cell has not paused for about two seconds'));
    }, BEAT_MS);
    // The last watch may have ended with a beat on its way: its answer is still to come.
    if (this.nonce === null) this.beat();
    return () => clearInterval(timer);
  }

  end(): void {
    this.stop(new KernelEndedError('ended', 'the kernel of the cells was ended'));
  }

  /** A looping cell cannot read, so it cannot know this number. */
  private beat(): void {
    this.nonce = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    this.send({ type: 'ping', nonce: this.nonce });
  }

  private take(data: unknown): void {
    if (this.isEnded) return;
    try {
      this.accept(readKernelMessage(data));
    } catch (error) {
      this.stop(new KernelEndedError('broken', error instanceof Error ? error.message : String(error)));
    }
  }

  private accept(message: FromKernel): void {
    switch (message.type) {
      case 'ready':
        if (this.found !== null) throw unasked('says again that it is ready');
        return this.admit(message.lockdown);
      case 'pong':
        // One answer to each beat, so that a flood of them cannot keep the page busy.
        if (message.nonce !== this.nonce) throw unasked('answers a beat that there was not');
        this.nonce = null;
        return;
      case 'turn':
      case 'done':
        this.unread += 1;
        if (this.unread > UNREAD_MAX) throw unasked('sends without being asked');
        this.queue.push(message);
    }
  }

  private admit(lockdown: Lockdown): void {
    const open = DANGEROUS.filter((name) => lockdown.open.includes(name));
    const fault = lockdown.origin !== 'null' ? `its origin is ${lockdown.origin}` : this.needsPolicy && !lockdown.evalIsBlocked ? 'it can make code out of text' : open.length > 0 ? `it has ${open.join(', ')}` : null;
    if (fault !== null) return this.stop(new KernelEndedError('broken', `cells do not run in this browser, because their worker is not closed off: ${fault}`));
    this.found = lockdown;
    this.onReady?.resolve();
  }

  private stop(reason: KernelEndedError): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.worker.terminate();
    this.onReady?.reject(reason);
    this.queue.fail(reason);
  }
}
