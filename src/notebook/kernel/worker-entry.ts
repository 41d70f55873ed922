// The kernel in its worker. lockdown.ts has to be evaluated before every other module: keep it first.
import { closeLastDoor, kept, lockdown } from './lockdown.ts';
import { createKernel } from './kernel-core.ts';
import type { ToKernel } from '../cell-protocol.ts';

closeLastDoor();

const kernel = createKernel({
  turn: kept.turn,
  load: async (expression) => {
    const url = kept.blobUrl.create(`export default (${expression});`);
    try {
      const module = (await import(/* @vite-ignore */ url)) as { readonly default: unknown };
      return { value: module.default, frame: url };
    } finally {
      kept.blobUrl.revoke(url);
    }
  },
  post: kept.post,
});

kept.listen('message', ({ data }: { readonly data: ToKernel }) => kernel.receive(data));
kept.listen('unhandledrejection', (event: PromiseRejectionEvent) => {
  event.preventDefault();
  kernel.rejected(event.reason);
});
kept.post({ type: 'ready', lockdown });
