// Vite plugin: `import source from 'virtual:kernel-source'` is the bundled kernel as a string. Loaded on demand, so it is a chunk of
// its own; in development it is built again when one of its files changes.
import type { Plugin } from 'vite';
import { buildKernel } from './build-kernel.ts';
import type { BuiltKernel } from './build-kernel.ts';

const NAME = 'virtual:kernel-source';
const RESOLVED = `\0${NAME}`;

export function kernelSource(): Plugin {
  let built: Promise<BuiltKernel> | null = null;
  return {
    name: 'kernel-source',
    resolveId: (id) => (id === NAME ? RESOLVED : null),
    async load(id) {
      if (id !== RESOLVED) return null;
      built ??= buildKernel();
      const { source, files } = await built;
      for (const file of files) this.addWatchFile(file);
      return { code: `export default ${JSON.stringify(source)};`, moduleType: 'js' };
    },
    watchChange: () => { built = null; },
  };
}
